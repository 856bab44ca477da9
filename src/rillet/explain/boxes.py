"""Shapes as pictures: the boxes of a matrix product, tensors of rank 0 to 5 as cubes.

In: shapes or tensors. Out: drawings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rillet.core.shapes import TensorShape
from rillet.explain.picture import Drawing, refuse
from rillet.explain.svg import CHARACTER, Sheet

_CELL: Final = 22.0
_SLANT: Final = 8.0
_MOST: Final = 5
#: Matrices of a batch that are drawn, and how thick a row or column of one is.
_SHEETS: Final = 3
_STRIP: Final = 12.0
#: Cubes stand side by side up to this width.
_WIDTH: Final = 700.0


@dataclass(eq=False)
class Product(Drawing):
    """The boxes of a matrix product: y stands above what comes out, x left of it.

    Attributes:
        x: shape of the first tensor ``(..., a, b)``, or of a vector ``(b,)``.
        y: of the second ``(..., b, c)``, or of a vector ``(b,)``.
        out: of the product ``(..., a, c)``, without ``a`` or ``c`` for a vector.
    """

    x: tuple[int, ...]
    y: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def svg(self) -> str:
        """A row of x and a column of y give one element."""
        sheet = Sheet(f"Matrix product of {self.x} and {self.y}")
        rows, columns = _matrix(self.x, 0), _matrix(self.y, 1)
        largest = max(*rows[-2:], *columns[-2:], 1)

        def length(n: int) -> float:
            return 40.0 + 130.0 * n / largest

        a, b, c = length(rows[-2]), length(rows[-1]), length(columns[-1])
        batch = np.broadcast_shapes(rows[:-2], columns[:-2])
        gap = 46.0 + max(map(_behind, (rows[:-2], columns[:-2])))
        _stack(sheet, (0, b + gap), (b, a), "input", rows[:-2])
        _stack(sheet, (b + gap, 0), (c, b), "variable", columns[:-2])
        _stack(sheet, (b + gap, b + gap), (c, a), "result", batch)
        # a row that is alone is the whole box
        high = a if rows[-2] == 1 else _STRIP
        wide = c if columns[-1] == 1 else _STRIP
        row, column = 0.35 * (a - high), 0.6 * (c - wide)
        sheet.box(0, b + gap + row, b, high, "op", "a row of x")
        sheet.box(b + gap + column, 0, wide, b, "op", "a column of y")
        sheet.box(
            b + gap + column, b + gap + row, wide, high, "op", "their dot product"
        )
        dashed = "stroke-dasharray: 4 3"
        across = b + gap + row + high / 2
        sheet.line([(b, across), (b + gap + column, across)], style=dashed)
        down = b + gap + column + wide / 2
        sheet.line([(down, b), (down, b + gap + row)], style=dashed)
        foot = b + gap + a + 18
        first, last = f"x {self.x}", f"x · y {self.out}"
        # below each other where they would touch
        left, right = b / 2, b + gap + c / 2
        touch = right - left < CHARACTER * (len(first) + len(last)) / 2 + 12
        sheet.text(left, foot, first, "head")
        sheet.text(right, -10 - _behind(columns[:-2]), f"y {self.y}", "head")
        sheet.text(right, foot + 18 * touch, last, "head")
        if batch:
            count = int(np.prod(batch, dtype=int))
            said = f"product{'s' * (count != 1)}, a batch of shape {batch}"
            sheet.text(
                (b + gap + c) / 2, foot + 18 * touch + 20, f"{count} {said}", "faint"
            )
        return sheet.done()

    def __str__(self) -> str:
        return f"{self.x} · {self.y} = {self.out}"

    __repr__ = __str__


def _matrix(shape: tuple[int, ...], vector: int) -> tuple[int, ...]:
    """A vector's shape as that of a row (0) or a column (1); others as they are."""
    if len(shape) > 1:
        return shape
    return (*shape, 1) if vector else (1, *shape)


def _behind(batch: tuple[int, ...]) -> float:
    """How far the sheets of a batch stand out behind its first one."""
    return _SLANT * (int(np.clip(np.prod(batch), 1, _SHEETS)) - 1)


