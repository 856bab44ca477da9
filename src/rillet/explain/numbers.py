"""What numbers tell: a sample's way through a model and back.

In: a model and some rows. Out: findings.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import rillet as tf
from rillet.explain import compared
from rillet.explain.computation import batch_loss
from rillet.explain.findings import Finding
from rillet.explain.outputs import LINEAR, activation
from rillet.explain.passage import Passage, Ran
from rillet.explain.picture import largest, number
from rillet.explain.starts import large_rate, learning_rate, own_step, usual_rate
from rillet.explain.structure import chain, disguised, far_by_slopes, leaves, linear
from rillet.explain.unchanged import may_be_tried, unchanged
from rillet.keras.layers import BatchNormalization

Array = np.ndarray[Any, Any]

#: Rows of the pass that looks at activations and gradients.
ROWS: Final = 64
#: Powers of ten by which weights may shrink or stretch squares, all layers together.
_GROWTH: Final = 8.0
#: A bias that keeps a ReLU at 0 by itself.
_SUNK: Final = -5.0
#: Rows of its first try.
_FEW: Final = 16
#: Activations whose slope is below 1 nearly everywhere.
_FLAT: Final = ("sigmoid", "hard_sigmoid", "tanh", "softsign")
#: The share of a layer's ReLUs that are always 0 from which they are called dead.
DEAD: Final = 0.9
#: How much smaller the first layer's gradient is than the last's when it vanishes.
VANISHED: Final = 1e-5
_EXPLODED: Final = 1e5
#: And how much smaller the second layer's is then, at least.
_ON_THE_WAY: Final = 1e-3


def look(model: Any, x: Any, y: Any = None) -> list[Finding]:
    """What a sample's way through a model and back tells.

    Some rows are looked at first, and all of them where those look ill.

    Args:
        model: a built model.
        x: inputs ``(rows, ...)``, or a nest of them.
        y: targets ``(rows, ...)``, where the model was compiled with one loss.

    Returns:
        What was found; nothing where the model cannot be called so.
    """
    if not getattr(model, "built", False) or not may_be_tried(model):
        return []
    found = _look(model, _first(x), _first(y))
    count = len(tf.nest.flatten(x)[0])
    return found if not found or count <= _FEW else _look(model, x, y)


def _first(rows: Any) -> Any:
    if rows is None:
        return None
    return tf.nest.map_structure(lambda part: part[:_FEW], rows)


def _look(model: Any, x: Any, y: Any) -> list[Finding]:
    passage = Passage()
    weights = [v for v in model.trainable_variables if v.dtype.is_floating]
    with unchanged(model), tf.GradientTape() as tape:
        try:
            inputs = tf.nest.map_structure(tf.convert_to_tensor, x)
            # Batches are normalised as in training: the gradient hangs on it.
            normal = any(isinstance(v, BatchNormalization) for v in leaves(model))
            said = passage.run(lambda: model(inputs, training=normal))
            lost = Passage()
            aim = lost.run(lambda: _aim(model, said, y))
        except Exception:
            return []  # a model of a kind that is not called so, or data that misfit
        found = _in_disguise(model, passage, said)
        if _judged(model, said, y):
            found += compared.look(model, said, y, passage.ran, lost.ran)
        deep: list[Finding] = []
        if aim is not None and np.isfinite(float(aim)):
            slopes = tape.gradient(aim, weights)
            deep = _slopes(model, weights, slopes)
            if _judged(model, said, y):
                far = far_by_slopes(model, y, float(aim), slopes)
                found += [] if far is None else [far]
        deep = deep or _grown(passage, x, y)
    # where nothing gets through, many ReLUs seem dead
    return [*found, *(deep or _dead(model, passage))]


def _bends(model: Any) -> bool:
    """Whether a model has layers before its last whose slope is below 1 mostly.

    Recurrent layers are left out: another activation is no good advice there.
    """
    hidden = list(leaves(model))[:-1]
    return any(activation(v) in _FLAT and not _recurrent(v) for v in hidden)


def _recurrent(layer: Any) -> bool:
    return hasattr(layer, "return_sequences")


def _grown(passage: Passage, x: Any, y: Any) -> list[Finding]:
    """Numbers that grow from layer to layer, far beyond inputs and targets, or shrink.

    The last layer's may well be small: targets are.
    """
    parts = [part for part in tf.nest.flatten((x, y)) if part is not None]
    usual = max([1.0, *(largest(part) for part in parts)])
    sizes: list[tuple[str, float]] = []
    for ran in passage.ran:
        if ran.op is None or ran.layer is None or not ran.outputs:
            continue
        if not hasattr(ran.layer, "kernel"):
            continue
        sizes.append((ran.layer.name, largest(ran.outputs[0])))
    for kind, ends in (("exploding", sizes), ("vanishing", sizes[:-1])):
        if len(ends) < 2:
            continue
        (first, a), (last, b) = ends[0], ends[-1]
        grown = kind == "exploding"
        how, way = ("smaller", "explode") if grown else ("larger", "vanish")
        if b > _EXPLODED * max(usual, a) if grown else 0 < b < VANISHED * min(1, a):
            return [
                Finding(
                    kind,
                    f"numbers {way} on their way: up to {number(a)} in {first},"
                    f" {number(b)} in {last}",
                    f"Use {how} first weights (leave kernel_initializer out), or"
                    " BatchNormalization",
                )
            ]
    return []


def _aim(model: Any, said: Any, y: Any) -> Any:
    """What gradients are taken of: the loss; where it is not known, the outputs.

    How gradients shrink on their way through layers is much the same for both.
    """
    if _judged(model, said, y):
        return batch_loss(model, y, said)
    parts = [t for t in tf.nest.flatten(said) if isinstance(t, tf.Tensor)]
    sizes = [tf.reduce_mean(tf.square(t)) for t in parts if t.dtype.is_floating]
    return tf.add_n(sizes) if sizes else None


def _judged(model: Any, said: Any, y: Any) -> bool:
    """Whether one loss compares a model's one output with targets."""
    single = isinstance(said, tf.Tensor) and isinstance(y, np.ndarray)
    single = single and not own_step(model)
    return single and model.compiled_loss is not None


