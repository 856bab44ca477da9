"""The threads that run native programs, and the code that they wait and work in.

In flow jobs (`image.Runner`); nothing flows out but what the kernels write. The pool
serves one caller at a time: a second or nested one does its job alone. Its workers are
daemon threads of Python inside one native call, without Python's lock; they spin for a
moment, then sleep.

The pool begins with the first job, is made anew after a fork and whenever
`tf.config.threading` changes the number of threads, and ends with the interpreter.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from rillet.backends.native import host, jit, layout, pool_ir
from rillet.core import threads
from rillet.core.logger import get_logger

_LINE: Final = 128
_PATIENCE: Final = 50e-6  # seconds
_FAREWELL: Final = 5.0  # seconds: what a worker's last block may take at exit
_CALLING: Final = 0.05  # seconds between two calls to leave

RunCall = Callable[[int, int, int, int], int]


class Driver:
    """The pool's native code.

    Attributes:
      run: (pool, job, first step, last step) -> the step that comes next, or -1. A
        first step below 0 goes on with a job that looked for signals.
      work: what a worker does until it is dismissed, (pool, its number).
      dismiss: tells the workers to go, (pool).
      ticks: of the clock, in a second.
    """

    def __init__(self, library: jit.Library, waiting: host.Waiting) -> None:
        """Wraps the addresses of compiled code."""
        self._library = library
        address = library.addresses
        word = ctypes.c_int64
        self.run: RunCall = ctypes.CFUNCTYPE(word, word, word, word, word)(
            address["run"]
        )
        self.work: Callable[[int, int], None] = ctypes.CFUNCTYPE(None, word, word)(
            address["work"]
        )
        self.dismiss: Callable[[int], None] = ctypes.CFUNCTYPE(None, word)(
            address["dismiss"]
        )
        self.ticks = waiting.ticks
        fill = ctypes.CFUNCTYPE(None, word, word)(address["fill_system"])
        count = len(waiting.addresses)
        table = (word * count)(*waiting.addresses)
        fill(ctypes.addressof(table), count)


_shared: Final[dict[str, Driver]] = {}


def driver() -> Driver:
    """Returns the pool's code, compiled or read from disk at the first call."""
    if (known := _shared.get("driver")) is not None:
        return known
    waiting = host.waiting()
    names = ("run", "work", "dismiss", "fill_system")
    library = jit.default().library("pool", pool_ir.text(waiting.text), names)
    # Of threads that come first at once, all take the same: runners hold addresses in
    # it, which no collection of another's driver may take away.
    return _shared.setdefault("driver", Driver(library, waiting))


class Pool:
    """A number of threads, and the words that they share.

    Attributes:
      address: of the shared words.
      size: how many threads there are, the caller's among them.
    """

    def __init__(self, size: int) -> None:
        """Starts the workers.

        Args:
          size: how many threads, with the one that calls.
        """
        self._driver = driver()
        self._memory = ctypes.create_string_buffer(8 * layout.Pool.SIZE + _LINE)
        start = ctypes.addressof(self._memory)
        self.address = -(-start // _LINE) * _LINE
        self.size = size
        words = (ctypes.c_int64 * layout.Pool.SIZE).from_address(self.address)
        words[layout.Pool.PATIENCE] = int(_PATIENCE * self._driver.ticks)
        self._words = words
        self._threads: list[threading.Thread] = []
        try:
            for number in range(1, size):
                name = f"rillet-native-{number}"
                thread = threading.Thread(
                    target=_work, args=(self, number), name=name, daemon=True
                )
                thread.start()
                self._threads.append(thread)
        except RuntimeError as error:  # a limit of the system, or the interpreter ends
            get_logger().warning(
                "native threads: %d of %d could be started (%s); programs run on these",
                len(self._threads) + 1,
                size,
                error,
            )
        words[layout.Pool.WORKERS] = len(self._threads)

    def stop(self) -> None:
        """Lets the workers go, and waits until they have left native code."""
        # Who comes now finds no workers; who is inside keeps them until he is done.
        self._words[layout.Pool.WORKERS] = 0
        end = time.monotonic() + _FAREWELL
        # Again and again: one about to sleep when it is called would sleep on.
        while self.is_working() and time.monotonic() < end:
            self._driver.dismiss(self.address)
            for thread in self._threads:
                thread.join(_CALLING)

    def is_working(self) -> bool:
        """Returns whether a worker has not yet left."""
        return any(thread.is_alive() for thread in self._threads)


def _work(pool: Pool, number: int) -> None:
    pool._driver.work(pool.address, number)


_lock = threading.Lock()
_current: Pool | None = None


def current() -> Pool:
    """Returns the pool, with as many threads as `core.threads` wants."""
    pool = _current
    if pool is None or pool.size != threads.count():
        return _renewed()
    return pool


def _renewed() -> Pool:
    global _current
    with _lock:
        size = threads.count()
        if _current is not None and _current.size != size:
            _current.stop()
            _current = None
        if _current is None:
            _current = Pool(size)
        return _current


def _after_fork() -> None:
    """A child has none of its parent's threads."""
    global _current, _lock
    _lock = threading.Lock()
    _current = None


def _at_exit() -> None:
    global _current
    pool, _current = _current, None
    if pool is not None:
        pool.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
