"""What an op's `lower` is made of: how loops compute its outputs, element by element.

In flow `Lazy` tensors, which know how to give one element at a position, and plain host
values; out flow `Lazy` tensors. A backend calls ``op.lower(ctx, *inputs, **attrs)``
with a `Lowering` and decides what is computed where; None means that the op's kernel
must run on the host. `Map` and `Reduce` are the usual forms, `Rewrite` puts simpler ops
in an op's place, `Call` names a kernel that the backend has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from rillet.ops.expressions import FLOATS, HALVES, Expr, b
from rillet.ops.indices import Index, Var, fitted, flat, index_of


class Buffer:
    """Memory that holds a tensor, in rows.

    Attributes:
        type: NumPy's name of the elements' type.
        shape: the sizes.
        role: "temp", "input", "const" or "variable".
        source: what it stands for: an input's number, an array, a variable.
    """

    __slots__ = ("name", "role", "shape", "size", "source", "type")

    def __init__(
        self,
        type: str,
        shape: tuple[int, ...],
        role: str = "temp",
        source: Any = None,
        name: str = "",
    ) -> None:
        self.type = type
        self.shape = shape
        self.size = math.prod(shape)
        self.role = role
        self.source = source
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.role} {self.name} {self.type}{list(self.shape)}>"


class Lazy:
    """A tensor that can say what one of its elements is.

    Attributes:
        shape: the sizes.
        type: NumPy's name of the elements' type; halves are float32 in expressions.
        buffer: where it lies, or None where it is not computed yet.
        known: its value as an array where it is a small constant, else None.
    """

    __slots__ = ("_at", "_found", "buffer", "known", "shape", "type")

    def __init__(
        self,
        shape: Sequence[int],
        type: str,
        at: Callable[[tuple[Index, ...]], Expr] | None = None,
        buffer: Buffer | None = None,
        known: Any = None,
    ) -> None:
        self.shape = tuple(shape)
        self.type = type
        self._at = at
        self.buffer = buffer
        self.known = known
        self._found: dict[tuple[Index, ...], Expr] = {}

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        out = 1
        for n in self.shape:
            out *= n
        return out

    def at(self, position: Sequence[Index]) -> Expr:
        """The element at a position: one `Index` an axis."""
        key = tuple(position)
        found = self._found.get(key)
        if found is None:
            if self.buffer is not None:
                found = b.load(self.buffer, flat(key, self.shape))
            else:
                assert self._at is not None
                found = self._at(key)
            self._found[key] = found
        return found

    def settle(self, buffer: Buffer) -> None:
        """Say that the tensor lies in a buffer from now on."""
        self.buffer = buffer
        self._at = None
        self._found = {}


def whole(x: Any) -> int:
    """A whole number; one that remembers what it follows from stays what it is."""
    return x if isinstance(x, int) else int(x)


class Fold:
    """A loop that gathers values into accumulators.

    Attributes:
        vars: the loop's counters, the outermost first.
        how: "sum", "product", "maximum", "minimum", "and", "or", or "other".
        inits: what the accumulators start from, as expressions.
        accs: the accumulators, in `updates`.
        updates: for "other" what they become; else what is gathered in.
        first: for loops over a part: where the outermost counter starts, and where it
            ends, as expressions; or None.
    """

    __slots__ = ("accs", "first", "how", "inits", "updates", "vars")

    def __init__(
        self,
        vars: Sequence[Var],
        how: str,
        inits: Sequence[Expr],
        update: Callable[[list[Index], list[Expr]], Sequence[Expr]],
        first: tuple[Expr, Expr] | None = None,
    ) -> None:
        self.vars = list(vars)
        self.how = how
        self.inits = list(inits)
        self.accs = [Expr("acc", (self, k), x.type) for k, x in enumerate(inits)]
        self.updates = list(update([index_of(v) for v in vars], self.accs))
        self.first = first

    def result(self, k: int = 0) -> Expr:
        """What accumulator `k` holds after the loop."""
        return Expr("folded", (self, k), self.inits[k].type)


class Lowering(Protocol):
    """What a backend offers to `lower` functions."""

    #: Shapes and type names of the node's outputs.
    outputs: list[tuple[tuple[int, ...], str]]

    def pointwise(
        self,
        shape: Sequence[int],
        type: str,
        at: Callable[[tuple[Index, ...]], Expr],
    ) -> Lazy:
        """A tensor whose elements `at` gives; computed where it is used."""

    def settled(self, x: Lazy) -> Lazy:
        """The same tensor, in memory: elements are not computed again."""

    def reshaped(self, x: Lazy, shape: Sequence[int]) -> Lazy:
        """The same elements in the same order with other sizes."""

    def constant(self, array: Any) -> Lazy:
        """A tensor with a value known now."""

    def fold(
        self,
        shape: Sequence[int],
        extents: Sequence[int],
        how: str,
        inits: Sequence[tuple[Any, str]],
        update: Callable[[tuple[Index, ...], list[Index], list[Expr]], Any],
        finish: Callable[[tuple[Index, ...], list[Expr]], Any] | None = None,
        leading: bool = False,
        types: Sequence[str] | None = None,
    ) -> Any:
        """A tensor, or several, each element of which a loop gathers.

        Args:
            shape: the outputs' sizes.
            extents: how far the loop's counters run.
            how: as in `Fold`.
            inits: what accumulators start from, and their types.
            update: output position, counters, accumulators -> what is gathered in.
            finish: output position, what was gathered -> the element, or a tuple of
                elements for several outputs; None for what was gathered.
            leading: whether the first extent is a leading size (see `Var`).
            types: the outputs' types; None for those of the elements.
        """

    def assembled(
        self,
        shape: Sequence[int],
        type: str,
        parts: Sequence[
            tuple[
                Sequence[int],
                Callable[[tuple[Index, ...]], tuple[Index, ...]],
                Callable[[tuple[Index, ...]], Expr],
            ]
        ],
    ) -> Lazy:
        """A tensor written part by part; later parts lie over earlier ones.

        Args:
            shape: the output's sizes.
            type: its type.
            parts: for each its sizes, position in the part -> position in the output,
                and position in the part -> the element.
        """

    def grouped(
        self, count: int, each: int, type: str, at: Callable[[Index], Sequence[Expr]]
    ) -> Lazy:
        """A vector of ``count * each`` elements, of which `at` gives `each` at once."""

    def scatter(
        self,
        x: Lazy,
        count: Sequence[int],
        target: Callable[[tuple[Index, ...]], tuple[Expr, Expr]],
        rows: int,
        value: Callable[[tuple[Index, ...], Index], Expr],
        how: str,
    ) -> Lazy:
        """`x` with values gathered into some of its rows, in the order of `count`.

        Args:
            x: what is there before; seen as ``(rows, size / rows)``.
            count: how many values there are, along some axes.
            target: position among the values -> the row (int64), and whether there is
                one; values without one are left out.
            rows: the number of rows.
            value: position among the values, element of the row -> what comes in.
            how: "sum", "product", "maximum", "minimum", or "last" to replace.
        """

    def scan(
        self,
        x: Lazy,
        axis: int,
        init: Any,
        update: Callable[[Expr, Expr], Expr],
        exclusive: bool,
        reverse: bool,
    ) -> Lazy:
        """What gathers up along an axis, at each place of it.

        Args:
            x: what is gathered; no half floats come out.
            axis: the axis.
            init: a number to start from; None for the first element.
            update: what was gathered, an element -> what is gathered then.
            exclusive: whether an element's own value is left out.
            reverse: whether to run from the end.
        """

    def stream(self, instance: Any, blocks: int) -> Lazy:
        """Key and counter of a random stream, four uint32 and two, anew each run.

        Args:
            instance: the stream.
            blocks: how many blocks of four numbers one run takes.
        """

    def call(self, name: str, *inputs: Any, **attrs: Any) -> Any:
        """What a kernel of the backend computes, or None where it has none."""


class Map:
    """An op that computes each element from the elements at its place.

    Args:
        element: ``(b, *elements, **attrs) -> expression``, or a tuple of them for
            several outputs; inputs are broadcast.
    """

    __slots__ = ("element",)

    def __init__(self, element: Callable[..., Any]) -> None:
        self.element = element

    def __call__(self, ctx: Lowering, *inputs: Any, **attrs: Any) -> Any:
        given = _public(attrs)
        shape = ctx.outputs[0][0]
        ready = [spread(ctx, x, shape) for x in inputs]
        found: dict[tuple[Index, ...], Any] = {}

        def elements(position: tuple[Index, ...]) -> Any:
            out = found.get(position)
            if out is None:
                args = [
                    x.at(fitted(position, x.shape)) if isinstance(x, Lazy) else x
                    for x in ready
                ]
                out = found[position] = self.element(b, *args, **given)
            return out

        if len(ctx.outputs) == 1:
            return ctx.pointwise(shape, ctx.outputs[0][1], elements)

        def part(k: int) -> Callable[[tuple[Index, ...]], Expr]:
            return lambda position: elements(position)[k]

        return tuple(
            [ctx.pointwise(s, t, part(k)) for k, (s, t) in enumerate(ctx.outputs)]
        )


def spread(ctx: Lowering, x: Any, shape: Sequence[int]) -> Any:
    """A tensor about to be broadcast: computed first, unless that is nothing."""
    if not isinstance(x, Lazy) or x.size == math.prod(shape) or x.known is not None:
        return x
    return ctx.settled(x)


def _public(attrs: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in attrs.items() if not k.startswith("_")}


class Reduce:
    """An op that gathers elements along axes, its second input.

    Args:
        how: as in `Fold`.
        init: what to start from; a function of the type's name, or a number.
        element: what is gathered for an element; None for itself.
        finish: ``(b, gathered, count) -> expression``; None for what was gathered.
    """

    __slots__ = ("element", "finish", "how", "init")

    def __init__(
        self,
        how: str,
        init: Any,
        element: Callable[..., Expr] | None = None,
        finish: Callable[..., Expr] | None = None,
    ) -> None:
        self.how = how
        self.init = init
        self.element = element
        self.finish = finish

    def __call__(self, ctx: Lowering, x: Lazy, axis: Any, **attrs: Any) -> Any:
        axes = reduced_axes(axis, x.rank)
        keep = bool(attrs.get("keep_dims"))
        type = "float32" if x.type in HALVES else x.type
        init = self.init(type) if callable(self.init) else self.init
        kept = [i for i in range(x.rank) if i not in axes]
        extents = [x.shape[i] for i in axes]
        count = math.prod(extents)

        def update(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
            position: list[Index] = [Index({})] * x.rank
            outs = [place[i] for i in kept] if keep else list(place)
            for i, index in zip(kept, outs, strict=True):
                position[i] = index
            for i, index in zip(axes, inner, strict=True):
                position[i] = index
            found = x.at(position)
            return [self.element(b, found) if self.element else found]

        def finish(place: Any, gathered: list[Expr]) -> Expr:
            if self.finish is None:
                return gathered[0]
            return self.finish(b, gathered[0], b.number(count))

        shape = tuple(
            [(1 if i in axes else n) for i, n in enumerate(x.shape)]
            if keep
            else [x.shape[i] for i in kept]
        )
        leading = 0 in axes
        return ctx.fold(
            shape, extents, self.how, [(init, type)], update, finish, leading, [x.type]
        )


def reduced_axes(axis: Any, rank: int) -> list[int]:
    """Axes as sorted numbers from 0; None means all."""
    if axis is None:
        return list(range(rank))
    found = np.atleast_1d(np.asarray(axis)).tolist()
    return sorted({int(a) % rank if rank else 0 for a in found} if rank else set())


class Rewrite:
    """An op that stands for simpler ones.

    Args:
        make: tensors and host values, attributes -> tensors, made of ops; or None.
    """

    __slots__ = ("make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make

    def __call__(self, ctx: Lowering, *inputs: Any, **attrs: Any) -> None:
        """For nodes that `make` left as they are: nothing else is known of them."""
        return None


class Call:
    """An op for which the backend has a kernel of that name.

    Args:
        name: the kernel's, as `Lowering.call` knows it.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, ctx: Lowering, *inputs: Any, **attrs: Any) -> Any:
        return ctx.call(self.name, *inputs, **_public(attrs))


def least(type: str) -> Any:
    """The number that no other of its type is below."""
    return -np.inf if type in FLOATS else np.iinfo(type).min


def greatest(type: str) -> Any:
    """The number that no other of its type is above."""
    return np.inf if type in FLOATS else np.iinfo(type).max
