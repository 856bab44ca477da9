"""Callbacks that keep models in files: checkpoints, and a backup to go on from.

In: the events of training. Out: files that are replaced only when the new one is whole.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.keras.callbacks.base import Callback, Logs
from rillet.keras.progress import print_message


class ModelCheckpoint(Callback):
    """Saves the model, or its weights, while it is trained.

    Args:
        filepath: where to; ``{epoch}`` and the names of metrics in braces are filled
            in, as in ``"model-{epoch:02d}-{val_loss:.2f}.keras"``.
        monitor: the metric that says which model is best.
        verbose: 1 to print when it saves.
        save_best_only: keep the best model only.
        save_weights_only: save weights and not the whole model.
        mode: ``"min"``, ``"max"`` or ``"auto"``: whether less or more is better.
        save_freq: ``"epoch"``, or a number of batches.
        options: ignored.
        initial_value_threshold: what the first saved value must beat.
        **kwargs: `period`, epochs between two saves; `load_weights_on_restart`.

    Raises:
        ValueError: where `save_freq` is neither.
        TypeError: where an argument is unknown.

    Example:
        >>> import rillet as tf
        >>> keep = tf.keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
        >>> keep.monitor
        'val_loss'
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        options: Any = None,
        initial_value_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self._supports_tf_logs = True
        self.monitor = monitor
        self.verbose = verbose
        self.filepath = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.epochs_since_last_save = 0
        self.load_weights_on_restart = bool(kwargs.pop("load_weights_on_restart", 0))
        self.period = int(kwargs.pop("period", 1))
        if kwargs:
            raise TypeError(
                house_message(
                    "ModelCheckpoint", "Invalid keyword arguments", f"{sorted(kwargs)}"
                )
            )
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                house_message(
                    "ModelCheckpoint",
                    "Unrecognized save_freq",
                    f"got {save_freq!r}",
                    "Expected save_freq are 'epoch' or integer",
                )
            )
        if mode not in ("auto", "min", "max"):
            get_logger().warning(
                "ModelCheckpoint mode %s is unknown, fallback to auto mode.", mode
            )
            mode = "auto"
        if mode == "auto":
            more = "acc" in monitor or monitor.startswith("fmeasure")
            mode = "max" if more or "auc" in monitor else "min"
        self._more = mode == "max"
        self.best = initial_value_threshold
        if self.best is None:
            self.best = -np.inf if self._more else np.inf
        self._epoch = 0
        self._batches = 0
        self._last_batch = 0

    def monitor_op(self, value: Any, best: Any) -> bool:
        """Whether a value is better than the best so far."""
        return bool(value > best if self._more else value < best)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Load what an earlier training left, where that is asked for."""
        if self.load_weights_on_restart and os.path.exists(self.filepath):
            self.model.load_weights(self.filepath)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save after so many batches."""
        if self.save_freq == "epoch":
            return
        seen = batch + 1 if batch <= self._last_batch else batch - self._last_batch
        self._batches += seen
        self._last_batch = batch
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._save(self._epoch, batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save after an epoch."""
        self.epochs_since_last_save += 1
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        if not (
            isinstance(self.save_freq, int)
            or self.epochs_since_last_save >= self.period
        ):
            return
        found = {key: _number(value) for key, value in (logs or {}).items()}
        self.epochs_since_last_save = 0
        path = self._path(epoch, batch, found)
        if not self.save_best_only:
            self._tell(f"\nEpoch {epoch + 1}: saving model to {path}")
            self._write(path)
            return
        value = found.get(self.monitor)
        if value is None:
            get_logger().warning(
                "Can save best model only with %s available, skipping.", self.monitor
            )
            return
        if not self.monitor_op(value, self.best):
            self._tell(
                f"\nEpoch {epoch + 1}: {self.monitor} did not improve from"
                f" {self.best:.5f}"
            )
            return
        self._tell(
            f"\nEpoch {epoch + 1}: {self.monitor} improved from {self.best:.5f} to"
            f" {value:.5f}, saving model to {path}"
        )
        self.best = value
        self._write(path)

    def _tell(self, text: str) -> None:
        if self.verbose > 0:
            print_message(text)

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        given = {"epoch": epoch + 1, **logs}
        if batch is not None:
            given["batch"] = batch + 1
        try:
            return self.filepath.format(**given)
        except KeyError as error:
            raise KeyError(
                house_message(
                    "ModelCheckpoint",
                    "Failed to format this callback filepath",
                    f"{self.filepath!r} names {error}, there are {sorted(given)}",
                )
            ) from None

    def _write(self, path: str) -> None:
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)


def _number(value: Any) -> Any:
    return value.numpy() if hasattr(value, "numpy") else value


class BackupAndRestore(Callback):
    """Keeps a backup while a model is trained, and goes on from it after a stop.

    Call `fit` again in the same way; it begins with the epoch that was not ended.

    Args:
        backup_dir: the folder for the backup.
        save_freq: ``"epoch"``, or a number of batches.
        delete_checkpoint: whether to remove the backup when training ends.
        save_before_preemption: not supported; on other machines it saves before they
            are taken away.

    Raises:
        ValueError: where there is no folder, or `save_freq` is wrong.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: int | str = "epoch",
        delete_checkpoint: bool = True,
        save_before_preemption: bool = False,
    ) -> None:
        super().__init__()
        self._supports_tf_logs = True
        self.backup_dir = os.fspath(backup_dir)
        if not self.backup_dir:
            raise ValueError(
                house_message("BackupAndRestore", "Empty `backup_dir` argument passed")
            )
        frequent = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and not (frequent and int(save_freq) > 0):
            raise ValueError(
                house_message(
                    "BackupAndRestore",
                    "`save_freq` must be 'epoch' or a number of batches",
                    f"got {save_freq!r}",
                )
            )
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self.save_before_preemption = save_before_preemption
        self._epoch = 0
        self._batches = 0

    @property
    def _place(self) -> Path:
        return Path(self.backup_dir, "backup.weights.h5")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore a backup, where there is one."""
        if not self._place.exists():
            return
        first = _service("read_backup")(self.model, self._place)
        self.model.__dict__["_resume_at"] = first

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Back up after so many batches."""
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._back_up(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Back up after an epoch."""
        self._back_up(epoch + 1)

    def _back_up(self, epoch: int) -> None:
        _service("write_backup")(self.model, self._place, epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the backup: training has ended."""
        if self.delete_checkpoint and self._place.exists():
            os.remove(self._place)
            if not any(Path(self.backup_dir).iterdir()):
                shutil.rmtree(self.backup_dir, ignore_errors=True)


def _service(name: str) -> Any:
    """What reads or writes files, which stands above callbacks."""
    found = context.service(f"keras.{name}")
    if found is None:
        raise RuntimeError("callbacks: files come with rillet.keras")
    return found
