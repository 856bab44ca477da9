"""Positions in native loops: counters, and sums of counters times whole numbers.

`ops.expressions` reads and writes elements at them; a backend prints them as code.
Their bounds are known where their counters' are, so that quotients and remainders come
out even wherever they can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rillet.ops.expressions import Expr


class Var:
    """A loop's counter.

    Attributes:
        extent: how many values it takes, from 0.
        leading: whether code must not depend on the extent (it is a leading size).
    """

    __slots__ = ("extent", "leading", "name")

    def __init__(self, name: str, extent: int, leading: bool = False) -> None:
        self.name = name
        self.extent = extent
        self.leading = leading

    def __repr__(self) -> str:
        return self.name


class Opaque:
    """A position that an expression gives: from a gather, say."""

    __slots__ = ("expr", "extent")

    def __init__(self, expr: Expr, extent: int | None) -> None:
        self.expr = expr
        self.extent = extent


class Parted:
    """A quotient or remainder that does not come out even."""

    __slots__ = ("by", "extent", "index", "quotient")

    def __init__(self, index: Index, by: int, quotient: bool) -> None:
        self.index = index
        self.by = by
        self.quotient = quotient
        top = index.top()
        self.extent: int | None = by
        if quotient:
            self.extent = None if top is None else top // by + 1

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Parted)
            and (self.by, self.quotient) == (other.by, other.quotient)
            and self.index == other.index
        )

    def __hash__(self) -> int:
        return hash((self.index, self.by, self.quotient))


class Index:
    """A position: a sum of counters times whole numbers.

    Attributes:
        terms: for each counter its factor.
        const: what is added.
    """

    __slots__ = ("_hash", "const", "terms")

    def __init__(self, terms: dict[Any, int], const: int = 0) -> None:
        # a position never changes: dictionaries are shared
        if 0 in terms.values():
            terms = {atom: c for atom, c in terms.items() if c}
        self.terms = terms
        self.const = const
        self._hash: int | None = None

    def __hash__(self) -> int:
        found = self._hash
        if found is None:
            found = self._hash = hash((frozenset(self.terms.items()), self.const))
        return found

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Index)
            and self.const == other.const
            and self.terms == other.terms
        )

    def __add__(self, other: Index | int) -> Index:
        if isinstance(other, int):
            return Index(self.terms, self.const + other) if other else self
        if not other.terms:
            return Index(self.terms, self.const + other.const)
        if not self.terms:
            return Index(other.terms, self.const + other.const)
        terms = dict(self.terms)
        for atom, c in other.terms.items():
            terms[atom] = terms.get(atom, 0) + c
        return Index(terms, self.const + other.const)

    def __sub__(self, other: Index | int) -> Index:
        return self + (-other if isinstance(other, int) else other * -1)

    def __mul__(self, factor: int) -> Index:
        if factor == 1:
            return self
        return Index(
            {a: c * factor for a, c in self.terms.items()}, self.const * factor
        )

    def top(self) -> int | None:
        """The largest value; None where it is not known."""
        out = self.const
        for atom, c in self.terms.items():
            if atom.extent is None:
                return None
            if c > 0:
                out += c * (atom.extent - 1)
        return out

    def bottom(self) -> int | None:
        """The least value; None where it is not known."""
        out = self.const
        for atom, c in self.terms.items():
            if atom.extent is None:
                return None
            if c < 0:
                out += c * (atom.extent - 1)
        return out

    def _split(self, by: int) -> tuple[Index, Index] | None:
        """Quotient and remainder by a number where they come out even."""
        if not by:  # a place in an empty tensor: nobody will ask for it
            return self, Index({})
        whole = {a: c // by for a, c in self.terms.items() if c % by == 0}
        rest = Index({a: c for a, c in self.terms.items() if c % by}, self.const % by)
        low, high = rest.bottom(), rest.top()
        if low is None or high is None or low < 0 or high >= by:
            return None
        return Index(whole, self.const // by), rest

    def __floordiv__(self, by: int) -> Index:
        if by == 1:
            return self
        found = self._split(by)
        return found[0] if found else Index({Parted(self, by, True): 1})

    def __mod__(self, by: int) -> Index:
        if by == 1:
            return Index({})
        found = self._split(by)
        return found[1] if found else Index({Parted(self, by, False): 1})

    def __repr__(self) -> str:
        parts = [f"{c}*{a!r}" for a, c in self.terms.items()]
        return "+".join([*parts, str(self.const)])


def index_of(value: Var | int) -> Index:
    """A counter or a number as a position."""
    return Index({}, value) if isinstance(value, int) else Index({value: 1})


ZERO: Final = Index({})


def flat(position: Sequence[Index], shape: Sequence[int]) -> Index:
    """The number of an element in a tensor that lies in rows."""
    terms: dict[Any, int] = {}
    const, step = 0, 1
    for index, size in zip(reversed(position), reversed(list(shape)), strict=True):
        for atom, c in index.terms.items():
            terms[atom] = terms.get(atom, 0) + c * step
        const += index.const * step
        step *= size
    return Index(terms, const)


def unflat(index: Index, shape: Sequence[int]) -> tuple[Index, ...]:
    """The position of an element with that number."""
    out: list[Index] = []
    for axis in range(len(shape) - 1, 0, -1):
        out.append(index % shape[axis])
        index = index // shape[axis]
    if shape:
        out.append(index)
    return tuple(reversed(out))


def fitted(position: Sequence[Index], shape: Sequence[int]) -> tuple[Index, ...]:
    """The position in a tensor that is broadcast to the one meant."""
    skip = len(position) - len(shape)
    return tuple(
        [
            Index({}) if n == 1 else p
            for p, n in zip(position[skip:], shape, strict=True)
        ]
    )
