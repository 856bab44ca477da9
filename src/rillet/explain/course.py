"""What the losses of a run tell, epoch by epoch.

In: a model and logs. Out: findings.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.explain import structure
from rillet.explain.computation import as_tensors, batch_loss
from rillet.explain.findings import Finding
from rillet.explain.picture import number
from rillet.explain.starts import learning_rate, own_step, usual_rate
from rillet.explain.unchanged import may_be_tried, unchanged

#: Epochs after which a loss that has not fallen is spoken of.
_EPOCHS: Final = 5
#: How many times the first epoch's loss is a loss that has risen.
_RISEN: Final = 1.5
#: A learning rate with which weights stand still.
_TINY: Final = 1e-6
#: How many times the first loss of training that of validation is where its data are
#: of another kind, and the epochs after which that is said.
_APART: Final = 10.0
_SEEN: Final = 3


class Course:
    """How the losses of a run go, epoch by epoch.

    Args:
        fresh: whether the model had not been trained before.
    """

    def __init__(self, fresh: bool) -> None:
        self._fresh = fresh
        #: Some of the inputs and targets, where the run has one kind of them.
        self.rows: Any = None
        self.targets: Any = None
        self._differ: bool | None = None
        self._losses: list[float] = []
        self._validated: list[float] = []

    def after(self, model: Any, epoch: int, logs: dict[str, Any]) -> list[Finding]:
        """What an epoch's logs tell."""
        loss = _plain(logs.get("loss"))
        if loss is None:
            return []
        self._losses.append(loss)
        other = _plain(logs.get("val_loss"))
        if other is not None:
            self._validated.append(other)
        if not np.isfinite(loss):
            return [
                Finding(
                    "nan",
                    f"the loss of epoch {epoch + 1} is {loss}",
                    'fit(..., on_nan="explain") finds step, layer and cause',
                )
            ]
        apart = self._apart(model)
        return [*self._still(model, logs), *apart, *(() if apart else self._gap())]

    def _still(self, model: Any, logs: dict[str, Any]) -> list[Finding]:
        losses = self._losses
        if not self._fresh or len(losses) != _EPOCHS:
            return []
        good = max(
            (_plain(v) or 0.0 for k, v in logs.items() if "acc" in k), default=0.0
        )
        first, best = losses[0], min(losses[1:])
        if first <= 1e-3 or good > 0.9:
            return []
        if self.targets is not None:
            slow = structure.slow(model, self.targets, losses)
            if slow is not None:
                return [slow]
        if best < first * 0.999:
            return []
        rate = learning_rate(model)
        rose = losses[-1] > _RISEN * first
        told = (
            f"the loss has {'risen' if rose else 'not fallen'} in {_EPOCHS} epochs:"
            f" {number(first)} at first, {number(losses[-1])} now"
        )
        if rate is not None and rate < _TINY and not rose:
            return [
                Finding(
                    "learning rate",
                    f"{told}, for the learning rate is {number(rate)}",
                    f"Try {usual_rate(model)}",
                )
            ]
        said = "" if rate is None else f" (now {number(rate)})"
        way = "smaller" if rose else "larger or smaller"
        return [
            Finding(
                "no learning",
                told,
                f"Try a learning rate ten times {way}{said}, and look whether inputs"
                " and targets belong together",
            )
        ]

    def _apart(self, model: Any) -> list[Finding]:
        """Validation that goes worse from the first than training began."""
        seen = self._validated
        if seen and not np.isfinite(seen[-1]):
            return [
                Finding(
                    "validation",
                    f"the validation loss is {seen[-1]}, and that of training is not",
                    "Look for NaN or infinity in the validation data, or for numbers"
                    " far larger than in training",
                )
            ]
        if len(seen) < _SEEN:
            return []
        if min(seen) < _APART * max(self._losses) or min(self._losses) < 0:
            return []
        if self._differ is None:
            self._differ = self._lost(model) * _APART <= min(seen)
        if not self._differ:
            return []
        return [
            Finding(
                "validation",
                f"the validation loss is {number(min(seen))} at best, and that of"
                f" training was {number(max(self._losses))} at worst: the data differ",
                "Scale inputs and targets of both in the same way, with the training"
                " data's mean and deviation",
            )
        ]

    def _lost(self, model: Any) -> float:
        """The loss of rows of training, counted as that of validation is.

        Weights of rows, and batches that are normalised, are in that of training.
        Infinity where it cannot be told.
        """
        if self.rows is None or self.targets is None or own_step(model):
            return np.inf
        if not may_be_tried(model):
            return np.inf
        with unchanged(model):
            try:
                said = model(as_tensors(self.rows), training=False)
                return float(batch_loss(model, as_tensors(self.targets), said))
            except Exception:
                return np.inf  # a model of a kind that is not called so

    def _gap(self) -> list[Finding]:
        seen = self._validated
        if len(seen) < 8:
            return []
        at = int(np.argmin(seen))
        train = self._losses[-1]
        # a single bad epoch is no gap
        now = min(seen[-3:])
        if len(seen) - at <= 5 or now < 1.5 * seen[at] or train > 0.5 * now:
            return []
        return [
            Finding(
                "overfitting",
                f"the validation loss was best in epoch {at + 1} ({number(seen[at])})"
                f" and is {number(seen[-1])} now, while the training loss fell to"
                f" {number(train)}: the model learns by heart",
                "Stop earlier (keras.callbacks.EarlyStopping), add Dropout or weight"
                " decay, make it smaller, or find more data",
            )
        ]


def _plain(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
