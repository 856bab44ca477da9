"""Who writes summaries now, at which step, and whether: `tf.summary.SummaryWriter`.

Programs make writers and make one of them the default of a block. `writing` asks here
for the writer, the step and whether to record. The state is a thread's own.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from rillet.checkpoint.wire import Record
from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import bool_
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.events.files import EventFile
from rillet.ops.elementwise import cast


class _State(threading.local):
    writer: Any = None
    step: Any = None
    recording: Any = True


state = _State()


def run_on_host(run: Callable[[], Any], text: str) -> None:
    """Run at once, or when the graph that is being traced runs."""
    if context.state.tracer is None:
        run()
        return
    host = context.service("graph.host_call")
    assert host is not None

    def call(arrays: list[Any], undo: list[Any]) -> list[Any]:
        run()
        return []

    host(call, [], [], text)


class SummaryWriter:
    """Writes summaries, `tf.summary.SummaryWriter`; `create_file_writer` makes one.

    Example:
        >>> import rillet as tf
        >>> with tf.summary.create_noop_writer().as_default(step=1):
        ...     bool(tf.summary.scalar("loss", 0.5))
        False
    """

    def set_as_default(self, step: Any = None) -> None:
        """Let this thread's summaries go here from now on.

        Args:
            step: the step of summaries that name none; None leaves it as it is.
        """
        state.writer = self
        if step is not None:
            state.step = step

    def as_default(self, step: Any = None) -> AbstractContextManager[SummaryWriter]:
        """A ``with`` block whose summaries go here.

        Args:
            step: the step of the block's summaries that name none; None leaves it as
                it is.
        """
        return _default(self, step)

    def init(self) -> None:
        """Nothing: a writer is ready when it is made."""

    def flush(self) -> None:
        """Hand what was written to the system."""

    def close(self) -> None:
        """Flush and finish."""

    def add(self, event: Record) -> None:
        """Write an event, a message of `events.messages.EVENT`."""

    @property
    def records(self) -> bool:
        """Whether what is written goes anywhere."""
        return False


@contextmanager
def _default(writer: SummaryWriter | None, step: Any) -> Iterator[Any]:
    kept = (state.writer, state.step)
    state.writer = writer
    if step is not None:
        state.step = step
    try:
        yield writer
    finally:
        if writer is not None:
            writer.flush()
        state.writer = kept[0]
        if step is not None:
            state.step = kept[1]


class FileWriter(SummaryWriter):
    """Writes summaries to a file in a folder; see `create_file_writer`."""

    def __init__(
        self, folder: str, max_queue: int, flush_millis: int, suffix: str
    ) -> None:
        self._file = EventFile(folder, suffix, max_queue, flush_millis / 1000)
        self._closed = False
        # without a hold on the writer itself, so that it goes when nobody has it
        self._end = weakref.finalize(self, self._file.close)

    def _check(self) -> None:
        if self._closed:
            raise RuntimeError(
                house_message(
                    "SummaryWriter", f"SummaryWriter {self!r} is already closed"
                )
            )

    def set_as_default(self, step: Any = None) -> None:
        """See `SummaryWriter`; RuntimeError where it is closed."""
        self._check()
        super().set_as_default(step)

    def as_default(self, step: Any = None) -> AbstractContextManager[SummaryWriter]:
        """See `SummaryWriter`; RuntimeError where it is closed."""
        self._check()
        return _default(self, step)

    def init(self) -> None:
        """See `SummaryWriter`; RuntimeError where it is closed."""
        self._check()

    def flush(self) -> None:
        """See `SummaryWriter`."""
        if not self._closed:
            run_on_host(self._file.flush, "FlushSummaryWriter")

    def close(self) -> None:
        """See `SummaryWriter`."""
        self.flush()
        run_on_host(self._finish, "CloseSummaryWriter")

    def _finish(self) -> None:
        self._closed = True
        self._end()

    def add(self, event: Record) -> None:
        """See `SummaryWriter`."""
        self._file.add(event)

    @property
    def records(self) -> bool:
        """See `SummaryWriter`."""
        return not self._closed

    @property
    def path(self) -> str:
        """The file."""
        return self._file.path

    def __reduce__(self) -> Any:
        raise TypeError(
            house_message(
                "SummaryWriter",
                "a writer cannot be copied or pickled",
                self.path,
                "Make another one with tf.summary.create_file_writer",
            )
        )


def create_file_writer(
    logdir: Any,
    max_queue: int | None = None,
    flush_millis: int | None = None,
    filename_suffix: str | None = None,
    name: str | None = None,
    experimental_trackable: bool = False,
    experimental_mesh: Any = None,
) -> SummaryWriter:
    """A writer of summaries to a new file in a folder.

    Args:
        logdir: the folder, as text or path; made where it is not there.
        max_queue: how many summaries wait for the disk, at most; 10 where None.
        flush_millis: how many milliseconds one waits while others come, at most; two
            minutes where None.
        filename_suffix: the end of the file's name; ``".v2"`` where None.
        name: ignored.
        experimental_trackable: ignored.
        experimental_mesh: ignored.

    Raises:
        ValueError: where there is no folder's name.
        FailedPreconditionError: where the folder cannot be written.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writer = tf.summary.create_file_writer(folder)
        ...     with writer.as_default():
        ...         done = tf.summary.scalar("loss", 0.5, step=1)
        ...     writer.close()
        ...     os.listdir(folder)[0].startswith("events.out.tfevents.")
        True
    """
    if logdir is None:
        raise ValueError(
            house_message(
                "create_file_writer",
                "Argument `logdir` cannot be None",
                "logdir=None",
                "Name a folder",
            )
        )
    if isinstance(logdir, Tensor):
        logdir = logdir.numpy()
    folder = os.fsdecode(logdir)
    suffix = ".v2" if filename_suffix is None else os.fsdecode(filename_suffix)
    return FileWriter(
        folder,
        10 if max_queue is None else int(max_queue),
        120_000 if flush_millis is None else int(flush_millis),
        suffix,
    )


def create_noop_writer() -> SummaryWriter:
    """A writer that writes nothing: summaries in its block cost and leave nothing."""
    return SummaryWriter()


def recorder() -> SummaryWriter | None:
    """The thread's writer where it writes anything, else None."""
    found: SummaryWriter | None = state.writer
    return found if found is not None and found.records else None


