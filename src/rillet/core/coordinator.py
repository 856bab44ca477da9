"""Threads that stop together: `tf.train.Coordinator`.

Threads ask it whether to go on, tell it when to stop, and hand it what they raised;
whoever joins them raises that again.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from rillet.core.errors import OutOfRangeError, house_message


class Coordinator:
    """Lets several threads stop when one of them does, `tf.train.Coordinator`.

    Args:
        clean_stop_exception_types: exceptions that end work without being errors;
            `tf.errors.OutOfRangeError` where None.

    Example:
        >>> import threading
        >>> import rillet as tf
        >>> coordinator = tf.train.Coordinator()
        >>> def work():
        ...     while not coordinator.should_stop():
        ...         coordinator.request_stop()
        >>> thread = threading.Thread(target=work)
        >>> thread.start()
        >>> coordinator.join([thread])
        >>> coordinator.should_stop()
        True
    """

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        if clean_stop_exception_types is None:
            clean_stop_exception_types = (OutOfRangeError,)
        self._clean = tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._raised: BaseException | None = None
        self._joined = False
        self._threads: list[threading.Thread] = []

    @property
    def joined(self) -> bool:
        """Whether `join` has run to its end."""
        return self._joined

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop.

        Args:
            ex: an exception, or what `sys.exc_info` gave, for `join` to raise. The
                first one that comes with the first request counts.

        Raises:
            TypeError: where `ex` is no exception.
            BaseException: `ex` itself, where the threads were joined already.
        """
        raised = _exception(ex)
        if isinstance(raised, self._clean):
            raised = None
        with self._lock:
            if not self._joined:
                if not self._stop.is_set():
                    self._raised = raised
                    self._stop.set()
                return
        if raised is not None:
            raise raised

    def clear_stop(self) -> None:
        """Begin anew: nobody has asked to stop, nothing was raised."""
        with self._lock:
            self._joined = False
            self._raised = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether somebody has asked to stop."""
        return self._stop.is_set()

    @contextlib.contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """A block that asks all threads to stop where it raises, and raises nothing."""
        try:
            yield
        except BaseException:  # whatever ends the thread is raised by `join`
            self.request_stop(sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until somebody asks to stop.

        Args:
            timeout: for how many seconds at most; for ever where None.

        Returns:
            Whether somebody has.
        """
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for a thread.

        Args:
            thread: the thread.
        """
        with self._lock:
            if thread not in self._threads:
                self._threads.append(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Wait until threads have ended, and raise what one of them handed over.

        Args:
            threads: the threads, besides those registered.
            stop_grace_period_secs: how long they may take after a request to stop.
            ignore_live_threads: whether to leave those alone that then still run.

        Raises:
            RuntimeError: where some still run.
            BaseException: what was handed to `request_stop`.
        """
        with self._lock:
            known = self._threads
            known += [t for t in threads or () if t not in known]
            waited = list(known)
        while any(t.is_alive() for t in waited) and not self.wait_for_stop(1.0):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waited:
            if thread is not threading.current_thread():
                thread.join(max(end - time.monotonic(), 0.0))
        running = [t.name for t in waited if t.is_alive()]
        with self._lock:
            self._joined = True
            self._threads = []
            raised = self._raised
        if raised is not None:
            raise raised
        if running and not ignore_live_threads:
            raise RuntimeError(
                house_message(
                    "Coordinator.join",
                    "Coordinator stopped with threads still running:"
                    f" {' '.join(running)}",
                    fix="Let them ask should_stop(), or give a longer"
                    " stop_grace_period_secs",
                )
            )

    def raise_requested_exception(self) -> None:
        """Raise what was handed to `request_stop`, if anything was."""
        with self._lock:
            raised = self._raised
        if raised is not None:
            raise raised


def _exception(value: Any) -> BaseException | None:
    """The exception in what `request_stop` got."""
    if isinstance(value, tuple) and len(value) == 3:
        value = value[1]
    if value is None or isinstance(value, BaseException):
        return value
    raise TypeError(
        house_message(
            "Coordinator.request_stop",
            "ex is an exception, or what sys.exc_info() gives",
            f"got {value!r}",
        )
    )
