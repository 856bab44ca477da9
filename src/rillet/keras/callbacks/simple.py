"""Callbacks that stop, schedule, note: what programs add to `fit`."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.keras.callbacks.base import Callback, Logs
from rillet.keras.progress import print_message


class LambdaCallback(Callback):
    """Makes a callback of functions.

    Args:
        on_epoch_begin: called with the epoch and logs.
        on_epoch_end: called with the epoch and logs.
        on_batch_begin: called with the batch and logs.
        on_batch_end: called with the batch and logs.
        on_train_begin: called with logs.
        on_train_end: called with logs.
        **kwargs: any other method of `Callback`.

    Example:
        >>> import rillet as tf
        >>> shout = tf.keras.callbacks.LambdaCallback(
        ...     on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_batch_begin: Callable[..., Any] | None = None,
        on_batch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            # A name for each step of training, so that the list looks for it.
            "on_train_batch_begin": on_batch_begin,
            "on_train_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            **kwargs,
        }
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)


class TerminateOnNaN(Callback):
    """Stops training where the loss is not a number, or infinite."""

    _supports_tf_logs = True

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at a step's loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(float(loss)):
            print_message(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LearningRateScheduler(Callback):
    """Sets the learning rate at each epoch by a function.

    Args:
        schedule: takes the epoch (from 0) and the rate now, gives the new rate.
        verbose: 1 to print it.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate.

        Raises:
            ValueError: where the function gives no float.
        """
        optimizer = self.model.optimizer
        try:
            rate = self.schedule(epoch, float(np.asarray(optimizer.learning_rate)))
        except TypeError:
            rate = self.schedule(epoch)
        if hasattr(rate, "numpy"):
            rate = rate.numpy()
        if not isinstance(rate, float | np.floating | np.ndarray):
            raise ValueError(
                house_message(
                    "LearningRateScheduler",
                    'The output of the "schedule" function should be float',
                    f"got {rate!r}",
                )
            )
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            print_message(
                f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to"
                f" {rate}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the rate to the logs, as ``lr``."""
        if logs is not None:
            logs["lr"] = _rate(self.model)


class _Watching(Callback):
    """A callback that watches whether a metric gets better.

    Args:
        owner: the callback's public name.
        monitor: the metric's name.
        mode: ``"min"``, ``"max"`` or ``"auto"``, which goes by the name.
        min_delta: what counts as better.
    """

    def __init__(self, owner: str, monitor: str, mode: str, min_delta: float) -> None:
        super().__init__()
        self._owner = owner
        self.monitor = monitor
        if mode not in ("auto", "min", "max"):
            get_logger().warning("%s mode %s is unknown, fallback to auto", owner, mode)
            mode = "auto"
        upward = monitor.endswith(("acc", "accuracy", "auc", "Precision", "Recall"))
        self.mode = mode
        self._upward = mode == "max" or (mode == "auto" and upward)
        self.min_delta = abs(min_delta)

    def _worst(self) -> float:
        return -np.inf if self._upward else np.inf

    def _better(self, value: float, than: float) -> bool:
        if self._upward:
            return value - self.min_delta > than
        return value + self.min_delta < than

    def _value(self, logs: Logs | None) -> float | None:
        found = (logs or {}).get(self.monitor)
        if found is None:
            get_logger().warning(
                "%s conditioned on metric `%s` which is not available. Available"
                " metrics are: %s",
                self._owner,
                self.monitor,
                ",".join(logs or {}),
            )
        return None if found is None else float(found)


class EarlyStopping(_Watching):
    """Stops training where a metric gets no better.

    Args:
        monitor: the metric's name.
        min_delta: what counts as better.
        patience: epochs without a better value after which to stop.
        verbose: 1 to print when it stops.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        baseline: a value that must be reached.
        restore_best_weights: give the model the weights of the best epoch.
        start_from_epoch: epochs to let pass before watching.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__("Early stopping", monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.best_weights: Any = None
        self.best_epoch = 0
        self.wait = 0
        self.stopped_epoch = 0
        self.best = self._worst()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget what an earlier training reached."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = self._worst()
        self.best_weights = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at an epoch's metric."""
        value = self._value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if self._better(value, self.best):
            self.best = value
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.restore_best_weights and self.best_weights is not None:
                if self.verbose > 0:
                    print_message(
                        "Restoring model weights from the end of the best epoch:"
                        f" {self.best_epoch + 1}."
                    )
                self.model.set_weights(self.best_weights)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Say where it stopped."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")


class ReduceLROnPlateau(_Watching):
    """Lowers the learning rate where a metric gets no better.

    Args:
        monitor: the metric's name.
        factor: what the rate is multiplied by.
        patience: epochs without a better value after which to lower it.
        verbose: 1 to print when it does.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        min_delta: what counts as better.
        cooldown: epochs to wait after lowering.
        min_lr: the lowest rate.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__("Learning rate reduction is", monitor, mode, min_delta)
        if factor >= 1.0:
            raise ValueError(
                house_message(
                    "ReduceLROnPlateau",
                    "does not support a factor >= 1.0",
                    f"got {factor}",
                )
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0
        self.best = self._worst()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget what an earlier training reached."""
        self.cooldown_counter = 0
        self.wait = 0
        self.best = self._worst()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at an epoch's metric; add the rate to the logs, as ``lr``."""
        optimizer = self.model.optimizer
        if logs is not None:
            logs["lr"] = _rate(self.model)
        rate = float(_rate(self.model))
        value = self._value(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._better(value, self.best):
            self.best = value
            self.wait = 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                new = max(rate * self.factor, self.min_lr)
                optimizer.learning_rate = new
                if self.verbose > 0:
                    print_message(
                        f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate"
                        f" to {new}."
                    )
                self.cooldown_counter = self.cooldown
                self.wait = 0


class CSVLogger(Callback):
    """Writes each epoch's metrics as a row of a file.

    Args:
        filename: the file.
        separator: what stands between values.
        append: whether to add to a file that exists.
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False):
        super().__init__()
        self.filename = filename
        self.sep = separator
        self.append = append
        self.keys: list[str] = []
        self._file: Any = None
        self._writer: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file."""
        has_rows = False
        if self.append:
            try:
                with open(self.filename, encoding="utf-8") as file:
                    has_rows = bool(file.readline())
            except FileNotFoundError:
                has_rows = False
        mode = "a" if self.append else "w"
        self._file = open(self.filename, mode, encoding="utf-8", newline="")
        self._has_rows = has_rows

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row."""
        logs = logs or {}
        if self._writer is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                # A later epoch may validate; as tf.keras has them, always.
                self.keys += [f"val_{key}" for key in self.keys]
            self._writer = csv.writer(self._file, delimiter=self.sep)
            if not self._has_rows:
                self._writer.writerow(["epoch", *self.keys])
        values = [_cell(logs.get(key, "NA")) for key in self.keys]
        self._writer.writerow([epoch, *values])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _rate(model: Any) -> Any:
    """A model's learning rate as its variable holds it, a NumPy number."""
    return np.asarray(model.optimizer.learning_rate)[()]


def _cell(value: Any) -> Any:
    """What a row of a CSV file holds: numbers and texts, lists in brackets."""
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return '"[' + ", ".join(map(str, value)) + ']"'
