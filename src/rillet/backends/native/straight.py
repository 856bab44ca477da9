"""Graphs whose sizes follow in a straight way from those of their inputs.

In flow graphs and sets of sizes; out flows whether a recipe that served two sets serves
one between them, without `static` looking at the graph again. `recipes` asks.

What a graph makes of sizes is straight where it adds and compares them; truths that are
made of truths, and branches, are not: equal at both ends, they may differ between.
Then a formula that holds for a small and a large size holds between them, except where
a size is equal to another number or broadcast: such sets are looked at as ever.
Remainders and equality are not straight: a formula may hold for even sizes. A quotient
that rounds gives no whole formula, or one that fails at the next size, which a recipe
was tried with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from rillet.backends.native.sizes import Size
from rillet.graph.control import CASE, IF, WHILE
from rillet.graph.ir import CONST, PLACEHOLDER, Graph, Node
from rillet.ops.lowering import Rewrite
from rillet.ops.registry import Op

#: What may be done with numbers that follow from sizes.
_STRAIGHT: Final = frozenset(
    [
        "Add", "AddN", "AddV2", "ConcatV2", "Const", "ExpandDims", "Fill", "GatherV2",
        "Greater", "GreaterEqual", "Identity", "Less", "LessEqual", "Neg", "OnesLike",
        "Pack", "Placeholder", "Range", "Rank", "Reshape", "Shape", "Size", "Squeeze",
        "StridedSlice", "Sub", "Sum", "Transpose", "Unpack", "ZerosLike",
    ]
)  # fmt: skip
#: Products and quotients of sizes bend: they may make up shapes, nothing else.
_BENDING: Final = frozenset(["FloorDiv", "Mul"])
_OF_BENT: Final = frozenset(["Identity", "Pack", "Reshape"])
_OF_SIZES: Final = frozenset(["Rank", "Shape", "Size"])
#: Ops that are made of others, in one way for all sizes.
_ONE_WAY: Final = frozenset(
    ["BiasAdd", "LogSoftmax", "Softmax", "SoftmaxCrossEntropyWithLogits", "Split"]
)
_SMALL: Final = 64


def is_straight(graph: Graph) -> bool:
    """Whether a graph whose sizes are open does only straight things to them."""
    return all(_is_straight(g, at > 0) for at, g in enumerate(_graphs(graph)))


def _graphs(graph: Graph) -> Iterator[Graph]:
    yield graph
    for node in graph.nodes:
        if node.op in (IF, CASE, WHILE):
            for value in node.attrs.values():
                for inner in value if isinstance(value, tuple | list) else (value,):
                    if isinstance(inner, Graph):
                        yield from _graphs(inner)


def _is_straight(graph: Graph, inner: bool) -> bool:
    sizes: set[int] = set()
    bent: set[int] = set()
    for node in graph.nodes:
        if node.op in (IF, CASE):
            return False
        if isinstance(node.op, Op) and isinstance(node.op.lower, Rewrite):
            if node.type not in _ONE_WAY and not _plain(node):
                return False
        bends = any(id(x) in bent for x in node.tensors())
        if bends and node.type not in _OF_BENT:
            return False
        if not _follows(node, sizes, inner):
            continue
        if node.type not in _STRAIGHT and node.type not in _BENDING:
            return False
        sizes.update(id(y) for y in node.outputs)
        if bends or node.type in _BENDING:
            bent.update(id(y) for y in node.outputs)
    return not any(id(y) in bent for y in graph.outputs)


def _plain(node: Node) -> bool:
    """Whether a node's sizes are all known before."""
    specs = [x.spec for x in (*node.tensors(), *node.outputs)]
    return all(s.shape is not None and None not in s.shape for s in specs)


def _follows(node: Node, sizes: set[int], inner: bool) -> bool:
    """Whether a node gives whole numbers or truths that may follow from sizes alone."""
    if not node.outputs or node.outputs[0].spec.dtype.numpy_dtype.kind not in "iub":
        return False
    if node.type in _OF_SIZES or node.op is CONST:
        return True
    if node.op is PLACEHOLDER:
        return inner and not node.outputs[0].spec.shape
    tensors = node.tensors()
    return bool(tensors) and all(id(x) in sizes for x in tensors)


class Proven:
    """The sets of sizes that a recipe is known to serve.

    Args:
        graph: the graph that holds sizes.
        count: how many of its sizes are no sums of others.
    """

    def __init__(self, graph: Graph, count: int) -> None:
        self._where: list[tuple[int, int]] = []
        for at in range(count):
            found = _place(graph, ((((at,), 1),)))
            if found is not None:
                self._where.append(found)
        #: Whether all sizes are those of inputs.
        self.open = len(self._where) == count and count > 0
        self._numbers = frozenset(_numbers(graph)) if self.open else frozenset()
        #: Sets that no other served one lies below, and above.
        self._low: list[tuple[int, ...]] = []
        self._high: list[tuple[int, ...]] = []
        #: For each size the numbers served that a formula need not hold for.
        self._exact: list[set[int]] = [set() for _ in self._where]

    def symbols(self, shapes: Sequence[Any]) -> tuple[int, ...]:
        """The sizes that vary, out of the inputs' shapes."""
        return tuple([shapes[number][axis] for number, axis in self._where])

    def add(self, symbols: tuple[int, ...]) -> None:
        """Note that a set of sizes is served.

        Of many that lie neither below nor above each other the oldest are forgotten.
        """
        for n, exact in zip(symbols, self._exact, strict=True):
            if self._odd(n):
                exact.add(n)
        if not any(_below(s, symbols) for s in self._low):
            kept = [s for s in self._low if not _below(symbols, s)]
            self._low = [*kept[1 - _SMALL :], symbols]
        if not any(_below(symbols, s) for s in self._high):
            kept = [s for s in self._high if not _below(s, symbols)]
            self._high = [*kept[1 - _SMALL :], symbols]

    def holds(self, symbols: tuple[int, ...]) -> bool:
        """Whether a set of sizes is served because it lies between others."""
        if len({*symbols}) < len(symbols):
            return False
        for n, exact in zip(symbols, self._exact, strict=True):
            if self._odd(n) and n not in exact:
                return False
        low = any(_below(s, symbols) for s in self._low)
        return low and any(_below(symbols, s) for s in self._high)

    def _odd(self, n: int) -> bool:
        """Whether a size is one that broadcasts, or equal to a number in the graph."""
        return n < 2 or n in self._numbers


def _below(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a <= z for a, z in zip(one, other, strict=True))


def _place(graph: Graph, sum: Any) -> tuple[int, int] | None:
    """Where among the inputs' shapes a size stands."""
    for number, x in enumerate(graph.inputs):
        for axis, n in enumerate(x.spec.shape or ()):
            if type(n) is Size and n.sum == sum:
                return number, axis
    return None


def _numbers(graph: Graph) -> Iterator[int]:
    """The numbers in a graph that a size might be equal to."""
    for one in _graphs(graph):
        for node in one.nodes:
            for x in (*node.inputs, *node.attrs.values()):
                yield from _in(x)
            for y in node.outputs:
                yield from _in(y.spec.shape)
                yield from _in(y.known)


def _in(x: Any) -> Iterable[int]:
    if type(x) is int:
        yield x
    elif isinstance(x, tuple | list):
        for y in x:
            yield from _in(y)
    elif isinstance(x, np.ndarray) and x.dtype.kind in "iu" and x.size <= _SMALL:
        yield from np.asarray(x).reshape(-1).tolist()


__all__ = ["Proven", "is_straight"]
