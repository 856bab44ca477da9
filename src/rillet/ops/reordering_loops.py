"""Loops that read elements in another order, for backends that compile.

In flow lazy tensors and host values; out flow lazy tensors. Axes rolled, mirrored and
reversed, windows laid out, diagonals and bands: the records of `ops.rearrange`,
`ops.tiling`, `ops.patches` and `ops.diagonals` name these functions as their `lower`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from rillet.ops.expressions import Expr, b
from rillet.ops.indices import Index
from rillet.ops.lowering import Lazy, Lowering, whole
from rillet.ops.moving_loops import size_of, wide

Place = tuple[Index, ...]

#: More parts than this are left to the host.
_MOST_PARTS: Final = 32


class Run(NamedTuple):
    """Neighbouring places along one axis, and where their elements come from.

    Attributes:
        first: the first place.
        size: how many.
        source: where the first one's element lies.
        step: 1, or -1 where the order is turned round.
    """

    first: int
    size: int
    source: int
    step: int


def _in_runs(ctx: Lowering, x: Lazy, runs: Sequence[Sequence[Run]]) -> Lazy | None:
    """The node's output, put together of runs along each axis."""
    shape, type = ctx.outputs[0]
    boxes = list(itertools.product(*[[r for r in axis if r.size] for axis in runs]))
    if len(boxes) > _MOST_PARTS:
        return None

    def part(box: Sequence[Run]) -> Any:
        def where(place: Place) -> Place:
            return tuple([p + r.first for p, r in zip(place, box, strict=True)])

        def at(place: Place) -> Expr:
            return x.at(
                [p * r.step + r.source for p, r in zip(place, box, strict=True)]
            )

        return [r.size for r in box], where, at

    if not x.size:
        return ctx.pointwise(shape, type, lambda place: b.const(0, wide(type)))
    return ctx.assembled(shape, type, [part(box) for box in boxes])


def roll(ctx: Lowering, x: Lazy, shift: Any, axis: Any, **attrs: Any) -> Lazy | None:
    """Elements moved along axes; what leaves comes in at the start."""
    by = [0] * x.rank
    for s, a in zip(shift, axis, strict=True):
        by[int(a) % x.rank] += whole(s)
    runs = []
    for n, s in zip(x.shape, by, strict=True):
        s = s % n if n else 0
        runs.append([Run(0, s, n - s, 1), Run(s, n - s, 0, 1)])
    return _in_runs(ctx, x, runs)


def mirror_pad(
    ctx: Lowering, x: Lazy, paddings: Any, mode: str = "", **attrs: Any
) -> Lazy | None:
    """Margins that mirror what they stand at."""
    off = 1 if mode == "REFLECT" else 0
    runs = []
    for n, (before, after) in zip(x.shape, paddings, strict=True):
        before, after = whole(before), whole(after)
        left = Run(0, before, before - 1 + off, -1)
        right = Run(before + n, after, n - 1 - off, -1)
        runs.append([left, Run(before, n, 0, 1), right])
    return _in_runs(ctx, x, runs)


def mirror_pad_grad(
    ctx: Lowering, g: Lazy, paddings: Any, mode: str = "", **attrs: Any
) -> Lazy:
    """Margins added to what they mirror, axis by axis."""
    off = 1 if mode == "REFLECT" else 0
    for axis, (before, after) in enumerate(paddings):
        if before or after:
            g = ctx.settled(g)
            g = ctx.settled(_folded(ctx, g, axis, whole(before), whole(after), off))
    return g


def _folded(
    ctx: Lowering, g: Lazy, axis: int, before: int, after: int, off: int
) -> Lazy:
    size = g.shape[axis] - before - after
    shape = (*g.shape[:axis], size, *g.shape[axis + 1 :])

    def at(place: Place) -> Expr:
        head, i, tail = place[:axis], place[axis], place[axis + 1 :]
        out = g.at((*head, i + before, *tail))
        left = i * -1 + (before - 1 + off)
        right = i * -1 + (size - 1 - off)
        for source, count, first in ((left, before, 0), (right, after, before + size)):
            where = b.at(source)
            good = (where >= 0) & (where < b.number(count))
            safe = b.position(b.select(good, where, 0), count)
            out = out + b.select(good, g.at((*head, safe + first, *tail)), 0)
        return out

    return ctx.pointwise(shape, g.type, at)


