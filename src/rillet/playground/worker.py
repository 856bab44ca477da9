"""A page's own thread, and the way of what it shows to the page.

In: messages of the page. Out: texts, which all arrive, and pictures, of which the last
of each kind arrives: a slow page misses some and never falls behind. `server` makes a
`Worker` for each page and empties its `Outbox`.
"""

from __future__ import annotations

import json
import queue
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from rillet.core.logger import get_logger
from rillet.playground.messages import Message
from rillet.playground.settings import PlaygroundError

#: Texts that wait for a page, at most; a page that reads none is gone.
_WAITING: Final = 200
_FAILED = "playground: something went wrong here. What the log says: {}"


class Outbox:
    """What waits to be sent to a page.

    Args:
        ring: called, from any thread, when something has come.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._texts: list[str | bytes] = []
        self._pictures: dict[str, bytes] = {}

    def say(self, kind: str, **values: Any) -> None:
        """Send values; they arrive in order."""
        self.send(json.dumps({"kind": kind, **values}))

    def send(self, message: str | bytes) -> None:
        """Send a message that has to arrive."""
        with self._lock:
            if len(self._texts) < _WAITING:
                self._texts.append(message)
        self._ring()

    def show(self, kind: str, picture: bytes) -> None:
        """Send a picture, in place of one of its kind that still waits."""
        with self._lock:
            self._pictures[kind] = picture
        self._ring()

    def take(self) -> list[str | bytes]:
        """Everything that waits, texts first."""
        with self._lock:
            found = [*self._texts, *self._pictures.values()]
            self._texts, self._pictures = [], {}
        return found


class Page(ABC):
    """What stands behind one page; all of it runs in the page's own thread.

    Args:
        outbox: leads to the page.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    @abstractmethod
    def handle(self, message: Message) -> None:
        """Do what the page asks.

        Raises:
            PlaygroundError: where it cannot be done; the page is told.
        """

    @abstractmethod
    def work(self) -> float | None:
        """Go on a little, for some hundredths of a second at most.

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
            try:
                message = self._messages.get(wait != 0, wait)
            except queue.Empty:
                message = None
            wait = self._guarded(page, message)
        page.close()

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
