"""What hears of training: the protocol of callbacks.

In: the loops' events (train, test, predict; epochs and batches), passed on by
`callbacks.container`. Out: what a callback does with them.
"""

from __future__ import annotations

from typing import Any

Logs = dict[str, Any]


class Callback:
    """What hears of training; subclass it and override the methods you need.

    Attributes:
        model: the model that is trained.
        params: `verbose`, `epochs` and `steps` of this run.

    Example:
        >>> import rillet as tf
        >>> class Shout(tf.keras.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print("epoch", epoch, "is done")
    """

    #: Whether logs may hold tensors; else they are turned to numbers first.
    _supports_tf_logs = False

    def __init__(self) -> None:
        self.validation_data: Any = None
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self.model = model

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The same as `on_train_batch_begin`, for older programs."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The same as `on_train_batch_end`, for older programs."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before an epoch of training."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after an epoch, with its metrics and those of validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a step of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a step of training, with the metrics so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a step of evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a step of evaluation, with the metrics so far."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a step of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a step of prediction, with its ``outputs``."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called when training begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called when training ends, with the last epoch's metrics."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when an evaluation or validation begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when an evaluation or validation ends, with its metrics."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when a prediction begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when a prediction ends."""