def _stack(
    sheet: Sheet,
    place: tuple[float, float],
    size: tuple[float, float],
    kind: str,
    batch: tuple[int, ...],
) -> None:
    """A matrix, before the others of its batch."""
    for out in np.arange(_behind(batch), -1, -_SLANT):
        sheet.box(place[0] + out, place[1] - out, *size, kind)


def _shape(op: str, value: Any) -> tuple[int, ...]:
    """The shape of a tensor, or that a tuple tells.

    Raises:
        ValueError: where a size is none, or unknown.
    """
    if not isinstance(value, (tuple, TensorShape)):
        return tuple(int(n) for n in np.shape(value))
    sizes = tuple(value)
    if not all(isinstance(n, (int, np.integer)) and n >= 0 for n in sizes):
        raise refuse(
            op,
            "a tuple is a shape, of whole numbers from 0 on",
            sizes,
            "Put a number in place of None" if None in sizes else "",
        )
    return tuple(map(int, sizes))


def matmul(x: Any, y: Any) -> Product:
    """The box diagram of a matrix product, of one of a batch, or with a vector.

    A vector is a row as x and a column as y, and sizes before the last two are those
    of a batch and broadcast: what `numpy.matmul` and ``x @ y`` of arrays do.
    `tf.matmul` takes no vectors; `tf.linalg.matvec` multiplies a matrix by one.

    Args:
        x: a tensor of rank 1 or more, or its shape as a tuple.
        y: likewise.

    Raises:
        ValueError: where x's columns are not as many as y's rows, batches do not
            broadcast, or one is a scalar.

    Example:
        >>> import rillet as tf
        >>> tf.explain.matmul((3, 4), (4, 2))
        (3, 4) · (4, 2) = (3, 2)
        >>> tf.explain.matmul((8, 3, 4), (4,))
        (8, 3, 4) · (4,) = (8, 3)
    """
    op = "explain.matmul"
    a, b = _shape(op, x), _shape(op, y)
    if not a or not b:
        raise refuse(op, "a scalar has no rows", f"{a} and {b}", "Multiply with x * y")
    rows, columns = _matrix(a, 0), _matrix(b, 1)
    if rows[-1] != columns[-2]:
        raise refuse(
            op,
            f"the last size of x, {rows[-1]}, must be the"
            f" {'only' if len(b) == 1 else 'last but one'} size of y, {columns[-2]}",
            f"{a} and {b}",
        )
    try:
        batch = np.broadcast_shapes(rows[:-2], columns[:-2])
    except ValueError:
        raise refuse(
            op,
            f"batches {rows[:-2]} and {columns[:-2]} must be alike, or 1 where they"
            " differ",
            f"{a} and {b}",
        ) from None
    one, other = rows[-2:-1] if len(a) > 1 else (), columns[-1:] if len(b) > 1 else ()
    return Product(a, b, (*batch, *one, *other))


@dataclass(eq=False)
class Shapes(Drawing):
    """Tensors as cubes.

    Attributes:
        shapes: by name.
        cells: by name, how many little cubes are drawn.
    """

    shapes: dict[str, tuple[int, ...]]
    cells: dict[str, int]

    @property
    def svg(self) -> str:
        """A row, a sheet, a cube, a row of cubes, a sheet of cubes."""
        sheet = Sheet("Tensors as cubes")
        top = 0.0
        for row in self._rows():
            foot = top + max(_size(self.shapes[name])[1] for name in row)
            x = 0.0
            for name in row:
                shape = self.shapes[name]
                width, height = _size(shape)
                _cubes(sheet, x, foot - height, shape)
                sheet.text(x + width / 2, foot + 18, name, "head")
                sheet.text(x + width / 2, foot + 34, _told(shape), "faint")
                x += _room(shape)
            top = foot + 64
        return sheet.done()

    def _rows(self) -> list[list[str]]:
        """The names side by side, as many as there is room for."""
        rows: list[list[str]] = [[]]
        free = _WIDTH
        for name, shape in self.shapes.items():
            if rows[-1] and _room(shape) > free:
                rows.append([])
                free = _WIDTH
            rows[-1].append(name)
            free -= _room(shape)
        return rows

    def __str__(self) -> str:
        return "\n".join(f"{n}: rank {len(s)} {s}" for n, s in self.shapes.items())

    __repr__ = __str__


