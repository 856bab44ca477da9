"""Finds the first operation that made a NaN or an infinity, and what caused it.

In: a model, a batch and the weights before the step that went wrong. Out: an
explanation. The step runs once more, op by op.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

import rillet as tf
from rillet.core.errors import InvalidArgumentError
from rillet.explain import outputs
from rillet.explain.makers import BROUGHT, HALF, is_half, maker, makes
from rillet.explain.passage import Passage, Ran
from rillet.explain.picture import largest, number
from rillet.explain.starts import learning_rate, negative, own_step
from rillet.explain.targets import SQUARES
from rillet.explain.trials import STEPS, bearable_rate
from rillet.keras.call_context import calls
from rillet.keras.compiled_steps import Batch
from rillet.ops.numerics_watch import looking_away

#: A learning rate that people use, and one with which nothing is learned.
_USUAL: Final = 0.1
_HOPELESS: Final = 1e-7
#: Finds a learning rate that works, with such parts of the data scaled.
Tries: TypeAlias = Callable[[tuple[str, ...]], float | None]
#: An input, and a weight, beyond which it is too large to begin with.
_LARGE_INPUT: Final = 1e3
_LARGE_WEIGHT: Final = 10.0
#: A target whose square comes near what float32 holds.
_LARGE_TARGET: Final = 1e15
#: A weight that has become too large in training.
_GROWN: Final = 1e3


class Found(BaseException):
    """Ends a run at the first value that is not finite.

    Layers word exceptions anew, and programs may catch them; this passes through.
    """

    def __init__(self, ran: Ran) -> None:
        self.ran = ran


def finite(value: Any) -> bool:
    """Whether a tensor or array has no NaN and no infinity."""
    array = getattr(value, "_array", value)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fcV":
        return True
    try:
        return bool(np.isfinite(array).all())
    except TypeError:
        return True  # structured or unknown: nothing to say


def where_made(model: Any, data: Any) -> Ran | None:
    """Run a training step op by op; the op that made the first NaN, or None.

    Weights move unless the op is found; the caller puts them back.
    """
    last: Any = None
    brought: Ran | None = None

    def hears(ran: Ran) -> None:
        nonlocal last, brought
        if not all(finite(y) for y in ran.outputs):
            ran.after = last
            if not _hands_on(ran):
                raise Found(ran)
            brought = brought or ran
        last = ran.layer or last

    try:
        Passage(hears).run(lambda: model.train_step(data))
    except Found as found:
        return found.ran
    return brought


def _hands_on(ran: Ran) -> bool:
    """Whether an op only hands on infinity or NaN, as a mask of -inf brings it."""
    if all(map(finite, ran.inputs)):
        return False
    return _has_nan(ran.inputs) or not _has_nan(ran.outputs)


def _has_nan(values: tuple[Any, ...]) -> bool:
    return any(np.isnan(y._array).any() for y in values if _floats(y))


@dataclass(frozen=True)
class Trouble:
    """What went wrong in a step, and what to do; both without a full stop."""

    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what}. {self.fix}"


@dataclass(frozen=True)
class Step:
    """A step that went wrong; weights stand as before it.

    Attributes:
        model: what was trained.
        data: the batch.
        first: whether no update of the run had moved a weight before.
        tries: finds a learning rate that works.
    """

    model: Any
    data: Any
    first: bool
    tries: Tries

    def trouble(self, ran: Ran | None) -> Trouble:
        """What to say, with the op that made it, where it was found."""
        bad = bad_weight(self.model)
        if bad is not None:
            fix = "Build the model anew, for an earlier run left it there."
            return Trouble(f"{bad} holds NaN before this step", fix)
        if ran is None:
            return Trouble("the weights overflowed in the update", self._rate())
        return Trouble(made(ran), self._cause(ran))

    def _cause(self, ran: Ran) -> str:
        """The likely cause of a NaN, with what to do."""
        given = [x for x in ran.inputs if isinstance(x, tf.Tensor)]
        if not all(finite(x) for x in given):
            return f"Likely cause: {BROUGHT}."
        name = ran.op.name if ran.op is not None else ""
        where, size = _largest_weight(self.model)
        if size > _GROWN and not self.first:
            return f"{where} has grown to {size:.1e}. {self._rate()}"
        if name == "Exp" and outputs.activation(ran.layer) == "exponential":
            return (
                f"Likely cause: exp overflows above 88: give {ran.layer.name} another"
                " activation, or scale what goes in."
            )
        if makes(name):
            y = tf.keras.utils.unpack_x_y_sample_weight(self.data)[1]
            return f"Likely cause: {maker(name, ran.inputs, y)}."
        return self._begun(ran) if self.first else self._rate()

    def _begun(self, ran: Ran) -> str:
        """The cause in a first step: no update has moved a weight yet."""
        if is_half(ran.outputs):
            return f"Likely cause: {HALF}."
        x, y, _ = tf.keras.utils.unpack_x_y_sample_weight(self.data)
        for what, part, limit in (
            ("inputs", x, _LARGE_INPUT), ("targets", y, _LARGE_TARGET)
        ):  # fmt: skip
            size = max(map(largest, tf.nest.flatten(part)), default=0.0)
            if size > limit:
                return (
                    f"Likely cause: the {what} reach {number(size)} in size; scale them"
                    " to about -1 to 1."
                )
        where, size = _largest_weight(self.model)
        if size > _LARGE_WEIGHT:
            return (
                f"Likely cause: the first weights reach {number(size)} in {where};"
                " leave kernel_initializer out."
            )
        return (
            "Likely cause: numbers grow from layer to layer; use BatchNormalization, or"
            " smaller first weights."
        )

    def _rate(self) -> str:
        """What to say of the learning rate; only rates that were tried are named so."""
        rate = learning_rate(self.model)
        if own_optimizers(self.model):
            return "Likely cause: a learning rate of one of the model's optimizers."
        if rate is None:
            return "Try a smaller learning rate."
        if rate < 0:
            return f"Likely cause: {negative(rate)}."
        said = f"Likely cause: the learning rate {number(rate)} is too large"
        proof = f"{STEPS} steps of it lower this batch's loss"
        works = self.tries(())
        if works is not None and works >= 0.9 * rate / 100:
            return f"{said}; try {number(works)}: {proof}."
        for parts in self._scalable():
            scaled = self.tries(parts)
            if scaled is None:
                continue
            what = " and ".join(parts)
            if scaled >= 0.9 * rate:
                return (
                    f"Likely cause: the {what} are too large; scale them to about -1 to"
                    f" 1: {STEPS} steps lower this batch's loss then."
                )
            said += f"; scale the {what} to about -1 to 1 and try {number(scaled)}:"
            said += f" {proof}."
            if works is not None:
                said += f" Without scaling, {number(works)} works."
            return said
        if works is not None and (works > _HOPELESS or rate > _USUAL):
            return f"{said}; try {number(works)}: {proof}."
        return (
            f"{said} for these weights: use smaller first weights (leave"
            " kernel_initializer out)."
        )

    def _scalable(self) -> list[tuple[str, ...]]:
        """Parts of the data that a program may scale, one by one and together."""
        numbers = outputs.loss_of(self.model.loss)[0] in SQUARES
        both = ("inputs", "targets")
        return [("inputs",), ("targets",), both] if numbers else [("inputs",)]


def _largest_weight(model: Any) -> tuple[str, float]:
    """The weight that holds the largest number, and the number."""
    held = [v for v in model.weights if v.dtype.is_floating]
    sizes = [(largest(v), str(v.name.split(":")[0])) for v in held]
    size, name = max(sizes, default=(0.0, ""))
    return name, size


def made(ran: Ran) -> str:
    """Which op made it, in which layer, from what."""
    if ran.op is None:
        return f"the variable {ran.inputs[0].name.split(':')[0]} holds it"
    layer = "outside of layers, in the loss, its gradient or the update"
    if ran.layer is not None:
        layer = f"in layer {ran.layer.name}"
    elif ran.layers:
        model = ran.layers[-1].name
        layer = f"before the layers of {model}"
        if ran.after is not None:
            layer = f"between the layers of {model}, after {ran.after.name}"
    went = ", ".join(_said(x) for x in ran.inputs if isinstance(x, tf.Tensor))
    kind = "NaN"
    if not _has_nan(ran.outputs):
        kind = "infinity"
    return f"the first op that made {kind} is {ran.op.name} {layer}; in went {went}"


def _floats(y: Any) -> bool:
    return bool(getattr(y, "_array", np.zeros(1, int)).dtype.kind == "f")


def _said(x: Any) -> str:
    array = np.asarray(x)
    text = f"{array.dtype.name}{list(array.shape)}"
    if array.dtype.kind not in "fiu" or not array.size:
        return text
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return f"{text} with NaN or infinity"
    return f"{text} from {number(float(array.min()))} to {number(float(array.max()))}"


def in_batch(data: Any) -> str:
    """Which part of a batch holds NaN or infinity, and in which row; "" where none."""
    parts = tf.keras.utils.unpack_x_y_sample_weight(data)
    for name, part in zip(("inputs", "targets", "weights"), parts, strict=True):
        for value in tf.nest.flatten(part):
            if value is None or finite(value):
                continue
            array = np.asarray(value, np.float64)
            bad = np.argwhere(~np.isfinite(array))
            row = f"; the first in row {int(bad[0][0])}" if array.ndim else ""
            return f"the {name} of the batch hold it, {len(bad)} of {array.size}{row}"
    return ""


def bad_weight(model: Any) -> str | None:
    """The name of a weight that is not finite, or None."""
    for v in weights_of(model):
        if not finite(v.value()):
            return str(v.name.split(":")[0])
    return None


class Guard:
    """Runs a model's steps one by one and stops at the first that makes a NaN.

    Args:
        model: the model.
        function: what runs its steps.
        size: how many steps a call is to run.
    """

    def __init__(self, model: Any, function: Any, size: Any) -> None:
        self._model = model
        self._function = function
        self._size = size
        self.epoch = 0
        self._at = 0
        self._went_well = False
        #: Variables, and what they held when training began.
        self.start: list[tuple[Any, Any]] = []

    def begin(self, epoch: int) -> None:
        """An epoch begins."""
        self.epoch, self._at = epoch, 0

    def __call__(self, iterator: Any) -> Any:
        """Run steps.

        Raises:
            InvalidArgumentError: where one makes a NaN; it tells all that is known.
        """
        logs: Any = None
        for _ in range(max(1, self._size())):
            data = next(iterator)
            logs = self._one(data)
        return logs

    def _one(self, data: Any) -> Any:
        # the watch of enable_check_numerics must not see the step as one op
        with looking_away():
            return self._step(data)

    def _step(self, data: Any) -> Any:
        self._at += 1
        if self._at == 1 and self.epoch == 0 and not in_batch(data):
            self._prepare(data)
        logs, trouble = self.attempt(data)
        if trouble is None:
            return logs
        raise InvalidArgumentError(
            f"fit: NaN or infinity in step {self._at} of epoch {self.epoch + 1}:"
            f" {trouble}"
        )

    def attempt(self, data: Any) -> tuple[Any, Trouble | None]:
        """Run a step; one that goes wrong is taken back.

        Returns:
            The step's logs, and what went wrong, or None.
        """
        model = self._model
        held = [(v, v.value()) for v in variables(model)]
        kept, calls.steps = calls.steps, 1
        try:
            logs = self._function(iter((data,)))
        finally:
            calls.steps = kept
        fine = all(finite(v) for v in (logs or {}).values()) and all(
            finite(v.value()) for v in weights_of(model)
        )
        if fine:
            self._went_well = True
            return logs, None
        broken = in_batch(data)
        if broken:
            put_back(held)
            return None, Trouble(broken, "Leave such rows out, or fill them in.")
        put_back(held)
        ran = where_made(model, data)
        first = not self._went_well and _stand(held)
        put_back(held)

        def tries(scaled: tuple[str, ...]) -> float | None:
            return bearable_rate(model, data, self.start, scaled)

        try:
            return logs, Step(model, data, first, tries).trouble(ran)
        finally:
            put_back(held)

    def _prepare(self, data: Any) -> None:
        """Make all variables, so that the first step can be taken back, too."""
        model = self._model
        if not model.built:
            self._build(data)
        if hasattr(model.optimizer, "build") and model.built:
            model.optimizer.build(model.trainable_variables)
        self.start = [(v, v.value()) for v in variables(model)]
        bad = bad_weight(model)
        if bad is not None:
            raise InvalidArgumentError(
                f"fit: {bad} holds NaN before training; build the model anew."
            )

    def _build(self, data: Any) -> None:
        """Make the variables of a model without running a step."""
        model = self._model
        step = getattr(self._function, "step", None)
        if own_step(model) and step is not None and step.compiles():
            # not every such model can be called; tracing makes what a step makes
            batch = Batch(data)
            if batch.tensors is not None:
                step.graph(batch, batch.rows())
            return
        x, _, _ = tf.keras.utils.unpack_x_y_sample_weight(data)
        model(x, training=False)


def weights_of(model: Any) -> list[Any]:
    """A model's variables; none where a `Sequential` has none yet."""
    try:
        return list(model.variables)
    except ValueError:
        return []


def own_optimizers(model: Any) -> list[Any]:
    """The optimizers that a model keeps beside the compiled one."""
    kind = tf.keras.optimizers.Optimizer
    held = model.__dict__.values()
    return [v for v in held if isinstance(v, kind) and v is not model.optimizer]


def variables(model: Any) -> list[Any]:
    """All that a training step may change: weights, slots, loss scales, metrics."""
    found = [*weights_of(model), *(v for m in model.metrics for v in m.variables)]
    for optimizer in [model.optimizer, *own_optimizers(model)]:
        slots = getattr(optimizer, "variables", ())
        found += slots() if callable(slots) else slots
        scale: Any = getattr(optimizer, "__dict__", {}).get("_loss_scale")
        if hasattr(scale, "_trackable_children"):
            parts = scale._trackable_children().values()
            found += [v for v in parts if hasattr(v, "_cell")]
    return list({id(v): v for v in found}.values())


def _stand(held: list[tuple[Any, Any]]) -> bool:
    """Whether variables hold what they held."""
    return all(v.value()._array is old._array for v, old in held)


def put_back(held: list[tuple[Any, Any]]) -> None:
    """Give variables the values that they had."""
    for v, old in held:
        v.assign(old)
