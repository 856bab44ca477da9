"""What pages say, as checked records.

In: the text of a WebSocket message. Out: a `Message`, or a `PlaygroundError` whose text
goes back to the page. Nothing else is ever raised, whatever comes in.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Final

from rillet.playground.address import LENGTH
from rillet.playground.own_data import CHARACTERS, COLUMNS, LABELS, POINTS
from rillet.playground.settings import (
    LAYERS,
    UNITS,
    PlaygroundError,
    flag,
    number,
    one_of,
    refuse,
    whole,
)

#: Bytes of a message, strokes of a drawing and places in all of them, at most.
SIZE, STROKES, PLACES = 2_000_000, 40, 2000


def _text(limit: int) -> Callable[[str, Any], str]:
    def check(what: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise refuse(what, f"must be text of at most {limit:,} characters", value)
        return value

    return check


def _table(what: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(k, str) for k in value):
        raise refuse(what, "must be values by name", value)
    return value


def _rows(limit: int, width: int) -> Callable[[str, Any], list[list[float]]]:
    real = number(-1e6, 1e6)

    def check(what: str, value: Any) -> list[list[float]]:
        if not isinstance(value, list) or len(value) > limit:
            raise refuse(what, f"must be a list of at most {limit} places")
        for row in value:
            if not isinstance(row, list) or len(row) != width:
                raise refuse(what, f"each place must be {width} numbers", row)
        return [[real(what, v) for v in row] for row in value]

    return check


def _strokes(what: str, value: Any) -> list[list[list[float]]]:
    if not isinstance(value, list) or len(value) > STROKES:
        raise refuse(what, f"must be a list of at most {STROKES} strokes")
    found = [_rows(PLACES, 2)(what, stroke) for stroke in value]
    if sum(map(len, found)) > PLACES:
        raise refuse(what, f"a drawing may have {PLACES} places")
    return found


def _columns(what: str, value: Any) -> list[int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:
        raise refuse(what, "must be three numbers of columns", value)
    return [whole(0, COLUMNS - 1)(what, at) for at in value]


def _says(check: Callable[[str, Any], Any], default: Any = MISSING) -> Any:
    return field(default=default, metadata={"check": check})


@dataclass(frozen=True)
class Message:
    """What a page says; its kind is the class."""

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for part in fields(self):
            value = part.metadata["check"](part.name, getattr(self, part.name))
            object.__setattr__(self, part.name, value)


@dataclass(frozen=True)
class Open(Message):
    """Show what an address says."""

    kind = "open"
    address: str = _says(_text(LENGTH), "")


@dataclass(frozen=True)
class Set(Message):
    """Change settings."""

    kind = "set"
    changes: dict[str, Any] = _says(_table)


@dataclass(frozen=True)
class Play(Message):
    """Train from now on."""

    kind = "play"


@dataclass(frozen=True)
class Pause(Message):
    """Stop training."""

    kind = "pause"


@dataclass(frozen=True)
class Step(Message):
    """Train a little: an epoch, a point, an iteration."""

    kind = "step"


@dataclass(frozen=True)
class Reset(Message):
    """Begin again with other weights."""

    kind = "reset"


@dataclass(frozen=True)
class Regenerate(Message):
    """Begin again with other points."""

    kind = "regenerate"


@dataclass(frozen=True)
class Parameter(Message):
    """Change one weight or bias."""

    kind = "parameter"
    what: str = _says(_text(40))
    value: float = _says(number(-1e6, 1e6))


@dataclass(frozen=True)
class Watch(Message):
    """Look closely at one neuron; at the outputs where the layer is -1."""

    kind = "watch"
    layer: int = _says(whole(-1, LAYERS))
    unit: int = _says(whole(0, UNITS), 0)


@dataclass(frozen=True)
class ShowSurface(Message):
    """Show the loss surface, or no longer."""

    kind = "surface"
    on: bool = _says(flag)


@dataclass(frozen=True)
class Draw(Message):
    """Learn points drawn by hand: ``[x1, x2, class]`` each."""

    kind = "draw"
    points: list[list[float]] = _says(_rows(POINTS, 3))


@dataclass(frozen=True)
class Table(Message):
    """Learn a table of text."""

    kind = "table"
    text: str = _says(_text(CHARACTERS))
    columns: list[int] | None = _says(_columns, None)
    labels: str = _says(one_of(LABELS), "auto")


@dataclass(frozen=True)
class Code(Message):
    """Send the network as a program."""

    kind = "code"


@dataclass(frozen=True)
class Weights(Message):
    """Send the weights as a file."""

    kind = "weights"


@dataclass(frozen=True)
class Lesson(Message):
    """Begin one of the perceptron page's lessons."""

    kind = "lesson"
    seed: int = _says(whole(0, 2**31 - 1))
    trainer: bool = _says(flag, False)


@dataclass(frozen=True)
class Pace(Message):
    """How fast a lesson goes: points a second; 0 is as fast as it can."""

    kind = "pace"
    speed: int = _says(whole(0, 100_000))


@dataclass(frozen=True)
class Strokes(Message):
    """Read a drawn digit: strokes of places from 0 to 1, from the upper left."""

    kind = "strokes"
    strokes: list[list[list[float]]] = _says(_strokes)


@dataclass(frozen=True)
class Example(Message):
    """Read one of the test images."""

    kind = "example"
    number: int = _says(whole(0, 9999))


KINDS: Final[dict[str, type[Message]]] = {
    each.kind: each for each in Message.__subclasses__()
}


def parse(text: str | bytes) -> Message:
    """Read a message.

    Args:
        text: JSON: an object with ``type`` and the fields of that kind.

    Raises:
        PlaygroundError: where it is no message of a page.

    Example:
        >>> parse('{"type": "watch", "layer": 1, "unit": 2}')
        Watch(layer=1, unit=2)
    """
    if isinstance(text, bytes):
        raise refuse("message", "it must be text, not bytes")
    if len(text) > SIZE:
        raise refuse("message", f"it may have {SIZE:,} characters", len(text))
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refuse("message", "it must be JSON", text[:50]) from error
    if not isinstance(said, dict):
        raise refuse("message", "it must be an object", text[:50])
    name = said.pop("type", None)
    form = KINDS.get(name) if isinstance(name, str) else None
    if form is None:
        raise refuse("message", "there is no message of this type", name)
    known = {part.name: part for part in fields(form)}
    strange = sorted(set(said) - set(known))
    missing = [n for n, p in known.items() if p.default is MISSING and n not in said]
    if strange or missing:
        rule = "has no field" if strange else "lacks the field"
        raise refuse("message", f"{name} {rule}", (strange or missing)[0])
    return form(**said)


__all__ = ["KINDS", "Message", "PlaygroundError", "parse"]
