"""Whose turn it is: pages share the processors, so that every one of them answers.

In: pages' threads that want to work, and what each has used. Out: turns, the next to
the page that has used least, so that a large network delays a small one by one turn
and takes no more than its share. `worker` asks for a turn for each piece of work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rillet.core.threads import available

#: Seconds a page is put forward by for having rested, and for being spoken to.
_RESTED: Final = 0.02
_SPOKEN_TO: Final = 0.1
#: Seconds a page may have used more than others and still owe; the rest is forgiven,
#: so that who has worked for long, or had one long turn, stands still no longer.
_OWED: Final = 0.25
#: Seconds that a turn is to last where nobody waits, and at least.
LONG: Final = 0.016
_SHORT: Final = 0.002


class Share:
    """What one page has used.

    Args:
        spoken_to: whether a person waits for the page's answer.

    Attributes:
        used: seconds of turns, kept near those of pages that work now.
    """

    def __init__(self, spoken_to: Callable[[], bool] = lambda: False) -> None:
        self.used = 0.0
        self.called = threading.Event()
        self._spoken_to = spoken_to

    def rank(self) -> float:
        """The page with the lowest rank has the next turn."""
        return self.used - (_SPOKEN_TO if self._spoken_to() else 0.0)


class Turns:
    """Hands out turns.

    Args:
        count: turns at a time; where None one for each processor but one, which is
            left to the server.

    Example:
        >>> turns = Turns(1)
        >>> with turns.turn(Share()) as seconds:
        ...     seconds
        0.016
    """

    def __init__(self, count: int | None = None) -> None:
        self._free = count or max(1, available() - 1)
        self._lock = threading.Lock()
        self._waiting: list[Share] = []
        self._least = 0.0

    @contextmanager
    def turn(self, share: Share) -> Iterator[float]:
        """Wait for a turn.

        Args:
            share: whose it is; one thread asks for it at a time.

        Yields:
            Seconds that the turn should last: the more pages wait, the fewer.
        """
        with self._lock:
            # Hours of rest give no right to hours of work, nor hours of work, when
            # nobody else was there, a duty to rest.
            share.used = max(share.used, self._least - _RESTED)
            share.used = min(share.used, self._least + _OWED)
            waits = not self._free
            if waits:
                share.called.clear()
                self._waiting.append(share)
            else:
                self._free -= 1
                self._least = max(self._least, share.used)
        if waits:
            share.called.wait()
        began = time.perf_counter()
        try:
            yield max(_SHORT, LONG / (1 + len(self._waiting)))
        finally:
            self._give_back(share, time.perf_counter() - began)

    def _give_back(self, share: Share, seconds: float) -> None:
        with self._lock:
            share.used += seconds
            if not self._waiting:
                self._free += 1
                return
            following = min(self._waiting, key=Share.rank)
            self._waiting.remove(following)
            self._least = max(self._least, following.used)
            following.called.set()


#: The turns of this process.
TURNS: Final = Turns()
