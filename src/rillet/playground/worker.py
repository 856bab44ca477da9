"""A page's own thread, and the way of what it shows to the page.

In: messages of the page. Out: answers, which all arrive, in order; states and pictures,
of which the last of each kind arrives: a slow page misses some and never falls behind.
A page that reads nothing is asked nothing more until it does, so little waits for it.
`server` makes a `Worker` for each page and empties its `Outbox`.
"""

from __future__ import annotations

import json
import queue
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final

from rillet.core.logger import get_logger
from rillet.playground.messages import Message
from rillet.playground.settings import PlaygroundError
from rillet.playground.turns import LONG, TURNS, Share

#: Messages that wait in either direction, and characters or bytes of answers, before
#: the page has to read some.
_WAITING: Final = 200
_CHARACTERS: Final = 4_000_000
#: Seconds between two looks whether a page reads again.
_PAUSE: Final = 0.05
#: What tells a state: a later one says all that an earlier one did.
_STATES: Final = frozenset({"state", "address", "lesson", "progress"})
_FAILED = "playground: something went wrong here. What the log says: {}"


class Outbox:
    """What waits to be sent to a page.

    Args:
        ring: called, from any thread, when something has come.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        # By a running number; states by their kind, in the place of the last one.
        self._texts: dict[int | str, str | bytes] = {}
        self._sent = self._size = 0
        self._pictures: dict[str, bytes] = {}

    def say(self, kind: str, **values: Any) -> None:
        """Send values; they arrive in order, and of a state's the last."""
        text = json.dumps({"kind": kind, **values})
        if kind not in _STATES:
            self.send(text)
            return
        with self._lock:
            self._texts.pop(kind, None)
            self._texts[kind] = text
        self._ring()

    def send(self, message: str | bytes) -> None:
        """Send an answer, which always arrives."""
        with self._lock:
            self._sent += 1
            self._size += len(message)
            self._texts[self._sent] = message
        self._ring()

    @property
    def full(self) -> bool:
        """Whether the page is to read before it is asked for more."""
        return len(self._texts) >= _WAITING or self._size >= _CHARACTERS

    def show(self, kind: str, picture: bytes) -> None:
        """Send a picture, in place of one of its kind that still waits."""
        with self._lock:
            self._pictures[kind] = picture
        self._ring()

    def take(self) -> list[str | bytes]:
        """Everything that waits, texts first."""
        with self._lock:
            found = [*self._texts.values(), *self._pictures.values()]
            self._texts, self._pictures, self._size = {}, {}, 0
        return found


class Page(ABC):
    """What stands behind one page; all of it runs in the page's own thread.

    Args:
        outbox: leads to the page.

    Attributes:
        seconds: how long the piece of work that begins now is to last.
    """

    #: Whether its work is done in turns with that of other pages.
    takes_turns: ClassVar[bool] = True

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.seconds = LONG

    @abstractmethod
    def handle(self, message: Message) -> None:
        """Do what the page asks.

        Raises:
            PlaygroundError: where it cannot be done; the page is told.
        """

    @abstractmethod
    def work(self) -> float | None:
        """Go on a little, for about `seconds`.

        Returns:
            Seconds to wait before the next call; None where nothing is to be done
            until the page says something.
        """

    def close(self) -> None:  # noqa: B027  most pages hold nothing
        """Let go what is held."""


class Worker:
    """Runs a page in a thread of its own.

    Args:
        make: makes the page, in that thread.
        outbox: where the page puts what it says.
    """

    def __init__(self, make: Callable[[Outbox], Page], outbox: Outbox) -> None:
        self._make = make
        self._outbox = outbox
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._share = Share(lambda: not self._messages.empty())
        self._thread = threading.Thread(
            target=self._run, name="rillet-playground", daemon=True
        )
        self._thread.start()

    def post(self, message: Message) -> None:
        """Hand a message to the page."""
        self._messages.put(message)

    @property
    def crowded(self) -> bool:
        """Whether more messages wait than a page can mean."""
        return self._messages.qsize() > _WAITING

    @property
    def lives(self) -> bool:
        """Whether the page's thread still takes messages."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Let the thread end before its next piece of work."""
        self._closing.set()
        self._messages.put(None)

    def close(self, wait: float = 5.0) -> None:
        """End the thread, and wait for its end."""
        self.stop()
        self._thread.join(wait)

    def _run(self) -> None:
        try:
            page = self._make(self._outbox)
        except Exception as error:
            get_logger().error("playground: %s", traceback.format_exc())
            self._outbox.say("error", text=_FAILED.format(type(error).__name__))
            return
        wait: float | None = None
        while not self._closing.is_set():
            message = self._next(wait)
            if self._closing.is_set():
                break
            if not page.takes_turns:
                wait = self._guarded(page, message)
                continue
            with TURNS.turn(self._share) as page.seconds:
                wait = self._guarded(page, message)
        page.close()

    def _next(self, wait: float | None) -> Message | None:
        """The next message, or None after so many seconds."""
        if self._outbox.full:
            # What plays goes on; what would be answered has to wait.
            if wait != 0:
                self._closing.wait(_PAUSE if wait is None else min(wait, _PAUSE))
            return None
        try:
            return self._messages.get(wait != 0, wait)
        except queue.Empty:
            return None

    def _guarded(self, page: Page, message: Message | None) -> float | None:
        try:
            if message is not None:
                page.handle(message)
            return None if self._closing.is_set() else page.work()
        except PlaygroundError as error:
            page.outbox.say("error", text=str(error))
            return 0
        except Exception as error:
            get_logger().error("playground: %s", traceback.format_exc())
            page.outbox.say("error", text=_FAILED.format(type(error).__name__))
            return None
