"""The callbacks that every training has: `History` and `ProgbarLogger`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.callbacks.base import Callback, Logs
from rillet.keras.progress import Progbar, print_message


class History(Callback):
    """Losses and metrics by epoch; `fit` returns it.

    Attributes:
        history: a list by name of metric.
        epoch: the numbers of the epochs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start a new list of epochs."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note an epoch's metrics."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self


class ProgbarLogger(Callback):
    """Shows a progress bar of each epoch, with its metrics.

    Args:
        count_mode: ``"steps"`` or ``"samples"``: what is counted.
        stateful_metrics: names of metrics to show as they are; others are averaged.

    Raises:
        ValueError: where the mode is unknown.
    """

    _supports_tf_logs = True

    def __init__(
        self, count_mode: str = "steps", stateful_metrics: Iterable[str] | None = None
    ) -> None:
        super().__init__()
        if count_mode not in ("steps", "samples"):
            raise ValueError(
                house_message(
                    "ProgbarLogger",
                    'Unknown `count_mode`. Expected values are ["samples", "steps"]',
                    f"got {count_mode!r}",
                )
            )
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs = 1
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the mode and the numbers of epochs and steps."""
        super().set_params(params)
        self.verbose = params.get("verbose", 1)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps") if self.use_steps else params.get("samples")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Note that validations are not to be shown."""
        self._in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the number of the epoch and start its bar."""
        self._begin()
        if self.verbose and self.epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar on."""
        self._move(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Finish the bar."""
        self._finish(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Start the bar of an evaluation."""
        if not self._in_fit:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar of an evaluation on."""
        if not self._in_fit:
            self._move(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Finish the bar of an evaluation."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Start the bar of a prediction."""
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar of a prediction on."""
        self._move(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Finish the bar of a prediction."""
        self._finish(None)

    def _begin(self) -> None:
        self.seen = 0
        self.progbar = Progbar(
            target=self.target,
            verbose=self.verbose,
            stateful_metrics=self.stateful_metrics,
            unit_name="step" if self.use_steps else "sample",
        )

    def _shown(self, logs: Logs | None) -> list[tuple[str, Any]]:
        # Metrics come into being with the first batch, so they are looked up anew.
        bar = self.progbar
        if bar is not None and not bar.stateful_metrics and self.model is not None:
            bar.stateful_metrics = self.stateful_metrics | {
                metric.name for metric in self.model.metrics
            }
        return [(k, v) for k, v in (logs or {}).items() if k not in ("batch", "size")]

    def _move(self, batch: int, logs: Logs | None) -> None:
        if self.progbar is None:
            self._begin()
        if self.use_steps:
            self.seen = batch + 1
        else:
            self.seen += int((logs or {}).get("size", 1))
        if self.verbose == 1 and self.progbar is not None:
            self.progbar.update(self.seen, self._shown(logs), finalize=False)

    def _finish(self, logs: Logs | None) -> None:
        if self.progbar is None:
            return
        if self.target is None:
            self.target = self.seen
        self.progbar.target = self.target
        if self.target:
            self.progbar.update(self.target, self._shown(logs), finalize=True)
        self.progbar = None
