"""Loops that move elements: parts, joins, margins, gathers, for backends that compile.

In flow lazy tensors and host values; out flow lazy tensors. The records of `ops.array`,
`ops.splits`, `ops.strided` and their kin name these functions as their `lower`. Parts
are read where they lie; what is put together is written part by part into one buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from rillet.ops.expressions import HALVES, Expr, b
from rillet.ops.indices import ZERO, Index, fitted
from rillet.ops.lowering import Lazy, Lowering, spread, whole

Place = tuple[Index, ...]

#: Stacks of few parts, and small ones of some, are chosen element by element.
_FEW: Final = 4
_SOME: Final = 16
_SMALL: Final = 64


class Walk(NamedTuple):
    """How one axis of a tensor is walked through by a key.

    Attributes:
        first: the index that is taken first.
        step: what is added for the next one.
        out: the axis of the result, or -1 where one index is all.
    """

    first: int
    step: int
    out: int


def wide(type: str) -> str:
    """The type that elements have in expressions."""
    return "float32" if type in HALVES else type


def size_of(n: int, axis: int) -> Expr:
    """A size as an int64; code does not hold leading ones."""
    return b.number(n) if axis == 0 else b.const(n, "int64")


def _moved(place: Place, axis: int, by: int) -> Place:
    return (*place[:axis], place[axis] + by, *place[axis + 1 :])


def _parts(ctx: Lowering, x: Lazy, axis: int) -> tuple[Lazy, ...]:
    """The outputs of a node as parts of `x` that follow each other."""
    out: list[Lazy] = []
    first = 0

    def part(begin: int) -> Callable[[Place], Expr]:
        return lambda place: x.at(_moved(place, axis, begin))

    for shape, type in ctx.outputs:
        out.append(ctx.pointwise(shape, type, part(first)))
        first += shape[axis]
    return tuple(out)


def split(ctx: Lowering, axis: Any, x: Lazy, **attrs: Any) -> tuple[Lazy, ...]:
    """Equal parts."""
    return _parts(ctx, x, int(axis) % x.rank)


def split_v(
    ctx: Lowering, x: Lazy, sizes: Any, axis: Any, **attrs: Any
) -> tuple[Lazy, ...]:
    """Parts of given sizes."""
    return _parts(ctx, x, int(axis) % x.rank)


def unpack(
    ctx: Lowering, x: Lazy, num: int = 0, axis: int = 0, **attrs: Any
) -> tuple[Lazy, ...]:
    """The parts of size 1, without their axis."""
    at = axis % x.rank

    def part(k: int) -> Callable[[Place], Expr]:
        return lambda place: x.at((*place[:at], Index({}, k), *place[at:]))

    return tuple([ctx.pointwise(s, t, part(k)) for k, (s, t) in enumerate(ctx.outputs)])


def pack(ctx: Lowering, values: list[Lazy], axis: int = 0, **attrs: Any) -> Lazy:
    """Tensors side by side along a new axis."""
    shape, type = ctx.outputs[0]
    at = axis % len(shape)
    size = sum([x.size for x in values])
    few = len(values) <= _FEW and at == len(shape) - 1
    if few or (len(values) <= _SOME and size <= _SMALL):

        def chosen(place: Place) -> Expr:
            rest = (*place[:at], *place[at + 1 :])
            which = b.at(place[at])
            found = values[-1].at(rest)
            for k in range(len(values) - 2, -1, -1):
                found = b.select(b.eq(which, k), values[k].at(rest), found)
            return found

        return ctx.pointwise(shape, type, chosen)

    def where(k: int) -> Callable[[Place], Place]:
        return lambda place: (*place[:at], Index({}, k), *place[at:])

    return ctx.assembled(
        shape, type, [(x.shape, where(k), x.at) for k, x in enumerate(values)]
    )


def concat(ctx: Lowering, values: list[Lazy], axis: Any, **attrs: Any) -> Lazy:
    """Tensors one after the other along an axis."""
    shape, type = ctx.outputs[0]
    at = int(axis) % len(shape)

    def where(first: int) -> Callable[[Place], Place]:
        return lambda place: _moved(place, at, first)

    parts, first = [], 0
    for x in values:
        if x.size:
            parts.append((x.shape, where(first), x.at))
        first += x.shape[at]
    return ctx.assembled(shape, type, parts)


def block(ctx: Lowering, x: Lazy, begin: Any, size: Any, **attrs: Any) -> Lazy:
    """A part that begins somewhere along each axis."""
    shape, type = ctx.outputs[0]
    starts = [whole(k) for k in begin]

    def at(place: Place) -> Expr:
        return x.at([p + k for p, k in zip(place, starts, strict=True)])

    return ctx.pointwise(shape, type, at)


def pad(
    ctx: Lowering, x: Lazy, paddings: Any, value: Lazy | None = None, **attrs: Any
) -> Lazy:
    """Margins of one number around."""
    shape, type = ctx.outputs[0]
    before = [whole(p[0]) for p in paddings]
    if shape == x.shape:
        return ctx.pointwise(shape, type, x.at)
    fill = _number(type, value)

    def where(place: Place) -> Place:
        return tuple([p + k for p, k in zip(place, before, strict=True)])

    return ctx.assembled(shape, type, [(shape, _same, fill), (x.shape, where, x.at)])


def _number(type: str, value: Lazy | None = None) -> Callable[[Place], Expr]:
    """The same number everywhere: that of a scalar, or 0."""
    if value is None:
        return lambda place: b.const(0, wide(type))
    only = value
    return lambda place: only.at((ZERO,) * only.rank)


def _same(place: Place) -> Place:
    return place


def span(k: slice, size: int) -> tuple[int, int, int]:
    """Where a slice of an axis begins, how many elements it takes, and its step.

    As `slice.indices` says, but numbers that hang on sizes go on doing so.
    """
    step = 1 if k.step is None else k.step
    low, high = (0, size) if step > 0 else (-1, size - 1)
    first, last = (low, high) if step > 0 else (high, low)
    if k.start is not None:
        first = max(k.start + size, low) if k.start < 0 else min(k.start, high)
    if k.stop is not None:
        last = max(k.stop + size, low) if k.stop < 0 else min(k.stop, high)
    count = -((first - last) // step) if step > 0 else -((last - first) // -step)
    return first, max(count, 0), step


def walks(shape: Sequence[int], key: Sequence[Any]) -> list[Walk]:
    """How a key of NumPy's with one ellipsis walks through each axis."""
    used = sum([1 for k in key if k is not None and k is not Ellipsis])
    out: list[Walk] = []
    to = 0
    for k in key:
        size = shape[len(out)] if len(out) < len(shape) else 0
        if k is None:
            to += 1
        elif k is Ellipsis:
            for _ in range(len(shape) - used):
                out.append(Walk(0, 1, to))
                to += 1
        elif isinstance(k, slice):
            first, _, step = span(k, size)
            out.append(Walk(first, step, to))
            to += 1
        else:
            out.append(Walk(k % size if size else 0, 0, -1))
    return out


