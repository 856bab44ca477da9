"""Whole numbers that remember how they follow from the sizes of a graph's inputs.

In flow sizes that vary from call to call; out flow numbers to compute with, which
`recipes` finds again for other sizes. A `Size` is an `int`, so code that knows nothing
of it works; what it cannot follow (NumPy, floats) gives plain numbers, and `recipes`
compares two lowerings to find out. What a program's shape hangs on, a comparison or a
truth, is written down: a recipe holds only where all of it comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Final

from rillet.backends.native import sums
from rillet.backends.native.sums import Sum

_LESS: Final = "less"
_ZERO: Final = "zero"


class Untraceable(Exception):
    """Something asked for what only holds for one set of sizes."""


class Ledger:
    """What sizes follow from, and what was asked of them.

    Attributes:
        values: of the atoms: first the sizes that vary, then quotients and remainders.
        parts: for each atom after these its kind and the two sums it is made of.
        asked: sums that were compared with zero, and how that came out; no more are
            noted once the ledger is closed.
    """

    def __init__(self) -> None:
        self.values: list[int] = []
        self.parts: list[tuple[str, Sum, Sum] | None] = []
        self._noted: dict[tuple[str, Sum], bool] = {}
        self.asked = MappingProxyType(self._noted)
        self._closed = False
        self._positive: list[bool] = []
        self._known: dict[tuple[str, Sum, Sum], int] = {}

    def symbol(self, value: int) -> Size:
        """A size that varies."""
        self.values.append(value)
        self.parts.append(None)
        self._positive.append(True)
        return Size(value, self, ((((len(self.values) - 1),), 1),))

    def derived(self, kind: str, x: Sum, y: Sum, value: int) -> Size:
        """A quotient or remainder of sums."""
        key = (kind, x, y)
        at = self._known.get(key)
        if at is None:
            at = self._known[key] = len(self.values)
            self.values.append(value)
            self.parts.append(key)
            self._positive.append(self._never_less(x) and self._never_less(y))
        return Size(value, self, (((at,), 1),))

    def value(self, x: Sum) -> int:
        """A sum for the sizes that it was made with."""
        out = 0
        for product, factor in x:
            for at in product:
                factor *= self.values[at]
            out += factor
        return out

    def answer(self, kind: str, x: Sum, outcome: bool) -> bool:
        """Write down how a comparison came out, unless it cannot come out otherwise."""
        if not x or (len(x) == 1 and not x[0][0]):
            return outcome
        if self._never_less(x) and (kind is _LESS or not x[0][0]):
            return outcome
        if not x[0][0] and self._never_less(sums.times(x, -1)):
            return outcome
        if not self._closed:
            self._noted[kind, x] = outcome
        return outcome

    def close(self) -> None:
        """End the notes: from here on threads share the ledger."""
        self._closed = True

    def _never_less(self, x: Sum) -> bool:
        """Whether a sum cannot be below zero: sizes never are."""
        return all(c > 0 and all(self._positive[at] for at in p) for p, c in x)


class Values:
    """The numbers for other sizes.

    Args:
        ledger: what they follow from.
        symbols: the sizes that vary, in the order in which they were made.
    """

    def __init__(self, ledger: Ledger, symbols: Sequence[int]) -> None:
        self._ledger = ledger
        self._atoms: list[int | None] = [*symbols]
        self._atoms += [None] * (len(ledger.values) - len(symbols))
        self._found: dict[Sum, int] = {}

    def __call__(self, x: int) -> int:
        """A number for these sizes.

        Raises:
            ZeroDivisionError: it has none.
        """
        return self.sum(x.sum) if type(x) is Size else x

    def agree(self) -> bool:
        """Whether all comparisons come out as they did."""
        try:
            for (kind, x), outcome in self._ledger.asked.items():
                value = self.sum(x)
                if (value < 0 if kind is _LESS else value == 0) is not outcome:
                    return False
        except ZeroDivisionError:
            return False
        return True

    def moved(self) -> bool:
        """Whether each size that varies is another number here."""
        ledger = self._ledger
        return not any(
            part is None and ledger.values[at] == self._atoms[at]
            for at, part in enumerate(ledger.parts)
        )

    def sum(self, x: Sum) -> int:
        """A sum for these sizes."""
        found = self._found.get(x)
        if found is None:
            found = 0
            atoms = self._atoms
            for product, factor in x:
                for at in product:
                    value = atoms[at]
                    factor *= self._atom(at) if value is None else value
                found += factor
            self._found[x] = found
        return found

    def _atom(self, at: int) -> int:
        part = self._ledger.parts[at]
        assert part is not None
        kind, x, y = part
        one, other = self.sum(x), self.sum(y)
        value = one // other if kind == "quotient" else one % other
        self._atoms[at] = value
        return value


class Size(int):
    """A number that remembers what it follows from; see the module.

    Attributes:
        ledger: where atoms are written down.
        sum: what it is, in terms of them.
    """

    ledger: Ledger
    sum: Sum

    def __new__(cls, value: int, ledger: Ledger, sum: Sum) -> Size:
        """Note what a number follows from."""
        made = super().__new__(cls, value)
        made.ledger = ledger
        made.sum = sum
        return made

    def __reduce__(self) -> Any:
        """A plain number: nothing else leaves this process."""
        return int, (int(self),)

    def _only(self) -> int:
        """The plain number, for what is done with it in a way that is not followed."""
        self.ledger.answer(_ZERO, _less(self, plain(self)), True)
        return plain(self)

    def bit_length(self) -> int:
        """Binary digits, of this number only."""
        return self._only().bit_length()

    def __str__(self) -> str:
        """Its digits, of this number only."""
        return str(self._only())

    def __format__(self, how: str) -> str:
        """Its digits, of this number only."""
        return format(self._only(), how)

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        """A power, of this number only."""
        return pow(self._only(), other, modulus)

    def __lshift__(self, other: Any) -> Any:
        """A shift, of this number only."""
        return self._only() << other

    def __rshift__(self, other: Any) -> Any:
        """A shift, of this number only."""
        return self._only() >> other

    def __and__(self, other: Any) -> Any:
        """Common binary digits, of this number only."""
        return self._only() & other

    __rand__ = __and__

    def __abs__(self) -> Any:
        """The distance from zero."""
        return -self if self < 0 else self

    # Sums and products

    def __add__(self, other: Any) -> Any:
        """The sum."""
        if not isinstance(other, int):
            return NotImplemented
        if not other and type(other) is not Size:
            return self
        return _made(
            self.ledger, int.__add__(self, other), sums.added(self.sum, _of(other))
        )

    __radd__ = __add__

    def __neg__(self) -> Any:
        """The negative."""
        return _made(self.ledger, int.__neg__(self), sums.times(self.sum, -1))

    def __pos__(self) -> Size:
        """The number itself."""
        return self

    def __sub__(self, other: Any) -> Any:
        """The difference."""
        if not isinstance(other, int):
            return NotImplemented
        found = sums.added(self.sum, sums.times(_of(other), -1))
        return _made(self.ledger, int.__sub__(self, other), found)

    def __rsub__(self, other: Any) -> Any:
        """The difference."""
        if not isinstance(other, int):
            return NotImplemented
        found = sums.added(_of(other), sums.times(self.sum, -1))
        return _made(self.ledger, int.__rsub__(self, other), found)

    def __mul__(self, other: Any) -> Any:
        """The product."""
        if not isinstance(other, int):
            return NotImplemented
        if type(other) is not Size:
            if other == 1:
                return self
            found = sums.times(self.sum, int(other))
        else:
            found = sums.product(self.sum, other.sum)
        return _made(self.ledger, int.__mul__(self, other), found)

    __rmul__ = __mul__

    # Quotients

    def __floordiv__(self, other: Any) -> Any:
        """The quotient."""
        if not isinstance(other, int):
            return NotImplemented
        return _divided("quotient", self, other, self.ledger)

    def __rfloordiv__(self, other: Any) -> Any:
        """The quotient."""
        if not isinstance(other, int):
            return NotImplemented
        return _divided("quotient", other, self, self.ledger)

    def __mod__(self, other: Any) -> Any:
        """The remainder."""
        if not isinstance(other, int):
            return NotImplemented
        return _divided("remainder", self, other, self.ledger)

    def __rmod__(self, other: Any) -> Any:
        """The remainder."""
        if not isinstance(other, int):
            return NotImplemented
        return _divided("remainder", other, self, self.ledger)

    def __divmod__(self, other: Any) -> Any:
        """The quotient and the remainder."""
        return self // other, self % other

    # Questions

    def __bool__(self) -> bool:
        """Whether it is not zero."""
        return not self.ledger.answer(_ZERO, self.sum, int.__eq__(self, 0))

    def __hash__(self) -> int:
        """As of the number."""
        return int.__hash__(self)

    def __eq__(self, other: object) -> bool:
        """Whether it is as large."""
        if not isinstance(other, int):
            return NotImplemented
        return self.ledger.answer(_ZERO, _less(self, other), int.__eq__(self, other))

    def __ne__(self, other: object) -> bool:
        """Whether it is not as large."""
        if not isinstance(other, int):
            return NotImplemented
        return not self == other

    def __lt__(self, other: Any) -> bool:
        """Whether it is less."""
        if not isinstance(other, int):
            return NotImplemented
        return self.ledger.answer(_LESS, _less(self, other), int.__lt__(self, other))

    def __gt__(self, other: Any) -> bool:
        """Whether it is more."""
        if not isinstance(other, int):
            return NotImplemented
        return self.ledger.answer(_LESS, _less(other, self), int.__gt__(self, other))

    def __le__(self, other: Any) -> bool:
        """Whether it is at most as large."""
        if not isinstance(other, int):
            return NotImplemented
        return not self > other

    def __ge__(self, other: Any) -> bool:
        """Whether it is at least as large."""
        if not isinstance(other, int):
            return NotImplemented
        return not self < other


def _less(x: int, y: int) -> Sum:
    """One number less another."""
    if type(x) is Size and type(y) is Size and x.ledger is not y.ledger:
        raise Untraceable("sizes of two programs are compared")
    return sums.added(_of(x), sums.times(_of(y), -1))


def _of(x: int) -> Sum:
    if type(x) is Size:
        return x.sum
    return (((), int(x)),) if x else ()


def _made(ledger: Ledger, value: int, found: Sum) -> int:
    """A number: a plain one where it is always the same."""
    if not found or (len(found) == 1 and not found[0][0]):
        return value
    return Size(value, ledger, found)


def _divided(kind: str, x: int, y: int, ledger: Ledger) -> Any:
    value = int(x) // int(y) if kind == "quotient" else int(x) % int(y)
    one, other = _of(x), _of(y)
    if type(y) is Size:
        ledger.answer(_ZERO, other, False)
    even = sums.evenly(one, other)
    if even is not None:
        return _made(ledger, value, even) if kind == "quotient" else 0
    if len(other) == 1 and not other[0][0]:
        found = _split(one, other[0][1], ledger)
        if found is not None:
            return found[0] if kind == "quotient" else found[1]
    return ledger.derived(kind, one, other, value)


def _split(x: Sum, by: int, ledger: Ledger) -> tuple[int, int] | None:
    """Quotient and remainder where only a constant does not come out even."""
    if by <= 0:
        return None
    rest = dict(x)
    const = rest.pop((), 0)
    if not const or any(c % by for c in rest.values()):
        return None
    whole = tuple(sorted((p, c // by) for p, c in rest.items()))
    found = sums.added(whole, _of(const // by))
    return _made(ledger, ledger.value(found), found), const % by


def plain(x: Any) -> Any:
    """A number without what it follows from."""
    return int.__int__(x) if type(x) is Size else x


def fixed(*numbers: Any) -> None:
    """Refuse numbers that hang on sizes, where code or what is kept is made of them.

    Args:
        *numbers: numbers, or tuples and lists of them.

    Raises:
        Untraceable: one does.
    """
    for x in numbers:
        if type(x) is Size:
            raise Untraceable("code is made of a size")
        if isinstance(x, tuple | list):
            fixed(*x)


def share(size: int, parts: int) -> int | None:
    """The quotient where it comes out even, for all sizes; None where not."""
    if type(size) is not Size and type(parts) is not Size:
        return None if size % parts else size // parts
    found = sums.evenly(_of(size), _of(parts))
    return None if found is None else size // parts


def same(x: int, y: int) -> bool:
    """Whether two numbers are the same for all sizes; nothing is written down."""
    if type(x) is Size or type(y) is Size:
        return _of(x) == _of(y)
    return x == y


def varies(x: Any) -> bool:
    """Whether a number hangs on the sizes."""
    return type(x) is Size


Of = Callable[[int], int]
