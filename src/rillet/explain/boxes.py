"""Shapes as pictures: the boxes of a matrix product, tensors of rank 0 to 5 as cubes.

In: shapes or tensors. Out: drawings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rillet.explain.picture import Drawing, refuse
from rillet.explain.svg import CHARACTER, Sheet

_CELL: Final = 22.0
_SLANT: Final = 8.0
_MOST: Final = 5
#: Cubes stand side by side up to this width.
_WIDTH: Final = 700.0


@dataclass(eq=False)
class Product(Drawing):
    """The boxes of a matrix product: y stands above what comes out, x left of it.

    Attributes:
        x: shape of the first matrix ``(a, b)``.
        y: of the second ``(b, c)``.
        out: of the product ``(a, c)``.
    """

    x: tuple[int, int]
    y: tuple[int, int]
    out: tuple[int, int]

    @property
    def svg(self) -> str:
        """A row of x and a column of y give one element."""
        sheet = Sheet(f"Matrix product of {self.x} and {self.y}")
        largest = max(*self.x, *self.y)

        def length(n: int) -> float:
            return 40.0 + 130.0 * n / largest

        a, b, c = length(self.x[0]), length(self.x[1]), length(self.y[1])
        gap = 46.0
        sheet.box(0, b + gap, b, a, "input")
        sheet.box(b + gap, 0, c, b, "variable")
        sheet.box(b + gap, b + gap, c, a, "result")
        row, column = a * 0.35, c * 0.6
        sheet.box(0, b + gap + row, b, 12, "op", "a row of x")
        sheet.box(b + gap + column, 0, 12, b, "op", "a column of y")
        sheet.box(b + gap + column, b + gap + row, 12, 12, "op", "their dot product")
        dashed = "stroke-dasharray: 4 3"
        across = b + gap + row + 6
        sheet.line([(b, across), (b + gap + column, across)], style=dashed)
        down = b + gap + column + 6
        sheet.line([(down, b), (down, b + gap + row)], style=dashed)
        sheet.text(b / 2, b + gap + a + 18, f"x {self.x}", "head")
        sheet.text(b + gap + c / 2, -10, f"y {self.y}", "head")
        sheet.text(b + gap + c / 2, b + gap + a + 18, f"x · y {self.out}", "head")
        return sheet.done()

    def __str__(self) -> str:
        return f"{self.x} · {self.y} = {self.out}"

    __repr__ = __str__


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, tuple) and all(isinstance(n, int) for n in value):
        return value
    return tuple(int(n) for n in np.shape(value))


def matmul(x: Any, y: Any) -> Product:
    """The box diagram of a matrix product.

    Args:
        x: a matrix, or its shape as a tuple.
        y: a matrix, or its shape as a tuple.

    Raises:
        ValueError: where x's columns are not as many as y's rows.

    Example:
        >>> import rillet as tf
        >>> tf.explain.matmul((3, 4), (4, 2))
        (3, 4) · (4, 2) = (3, 2)
    """
    a, b = _shape(x), _shape(y)
    if len(a) != 2 or len(b) != 2 or a[1] != b[0]:
        raise refuse(
            "explain.matmul",
            "x's columns must be as many as y's rows",
            f"{a} and {b}",
        )
    return Product((a[0], a[1]), (b[0], b[1]), (a[0], b[1]))


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
    given = {_name(_shape(t), k): _shape(t) for k, t in enumerate(tensors)}
    given |= {name: _shape(t) for name, t in named.items()}
    if not given:
        examples = ((), (4,), (3, 4), (3, 3, 4), (2, 3, 3, 3), (2, 2, 2, 3, 3))
        given = {_name(s, -1): s for s in examples}
    for name, shape in given.items():
        if len(shape) > 5 or 0 in shape:
            raise refuse(
                "explain.shapes",
                "tensors of rank 0 to 5 that hold something can be drawn",
                f"{name} of shape {shape}",
            )
    cells = {n: int(np.prod(_cut(s), dtype=int)) for n, s in given.items()}
    return Shapes(given, cells)


def _name(shape: tuple[int, ...], at: int) -> str:
    kinds = ("scalar", "vector", "matrix", "cube", "row of cubes", "sheet of cubes")
    kind = kinds[min(len(shape), 5)]
    return kind if at <= 0 else f"{kind} {at + 1}"