def _cut(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(min(n, _MOST) for n in shape)


def _told(shape: tuple[int, ...]) -> str:
    return f"rank {len(shape)}, shape {shape}"


def _cube(shape: tuple[int, ...]) -> tuple[float, float, float]:
    """How far a tensor's cubes slant, and the width and height of one."""
    deep, high, wide = ((1,) * (5 - len(shape)) + _cut(shape))[2:]
    depth = _SLANT * (deep - 1)
    return depth, wide * _CELL + depth + _SLANT, high * _CELL + depth + _SLANT


def _size(shape: tuple[int, ...]) -> tuple[float, float]:
    """Width and height of a tensor."""
    lines, blocks = ((1,) * (5 - len(shape)) + _cut(shape))[:2]
    _, across, down = _cube(shape)
    return blocks * (across + 14) - 14, lines * (down + 14) - 14


def _room(shape: tuple[int, ...]) -> float:
    return max(_size(shape)[0], CHARACTER * len(_told(shape))) + 30


def _cubes(sheet: Sheet, left: float, top: float, shape: tuple[int, ...]) -> None:
    """Draw one tensor."""
    lines, blocks, deep, high, wide = (1,) * (5 - len(shape)) + _cut(shape)
    depth, across, down = _cube(shape)
    for line in range(lines):
        for block in range(blocks):
            x, y = left + block * (across + 14), top + line * (down + 14)
            for k in reversed(range(deep)):
                _layer(
                    sheet, x + k * _SLANT, y + depth - k * _SLANT + _SLANT, high, wide
                )


def _layer(sheet: Sheet, x: float, y: float, high: int, wide: int) -> None:
    for row in range(high):
        for column in range(wide):
            a, b = x + column * _CELL, y + row * _CELL
            if row == 0:
                sheet.path(
                    f"M{a:.0f} {b:.0f}l{_SLANT} {-_SLANT}h{_CELL}l{-_SLANT} {_SLANT}z",
                    [(a, b - _SLANT)],
                    "fill: var(--op)",
                )
            if column == wide - 1:
                sheet.path(
                    f"M{a + _CELL:.0f} {b:.0f}l{_SLANT} {-_SLANT}v{_CELL}"
                    f"l{-_SLANT} {_SLANT}z",
                    [(a + _CELL + _SLANT, b)],
                    "fill: var(--variable)",
                )
            sheet.box(a, b, _CELL, _CELL, "input")


def shapes(*tensors: Any, **named: Any) -> Shapes:
    """Tensors of rank 0 to 5 as cubes; at most 5 along each side are drawn.

    Args:
        *tensors: tensors, arrays, or shapes as tuples; without any, one of each rank.
        **named: likewise, with names.

    Raises:
        ValueError: where a rank is above 5, or a tensor is empty.

    Example:
        >>> import rillet as tf
        >>> tf.explain.shapes(image=(28, 28), batch=tf.zeros((2, 3, 4)))
        image: rank 2 (28, 28)
        batch: rank 3 (2, 3, 4)
    """
    op = "explain.shapes"
    found = [_shape(op, t) for t in tensors]
    given = {_name(shape, k): shape for k, shape in enumerate(found)}
    given |= {name: _shape(op, t) for name, t in named.items()}
    if not given:
        examples = ((), (4,), (3, 4), (3, 3, 4), (2, 3, 3, 3), (2, 2, 2, 3, 3))
        given = {_name(s, -1): s for s in examples}
    for name, shape in given.items():
        if len(shape) > 5 or 0 in shape:
            raise refuse(
                op,
                "tensors of rank 0 to 5 that hold something can be drawn",
                f"{name} of shape {shape}",
            )
    cells = {n: int(np.prod(_cut(s), dtype=int)) for n, s in given.items()}
    return Shapes(given, cells)


def _name(shape: tuple[int, ...], at: int) -> str:
    kinds = ("scalar", "vector", "matrix", "cube", "row of cubes", "sheet of cubes")
    kind = kinds[min(len(shape), 5)]
    return kind if at <= 0 else f"{kind} {at + 1}"
