"""`explain.step`: one training step told in order, with its numbers.

In: a compiled model and a batch. Out: a `Step`, whose text tells shapes, time, loss,
gradients and updates. The step is a real one; afterwards the model is put back to
where it was, unless it is to keep the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

import rillet as tf
from rillet.explain.batches import first_batch
from rillet.explain.computation import as_tensors, batch_loss
from rillet.explain.passage import Passage, hanging
from rillet.explain.picture import number, refuse


@dataclass(frozen=True, eq=False)
class Change:
    """What a step did to one weight.

    Attributes:
        name: of the variable.
        shape: of the variable.
        gradient: the gradient's root mean square; None where there is no gradient.
        largest: the gradient's largest value, without sign.
        size: the variable's root mean square before.
        update: the root mean square of what the optimizer added.
    """

    name: str
    shape: tuple[int, ...]
    gradient: float | None
    largest: float | None
    size: float
    update: float

    @property
    def ratio(self) -> float:
        """The update's size beside the weight's; about 1e-3 is usual."""
        return self.update / self.size if self.size else float("inf")


@dataclass(frozen=True, eq=False)
class Layer:
    """What a layer did in the forward pass.

    Attributes:
        name: of the layer.
        kind: its class.
        took: shape of what came in; None where Python made it of the inputs.
        gave: shape of what went out.
        mean: of what went out.
        spread: its standard deviation.
    """

    name: str
    kind: str
    took: tuple[int, ...] | None
    gave: tuple[int, ...]
    mean: float
    spread: float


@dataclass(frozen=True, eq=False)
class Step:
    """One training step.

    Attributes:
        layers: the forward pass, in order.
        loss: before the update.
        loss_after: on the same batch, after it.
        changes: of each trainable variable.
        seconds: by part: ``forward``, ``backward``, ``update``.
        learning_rate: the optimizer's.
        optimizer: its class.
        batch: shapes of inputs and targets.
    """

    layers: list[Layer]
    loss: float
    loss_after: float
    changes: list[Change]
    seconds: dict[str, float]
    learning_rate: float
    optimizer: str
    batch: tuple[tuple[int, ...], ...]

    @property
    def largest(self) -> Change | None:
        """The variable with the largest gradient."""
        known = [c for c in self.changes if c.largest is not None]
        return max(known, key=lambda c: c.largest or 0.0, default=None)

    def __str__(self) -> str:
        ms = {name: f"{s * 1e3:.2f} ms" for name, s in self.seconds.items()}
        x, *y = self.batch
        lines = [
            f"1. A batch: inputs {x}" + (f", targets {y[0]}" if y else ""),
            f"2. Forward pass, {ms['forward']}:",
        ]
        for at in self.layers:
            way = at.gave if at.took is None else f"{at.took} -> {at.gave}"
            lines.append(
                f"     {at.name} ({at.kind}): {way}, mean"
                f" {number(at.mean)}, deviation {number(at.spread)}"
            )
        lines.append(f"3. Loss: {number(self.loss)}")
        lines.append(f"4. Backward pass, {ms['backward']}; gradients, largest first:")
        ranked = sorted(self.changes, key=lambda c: -(c.largest or 0.0))
        for c in ranked:
            said = "none: the loss does not depend on it"
            if c.gradient is not None and c.largest is not None:
                said = f"largest {number(c.largest)}, typical {number(c.gradient)}"
            lines.append(f"     {c.name} {c.shape}: {said}")
        lines.append(
            f"5. {self.optimizer} moves the weights, {ms['update']}; learning rate"
            f" {number(self.learning_rate)}:"
        )
        for c in self.changes:
            lines.append(
                f"     {c.name}: by {number(c.update)}, its own size"
                f" {number(c.size)}" + (f", ratio {c.ratio:.1e}" if c.size else "")
            )
        lines.append(
            f"6. The same batch again: loss {number(self.loss_after)}, before"
            f" {number(self.loss)}"
        )
        return "\n".join(lines)

    __repr__ = __str__


def step(model: Any, batch: Any, y: Any = None, *, keep: bool = False) -> Step:
    """Tell one training step in order; the model stays as it was.

    Args:
        model: a model compiled with one loss.
        batch: ``(x, y)``; or a dataset, whose first batch it is; or inputs alone, with
            the targets as `y`.
        y: targets, where `batch` does not bring them.
        keep: whether weights and optimizer stay where the step moved them; else they
            are put back.

    Returns:
        What happened; print it.

    Raises:
        ValueError: where the batch has no targets, or the model is not compiled.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> told = tf.explain.step(model, (tf.ones((4, 2)), tf.ones((4, 1))))
        >>> told.loss_after < told.loss
        True
    """
    if isinstance(batch, tf.data.Dataset):
        batch, y = first_batch("explain.step", batch, y)
        batch = (batch,) if y is None else batch
    if y is None and (not isinstance(batch, Sequence) or len(batch) < 2):
        raise refuse(
            "explain.step",
            "a batch is (x, y)",
            type(batch).__name__,
            "Call explain.step(model, (x, y)) or explain.step(model, x, y)",
        )
    if isinstance(y, bool):
        raise refuse(
            "explain.step",
            "targets are an array",
            y,
            f"To keep the step write keep={y}",
        )
    if getattr(model, "optimizer", None) is None:
        raise refuse(
            "explain.step",
            "the model must be compiled",
            "no optimizer",
            "Call model.compile(optimizer, loss)",
        )
    x, y = (batch[0], batch[1]) if y is None else (batch, y)
    x, y = as_tensors(x), as_tensors(y)
    model(x, training=False)  # the first call makes the weights
    model.optimizer.build(model.trainable_variables)
    kept = [(v, v.numpy()) for v in _variables(model)]
    try:
        return _told(model, x, y)
    finally:
        if not keep:
            for v, old in kept:
                v.assign(old)


def _told(model: Any, x: Any, y: Any) -> Step:
    passage = Passage()
    seconds: dict[str, float] = {}
    # this pass is told, the next is timed
    passage.run(lambda: model(x, training=False))
    start = perf_counter()
    with tf.GradientTape() as tape:
        loss = batch_loss(model, y, model(x, training=True))
    seconds["forward"] = perf_counter() - start
    weights = model.trainable_variables
    start = perf_counter()
    slopes = tape.gradient(loss, weights)
    seconds["backward"] = perf_counter() - start
    before = [v.numpy() for v in weights]
    start = perf_counter()
    pairs = [(g, v) for g, v in zip(slopes, weights, strict=True) if g is not None]
    model.optimizer.apply_gradients(pairs)
    seconds["update"] = perf_counter() - start
    loss_after = batch_loss(model, y, model(x, training=False))
    changes = [
        _change(v, old, g) for v, old, g in zip(weights, before, slopes, strict=True)
    ]
    return Step(
        _layers(passage, tf.nest.flatten(x)),
        float(loss),
        float(loss_after),
        changes,
        seconds,
        float(tf.convert_to_tensor(model.optimizer.learning_rate)),
        type(model.optimizer).__name__,
        (_shapes(x), _shapes(y)),
    )


def _shapes(value: Any) -> Any:
    """The shape of a tensor; of several their shapes, by names if they have any."""
    if isinstance(value, dict):
        return {name: _shapes(part) for name, part in value.items()}
    found = [tuple(part.shape) for part in tf.nest.flatten(value)]
    return found[0] if len(found) == 1 else found


def _variables(model: Any) -> list[Any]:
    held = model.optimizer.variables
    held = held() if callable(held) else held
    found = {id(v): v for v in [*model.variables, *held]}
    return list(found.values())


def _rms(values: Any) -> float:
    array = np.asarray(values, np.float64)
    return float(np.sqrt(np.square(array).mean())) if array.size else 0.0


def _change(variable: Any, old: Any, g: Any) -> Change:
    slope = None if g is None else np.asarray(tf.convert_to_tensor(g), np.float64)
    return Change(
        variable.name.split(":")[0],
        np.shape(old),
        None if slope is None else _rms(slope),
        None if slope is None or not slope.size else float(np.abs(slope).max()),
        _rms(old),
        _rms(variable.numpy().astype(np.float64) - old),
    )


def _layers(passage: Passage, inputs: list[Any]) -> list[Layer]:
    """The layers that ran, with what went in and out of each."""
    live = hanging(passage.ran, inputs)
    first: dict[int, Any] = {}
    last: dict[int, Any] = {}
    order: dict[int, Any] = {}
    for ran in passage.ran:
        layer = ran.layer
        if layer is None or ran.op is None:
            continue
        order.setdefault(id(layer), layer)
        for given in ran.inputs:
            if id(given) in live:  # no weight
                first.setdefault(id(layer), tuple(given.shape))
        last[id(layer)] = ran.outputs[0]
    found = []
    for key, layer in order.items():
        value = np.asarray(last[key])
        plain = value.dtype.kind in "fiu" and value.size
        found.append(
            Layer(
                layer.name,
                type(layer).__name__,
                first.get(key),
                value.shape,
                float(value.mean()) if plain else float("nan"),
                float(value.std()) if plain else float("nan"),
            )
        )
    return found
