"""`tf.train.CheckpointManager`: keeps the newest few checkpoints of a folder.

It saves under numbered names, tells the folder's ``checkpoint`` file, and only then
deletes what is too old, so that the file never names what is gone.
"""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.checkpoint import state
from rillet.core.variable import Variable


class CheckpointManager:
    """Saves a checkpoint now and then, and deletes old ones.

    Args:
        checkpoint: the `tf.train.Checkpoint`.
        directory: the folder.
        max_to_keep: how many are kept; all where None.
        keep_checkpoint_every_n_hours: of those too old, one is kept for good as often.
        checkpoint_name: what the files' names begin with.
        step_counter: a variable that counts steps.
        checkpoint_interval: `save` does nothing until the counter went on by so much.
        init_fn: called by `restore_or_initialize` where there is nothing to restore.

    Raises:
        ValueError: where `max_to_keep` is not positive, or an interval has no counter.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> checkpoint = tf.train.Checkpoint(step=tf.Variable(1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=2)
        ...     for _ in range(3):
        ...         path = manager.save()
        ...     [os.path.basename(path) for path in manager.checkpoints]
        ['ckpt-2', 'ckpt-3']
    """

    def __init__(
        self,
        checkpoint: Any,
        directory: Any,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: int | None = None,
        init_fn: Callable[[], Any] | None = None,
    ) -> None:
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(
                "Expected a positive integer or `None` for `max_to_keep`, got"
                f" {max_to_keep}."
            )
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError(
                "`step_counter` should be passed if `checkpoint_interval` is not None."
            )
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._max_to_keep = max_to_keep
        self._every_hours = keep_checkpoint_every_n_hours
        self._checkpoint_prefix = os.path.join(self._directory, checkpoint_name)
        self._step_counter = step_counter
        self._checkpoint_interval = checkpoint_interval
        self._last_checkpoint_step: int | None = None
        self._init_fn = init_fn
        self._kept: dict[str, float] = {}
        #: Named in the folder's file, but of some only the bytes may be left.
        self._lost: list[str] = []
        found = state.get_checkpoint_state(self._directory)
        self._preserved = state.now()
        self._latest: str | None = None
        if found is not None:
            self._take(found)

    def _take(self, found: state.CheckpointState) -> None:
        """Go on from what the folder's file says."""
        self._preserved = found.last_preserved_timestamp or self._preserved
        self._latest = found.model_checkpoint_path
        times = list(found.all_model_checkpoint_timestamps)
        paths = found.all_model_checkpoint_paths
        if len(times) != len(paths):
            times = [state.now()] * len(paths)
        for path, moment in zip(paths, times, strict=True):
            if state.checkpoint_exists(path):
                self._kept[path] = moment
            else:
                self._lost.append(path)
        if self._latest is not None and not state.checkpoint_exists(self._latest):
            self._latest = next(reversed(self._kept), None)

    @property
    def directory(self) -> str:
        """The folder."""
        return self._directory

    @property
    def checkpoint_interval(self) -> int | None:
        """How many steps lie between two checkpoints at least."""
        return self._checkpoint_interval

    @property
    def checkpoint(self) -> Any:
        """The `tf.train.Checkpoint`."""
        return self._checkpoint

    @property
    def latest_checkpoint(self) -> str | None:
        """The newest checkpoint's path, or None."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """The paths of those that are kept, oldest first."""
        return list(self._kept)

    def save(
        self,
        checkpoint_number: Any = None,
        check_interval: bool = True,
        options: Any = None,
    ) -> str | None:
        """Write a checkpoint, and delete the oldest where there are too many.

        Args:
            checkpoint_number: its number; that of the checkpoint's counter where None.
            check_interval: whether `checkpoint_interval` counts.
            options: a `CheckpointOptions`.

        Returns:
            Its path; None where it is not time yet.
        """
        if check_interval and not self._is_time():
            return None
        if checkpoint_number is None:
            counter = self._checkpoint.save_counter
            number = int(counter.numpy()) + 1
            counter.assign(number)
        else:
            number = _number(checkpoint_number)
        path = f"{self._checkpoint_prefix}-{number}"
        try:
            self._checkpoint.write(path, options)
        except BaseException:
            if checkpoint_number is None:
                counter.assign_sub(1)
            raise
        self._kept.pop(path, None)
        self._kept[path] = state.now()
        self._latest = path
        # Told first with what is to go, so that a next manager deletes it if we are
        # ended before.
        self._record()
        count, gone = len(self._kept), self._sweep()
        gone += [old for old in self._lost if not state.checkpoint_exists(old)]
        for old in gone:
            delete_checkpoint(old)
        self._lost.clear()
        if len(self._kept) != count:
            self._record()
        if self._step_counter is not None:
            self._last_checkpoint_step = _number(self._step_counter)
        return path

    def _is_time(self) -> bool:
        if self._checkpoint_interval is None or self._last_checkpoint_step is None:
            return True
        now = _number(self._step_counter)
        return now >= self._last_checkpoint_step + self._checkpoint_interval

    def _sweep(self) -> list[str]:
        """Take those that are too many off the list; return what is to be deleted."""
        gone = []
        while self._max_to_keep and len(self._kept) > self._max_to_keep:
            path, moment = next(iter(self._kept.items()))
            del self._kept[path]
            hours = self._every_hours
            if hours and moment - self._preserved >= hours * 3600.0:
                self._preserved = moment
            else:
                gone.append(path)
        return gone

    def _record(self) -> None:
        """Tell the folder's file."""
        state.update_checkpoint_state(
            self._directory,
            self._latest or "",
            list(self._kept),
            list(self._kept.values()),
            self._preserved,
        )

    def restore_or_initialize(self) -> str | None:
        """Restore the newest checkpoint; where there is none, call `init_fn`.

        Returns:
            The path of what was restored, or None.
        """
        if self._latest is not None:
            self._checkpoint.restore(self._latest)
            if self._step_counter is not None:
                self._last_checkpoint_step = _number(self._step_counter)
            return self._latest
        if self._init_fn is not None:
            self._init_fn()
        return None

    def sync(self) -> None:
        """Wait for writing to end: it has."""


def _number(value: Any) -> int:
    return int(value.numpy() if isinstance(value, Variable) else np.asarray(value))


def delete_checkpoint(path: str) -> None:
    """Delete a checkpoint's files, the index first."""
    with contextlib.suppress(OSError):
        os.remove(f"{path}.index")
    for name in glob.glob(glob.escape(path) + ".data-?????-of-?????"):
        with contextlib.suppress(OSError):
            os.remove(name)
