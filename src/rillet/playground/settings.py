"""What a network of the playground is made of, and what each part may be.

In: values from a page or an address. Out: `Settings`, which are always valid, or a
`PlaygroundError` that says what is wrong. `address` writes them into links, `lab`
builds networks of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message
from rillet.playground.own_data import Own
from rillet.playground.points import FEATURES, SETS

ACTIVATIONS: Final = ("relu", "tanh", "sigmoid", "linear")
OPTIMIZERS: Final = ("sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam")
PENALTIES: Final = ("none", "l1", "l2")
OUTPUTS: Final = ("single", "softmax")
#: Epochs a second; "full" is as many as the machine trains.
SPEEDS: Final = ("5", "60", "full")
#: Hidden layers, neurons in one, and both together, at most.
LAYERS, UNITS, NEURONS = 10, 32, 320
_SEED = 2**31 - 1


class PlaygroundError(ValueError):
    """What a page asked for cannot be; the text is for the person in front of it."""


def refuse(what: str, rule: str, got: Any = "", fix: str = "") -> PlaygroundError:
    """An error in the house's form, with at most 60 characters of what was received."""
    shown = repr(got) if got != "" else ""
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return PlaygroundError(house_message(f"playground: {what}", rule, shown, fix))


def whole(low: int, high: int) -> Callable[[str, Any], int]:
    """A check for integers from `low` to `high`."""

    def check(what: str, value: Any) -> int:
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or not low <= value <= high
        ):
            raise refuse(what, f"must be a whole number from {low} to {high}", value)
        return value

    return check


def number(low: float, high: float) -> Callable[[str, Any], float]:
    """A check for finite numbers from `low` to `high`."""

    def check(what: str, value: Any) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
            or not math.isfinite(value)
        ):
            raise refuse(what, f"must be a number from {low:g} to {high:g}", value)
        return float(value)

    return check


def one_of(choices: tuple[str, ...]) -> Callable[[str, Any], str]:
    """A check for one of some words."""

    def check(what: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise refuse(what, f"must be one of {', '.join(choices)}", value)
        return value

    return check


def flag(what: str, value: Any) -> bool:
    """A check for true or false."""
    if not isinstance(value, bool):
        raise refuse(what, "must be true or false", value)
    return value


def _features(what: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise refuse(what, "must name at least one input", value)
    chosen = {one_of(tuple(FEATURES))(what, name) for name in value}
    return tuple(name for name in FEATURES if name in chosen)


def _hidden(what: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) > LAYERS:
        raise refuse(what, f"must be a list of at most {LAYERS} layers", value)
    return tuple(whole(1, UNITS)(what, units) for units in value)


def _own(what: str, value: Any) -> Own | None:
    if value is not None and not isinstance(value, Own):
        raise refuse(what, "data of one's own come by a file or by drawing", value)
    return value


def _setting(default: Any, check: Callable[[str, Any], Any], effect: str) -> Any:
    return field(default=default, metadata={"check": check, "effect": effect})


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a page shows, except how long it has trained.

    A setting's effect is "data" (new points and weights), "network" (new weights),
    "live" (training goes on) or "view" (only the page draws otherwise).

    Attributes:
        data: the set of points, a name in `points.SETS`, or ``"own"``.
        own: data of one's own.
        classes: classes in the sets that can have several.
        seed: the seed of the points.
        noise: 0 to 50.
        share: the points that train, in percent.
        features: the inputs, names in `points.FEATURES`.
        hidden: neurons by layer.
        activation: of the hidden layers.
        output: one output neuron, or a softmax with one for each class.
        start: the seed of the weights.
        optimizer: who turns gradients into updates.
        penalty: what large weights cost.
        penalty_rate: how much.
        rate: the learning rate.
        batch: points a step.
        speed: epochs a second.
        discrete: whether the picture has only the colours of the classes.
        test: whether it shows the test points.

    Example:
        >>> Settings(hidden=(8, 8)).changed({"rate": 0.1}).rate
        0.1
    """

    data: str = _setting("circle", one_of((*SETS, "own")), "data")
    own: Own | None = _setting(None, _own, "data")
    classes: int = _setting(3, whole(2, 6), "data")
    seed: int = _setting(1, whole(0, _SEED), "data")
    noise: int = _setting(0, whole(0, 50), "data")
    share: int = _setting(50, whole(10, 90), "data")
    features: tuple[str, ...] = _setting(("x1", "x2"), _features, "network")
    hidden: tuple[int, ...] = _setting((4, 2), _hidden, "network")
    activation: str = _setting("tanh", one_of(ACTIVATIONS), "network")
    output: str = _setting("single", one_of(OUTPUTS), "network")
    start: int = _setting(1, whole(0, _SEED), "network")
    optimizer: str = _setting("sgd", one_of(OPTIMIZERS), "network")
    penalty: str = _setting("none", one_of(PENALTIES), "network")
    penalty_rate: float = _setting(0.0, number(0, 10), "network")
    rate: float = _setting(0.03, number(1e-5, 10), "live")
    batch: int = _setting(10, whole(1, 30), "live")
    speed: str = _setting("60", one_of(SPEEDS), "view")
    discrete: bool = _setting(False, flag, "view")
    test: bool = _setting(False, flag, "view")

    def __post_init__(self) -> None:
        for part in fields(self):
            check = part.metadata["check"]
            value = check(part.name, getattr(self, part.name))
            object.__setattr__(self, part.name, value)
        if self.data == "own" and self.own is None:
            raise refuse("data", "there are no data of your own yet")

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """These settings with some others.

        Args:
            changes: new values by name.

        Raises:
            PlaygroundError: a name or a value that cannot be.
        """
        for name in changes:
            if name not in EFFECTS:
                raise refuse("settings", "there is no setting of this name", name)
        return replace(self, **changes)

    @property
    def regression(self) -> bool:
        """Whether the points have values, not classes."""
        if self.own is not None and self.data == "own":
            return not self.own.classes
        return SETS[self.data].regression

    @property
    def class_count(self) -> int:
        """How many classes the points have; 0 where they have values."""
        if self.regression:
            return 0
        if self.own is not None and self.data == "own":
            return len(self.own.classes)
        return self.classes if SETS[self.data].several else 2

    @property
    def softmax(self) -> bool:
        """Whether the network ends in a softmax: asked for, or the only way."""
        count = self.class_count
        return count > 2 or (count == 2 and self.output == "softmax")

    @property
    def outputs(self) -> int:
        """How many output neurons there are."""
        return max(2, self.class_count) if self.softmax else 1

    @property
    def layers(self) -> tuple[int, ...]:
        """Neurons by layer, the output layer included."""
        return (*self.hidden, self.outputs)

    def as_json(self) -> dict[str, Any]:
        """The settings as a page gets them: all but the points of one's own."""
        found = {p.name: getattr(self, p.name) for p in fields(self) if p.name != "own"}
        return found | {
            "regression": self.regression,
            "class_count": self.class_count,
            "softmax": self.softmax,
            "layers": self.layers,
        }


#: What a change of each setting does.
EFFECTS: Final[dict[str, str]] = {
    p.name: p.metadata["effect"] for p in fields(Settings)
}


def as_float32(value: float) -> float:
    """A number as single precision holds it, the shortest that does."""
    return float(str(np.float32(value)))
