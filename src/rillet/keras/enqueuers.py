"""Batches fetched ahead by threads: `OrderedEnqueuer`, `GeneratorEnqueuer`.

In: a `Sequence`, or a generator. Out: its batches, in order, while the next ones are
being made. `keras.utils` offers them for loops of one's own.
"""

from __future__ import annotations

import random
import threading
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Full, Queue
from typing import Any

from rillet.core.errors import house_message


class SequenceEnqueuer:
    """What fetches batches ahead; subclasses say how.

    Args:
        sequence: what gives batches.
        use_multiprocessing: accepted; threads do the work, as NumPy and Pillow leave
            Python's lock while they work.
    """

    def __init__(self, sequence: Any, use_multiprocessing: bool = False) -> None:
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.workers = 0
        self.queue: Queue[Any] | None = None
        self.stop_signal: threading.Event | None = None
        self.run_thread: threading.Thread | None = None
        self._executor: ThreadPoolExecutor | None = None

    def is_running(self) -> bool:
        """Whether it has been started and not stopped."""
        return self.stop_signal is not None and not self.stop_signal.is_set()

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Begin to fetch.

        Args:
            workers: how many threads.
            max_queue_size: how many batches may wait.
        """
        self.workers = max(int(workers), 1)
        self.queue = Queue(max(int(max_queue_size), 1))
        self.stop_signal = threading.Event()
        self._executor = ThreadPoolExecutor(self.workers, "rillet-enqueuer")
        self.run_thread = threading.Thread(target=self._run, daemon=True)
        self.run_thread.start()

    def stop(self, timeout: float | None = None) -> None:
        """Leave off; batches that wait are dropped.

        Args:
            timeout: how many seconds to wait for the threads; until they end if None.
        """
        if self.stop_signal is None:
            return
        self.stop_signal.set()
        self._drop()
        if self.run_thread is not None:
            self.run_thread.join(timeout)
        self._drop()
        if self._executor is not None:
            self._executor.shutdown(wait=timeout is None, cancel_futures=True)

    def _drop(self) -> None:
        while self.queue is not None:
            try:
                self.queue.get_nowait()
            except Empty:
                return

    def _put(self, item: Any) -> bool:
        """Let an item wait in the queue; False where there is a stop meanwhile."""
        while self.is_running() and self.queue is not None:
            try:
                self.queue.put(item, timeout=0.1)
                return True
            except Full:
                continue
        return False

    @abstractmethod
    def _run(self) -> None:
        """Fetch until there is a stop."""

    @abstractmethod
    def get(self) -> Iterator[Any]:
        """The batches, one after the other."""

    def _taken(self) -> Iterator[Any]:
        """What the threads made, in the order in which it was asked for."""
        if self.queue is None:
            raise RuntimeError(
                house_message(
                    type(self).__name__, "it is not running", fix="Call start() first"
                )
            )
        while self.is_running():
            try:
                item = self.queue.get(timeout=0.1)
            except Empty:
                continue
            if item is None:
                return
            yield item.result() if isinstance(item, Future) else item

    def __del__(self) -> None:
        if getattr(self, "stop_signal", None) is not None and self.is_running():
            self.stop(timeout=0)


class OrderedEnqueuer(SequenceEnqueuer):
    """Fetches the batches of a `Sequence` ahead, in order, epoch after epoch.

    Args:
        sequence: a `keras.utils.Sequence`.
        use_multiprocessing: accepted; threads do the work.
        shuffle: whether each epoch has the batches in another order.

    Example:
        >>> class Numbers:
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return index * 10
        >>> fetching = OrderedEnqueuer(Numbers())
        >>> fetching.start(workers=2)
        >>> batches = fetching.get()
        >>> [next(batches) for _ in range(4)]
        [0, 10, 20, 0]
        >>> fetching.stop()
    """

    def __init__(
        self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False
    ) -> None:
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle

    def _run(self) -> None:
        order = list(range(len(self.sequence)))
        while self.is_running():
            if self.shuffle:
                random.shuffle(order)
            waiting: list[Any] = []
            for number in order:
                assert self._executor is not None
                if not self.is_running():
                    return
                future = self._executor.submit(self.sequence.__getitem__, number)
                waiting.append(future)
                if not self._put(future):
                    return
            for future in waiting:  # the next epoch begins when this one is made
                while self.is_running() and not future.done():
                    threading.Event().wait(0.01)
            end = getattr(self.sequence, "on_epoch_end", None)
            if end is not None and self.is_running():
                end()

    def get(self) -> Iterator[Any]:
        """The batches, without end.

        Raises:
            RuntimeError: where it was not started.
        """
        try:
            yield from self._taken()
        except Exception:
            self.stop(timeout=0)
            raise


class GeneratorEnqueuer(SequenceEnqueuer):
    """Fetches the batches of a generator ahead, in order, until it ends.

    Args:
        generator: what gives batches.
        use_multiprocessing: accepted; threads do the work.
        random_seed: accepted; threads share one stream.
    """

    def __init__(
        self,
        generator: Any,
        use_multiprocessing: bool = False,
        random_seed: int | None = None,
    ) -> None:
        super().__init__(generator, use_multiprocessing)
        self.random_seed = random_seed
        self._lock = threading.Lock()

    def _next(self) -> Any:
        with self._lock:  # a generator runs on one thread at a time
            return next(self.sequence, _END)

    def _run(self) -> None:
        while self.is_running():
            assert self._executor is not None
            future = self._executor.submit(self._next)
            if not self._put(future):
                return
            if future.exception() is not None or future.result() is _END:
                return

    def get(self) -> Iterator[Any]:
        """The batches, to the last.

        Raises:
            RuntimeError: where it was not started.
        """
        try:
            for batch in self._taken():
                if batch is _END:
                    return
                yield batch
        except Exception:
            self.stop(timeout=0)
            raise


_END = object()
