"""What a page shows, as the fragment of its address, and back.

In: settings, how long was trained, and what was changed on the way. Out: text such as
``data=spiral&hidden=8-8&epoch=120``. A link holds both seeds and every change with its
epoch, so opening it trains the same network to the same point. `session` writes the
address whenever training pauses; `listing` puts it into programs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from rillet.playground.own_data import TableError, unpacked
from rillet.playground.settings import (
    EFFECTS,
    PlaygroundError,
    Settings,
    number,
    refuse,
    whole,
)

#: Characters of an address, changes on the way and epochs that it may hold.
LENGTH, CHANGES, EPOCHS = 65_536, 200, 10_000_000
_WEIGHT = number(-1e6, 1e6)


@dataclass(frozen=True)
class Change:
    """Something changed while a network trained.

    Attributes:
        epoch: after how many epochs.
        what: ``"rate"``, ``"batch"``, or a parameter: ``"w.LAYER.FROM.TO"``,
            ``"b.LAYER.TO"``.
        value: the new value.
    """

    epoch: int
    what: str
    value: float

    def __str__(self) -> str:
        return f"{self.epoch}:{self.what}:{self.value!r}"


@dataclass(frozen=True)
class Address:
    """All that a link holds.

    Attributes:
        settings: as they were before the first epoch.
        epoch: how many epochs were trained.
        changes: what was changed on the way, in order.
    """

    settings: Settings
    epoch: int = 0
    changes: tuple[Change, ...] = ()


def written(address: Address) -> str:
    """The fragment of an address, without its ``#``.

    Example:
        >>> written(Address(Settings(data="spiral", hidden=(8, 8)), epoch=20))
        'data=spiral&seed=1&hidden=8-8&start=1&epoch=20'
    """
    parts = []
    usual = Settings()
    for name in EFFECTS:
        value = getattr(address.settings, name)
        if name not in ("seed", "start") and value == getattr(usual, name):
            continue
        if name == "own":
            # Points of one's own travel only while they are shown.
            if address.settings.data != "own":
                continue
            text = value.packed()
        elif name == "hidden":
            text = "-".join(map(str, value)) or "none"
        elif name == "features":
            text = ",".join(value)
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        else:
            text = str(value)
        parts.append(f"{name}={quote(text, safe=',')}")
    if address.epoch:
        parts.append(f"epoch={address.epoch}")
    if address.changes:
        parts.append("changes=" + ",".join(map(str, address.changes)))
    return "&".join(parts)


def read(fragment: str) -> Address:
    """What a fragment says; what it leaves out is as usual.

    Args:
        fragment: the text after ``#``.

    Raises:
        PlaygroundError: where a part cannot be understood; the text says which.

    Example:
        >>> read("data=xor&hidden=none").settings.hidden
        ()
    """
    address, faults = read_what_can_be(fragment)
    if faults:
        raise faults[0]
    return address


def read_what_can_be(fragment: str) -> tuple[Address, list[PlaygroundError]]:
    """What a fragment says, as far as it can be understood.

    Args:
        fragment: the text after ``#``.

    Returns:
        The address without the parts that cannot be, and an error for each of those.

    Example:
        >>> address, faults = read_what_can_be("data=xor&rate=fast")
        >>> address.settings.data, address.settings.rate, str(faults[0])
        ('xor', 0.03, "playground: rate: must be a number: 'fast'.")
    """
    if len(fragment) > LENGTH:
        fault = refuse("address", f"it may have {LENGTH:,} characters", len(fragment))
        return Address(Settings()), [fault]
    try:
        pairs = parse_qsl(
            fragment.removeprefix("#"), keep_blank_values=True, max_num_fields=64
        )
    except ValueError:
        return Address(Settings()), [refuse("address", "it has too many parts")]
    settings, epoch, changes = Settings(), 0, ""
    faults: list[PlaygroundError] = []
    # Data of one's own come first: the setting that shows them needs them.
    for name, text in sorted(pairs, key=lambda pair: pair[0] != "own"):
        try:
            if name == "epoch":
                epoch = whole(0, EPOCHS)("epoch", _integer(name, text))
            elif name == "changes":
                changes = text
            elif name in EFFECTS:
                settings = settings.changed({name: _READERS[name](name, text)})
            else:
                raise _unknown(name)
        except PlaygroundError as error:
            faults.append(error)
    return Address(settings, epoch, _changes(changes, settings, epoch, faults)), faults


def _unknown(name: str) -> PlaygroundError:
    known = [*EFFECTS, "epoch", "changes"]
    near = [k for k in known if k in name.lower()] or get_close_matches(name, known, 1)
    fix = f"Did you mean {near[0]}?" if near else ""
    return refuse("address", "there is no setting of this name", name, fix)


def _changes(
    text: str, settings: Settings, epoch: int, faults: list[PlaygroundError]
) -> tuple[Change, ...]:
    """The changes that can be; errors of the others go to the faults."""
    words = text.split(",") if text else []
    if len(words) > CHANGES:
        faults.append(refuse("address", f"it may hold {CHANGES} changes", len(words)))
        return ()
    found: list[Change] = []
    for word in words:
        try:
            last = found[-1].epoch if found else 0
            found.append(_change(word, settings, last, max(last, epoch)))
        except PlaygroundError as error:
            faults.append(error)
    return tuple(found)


def _change(word: str, settings: Settings, first: int, last: int) -> Change:
    parts = word.split(":")
    if len(parts) != 3:
        raise refuse("address", "a change is EPOCH:WHAT:VALUE", word)
    at = whole(first, last)("change", _integer("change", parts[0]))
    value: float
    if parts[1] in ("rate", "batch"):
        value = _READERS[parts[1]](parts[1], parts[2])
        value = getattr(settings.changed({parts[1]: value}), parts[1])
    else:
        value = _WEIGHT("weight", _real("weight", parts[2]))
        place(parts[1], settings)
    return Change(at, parts[1], value)


def place(what: str, settings: Settings) -> tuple[int, int | None, int]:
    """Where a parameter ``"w.LAYER.FROM.TO"`` or ``"b.LAYER.TO"`` stands.

    Returns:
        The layer, the neuron before it (None for a bias), and the neuron.

    Raises:
        PlaygroundError: where the network has no such place.
    """
    kind, *numbers = what.split(".")
    if (kind, len(numbers)) not in (("w", 3), ("b", 2)):
        raise refuse("weight", "a place is w.LAYER.FROM.TO or b.LAYER.TO", what)
    places = [_integer("weight", text) for text in numbers]
    sizes = (len(settings.features), *settings.layers)
    layer, target = places[0], places[-1]
    source = places[1] if kind == "w" else None
    inside = (
        0 <= layer < len(sizes) - 1
        and 0 <= target < sizes[layer + 1]
        and 0 <= (source or 0) < sizes[layer]
    )
    if not inside:
        raise refuse("weight", "the network has no such place", what)
    return layer, source, target


def _integer(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise refuse(name, "must be a whole number", text)
    return int(text)


def _real(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise refuse(name, "must be a number", text) from error


def _truth(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise refuse(name, "must be yes or no", text)
    return text == "yes"


def _hidden(name: str, text: str) -> list[int]:
    words = [] if text in ("none", "") else text.split("-")
    return [_integer(name, word) for word in words]


def _own(name: str, text: str) -> Any:
    try:
        return unpacked(text)
    except TableError as error:
        raise PlaygroundError(str(error)) from error


def _word(name: str, text: str) -> str:
    return text


_READERS: Final[dict[str, Callable[[str, str], Any]]] = {
    "data": _word,
    "own": _own,
    "classes": _integer,
    "seed": _integer,
    "noise": _integer,
    "share": _integer,
    "features": lambda name, text: text.split(","),
    "hidden": _hidden,
    "activation": _word,
    "output": _word,
    "start": _integer,
    "optimizer": _word,
    "penalty": _word,
    "penalty_rate": _real,
    "rate": _real,
    "batch": _integer,
    "speed": _word,
    "discrete": _truth,
    "test": _truth,
}