def reverse_sequence(
    ctx: Lowering,
    x: Lazy,
    lengths: Lazy,
    seq_dim: int = 0,
    batch_dim: int = 0,
    **attrs: Any,
) -> Lazy:
    """The first elements along an axis turned round, of each row as many as it says."""
    along, rows = seq_dim % x.rank, batch_dim % x.rank
    size = x.shape[along]
    lengths = ctx.settled(lengths)

    def at(place: Place) -> Expr:
        count = b.cast(lengths.at((place[rows],)), "int64")
        good = (count >= 0) & (count <= size_of(size, along))
        count = b.checked(b.select(good, count, 0), good)
        step = b.at(place[along])
        found = b.position(b.select(step < count, count - 1 - step, step), size)
        return x.at((*place[:along], found, *place[along + 1 :]))

    return ctx.pointwise(x.shape, x.type, at)


def windows(
    ctx: Lowering,
    x: Lazy,
    taps: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    before: Sequence[int],
) -> Lazy:
    """Windows of images laid out along the channels, zeros around.

    Args:
        ctx: the backend.
        x: images ``(batch, height, width, channels)``.
        taps: the window's height and width.
        strides: how far windows lie apart.
        rates: how far their elements do.
        before: margins at the top and at the left.
    """
    (n, *outs, _), type = ctx.outputs[0]
    channels = x.shape[3]
    needed = [
        (o - 1) * s + (t - 1) * r + 1
        for o, s, t, r in zip(outs, strides, taps, rates, strict=True)
    ]
    sizes = [
        max(m, d + p) for m, d, p in zip(needed, x.shape[1:3], before, strict=True)
    ]
    padded = x
    if sizes != list(x.shape[1:3]):
        whole = (n, *sizes, channels)

        def where(place: Place) -> Place:
            return (place[0], place[1] + before[0], place[2] + before[1], place[3])

        zeros = (whole, _itself, lambda place: b.const(0, wide(type)))
        padded = ctx.assembled(whole, type, [zeros, (x.shape, where, x.at)])

    def at(place: Place) -> Expr:
        i, oy, ox, ky, kx, c = place
        row = oy * strides[0] + ky * rates[0]
        column = ox * strides[1] + kx * rates[1]
        return padded.at((i, row, column, c))

    laid = ctx.pointwise((n, *outs, *taps, channels), type, at)
    return ctx.reshaped(ctx.settled(laid), ctx.outputs[0][0])


def _itself(place: Place) -> Place:
    return place