def _walked(place: Place, ways: Sequence[Walk]) -> Place:
    return tuple(
        [
            Index({}, w.first) if w.out < 0 else place[w.out] * w.step + w.first
            for w in ways
        ]
    )


def keyed(ctx: Lowering, x: Lazy, key: Sequence[Any]) -> Lazy:
    """What a key of NumPy's takes."""
    shape, type = ctx.outputs[0]
    ways = walks(x.shape, key)
    return ctx.pointwise(shape, type, lambda place: x.at(_walked(place, ways)))


def keyed_write(
    ctx: Lowering, base: Lazy | None, key: Sequence[Any], value: Lazy
) -> Lazy:
    """A tensor, or zeros, with what a key of NumPy's means replaced.

    Args:
        ctx: the backend.
        base: what is there before; zeros where None.
        key: which part is replaced.
        value: what comes in; broadcast.
    """
    shape, type = ctx.outputs[0]
    ways = walks(shape, key)
    part = _part_shape(shape, key)
    value = spread(ctx, value, part)
    if value.rank > len(part):
        value = ctx.reshaped(value, value.shape[value.rank - len(part) :])
    under = _number(type) if base is None else base.at
    return ctx.assembled(
        shape,
        type,
        [
            (shape, _same, under),
            (
                part,
                lambda place: _walked(place, ways),
                lambda place: value.at(fitted(place, value.shape)),
            ),
        ],
    )


def _part_shape(shape: Sequence[int], key: Sequence[Any]) -> tuple[int, ...]:
    used = sum([1 for k in key if k is not None and k is not Ellipsis])
    out: list[int] = []
    axis = 0
    for k in key:
        if k is None:
            out.append(1)
        elif k is Ellipsis:
            out += shape[axis : axis + len(shape) - used]
            axis += len(shape) - used
        else:
            if isinstance(k, slice):
                out.append(span(k, shape[axis])[1])
            axis += 1
    return tuple(out)


