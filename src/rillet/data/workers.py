"""Threads of pipelines: a stage that reads ahead, and calls that run several at once.

A thread holds what it works on and a queue, never the iterator that the program holds:
when that one is gone, the thread is told to stop. Nothing here forks.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from rillet.data.structure import Element

_END = object()
#: A call of fewer seconds is short, and after so many longer ones in a row threads run.
_SHORT = 3e-4
_PATIENCE = 3


class _Failure:
    """An error that a thread met, for the program's thread to raise."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Shelf:
    """What the reading thread and the program share."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.items: deque[Any] = deque()
        self.ready = threading.Condition()
        self.stopped = False

    def put(self, item: Any) -> bool:
        """Lay down an item when there is room; false where nobody wants it."""
        with self.ready:
            while len(self.items) >= self.size and not self.stopped:
                self.ready.wait()
            self.items.append(item)
            self.ready.notify_all()
            return not self.stopped

    def take(self) -> Any:
        """The next item, when it is there."""
        with self.ready:
            while not self.items:
                self.ready.wait()
            item = self.items.popleft()
            self.ready.notify_all()
            return item

    def stop(self) -> None:
        """Let the thread end."""
        with self.ready:
            self.stopped = True
            self.ready.notify_all()


def _read(source: Iterator[Element], shelf: _Shelf) -> None:
    """The reading thread's work."""
    np.seterr(all="ignore")
    while True:
        try:
            item = next(source)
        except StopIteration:
            shelf.put(_END)
            return
        except BaseException as error:  # handed to the program's thread
            shelf.put(_Failure(error))
            if not isinstance(error, Exception):
                return
            continue
        if not shelf.put(item):
            return


class Ahead:
    """An iterator that a thread keeps some elements ahead of the program.

    Args:
        source: what to read.
        size: how many elements to keep ready.
    """

    def __init__(self, source: Iterator[Element], size: int) -> None:
        self._source: Iterator[Element] | None = source
        self._shelf = _Shelf(size)
        self._ended = False

    @property
    def unread(self) -> Iterator[Element] | None:
        """What to read, as long as the thread has not begun."""
        return self._source

    def __iter__(self) -> Ahead:
        return self

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        if self._source is not None:
            source, self._source = self._source, None
            threading.Thread(
                target=_read,
                args=(source, self._shelf),
                name="rillet-prefetch",
                daemon=True,
            ).start()
        item = self._shelf.take()
        if item is _END:
            self._ended = True
            raise StopIteration
        if isinstance(item, _Failure):
            self._ended = not isinstance(item.error, Exception)
            raise item.error
        found: Element = item
        return found

    def __del__(self) -> None:
        self._shelf.stop()


class in_threads:
    """The results of calls on elements, in the elements' order, several at once.

    Args:
        call: what to call.
        source: the elements.
        count: how many calls may run at once.
        computes: whether calls wait for nothing outside. They then run in the program's
            thread as long as they are short: handing them over would cost more.
    """

    def __init__(
        self,
        call: Callable[[Element], Element],
        source: Iterator[Element],
        count: int,
        computes: bool = False,
    ) -> None:
        self._call = call
        self._source = source
        self._count = count
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[Element]] = deque()
        self._more = True
        #: How many calls in a row may yet be long before threads take over.
        self._patience = _PATIENCE if computes else 0

    def __iter__(self) -> in_threads:
        return self

    def _here(self) -> Element:
        """The next result, computed by the program's own thread."""
        element = next(self._source)
        begin = time.perf_counter()
        found = self._call(element)
        short = time.perf_counter() - begin < _SHORT
        self._patience = _PATIENCE if short else self._patience - 1
        return found

    def __next__(self) -> Element:
        if self._patience:
            return self._here()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, "rillet-map", _quiet)
        while self._more and len(self._waiting) < 2 * self._count:
            try:
                element = next(self._source)
            except StopIteration:
                self._more = False
                break
            except Exception as error:
                failed: Future[Element] = Future()
                failed.set_exception(error)
                self._waiting.append(failed)
                continue
            self._waiting.append(self._pool.submit(self._call, element))
        if not self._waiting:
            self._pool.shutdown(wait=False)
            raise StopIteration
        return self._waiting.popleft().result()

    def __del__(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _quiet() -> None:
    np.seterr(all="ignore")
