"""What `tf.debugging.enable_check_numerics` adds to its message: step, layer and cause.

In: an op that made a NaN in a program's own loop, and how the variables went before.
Out: a line. The watch of `ops/numerics_watch.py` asks by the service
``"explain.numerics_hint"``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rillet import keras
from rillet.explain.makers import BROUGHT, maker, makes
from rillet.explain.nonfinite import bad_weight, finite
from rillet.explain.passage import layers_running
from rillet.explain.picture import number
from rillet.explain.starts import learning_rate, negative
from rillet.ops.numerics_watch import History, histories

#: A weight beyond which the learning rate is blamed before the op.
_LARGE: Final = 1e3
#: A learning rate up to which the fault is as likely with the inputs.
_USUAL: Final = 0.5
_FRAMES: Final = 60
#: What that first update leaves to steeper batches.
_ROOM: Final = 3.0


def hint(name: str, inputs: tuple[Any, ...], variable: Any) -> str:
    """The line for one op.

    Args:
        name: the op's.
        inputs: its tensors.
        variable: the variable whose value is not finite, where it was read only.
    """
    trained = [h for h in histories() if h.variable.trainable]
    if variable is not None:
        return _of_variable(variable, trained)
    layers = layers_running()
    if not layers and not trained and not makes(name):
        return ""
    done = max((h.steps for h in trained), default=0)
    place = []
    if done:
        place.append(f"in step {done + 1}")
    if layers:
        where = "in the call of" if _is_model(layers[-1]) else "in layer"
        place.append(f"{where} {layers[-1].name}")
    elif done or makes(name):
        place += _names_in(inputs, trained)
    cause = _cause(name, inputs, layers, trained)
    return "; ".join(part for part in (", ".join(place), cause) if part)


def _of_variable(variable: Any, trained: list[History]) -> str:
    name = _name(variable)
    held = "NaN" if np.isnan(variable._cell.read()._array).any() else "infinity"
    done = max(
        (h.steps for h in trained if h.variable is variable),
        default=0,
    )
    if not done:
        return f"{name} holds {held} before training; build the model anew"
    said = f"the update of step {done} left {held} in {name}"
    return f"{said}; likely cause: {_rate(trained)}"


def _names_in(inputs: tuple[Any, ...], trained: list[History]) -> list[str]:
    """Which variables went into an op."""
    arrays = {id(getattr(x, "_array", None)) for x in inputs}
    names = [_name(h.variable) for h in trained if id(h.array) in arrays]
    return [f"with {' and '.join(names)}"] if names else []


def _name(variable: Any) -> str:
    return str(variable.name.split(":")[0])


def _cause(
    name: str, inputs: tuple[Any, ...], layers: tuple[Any, ...], trained: list[History]
) -> str:
    if not all(finite(x) for x in inputs):
        bad = bad_weight(layers[-1]) if layers else None
        if bad is not None:
            return f"{bad} holds NaN before this step; build the model anew"
        if any(x.shape.rank == 0 and not finite(x) for x in inputs):
            return f"likely cause: {BROUGHT}"
        if layers and hasattr(layers[-1], "variables"):
            return "NaN or infinity came in with the layer's inputs: look at the data"
        return "NaN or infinity came in: look at the data"
    moved = any(h.moves for h in trained)
    grown = bool(_grown(trained)) or _growth(trained) > 4
    if makes(name) and not (moved and grown):
        return f"likely cause: {maker(name, inputs)}"
    if moved:
        return f"likely cause: {_rate(trained)}"
    if layers:
        return "likely cause: a learning rate that is too large, or unscaled data"
    return ""


def _largest(array: Any) -> float:
    with np.errstate(all="ignore"):
        return float(np.abs(array).max(initial=0))


def _rate(trained: list[History]) -> str:
    """What to say of the learning rate, and which to try."""
    by = 10.0 ** max(1, int(np.ceil(np.log10(_too_large(trained)))))
    rate = _rate_in_use(trained)
    if rate is not None and rate < 0:
        return negative(rate)
    growth = _growth(trained)
    why = [f"{_name(h.variable)} has grown to {number(_largest(h.array))}"
           for h in _grown(trained)[:1]]  # fmt: skip
    if 1 < growth < np.inf:
        why.append(f"the second update was {number(growth)} times as long as the first")
    said = f" ({', '.join(why)})" if why else ""
    if rate is None:
        told = f"a learning rate that is too large{said}"
        return f"{told}; try one {by:.0f} times smaller"
    tried = float(f"{rate / by:.3g}")
    scaled = ", or scale inputs and targets to about -1 to 1" if rate <= _USUAL else ""
    told = f"the learning rate {number(rate)} is too large{said}"
    return f"{told}; try {number(tried)}{scaled}"


def _grown(trained: list[History]) -> list[History]:
    """The weights that are far too large, the largest first."""
    found = [h for h in trained if h.moves and _largest(h.array) > _LARGE]
    return sorted(found, key=lambda h: -_largest(h.array))


def _growth(trained: list[History]) -> float:
    """How many times longer the second update was than the first; 1 where unknown."""
    first = sum(h.moves[0] for h in trained if h.moves)
    second = sum(h.moves[1] for h in trained if len(h.moves) > 1)
    if not first or not second or not np.isfinite(first + second):
        return 1.0
    return float(np.sqrt(second / first))


def _too_large(trained: list[History]) -> float:
    """About how many times too large the learning rate was.

    On a loss that bends like a parabola descent takes steps of lengths 1, r, r^2, ...
    where r = rate * bend - 1, and 1 / bend is the rate that reaches the bottom at once:
    a (1 + r)th of the one in use. Half of it leaves room for steeper batches.

    Behind other layers lengths grow faster than that: there the first update should
    have been no longer than a tenth of the weights. The smaller of both numbers is the
    better one: of 24 networks with up to 3 hidden layers, inputs and targets scaled by
    up to 100, and rates 3 to 100,000 times too large, it was off by a factor of 14 at
    most.
    """
    moved = [h for h in trained if h.moves]
    with np.errstate(all="ignore"):
        held = sum(float(np.square(h.first, dtype=np.float64).sum()) for h in moved)
        first = np.float64(sum(h.moves[0] for h in moved))
        leap = 10 * float(np.sqrt(first / held))
    growth = _growth(trained)
    found = [_ROOM * leap, 2 * (1 + growth) if growth > 1 else np.inf]
    return min(1e9, min((x for x in found if np.isfinite(x)), default=1.0))


def _rate_in_use(trained: list[History]) -> float | None:
    """The learning rate of the optimizer that moved the weights, or None.

    A program may hold several, as notebooks do: those of other weights are passed over.
    """
    moved = {id(h.variable._cell) for h in trained if h.moves}
    rates = {
        learning_rate(_Holder(value))
        for value in _in_frames()
        if isinstance(value, keras.optimizers.Optimizer)
        and moved.intersection(getattr(value, "_index_dict", None) or ())
    }
    return rates.pop() if len(rates) == 1 else None


class _Holder:
    """What `learning_rate` asks."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer


def _in_frames() -> Iterator[Any]:
    """What the functions on the stack hold, the innermost first."""
    frame: Any = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame is None:
            return
        if frame.f_globals.get("__name__", "").split(".")[0] != "rillet":
            yield from _held(frame.f_locals)
            yield from _held(frame.f_globals)
        frame = frame.f_back


def _held(names: Any) -> Iterator[Any]:
    own = getattr(names.get("self"), "__dict__", {})
    for value in [*names.values(), *own.values()]:
        yield getattr(value, "optimizer", None) if _is_model(value) else value


def _is_model(value: Any) -> bool:
    return isinstance(value, keras.Model)