def channel_windows(ctx: Lowering, x: Lazy, radius: int) -> Lazy:
    """Sums over channels no further than `radius` away, float32 for half floats."""
    kind = wide(x.type)
    size = x.shape[-1]
    radius = min(radius, max(size - 1, 0))
    whole = (*x.shape[:-1], size + 2 * radius)

    def where(place: Place) -> Place:
        return (*place[:-1], place[-1] + radius)

    zeros = (whole, _itself, lambda place: b.const(0, kind))
    padded = ctx.assembled(whole, kind, [zeros, (x.shape, where, x.at)])

    def update(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
        return [padded.at((*place[:-1], place[-1] + inner[0]))]

    out: Lazy = ctx.fold(x.shape, [2 * radius + 1], "sum", [(0, kind)], update)
    return out


def band_part(
    ctx: Lowering, x: Lazy, num_lower: Any, num_upper: Any, **attrs: Any
) -> Lazy:
    """Matrices with zeros outside of a band."""
    low, high = int(num_lower), int(num_upper)

    def at(place: Place) -> Expr:
        away = b.at(place[-1]) - b.at(place[-2])
        kept = b.const(True, "bool")
        if low >= 0:
            kept = kept & (away >= -low)
        if high >= 0:
            kept = kept & (away <= high)
        return b.select(kept, x.at(place), 0)

    return ctx.pointwise(x.shape, x.type, at)


class Band:
    """Where the elements of a band of diagonals stand, as expressions.

    Args:
        rows: the matrices' rows.
        cols: their columns.
        low: the lowest diagonal.
        high: the highest, which comes first.
        align: at which end superdiagonals and subdiagonals are aligned.
    """

    def __init__(self, rows: int, cols: int, low: int, high: int, align: str) -> None:
        self.rows, self.cols, self.low, self.high = rows, cols, low, high
        self.above, self.below = [side == "RIGHT" for side in align.split("_")]
        lengths = [
            min(rows + min(d, 0), cols - max(d, 0)) for d in range(low, high + 1)
        ]
        self.longest = max(lengths)

    def length(self, diagonal: Expr) -> Expr:
        """How many elements a diagonal has."""
        down = b.minimum(diagonal, 0) + self.rows
        return b.minimum(down, b.neg(b.maximum(diagonal, 0)) + self.cols)

    def begin(self, diagonal: Expr) -> Expr:
        """Where a diagonal begins in its row of the packed form."""
        shift = b.neg(self.length(diagonal)) + self.longest
        up = shift if self.above else b.const(0, "int64")
        down = shift if self.below else b.const(0, "int64")
        return b.select(diagonal >= 0, up, down)


def diag_part(
    ctx: Lowering, x: Lazy, low: int, high: int, padding: Lazy, align: str
) -> Lazy:
    """Diagonals of matrices."""
    shape, type = ctx.outputs[0]
    if low == high:

        def one(place: Place) -> Expr:
            down, across = max(-low, 0), max(low, 0)
            return x.at((*place[:-1], place[-1] + down, place[-1] + across))

        return ctx.pointwise(shape, type, one)
    if not x.size:
        return ctx.pointwise(shape, type, lambda place: padding.at(()))
    rows, cols = x.shape[-2:]
    band = Band(rows, cols, low, high, align)

    def at(place: Place) -> Expr:
        diagonal = b.neg(b.at(place[-2])) + high
        step = b.at(place[-1]) - band.begin(diagonal)
        held = (step >= 0) & (step < band.length(diagonal))
        row = b.select(held, step - b.minimum(diagonal, 0), 0)
        col = b.select(held, step + b.maximum(diagonal, 0), 0)
        spot = b.position(row, band.rows), b.position(col, band.cols)
        return b.select(held, x.at((*place[:-2], *spot)), padding.at(()))

    return ctx.pointwise(shape, type, at)


def diag_write(
    ctx: Lowering,
    under: Callable[[Place], Expr],
    diagonal: Lazy,
    low: int,
    high: int,
    align: str,
) -> Lazy:
    """Matrices with diagonals replaced.

    Args:
        ctx: the backend.
        under: the elements elsewhere.
        diagonal: the band, packed; without its axis where it is one diagonal.
        low: the lowest diagonal.
        high: the highest.
        align: as in `Band`.
    """
    shape, type = ctx.outputs[0]
    if low == high:

        def where(place: Place) -> Place:
            down, across = max(-low, 0), max(low, 0)
            return (*place[:-1], place[-1] + down, place[-1] + across)

        parts: list[Any] = [(shape, _itself, under)]
        parts.append((diagonal.shape, where, diagonal.at))
        return ctx.assembled(shape, type, parts)
    if not diagonal.size:
        return ctx.pointwise(shape, type, under)
    rows, cols = shape[-2:]
    band = Band(rows, cols, low, high, align)

    def at(place: Place) -> Expr:
        row, col = b.at(place[-2]), b.at(place[-1])
        away = col - row
        held = (away >= low) & (away <= high)
        safe = b.select(held, away, low)
        which = b.position(b.neg(safe) + high, high - low + 1)
        step = b.select(held, b.minimum(row, col) + band.begin(safe), 0)
        found = diagonal.at((*place[:-2], which, b.position(step, band.longest)))
        return b.select(held, found, under(place))

    return ctx.pointwise(shape, type, at)


def tensor_diag(ctx: Lowering, x: Lazy, **attrs: Any) -> Lazy:
    """A tensor on the diagonal of one of twice its rank."""
    shape, type = ctx.outputs[0]
    zeros = (shape, _itself, lambda place: b.const(0, wide(type)))
    return ctx.assembled(
        shape, type, [zeros, (x.shape, lambda place: (*place, *place), x.at)]
    )


def tensor_diag_part(ctx: Lowering, x: Lazy, **attrs: Any) -> Lazy:
    """The diagonal of a tensor of twice the rank."""
    shape, type = ctx.outputs[0]
    return ctx.pointwise(shape, type, lambda place: x.at((*place, *place)))


def cross(ctx: Lowering, x: Lazy, y: Lazy, **attrs: Any) -> Lazy:
    """Products of vectors of three."""
    x, y = ctx.settled(x), ctx.settled(y)

    def at(place: Place) -> Expr:
        def part(i: int) -> Expr:
            j, k = [(*place[:-1], Index({}, (i + n) % 3)) for n in (1, 2)]
            return x.at(j) * y.at(k) - x.at(k) * y.at(j)

        which = b.at(place[-1])
        rest = b.select(b.eq(which, 1), part(1), part(2))
        return b.select(b.eq(which, 0), part(0), rest)

    return ctx.pointwise(x.shape, x.type, at)


def bound(side: str) -> Callable[..., Lazy | None]:
    """The lowering of a search in sorted rows.

    Args:
        side: "left": before equals; "right": after them.
    """

    def lower(ctx: Lowering, x: Lazy, values: Lazy, **attrs: Any) -> Lazy:
        shape, type = ctx.outputs[0]
        size = x.shape[-1]
        x, values = ctx.settled(x), ctx.settled(values)
        steps = [1 << k for k in reversed(range(max(size, 1).bit_length()))]

        def at(place: Place) -> Expr:
            value = values.at(place)
            found = b.const(0, "int64")
            for step in steps if size else []:
                ahead = found + step
                there = b.position(b.minimum(ahead, size) - 1, size)
                element = x.at((*place[:-1], there))
                if side == "left":
                    before = element < value
                else:
                    before = ~(value < element)
                found = b.select(before & (ahead <= size), ahead, found)
            return b.cast(found, type)

        return ctx.pointwise(shape, type, at)

    return lower


def in_top_k(
    ctx: Lowering, predictions: Lazy, targets: Lazy, k: Any, **attrs: Any
) -> Lazy | None:
    """Whether fewer than k classes have more than the target."""
    rows, size = predictions.shape
    if not size:
        return None
    predictions, targets = ctx.settled(predictions), ctx.settled(targets)

    def inside(place: Place) -> tuple[Expr, Expr]:
        target = b.cast(targets.at((place[0],)), "int64")
        good = (target >= 0) & (target < size)
        return good, b.select(good, target, 0)

    def update(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
        own = predictions.at((place[0], b.position(inside(place)[1], size)))
        other = predictions.at((place[0], inner[0]))
        # what is not finite counts as more than all classes
        more = b.select(b.abs(other) < math.inf, b.cast(other > own, "int64"), size + 1)
        return [more]

    def finish(place: Any, gathered: list[Expr]) -> Expr:
        good = inside(place)[0] & (gathered[0] <= size)
        return good & (gathered[0] < b.number(whole(k)))

    out: Lazy = ctx.fold(
        (rows,), [size], "sum", [(0, "int64")], update, finish, False, ["bool"]
    )
    return out


def half_sum_of_squares(ctx: Lowering, x: Lazy, **attrs: Any) -> Lazy:
    """Half the sum of squares of all elements."""

    def update(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
        found = b.cast(x.at(inner), "float64")
        return [found * found]

    def finish(place: Any, gathered: list[Expr]) -> Expr:
        return b.cast(gathered[0] * 0.5, wide(x.type))

    out: Lazy = ctx.fold(
        (), list(x.shape), "sum", [(0, "float64")], update, finish, True, [x.type]
    )
    return out