def checked_index(x: Expr, size: Expr) -> Expr:
    """A whole number that must lie in ``[0, size)``, as an int64."""
    found = b.cast(x, "int64")
    good = (found >= 0) & (found < size)
    return b.checked(b.select(good, found, 0), good)


def gather(
    ctx: Lowering,
    params: Lazy,
    indices: Lazy,
    axis: Any,
    batch_dims: int = 0,
    **attrs: Any,
) -> Lazy | None:
    """Slices chosen by index."""
    shape, type = ctx.outputs[0]
    at = int(axis) % params.rank
    batch = batch_dims + indices.rank if batch_dims < 0 else batch_dims
    size = params.shape[at]
    if not size:
        return None
    if params.known is None:
        params = ctx.settled(params)
    indices = spread(ctx, indices, shape)
    count = indices.rank - batch

    def taken(place: Place) -> Expr:
        which = indices.at((*place[:batch], *place[at : at + count]))
        found = b.position(checked_index(which, size_of(size, at)), size)
        return params.at((*place[:at], found, *place[at + count :]))

    return ctx.pointwise(shape, type, taken)


def one_hot(
    ctx: Lowering,
    indices: Lazy,
    depth: Any,
    on: Lazy,
    off: Lazy,
    axis: int = -1,
    **attrs: Any,
) -> Lazy:
    """A new axis that is on at the index."""
    shape, type = ctx.outputs[0]
    at = len(shape) - 1 if axis == -1 else axis
    indices = spread(ctx, indices, shape)
    yes, no = _number(type, on), _number(type, off)

    def chosen(place: Place) -> Expr:
        which = indices.at((*place[:at], *place[at + 1 :]))
        hit = b.eq(b.at(place[at]), b.cast(which, "int64"))
        return b.select(hit, yes(place), no(place))

    return ctx.pointwise(shape, type, chosen)


def fill(ctx: Lowering, dims: Any, value: Lazy, **attrs: Any) -> Lazy:
    """One number everywhere."""
    shape, type = ctx.outputs[0]
    return ctx.pointwise(shape, type, _number(type, value))


def tile(ctx: Lowering, x: Lazy, multiples: Any, **attrs: Any) -> Lazy:
    """The whole again and again along its axes."""
    shape, type = ctx.outputs[0]
    x = spread(ctx, x, shape)
    counts = [whole(m) for m in multiples]
    if not x.size:
        return ctx.pointwise(shape, type, _number(type))
    split: list[int] = []
    own: list[tuple[int, bool]] = []
    for axis, (n, m) in enumerate(zip(x.shape, counts, strict=True)):
        folds = axis > 0 and n > 1 and m > 1
        split += [m, n] if folds else [n * m]
        own.append((len(split) - 1, folds))

    def at(place: Place) -> Expr:
        position = []
        for axis, (k, folds) in enumerate(own):
            n = x.shape[axis]
            if n == 1:
                position.append(ZERO)
            elif folds or counts[axis] == 1:
                position.append(place[k])
            else:
                again = b.remainder(b.at(place[k]), b.number(n))
                position.append(b.position(again, n))
        return x.at(position)

    out = ctx.pointwise(split, type, at)
    return ctx.reshaped(ctx.settled(out), shape) if len(split) > len(shape) else out


def counted(ctx: Lowering, start: Any, limit: Any, delta: Any, **attrs: Any) -> Lazy:
    """Numbers at equal distances."""
    shape, type = ctx.outputs[0]
    first, step = b.const(start, wide(type)), b.const(delta, wide(type))

    def at(place: Place) -> Expr:
        return first + b.cast(b.at(place[0]), wide(type)) * step

    return ctx.pointwise(shape, type, at)


def reversed_along(ctx: Lowering, x: Lazy, axis: Sequence[int], **attrs: Any) -> Lazy:
    """Axes walked through from their ends."""
    axes = {int(a) % x.rank for a in axis} if x.rank else set()

    def at(place: Place) -> Expr:
        return x.at(
            [
                p * -1 + (n - 1) if k in axes else p
                for k, (p, n) in enumerate(zip(place, x.shape, strict=True))
            ]
        )

    return ctx.pointwise(x.shape, x.type, at)
