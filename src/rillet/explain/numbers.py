"""What numbers tell: logs of epochs, and a sample's way through a model and back.

In: logs, or a model and some rows. Out: findings.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import rillet as tf
from rillet.core import context
from rillet.explain.computation import batch_loss
from rillet.explain.findings import Finding
from rillet.explain.passage import Passage
from rillet.explain.picture import number
from rillet.explain.starts import learning_rate

Array = np.ndarray[Any, Any]

#: Rows of the pass that looks at activations and gradients.
ROWS: Final = 64
#: The share of a layer's ReLUs that are always 0 from which they are called dead.
DEAD: Final = 0.9
#: How much smaller the first layer's gradient is than the last's when it vanishes.
VANISHED: Final = 1e-5
_EXPLODED: Final = 1e5
_EPOCHS: Final = 5


class Course:
    """How the losses of a run go, epoch by epoch.

    Args:
        fresh: whether the model had not been trained before.
    """

    def __init__(self, fresh: bool) -> None:
        self._fresh = fresh
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
        return [*self._still(model, logs), *self._gap()]

    def _still(self, model: Any, logs: dict[str, Any]) -> list[Finding]:
        losses = self._losses
        if not self._fresh or len(losses) != _EPOCHS:
            return []
        good = max(
            (_plain(v) or 0.0 for k, v in logs.items() if "acc" in k), default=0.0
        )
        first, best = losses[0], min(losses[1:])
        if first <= 1e-3 or good > 0.9 or best < first * 0.999:
            return []
        rate = learning_rate(model)
        said = "" if rate is None else f" (now {number(rate)})"
        return [
            Finding(
                "no learning",
                f"the loss has not fallen in {_EPOCHS} epochs: {number(first)} at"
                f" first, {number(losses[-1])} now",
                f"Try a learning rate ten times larger or smaller{said}, and look"
                " whether inputs and targets belong together",
            )
        ]

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


def look(model: Any, x: Array, y: Array) -> list[Finding]:
    """What a sample's way through a model and back tells.

    Args:
        model: a compiled, built model with one output and one loss.
        x: inputs ``(rows, ...)``.
        y: targets ``(rows, ...)``.
    """
    if not getattr(model, "built", False) or not isinstance(model.loss, (str, object)):
        return []
    if model.loss is None or isinstance(model.loss, (list, tuple, dict)):
        return []
    passage = Passage()
    weights = [v for v in model.trainable_variables if v.dtype.is_floating]
    with context.recording_stopped(), tf.GradientTape() as tape:
        try:
            said = passage.run(lambda: model(tf.convert_to_tensor(x), training=False))
            if not isinstance(said, tf.Tensor):
                return []
            loss = batch_loss(model, y, said)
        except (ValueError, TypeError, tf.errors.InvalidArgumentError):
            return []  # `fit` itself words what does not fit together
    found = _dead(passage)
    if np.isfinite(float(loss)):
        found += _slopes(weights, tape.gradient(loss, weights))
    return found


def _dead(passage: Passage) -> list[Finding]:
    found = []
    for ran in passage.ran:
        if ran.op is None or ran.op.name != "Relu" or ran.layer is None:
            continue
        out = np.asarray(ran.outputs[0])
        if out.ndim < 2 or out.shape[0] < 8:
            continue
        silent = (out.reshape(-1, out.shape[-1]) == 0).all(axis=0)
        share = float(silent.mean())
        if share >= DEAD and out.shape[-1] > 1:
            found.append(
                Finding(
                    f"dead relu {ran.layer.name}",
                    f"{int(silent.sum())} of {out.shape[-1]} ReLUs of {ran.layer.name}"
                    f" give 0 for all of {out.shape[0]} examples, so they no longer"
                    " learn",
                    "Try a smaller learning rate, inputs about -1 to 1,"
                    " kernel_initializer='he_normal', or LeakyReLU",
                )
            )
    return found[:1]


def _slopes(weights: list[Any], slopes: list[Any]) -> list[Finding]:
    """Gradients that shrink or grow from the last layer to the first."""
    sizes = []
    for v, g in zip(weights, slopes, strict=True):
        if g is None or len(v.shape) < 2 or isinstance(g, tf.IndexedSlices):
            continue
        rows = np.asarray(g, np.float64)
        sizes.append((v.name.split(":")[0], float(np.sqrt(np.square(rows).mean()))))
    if len(sizes) < 3:
        return []
    (first, a), (last, b) = sizes[0], sizes[-1]
    if b > 1e-6 and a < VANISHED * b:
        return [
            Finding(
                "vanishing",
                f"the gradient vanishes: {number(a)} in {first}, {number(b)} in {last}",
                "Use relu instead of sigmoid or tanh, BatchNormalization, or fewer"
                " layers",
            )
        ]
    if b > 0 and a > _EXPLODED * b:
        return [
            Finding(
                "exploding",
                f"the gradient explodes: {number(a)} in {first}, {number(b)} in {last}",
                "Give the optimizer clipnorm=1.0, use smaller first weights, or"
                " BatchNormalization",
            )
        ]
    return []