def suspects(model: Any) -> bool:
    """Whether a model's layers look as if a pass would find something.

    It costs microseconds: some numbers of each layer.
    """
    flat = plain = 0
    growth = 0.0
    single = not chain(model)
    for layer in leaves(model):
        kind = activation(layer)
        plain += single and type(layer).__name__ == "Dense" and kind in LINEAR
        flat += kind in _FLAT
        if type(layer).__name__.endswith("Normalization"):
            flat, growth = 0, 0.0
        kernel = _some(layer, "kernel")
        if kernel is None:
            continue
        if _sunk(kind, kernel, _some(layer, "bias")):
            return True
        inputs = float(np.prod([int(n) for n in layer.kernel.shape[:-1]]))
        spread = float(np.square(kernel, dtype=np.float64).mean() * inputs)
        growth += float(np.log10(spread)) if spread > 0 else 0.0
        if not np.isfinite(growth):
            return False
    return flat > 4 or abs(growth) > _GROWTH or plain > 1


def _sunk(kind: str | None, kernel: Array, bias: Array | None) -> bool:
    """Whether a layer may well give numbers below 0 only, where ReLUs follow."""
    low = 0.0 if bias is None else float(np.median(bias))
    if low < _SUNK:
        return True
    below = 0.0 if bias is None else float((bias < 0).mean())
    few = (below > 0.85 and low < -0.02) or float((kernel < 0).mean()) > 0.85
    return kind == "relu" and few