def recording() -> Any:
    """Whether to record: a bool, or a symbolic tensor in a graph."""
    if recorder() is None:
        return False
    wanted = state.recording
    if callable(wanted) and not hasattr(wanted, "dtype"):
        wanted = wanted()
    if isinstance(wanted, bool | np.bool_):
        return bool(wanted)
    tensor = cast(to_tensor(wanted), bool_)
    return bool(tensor) if context.state.tracer is None else tensor


def should_record_summaries() -> Tensor:
    """Whether a summary written now would be recorded.

    Returns:
        A scalar of type bool: whether there is a default writer, and no `record_if`
        says otherwise.

    Example:
        >>> import rillet as tf
        >>> bool(tf.summary.should_record_summaries())
        False
    """
    found: Tensor = to_tensor(recording())
    return found


@contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """A ``with`` block whose summaries are recorded under a condition.

    Args:
        condition: a bool, a tensor, or a function that gives one for each summary.

    Example:
        >>> import rillet as tf
        >>> with tf.summary.record_if(lambda: False):
        ...     bool(tf.summary.should_record_summaries())
        False
    """
    kept = state.recording
    state.recording = condition
    try:
        yield
    finally:
        state.recording = kept


def get_step() -> Any:
    """The step of summaries that name none, as it was set; None where it was not."""
    return state.step


def set_step(step: Any) -> None:
    """Set the step of this thread's summaries that name none.

    Args:
        step: an integer; or a variable or tensor, which is read for each summary; None
            for no step.

    Example:
        >>> import rillet as tf
        >>> tf.summary.experimental.set_step(7)
        >>> tf.summary.experimental.get_step()
        7
        >>> tf.summary.experimental.set_step(None)
    """
    state.step = step


def flush(writer: SummaryWriter | None = None, name: str | None = None) -> None:
    """Hand what a writer wrote to the system.

    Args:
        writer: the writer; the default one where None.
        name: ignored.
    """
    chosen = state.writer if writer is None else writer
    if chosen is not None:
        chosen.flush()
