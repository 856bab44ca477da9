"""What the generator of matrix products writes for, and what it passes around.

In flows the choice of `products`; out flow the tuples that `products_ir` and its parts
read.
"""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """What is constant in the code of a product.

    Attributes:
      kind: what `[lo, hi)` counts: "rows" of out, "columns" of out, or "partial": terms
        of the sums, with a part of `out` for each block.
      element: LLVM's name of the dtype.
      lanes: elements of the sums in a vector.
      rows: rows in a tile.
      vectors: vectors across a tile.
      tail_vectors: vectors across the last panel; 0: panels divide the columns.
      tail_lanes: columns in the last vector of the last panel.
      transposed_a: a is stored as `(k, m)`.
      transposed_b: b is stored as `(n, k)`.
      columns: n; it is not looked at where blocks are of columns.
      step_a: elements from one stored row of a to the next.
      step_b: elements from one stored row of b to the next.
      step_out: elements from one row of out to the next.
      adds: whether sums may begin with what stands in out.
      packs: whether b's rows of a panel are copied first.
      ahead: bytes ahead of its use that a row of a is asked for; 0: never.
      stack: dimensions before the matrices.
      masked: whether the processor loads and stores under masks.
      open: whether n and the three steps are words after all others, because they
        vary: their fields are 0.
    """

    kind: str
    element: str
    lanes: int
    rows: int
    vectors: int
    tail_vectors: int
    tail_lanes: int
    transposed_a: bool
    transposed_b: bool
    columns: int
    step_a: int
    step_b: int
    step_out: int
    adds: bool
    packs: bool
    ahead: int
    stack: int
    masked: bool
    open: bool = False


class DotForm(NamedTuple):
    """What is constant in the code of a matrix's product with a vector.

    Attributes:
      element: LLVM's name of the dtype, "float" or "double".
      lanes: elements in a vector register.
      step: elements from a row of the matrix to the next.
      masked: whether the processor loads under masks.
    """

    element: str
    lanes: int
    step: int
    masked: bool


class Place(NamedTuple):
    """Where a segment of the work lies."""

    a: str
    b: str
    out: str
    k: str
    rows: tuple[str, str]
    columns: tuple[str, str]


class Cut(NamedTuple):
    """A range of k within a segment."""

    begin: str
    extent: str
    fresh: str


class Panel(NamedTuple):
    """Columns that are done together, and b's rows of them."""

    b: str
    step_b: str
    out: str
    masks: tuple[str, ...]