def _some(layer: Any, name: str) -> Array | None:
    """Some numbers of a layer's weight; None where it has none."""
    v = layer.__dict__.get(name) if getattr(layer, "built", False) else None
    v = getattr(layer, name, None) if v is None and layer.built else v
    cell = getattr(v, "_cell", None)
    array = None if cell is None else cell.read()._array
    if array is None or array.dtype.kind != "f" or not array.size:
        return None
    flat = array.reshape(-1)
    return flat[:: max(1, flat.size // 128)]


def _dead(model: Any, passage: Passage) -> list[Finding]:
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
            fix = (
                "Try a smaller learning rate, inputs about -1 to 1,"
                " kernel_initializer='he_normal', or LeakyReLU"
            )
            bias = _some(ran.layer, "bias")
            if large_rate(model):
                fix = (
                    f"The learning rate {number(learning_rate(model) or 0.0)} may have"
                    f" done that: build the model anew, and try {usual_rate(model)}"
                )
            elif bias is not None and np.median(bias) <= _SUNK:
                fix = (
                    f"Its biases are about {number(float(np.median(bias)))}: start them"
                    " at 0, and if they sink again, use a smaller learning rate"
                )
            found.append(
                Finding(
                    f"dead relu {ran.layer.name}",
                    f"{int(silent.sum())} of {out.shape[-1]} ReLUs of {ran.layer.name}"
                    f" give 0 for all of {out.shape[0]} examples, so they no longer"
                    " learn",
                    fix,
                )
            )
    return found[:1]


def _in_disguise(model: Any, passage: Passage, said: Any) -> list[Finding]:
    """Dense layers that follow on each other without activation, however called.

    What something else takes, too, stands for itself: another op, or who called.
    """
    if chain(model):
        return []  # its layers were looked at
    taken: dict[int, set[int]] = {}
    for ran in passage.ran:
        for x in ran.inputs:
            taken.setdefault(id(x), set()).add(id(ran.layer))
    given = {id(y) for y in tf.nest.flatten(said)}
    gave: dict[int, Ran] = {}
    for ran in passage.ran:
        layer = ran.layer
        if ran.op is None or type(layer).__name__ != "Dense":
            continue
        own = (x for x in ran.inputs if id(x) not in given and len(taken[id(x)]) == 1)
        for last in [gave.get(id(x)) for x in own]:
            # what one model gives another stands for something by itself
            if last is None or last.layer is layer or last.models != ran.models:
                continue
            if disguised(last.layer, layer):
                return [linear(last.layer, layer)]
        if activation(layer) in LINEAR:
            gave.update((id(y), ran) for y in ran.outputs)
    return []


def _slopes(model: Any, weights: list[Any], slopes: list[Any]) -> list[Finding]:
    """Gradients that shrink or grow from the last layer to the first.

    Of a layer the largest counts, for one that joins several paths, as attention does,
    needs some of its weights little; and those that vanish shrink on the way, too.
    """
    sizes = _by_layer(model, weights, slopes)
    if len(sizes) < 3:
        return []
    (first, a), (_, middle), (last, b) = sizes[0], sizes[1], sizes[-1]
    if b > 1e-6 and 0 < a < VANISHED * b and middle < _ON_THE_WAY * b:
        fix = "Use larger first weights (kernel_initializer='he_normal')"
        if _bends(model):
            fix = "Use relu instead of sigmoid or tanh"
        return [
            Finding(
                "vanishing",
                f"the gradient vanishes: {number(a)} in {first}, {number(b)} in {last}",
                f"{fix}, BatchNormalization, or fewer layers",
            )
        ]
    if b > 0 and a > _EXPLODED * b:
        fix = "Use smaller first weights, or BatchNormalization"
        if any(map(_recurrent, leaves(model))):
            fix = "Give the optimizer clipnorm=1.0, or use smaller first weights"
        return [
            Finding(
                "exploding",
                f"the gradient explodes: {number(a)} in {first}, {number(b)} in {last}",
                fix,
            )
        ]
    return []


def _by_layer(
    model: Any, weights: list[Any], slopes: list[Any]
) -> list[tuple[str, float]]:
    """The weight of each layer with the largest gradient, and how large that is.

    Sizes are roots of mean squares, layers in the order of their weights.
    """
    owners = {id(v): id(layer) for layer in leaves(model) for v in layer.weights}
    found: dict[int, tuple[float, str]] = {}
    for v, g in zip(weights, slopes, strict=True):
        if g is None or len(v.shape) < 2:
            continue
        rows = np.asarray(tf.convert_to_tensor(g), np.float64)
        size = float(np.sqrt(np.square(rows).mean()))
        owner = owners.get(id(v), id(v))
        found[owner] = max(found.get(owner, (0.0, "")), (size, v.name.split(":")[0]))
    return [(name, size) for size, name in found.values()]
