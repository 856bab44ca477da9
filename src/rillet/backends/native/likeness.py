"""Two graphs of one program beside each other: where sizes differ, and where not.

In flow graphs that `static` made of one graph for several sets of sizes. `merged` lets
the first hold a `Size` wherever the second has another number; `matched` finds what
these are in a third. `recipes` calls both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rillet.backends.native.list_specs import ListSpec
from rillet.backends.native.sized_arrays import SizedArray
from rillet.backends.native.sizes import Ledger, Size, Values
from rillet.backends.native.sums import Sum
from rillet.core.dtypes import DType
from rillet.core.spec import Spec
from rillet.graph.ir import Graph, Node, SymbolicTensor

#: From how many sizes others may follow, and what may be added to them.
_BASE: Final = 4
_NEAR: Final = 8
#: Arrays of more elements than this are data, never sizes.
_MOST: Final = 64
_PLAIN: Final = (str, float, bool, type(None), DType, bytes, complex, type)

Array = np.ndarray[Any, Any]


class Unlike(Exception):
    """The graphs differ in more than sizes."""


class Merging:
    """Puts sizes where two graphs differ.

    Args:
        ledger: what the sizes are written into.

    Attributes:
        arrays: the arrays that vary, in the order of the walk.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.arrays: list[SizedArray] = []
        self._sizes: dict[tuple[int, int], Size] = {}
        self._base: list[tuple[Size, int]] = []

    def graphs(self, one: Graph, other: Graph) -> None:
        """Let the first hold sizes where the second has other numbers.

        Raises:
            Unlike: they differ in more.
        """
        if not self._base:
            self._begin(one, other)
        for a, z in _nodes(one, other):
            inputs = [
                x if isinstance(x, SymbolicTensor) else self.value(x, y)
                for x, y in zip(a.inputs, z.inputs, strict=True)
            ]
            a.inputs = type(a.inputs)(inputs)
            a.attrs = {k: self.value(v, z.attrs[k]) for k, v in a.attrs.items()}
            for x, y in zip(a.outputs, z.outputs, strict=True):
                x.spec = self.spec(x.spec, y.spec)
                x.known = self.value(x.known, y.known)
                x.partial = self.value(x.partial, y.partial)

    def _begin(self, one: Graph, other: Graph) -> None:
        """Let sizes of inputs that differ follow from nothing."""
        for x, y in zip(one.inputs, other.inputs, strict=True):
            for a, z in zip(x.spec.shape or (), y.spec.shape or (), strict=True):
                if a is None or z is None or a == z:
                    continue
                if (a, z) not in self._sizes:
                    self._sizes[a, z] = self._free(a, z)

    def value(self, a: Any, z: Any) -> Any:
        """One value out of two."""
        if a is z:
            return a
        if type(a) is not type(z):
            raise Unlike(f"{type(a).__name__} and {type(z).__name__}")
        if isinstance(a, int) and not isinstance(a, bool):
            return a if a == z else self.size(a, z)
        if isinstance(a, _PLAIN):
            if a == z or a != a:
                return a
            raise Unlike(f"{a!r} and {z!r}")
        if isinstance(a, Spec):
            return self.spec(a, z)
        if isinstance(a, list | tuple):
            if len(a) != len(z) or type(a) not in (list, tuple):
                raise Unlike(type(a).__name__)
            return type(a)([self.value(x, y) for x, y in zip(a, z, strict=True)])
        if isinstance(a, np.ndarray):
            return self._array(a, z)
        if isinstance(a, Graph):
            self.graphs(a, z)
            return a
        if a == z:
            return a
        raise Unlike(type(a).__name__)

    def size(self, a: int, z: int) -> Size:
        """The size that is one number here and another there."""
        found = self._sizes.get((a, z))
        if found is None:
            if a < 0:
                raise Unlike(f"{a} and {z}")
            found = self._followed(a, z) or self._free(a, z)
            self._sizes[a, z] = found
        return found

    def _free(self, a: int, z: int) -> Size:
        """A size of its own."""
        made = self.ledger.symbol(a)
        self._base.append((made, z))
        return made

    def _followed(self, a: int, z: int) -> Size | None:
        """A size that seems to follow from others; `Matching` looks whether it does."""
        base = self._base[:_BASE]
        pairs = [(x, y) for x, y in base]
        pairs += [(x * v, y * w) for i, (x, y) in enumerate(base) for v, w in base[i:]]
        for x, y in pairs:
            one = int(x)
            if one > 0 and not a % one and a // one * y == z:
                return x * (a // one)
        for x, y in base:
            one = int(x)
            factor = (z - a) // (y - one) if y != one else 0
            rest = a - factor * one
            if factor > 0 and factor * y + rest == z and abs(rest) <= _NEAR:
                return x * factor + rest
        return None

    def spec(self, a: Any, z: Any) -> Any:
        """One spec out of two."""
        if a == z:
            return a
        if type(a) is not type(z) or a.dtype != z.dtype:
            raise Unlike("types")
        if isinstance(a, ListSpec):
            return ListSpec(
                self.value(a.length, z.length),
                self.value(a.element, z.element),
                self.value(a.inner, z.inner),
                a.grows,
            )
        return Spec(self.value(a.shape, z.shape), a.dtype)

    def _array(self, a: Array, z: Array) -> Any:
        if a.dtype != z.dtype or a.ndim != z.ndim:
            raise Unlike("arrays")
        if a.shape == z.shape and np.array_equal(a, z, equal_nan=a.dtype.kind in "fc"):
            return a
        made = np.array(a).view(SizedArray)
        if a.shape == z.shape and a.dtype.kind in "iu" and a.size <= _MOST:
            made.sizes = self._elements(a.tolist(), z.tolist())
        made.extents = self.value(a.shape, z.shape)
        made.number = len(self.arrays)
        self.arrays.append(made)
        return made

    def _elements(self, a: Any, z: Any) -> Any:
        if isinstance(a, list):
            return [self._elements(x, y) for x, y in zip(a, z, strict=True)]
        return a if a == z else self.size(a, z)


class Matching:
    """Finds what sizes are in another graph.

    Attributes:
        found: what they are, those that follow from others among them.
        arrays: the arrays that vary, in the order of the walk.
    """

    def __init__(self) -> None:
        self.found: dict[Sum, int] = {}
        self.arrays: list[Array] = []

    def values(self, ledger: Ledger, count: int) -> Values | None:
        """What sizes are, of which so many are no sums; None where others are wrong."""
        symbols = [self.found[(((at,), 1),)] for at in range(count)]
        if any(n < 0 for n in symbols):
            return None  # a ledger takes it for granted that sizes are not
        values = Values(ledger, symbols)
        for sum, value in self.found.items():
            if values.sum(sum) != value:
                return None
        return values

    def graphs(self, merged: Graph, other: Graph) -> None:
        """Compare a graph with one that holds sizes.

        Raises:
            Unlike: it has not the same form, or one size would be two numbers.
        """
        value = self.value
        for a, z in _nodes(merged, other):
            for x, y in zip(a.inputs, z.inputs, strict=True):
                if not isinstance(x, SymbolicTensor):
                    value(x, y)
            others = z.attrs
            for k, v in a.attrs.items():
                w = others[k]
                if v is not w:
                    value(v, w)
            for x, y in zip(a.outputs, z.outputs, strict=True):
                if x.spec is not y.spec:
                    self.spec(x.spec, y.spec)
                if x.known is not y.known:
                    value(x.known, y.known)
                if x.partial is not y.partial:
                    value(x.partial, y.partial)

    def value(self, a: Any, z: Any) -> None:
        """Compare two values."""
        kind = type(a)
        if kind is Size:
            if type(z) is not int:
                raise Unlike("a size")
            if self.found.setdefault(a.sum, z) != z:
                raise Unlike("a size")
        elif a is z:
            return
        elif kind is SizedArray:
            self._array(a, z)
        elif kind is not type(z):
            raise Unlike(f"{kind.__name__} and {type(z).__name__}")
        elif kind is tuple or kind is list:
            if len(a) != len(z):
                raise Unlike("lengths")
            for x, y in zip(a, z, strict=True):
                self.value(x, y)
        elif isinstance(a, Spec):
            self.spec(a, z)
        elif isinstance(a, np.ndarray):
            if a.dtype != z.dtype or not np.array_equal(
                a, z, equal_nan=a.dtype.kind in "fc"
            ):
                raise Unlike("arrays")
        elif isinstance(a, Graph):
            self.graphs(a, z)
        elif not (a == z or a != a):
            raise Unlike(kind.__name__)

    def spec(self, a: Any, z: Any) -> None:
        """Compare two specs."""
        if type(a) is not type(z) or a.dtype is not z.dtype:
            raise Unlike("types")
        if isinstance(a, ListSpec):
            if a.grows != z.grows:
                raise Unlike("lists")
            self.value(a.length, z.length)
            self.value(a.element, z.element)
            self.value(a.inner, z.inner)
        else:
            self.value(a.shape, z.shape)

    def _array(self, a: SizedArray, z: Any) -> None:
        if not isinstance(z, np.ndarray) or a.dtype != z.dtype or a.ndim != z.ndim:
            raise Unlike("arrays")
        if a.sizes is not None:
            if a.shape != z.shape:
                raise Unlike("arrays")
            self.value(a.sizes, z.tolist())
        self.arrays.append(z)


def _nodes(one: Graph, other: Graph) -> Iterator[tuple[Node, Node]]:
    """The nodes of two graphs beside each other, where they are wired alike.

    Raises:
        Unlike: they are not.
    """
    if len(one.nodes) != len(other.nodes) or len(one.inputs) != len(other.inputs):
        raise Unlike("nodes")
    places: dict[int, SymbolicTensor] = {}
    for a, z in zip(one.nodes, other.nodes, strict=True):
        if a.op is not z.op or len(a.inputs) != len(z.inputs):
            raise Unlike(a.type)
        if len(a.outputs) != len(z.outputs) or a.attrs.keys() != z.attrs.keys():
            raise Unlike(a.type)
        for x, y in zip(a.inputs, z.inputs, strict=True):
            mine = isinstance(x, SymbolicTensor)
            if mine is not isinstance(y, SymbolicTensor):
                raise Unlike(a.type)
            if mine and places.get(id(x)) is not y:
                raise Unlike(a.type)
        for x, y in zip(a.outputs, z.outputs, strict=True):
            places[id(x)] = y
        yield a, z
    ends = zip(
        [*one.inputs, *one.outputs], [*other.inputs, *other.outputs], strict=True
    )
    if any(places.get(id(x)) is not y for x, y in ends):
        raise Unlike("ends")
    if len(one.writes) != len(other.writes) or any(
        v is not w or places.get(id(x)) is not y
        for (v, x), (w, y) in zip(one.writes, other.writes, strict=True)
    ):
        raise Unlike("writes")


__all__ = ["Array", "Matching", "Merging", "Unlike"]
