"""What can be told of a model before it learns: its layers, its loss, its data's form.

In: a model, and the arrays that `fit` got. Out: findings. Numbers are looked at in a
sample of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.core import nest
from rillet.core.tensor import Tensor
from rillet.explain import inputs, outputs, starts, targets
from rillet.explain.findings import Finding
from rillet.explain.unchanged import has_own_code

Array = np.ndarray[Any, Any]

#: Rows that are looked at, and numbers, where rows are short.
SAMPLE: Final = 128
_NUMBERS: Final = 16384
#: Times the learning rate that targets are away from what a model begins with: at
#: once, and where some epochs have not brought it there.
_FAR: Final = 1e8
_FAR_LATER: Final = 1e5
_WORSE: Final = 1.5
#: Steps as long as the first that are too many. Those of `d` layers multiply: found
#: with up to three hidden layers of 16 to 256 units, all of which takes thousands.
_STEPS: Final = 1e5
_STEPS_DEEP: Final = 100.0
#: The same of what targets are away, in learning rates, where slopes are not known.
_FAR_DEEP: Final = 400.0
#: What share of its first loss a model keeps that hardly learns.
_STILL: Final = 0.98
_PASS: Final = ("Flatten", "Reshape", "Dropout", "InputLayer", "Permute")
#: Layers after which a row of numbers is a row of numbers.
_KEEP: Final = (
    "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax",
    "BatchNormalization", "LayerNormalization", "GaussianNoise", "Normalization",
)  # fmt: skip


def chain(model: Any) -> list[Any]:
    """The layers of a model that are called one after another; else an empty list."""
    if isinstance(model, keras.Sequential):
        return [layer for layer in model.layers]
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != 1 or len(model.outputs) != 1:
        return []
    layers = list(model.layers)
    try:
        linked = all(
            b.input is a.output for a, b in zip(layers, layers[1:], strict=False)
        )
    except (AttributeError, ValueError):
        return []  # a layer that is called twice, or has several inputs
    return layers if linked else []


def leaves(model: Any) -> Iterator[Any]:
    """The layers of a model and of the models in it."""
    for layer in getattr(model, "layers", ()):
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        else:
            yield layer


@dataclass(frozen=True)
class Head:
    """One output of a model with what it is compared with.

    Attributes:
        name: of the output, where there are several.
        layers: what gives it, the last one last; empty where that is not known.
        shape: of the output without the rows; None where unknown.
        loss: its loss's name.
        logits: whether that takes logits.
        wanted: some of its targets.
    """

    name: str
    layers: list[Any]
    shape: tuple[int, ...] | None
    loss: str
    logits: bool
    wanted: Array | None

    def ends(self) -> targets.Ends | None:
        """The last layer, for who looks at targets."""
        if not self.layers:
            return None
        last = self.layers[-1]
        return targets.Ends(
            last.name,
            outputs.width(self.layers),
            outputs.activation(last),
            self.shape,
            self.layers,
        )

    def named(self, found: Finding) -> Finding:
        """A finding that says of which output it is."""
        if not self.name:
            return found
        return replace(found, message=f"output {self.name}: {found.message}")


def _heads(model: Any, layers: list[Any], rows: Array | None, y: Any) -> Iterator[Head]:
    compiled = None if starts.own_step(model) else getattr(model, "loss", None)
    given = getattr(model, "outputs", None)
    if layers or not given:
        shape = _output_shape(model, layers, rows) if layers else None
        wanted = outputs.heeded(sample(y), compiled)
        yield Head("", layers, shape, *outputs.loss_of(compiled), wanted)
        return
    flat = list(nest.flatten(given))
    for i, out in enumerate(flat):
        last = out._keras_history.layer
        name = model.output_names[i]
        sizes = tuple(out.shape)[1:]
        loss = _one_of(compiled, i, name)
        wanted = sample(_one_of(y, i, name) if len(flat) > 1 else y)
        yield Head(
            name if len(flat) > 1 else "",
            [] if isinstance(last, keras.Model) else [last],
            None if None in sizes else tuple(map(int, sizes)),
            *outputs.loss_of(loss),
            outputs.heeded(wanted, loss),
        )


def _one_of(given: Any, i: int, name: str) -> Any:
    """What a list or dictionary holds for one output; else what was given."""
    if isinstance(given, dict):
        return given.get(name)
    if isinstance(given, (list, tuple)):
        return given[i] if i < len(given) else None
    return given


def look(model: Any, x: Any = None, y: Any = None) -> list[Finding]:
    """All that is found before a step.

    Args:
        model: a compiled model.
        x: inputs, an array or a nest of them.
        y: targets, likewise.
    """
    layers = chain(model)
    rows = sample(x)
    if rows is None:
        given = list(_nested(x))
    else:
        given = list(inputs.look(rows, layers or _listed(model)))
    heads = list(_heads(model, layers, rows, y))
    about = [each for head in heads for each in _of_targets(head)][:1]
    if has_own_code(model):
        # it may well fill NaN in, or leave it out: a loss that is NaN will tell
        given = [each for each in given if each.kind != "inputs"]
        about = [each for each in about if "NaN" not in each.message]
    held = any(found.kind == "inputs" for found in given)
    held = held or any("NaN" in found.message for found in about)
    # what the data brought in is named before what became of it
    found = [each for each in given if held and each.kind == "inputs"]
    found += list(_nonfinite_weights(model, held))
    found += list(starts.frozen(model))
    found += list(starts.wild_rate(model, list(leaves(model)), _away(heads)))
    if layers:
        found += [*starts.same_weights(layers), *_linear_stacks(layers)]
    other = any(each.kind == "regression" for each in about)
    if other and len(heads) > 1:
        names = ", ".join(head.name for head in heads)
        first = f"Give the targets in the order of the outputs: {names}. Where they are"
        about = [replace(each, fix=f"{first}, {_lower(each.fix)}") for each in about]
    for head in [] if other else heads:
        if head.layers:
            last = head.layers[-1]
            wrong = outputs.look(last, head.layers, head.loss, head.logits)
            found += map(head.named, wrong)
    if not about and starts.untrained(model):
        about = far_targets(model, heads, _least(model))[:1]
    if not any(each.kind == "loss" for each in found):
        found += about
    else:
        found += [each for each in about if each.kind != "loss"]
    return found + [each for each in given if each not in found]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def far_targets(model: Any, heads: list[Head], least: float) -> list[Finding]:
    """Targets of numbers that are far from what a model begins with."""
    found = [
        (head, starts.far_targets(model, head.layers[-1], y, least))
        for head, y in _of_numbers(heads)
    ]
    return [head.named(each) for head, each in found if each is not None]


def _of_numbers(heads: list[Head]) -> Iterator[tuple[Head, Array]]:
    """Outputs that give any numbers, each with its targets."""
    for head in heads:
        if not head.layers or head.wanted is None or head.loss not in targets.SQUARES:
            continue
        if outputs.activation(head.layers[-1]) in outputs.LINEAR:
            yield head, head.wanted


def _away(heads: list[Head]) -> float:
    """How far the farthest targets are from what a model begins with; 0 for classes."""
    sizes = [starts.distance(head.layers[-1], y) for head, y in _of_numbers(heads)]
    return max((size for size in sizes if np.isfinite(size)), default=0.0)


def slow(model: Any, y: Any, losses: list[float]) -> Finding | None:
    """Targets that are so far away that no mean is learned after some epochs.

    Args:
        model: a compiled model with one output.
        y: some of its targets.
        losses: of the epochs.
    """
    layers = chain(model)
    heads = list(_heads(model, layers, None, y))
    wanted = heads[0].wanted if len(heads) == 1 else None
    if wanted is None or heads[0].loss != "mean_squared_error":
        return None
    # who knows nothing says the mean
    if losses[-1] < _WORSE * float(np.var(wanted, dtype=np.float64)):
        return None
    if not layers and not getattr(model, "outputs", None):
        # nobody knows what follows the last layer: it may make steps longer
        if losses[-1] < _STILL * losses[0]:
            return None
        heads = [replace(heads[0], layers=list(leaves(model))[-1:])]
    return next(iter(far_targets(model, heads, _FAR_LATER)), None)


def _least(model: Any) -> float:
    """How many learning rates targets are away that a model hardly reaches."""
    return max(_FAR, _FAR_DEEP ** starts.depth(leaves(model)))


def may_be_far(model: Any, y: Any) -> bool:
    """Whether targets look far away from a model whose layers cannot be listed.

    Nobody knows what follows its last layer: `far_by_slopes` can tell.
    """
    return _far_unlisted(model, y) is not None


def far_by_slopes(model: Any, y: Any, loss: float, slopes: list[Any]) -> Finding | None:
    """Targets that steps of a model whose layers cannot be listed hardly reach.

    Args:
        model: a compiled model.
        y: some of its targets.
        loss: how far it is from them.
        slopes: the loss's gradients; a step takes about the learning rate times the sum
            of their sizes off the loss.
    """
    found = _far_unlisted(model, y)
    wide = (np.asarray(g, np.float64) for g in slopes if isinstance(g, Tensor))
    step = (starts.learning_rate(model) or 0.0) * sum(np.abs(g).sum() for g in wide)
    most = max(_STEPS, _STEPS_DEEP ** starts.depth(leaves(model)))
    return found if loss > most * step else None


def _far_unlisted(model: Any, y: Any) -> Finding | None:
    if chain(model) or getattr(model, "outputs", None):
        return None
    if not starts.has_unit_steps(model):
        return None
    heads = [replace(head, layers=list(leaves(model))[-1:])
             for head in _heads(model, [], None, y)]  # fmt: skip
    return next(iter(far_targets(model, heads, _FAR)), None)


def _of_targets(head: Head) -> list[Finding]:
    if head.wanted is None:
        return []
    found = targets.look(head.wanted, head.loss, head.ends())
    return [] if found is None else [head.named(found)]


def _listed(model: Any) -> list[Any]:
    """The layers of a model with one input, those next to it first."""
    given = getattr(model, "inputs", None)
    single = given is not None and len(nest.flatten(given)) == 1
    return list(model.layers) if single else []


def _nested(x: Any) -> Iterator[Finding]:
    """NaN in one of several inputs."""
    if not isinstance(x, (dict, list, tuple)):
        return
    named = x.items() if isinstance(x, dict) else enumerate(x)
    for name, value in list(named)[:32]:
        part = sample(value) if hasattr(value, "dtype") else None
        if part is not None and not np.isfinite(sum(inputs.span(part))):
            yield Finding(
                "inputs",
                f"the input {name!r} holds NaN or infinity",
                "Leave such rows out, or fill them in",
            )
            return


def _output_shape(
    model: Any, layers: list[Any], x: Array | None
) -> tuple[int, ...] | None:
    """A model's output's shape without the rows; None where it is not known."""
    shape: Any = None
    if getattr(model, "built", False):
        try:
            shape = model.output_shape
        except (AttributeError, RuntimeError, ValueError):
            shape = None
    if isinstance(shape, tuple) and not any(isinstance(s, tuple) for s in shape):
        return None if None in shape[1:] else tuple(map(int, shape[1:]))
    kinds = [type(layer).__name__ for layer in layers]
    flat = "Flatten" in kinds or (x is not None and x.ndim == 2)
    plain = all(kind in (*_PASS, *_KEEP) for kind in kinds) and "Reshape" not in kinds
    units = [u for u in map(outputs.units, layers) if u is not None]
    return (units[-1],) if flat and plain and units else None


def sample(value: Any) -> Array | None:
    """Some rows of an array, from all over it; None where it is none."""
    array = _opened(value)
    if array is None:
        return None
    return _spread(array, max(SAMPLE, _NUMBERS * len(array) // max(1, array.size)))


def _opened(value: Any) -> Array | None:
    """The NumPy array of numbers in rows that something holds, or None."""
    if value is None or isinstance(value, (str, dict)):
        return None
    if isinstance(value, (list, tuple)):
        if not value or not isinstance(value[0], (int, float, list)):
            return None
        value = np.asarray(value)
    if hasattr(value, "iloc"):
        value = np.asarray(value)
    value = getattr(value, "_array", value)
    if not isinstance(value, np.ndarray) or not value.ndim or not len(value):
        return None
    return value if value.dtype.kind in "fiub" else None


def _spread(array: Array, count: int) -> Array:
    return array[:: max(1, len(array) // count)][:count]


def some_rows(value: Any, count: int) -> Any:
    """Copies of some rows of an array, or of a nest of them; None where there are none.

    Args:
        value: arrays whose rows belong together.
        count: how many rows.
    """
    parts = list(value.values()) if isinstance(value, dict) else value
    if isinstance(parts, (list, tuple)) and all(hasattr(p, "dtype") for p in parts):
        rows = [some_rows(part, count) for part in parts]
        if not rows or any(part is None for part in rows):
            return None
        alike = len({len(part) for part in rows}) == 1
        return nest.pack_sequence_as(value, rows) if alike else None
    array = _opened(value)
    return None if array is None else _spread(array, count).copy()


def weights(model: Any) -> list[Finding]:
    """Weights that hold NaN."""
    return list(_nonfinite_weights(model, False))


def _nonfinite_weights(model: Any, from_data: bool) -> Iterator[Finding]:
    if not getattr(model, "built", False):
        return
    for v in model.weights:
        array = getattr(v.value(), "_array", None)
        if array is None or array.dtype.kind != "f" or not array.size:
            continue
        flat = array.reshape(-1)
        # a NaN spreads over a weight in one step: some values tell of all
        part = flat[:: max(1, flat.size // 1024)]
        if not np.isfinite(part).all():
            name = v.name.split(":")[0]
            if from_data:
                said = f"{name} holds NaN or infinity, as the data does"
                fix = "Mend the data, then build the model anew"
            else:
                said = f"{name} holds NaN or infinity before training"
                fix = "An earlier run left it there: build the model anew"
            yield Finding("weights", said, fix)
            return


def _linear_stacks(layers: list[Any]) -> Iterator[Finding]:
    before: Any = None
    for layer in layers:
        kind = type(layer).__name__
        if kind in _PASS:
            continue
        if kind != "Dense":
            before = None
            continue
        if before is not None and disguised(before, layer):
            yield linear(before, layer)
            return
        before = layer


def disguised(before: Any, layer: Any) -> bool:
    """Whether two Dense layers, one after the other, are no more than one."""
    if outputs.activation(before) not in outputs.LINEAR:
        return False
    width, narrow = outputs.units(layer) or 0, outputs.units(before) or 0
    into = _inputs_of(before)
    # a bottleneck says something that one layer cannot
    return not (narrow < width and (into is None or narrow < into))


def linear(before: Any, layer: Any) -> Finding:
    """The finding that they are."""
    return Finding(
        "linear",
        f"{before.name} has no activation and {layer.name} follows: both together are"
        " one linear layer in disguise",
        f'Give {before.name} an activation, such as activation="relu"',
    )


def _inputs_of(layer: Any) -> int | None:
    kernel = getattr(layer, "kernel", None)
    return int(kernel.shape[0]) if kernel is not None else None
