"""Matrix products for native programs: which kernel, on which words, in which blocks.

In flows what is multiplied: two `Operand`s and a dtype; out flows a `Plan`, which
`lower` turns into a call. The code of a kernel depends on inner sizes only: the number
of rows, of terms, and of matrices in a stack are words, so that a smaller batch
compiles nothing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from rillet.backends.native import products_dot, products_ir, products_narrow
from rillet.backends.native.calls import Kernel
from rillet.backends.native.host import Facts, facts
from rillet.backends.native.products_form import DotForm, Form
from rillet.backends.native.products_operands import Operand as Operand
from rillet.backends.native.products_operands import (
    Shape,
    Stack,
    alignment,
    lies_dense,
    stack_of,
)
from rillet.backends.native.sizes import plain, varies

_BLOCK_WORK: Final = 1 << 22
_MATRIX_WORK: Final = 1 << 21
_MOST_PARTS: Final = 64
_MANY: Final = 4  # vectors across a tile whose columns vary: more than two, not three
_PAGE: Final = 4096
_AHEAD: Final = 128
_LEAST_LONG: Final = 64
_LEAST_MASKED: Final = 32  # bytes of vectors that are loaded under masks
_ROWS_AHEAD: Final = 4
_DOT_TIME: Final = 4  # times what a multiply-add takes in a tile: memory is the limit
_READING: Final = 75.0  # bytes a nanosecond that one core reads past its own cache
_ELEMENTS: Final = {
    "float32": ("float", 4, 4),
    "float64": ("double", 8, 8),
    "float16": ("half", 2, 4),
    "bfloat16": ("bfloat", 2, 4),
}


class Plan(NamedTuple):
    """A call that computes a product.

    Attributes:
      kernel: the native function.
      words: its words: "a", "b" and "out" stand for addresses.
      extent: of what is cut in blocks.
      align: for "a", "b" and "out", whether a range of the extent touches only its
        share of the buffer.
      ns_per_row: estimated nanoseconds for one of the extent.
      block: how many of the extent make a good block.
      scratch: bytes that a thread needs.
      parts: whether `out` has a part for each block, `(blocks, m, n)`, to be added
        up; otherwise it is `(..., m, n)`.
    """

    kernel: Kernel
    words: tuple[str | int, ...]
    extent: int
    align: Mapping[str, bool]
    ns_per_row: float
    block: int
    scratch: int
    parts: bool


def product(
    a: Operand,
    b: Operand,
    dtype: str,
    *,
    accumulate: bool = False,
    by: str = "",
    step_out: int = 0,
    machine: Facts | None = None,
) -> Plan | None:
    """Plans the product of two matrices, or of two stacks of them.

    Args:
      a: `(..., m, k)` after transposition.
      b: `(..., k, n)` after transposition; dimensions of the stacks are broadcast.
      dtype: "float32", "float64", "float16" or "bfloat16", of all three; the sums of
        the last two are float32.
      accumulate: add to `out`.
      by: what the blocks are cut of: "rows" of out (of all matrices), "matrices" of a
        stack, "columns" of out, or "terms": every block sums a range of k into a part
        of its own. Chosen by the shape where it is empty.
      step_out: elements from a row of out to the next; n where it is 0.
      machine: what code is made for; this machine by default.

    Returns:
      The plan; None where this processor cannot convert the dtype.

    Raises:
      ValueError: inner extents differ, the dtype is another, or `by` does not suit.

    Example:
      >>> plan = product(Operand(128, 784), Operand(784, 512), "float32")
      >>> plan.extent, plan.align["out"], plan.align["b"]
      (128, True, False)
    """
    machine = machine or facts()
    if dtype not in _ELEMENTS:
        raise ValueError(
            f"product: the dtype must be one of {', '.join(_ELEMENTS)}: got {dtype}"
        )
    m, k = (a.columns, a.rows) if a.transposed else (a.rows, a.columns)
    inner, n = (b.columns, b.rows) if b.transposed else (b.rows, b.columns)
    if inner != k:
        raise ValueError(
            f"product: inner extents differ: {m} x {k} times {inner} x {n}; they must "
            "be equal"
        )
    if dtype == "float16" and not _converts_half(machine):
        return None
    if a.stack and not (b.stack or a.transposed or step_out) and lies_dense(a):
        # One product of all the rows: b is read once, not once a matrix.
        return product(
            Operand(math.prod(a.stack) * a.rows, a.columns),
            b,
            dtype,
            accumulate=accumulate,
            by="rows" if by == "matrices" else by,
            machine=machine,
        )
    made = _Product(
        a,
        b,
        Shape(m, n, k),
        dtype,
        accumulate,
        by,
        stack_of(a, b),
        step_out or n,
        machine,
    )
    return _with_vector(made) or _narrow(made) or _tiled(made)


class _Product(NamedTuple):
    """What is asked for."""

    a: Operand
    b: Operand
    shape: Shape
    dtype: str
    accumulate: bool
    by: str
    stack: Stack | None
    step_out: int
    machine: Facts

    @property
    def open(self) -> bool:
        """Whether sizes vary that code would hold."""
        steps = (_step(self.a), _step(self.b), self.step_out)
        return any(map(varies, (self.shape.n, *steps)))


def _step(matrix: Operand) -> int:
    """Elements from a row to the next."""
    if varies(matrix.step):
        return matrix.step
    return matrix.step or matrix.columns


def _with_vector(made: _Product) -> Plan | None:
    """The plan where one of the matrices is a vector along k; None where not."""
    a, b, (m, n, k), dtype, accumulate, by, stack, step_out, machine = made
    if stack or step_out != n or (m != 1 and n != 1):
        return None
    if n == 1 and a.transposed and by in ("", "rows", "terms") and m > 1:
        # The transpose of the product: its vector comes first, its sums are columns.
        turned = made._replace(
            a=b._replace(transposed=not b.transposed),
            b=a._replace(transposed=False),
            shape=Shape(1, m, k),
            by="terms" if by == "terms" else "columns",
            step_out=m,
        )
        return _exchanged(_tiled(turned))
    if dtype not in ("float32", "float64") or made.open:
        return None
    if n == 1 and not a.transposed and by in ("", "rows") and _side_by_side(b):
        return _dot(made, a)
    if m == 1 and b.transposed and by in ("", "columns") and _side_by_side(a):
        return _exchanged(_dot(made, b))
    return None


def _side_by_side(vector: Operand) -> bool:
    return vector.rows == 1 or (vector.columns == 1 and vector.step in (0, 1))


def _exchanged(plan: Plan) -> Plan:
    """The plan with a for b and b for a."""
    other = {"a": "b", "b": "a", "out": "out"}
    return plan._replace(
        words=tuple(other[w] if isinstance(w, str) else w for w in plan.words),
        align={other[name]: share for name, share in plan.align.items()},
    )


def _dot(made: _Product, matrix: Operand) -> Plan:
    """A matrix in rows times a vector, as if the matrix came first."""
    element, _, size = _ELEMENTS[made.dtype]
    lanes = made.machine.vector_bytes // size
    k = made.shape.k
    form = DotForm(
        element, lanes, matrix.step or matrix.columns, made.machine.vector_bytes >= 32
    )
    return Plan(
        Kernel(f"product_dot_{element}", _text(form)),
        ("a", "b", "out", k, int(made.accumulate)),
        matrix.rows,
        {"a": lies_dense(matrix), "b": False, "out": True},
        k * _DOT_TIME / _rate(made.machine, lanes),
        max(32, _BLOCK_WORK // _DOT_TIME // max(k, 1) // 4 * 4),
        0,
        False,
    )


def _narrow(made: _Product) -> Plan | None:
    """The plan where columns are so few that vectors had better run the other way."""
    a, b, (m, n, k), dtype, accumulate, by, stack, step_out, machine = made
    by = by or _choice(made.shape, stack)
    if not _suits_narrow(made, by):
        return None
    element, size, _ = _ELEMENTS[dtype]
    lanes = machine.vector_bytes // size
    partial = by == "terms"
    vectors = 2 if partial else 1
    step_a = a.step or a.columns
    form = Form(
        kind="narrow_partial" if partial else "narrow",
        element=element,
        lanes=lanes,
        rows=1 if partial else _narrow_rows(n, machine),
        vectors=vectors,
        tail_vectors=0,
        tail_lanes=0,
        transposed_a=a.transposed,
        transposed_b=b.transposed,
        columns=n,
        step_a=step_a,
        step_b=b.step or b.columns,
        step_out=step_out,
        adds=accumulate,
        packs=not partial and not b.transposed,
        # what comes after the strip that comes after
        ahead=2 * vectors * lanes * size if partial else _ROWS_AHEAD * step_a * size,
        stack=0,
        masked=True,
    )
    long = m if partial else k
    wide = -(-long // lanes) * lanes
    return Plan(
        Kernel(_name(form), _text(form)),
        ("a", "b", "out", m, k, int(accumulate), 0, *([m * n] if partial else [])),
        k if partial else m,
        alignment(a, b, made.shape, by, None, step_out),
        wide * n / _rate(machine, lanes),
        max(64, machine.l2 // 2 // (long * size) // 8 * 8),
        n * (vectors * lanes if partial else wide) * size,
        partial,
    )


def _suits_narrow(made: _Product, by: str) -> bool:
    """Whether vectors across out would be half empty, and others would not."""
    a, b, (m, n, k), dtype, accumulate, _, stack, _, machine = made
    _, size, sum_size = _ELEMENTS[dtype]
    lanes = machine.vector_bytes // size
    if stack or size != sum_size or machine.vector_bytes < _LEAST_MASKED or made.open:
        return False
    if n < 2 or 5 * n > 4 * lanes * -(-n // lanes):
        return False
    if by == "terms":
        plain = a.transposed and not (b.transposed or accumulate)
        return plain and 2 * (n + 1) < machine.registers and m >= _LEAST_LONG
    # The columns that were turned are read again and again.
    fits = k >= _LEAST_LONG and n * k * size <= machine.l1
    return by == "rows" and not a.transposed and fits and n + 2 <= machine.registers


def _narrow_rows(columns: int, machine: Facts) -> int:
    """Rows whose sums with each column stand in registers, beside factors."""
    rows = 8
    while rows > 1 and rows * (columns + 1) + 1 > machine.registers:
        rows //= 2
    return rows


def _tiled(made: _Product) -> Plan:
    a, b, (m, n, k), dtype, accumulate, _, stack, step_out, machine = made
    by = made.by or _choice(made.shape, stack)
    if stack and by not in ("rows", "matrices") or by == "matrices" and not stack:
        raise ValueError(
            f"product: blocks of {by} do not suit stacks {a.stack} and {b.stack}; use "
            f"{'rows or matrices' if stack else 'rows'}"
        )
    element, size, sum_size = _ELEMENTS[dtype]
    lanes = machine.vector_bytes // sum_size
    opened = made.open
    rows, vectors = _tile(_MANY if opened else -(-n // lanes), m, by, machine)
    width = vectors * lanes
    left = 0 if by == "columns" or opened else n % width
    tail_vectors = -(-left // lanes)
    step_b = _step(b)
    packs = b.transposed or size != sum_size
    cut = _cut(made, by, width, step_b)
    form = Form(
        {"matrices": "rows", "terms": "partial"}.get(by, by),
        element,
        lanes,
        rows,
        vectors,
        tail_vectors,
        left - (tail_vectors - 1) * lanes if left else 0,
        a.transposed,
        b.transposed,
        0 if by == "columns" or opened else n,
        *((0, 0, 0) if opened else (_step(a), step_b, step_out)),
        # The code must not tell whether k, which may be a batch, is cut.
        accumulate or by == "terms" or a.transposed or varies(k) or k > cut,
        packs,
        # Strips of a that are read once, a short piece of each row: no processor
        # guesses what comes next.
        _AHEAD if a.transposed and not opened and n <= width else 0,
        len(stack.extents) if stack else 0,
        machine.vector_bytes >= 32,
        opened,
    )
    words: list[str | int] = ["a", "b", "out", m, k, int(accumulate), cut]
    matrices = math.prod(stack.extents) if stack else 1
    extent = {"rows": m * matrices, "matrices": matrices, "columns": n, "terms": k}[by]
    if by == "terms":
        words.append(m * n)
    elif stack:
        words.append(m if by == "matrices" else 1)
        for sizes in zip(*stack, strict=True):
            words += sizes
    if opened:
        words += [n, _step(a), step_b, step_out]
    wide = -(-n // lanes) * lanes  # lanes without a column take their time, too
    work = {
        "rows": wide * k,
        "matrices": m * wide * k,
        "columns": m * k,
        "terms": m * wide,
    }[by]
    return Plan(
        Kernel(_name(form), _text(form)),
        tuple(words),
        extent,
        alignment(a, b, made.shape, by, stack, step_out),
        max(work / _rate(machine, lanes), _reading(made) if by == "columns" else 0.0),
        _block(made, by, work, form),
        ((cut if varies(k) else min(cut, k)) + lanes) * width * sum_size
        if packs
        else 0,
        by == "terms",
    )


def _choice(shape: Shape, stack: Stack | None) -> str:
    """What blocks are cut of, by inner extents where they tell."""
    if stack:
        return "matrices" if math.prod(shape) <= _MATRIX_WORK else "rows"
    if shape.m == 1 and shape.n > 1:
        return "columns"
    return "rows"


def _tile(columns: int, m: int, by: str, machine: Facts) -> tuple[int, int]:
    """Rows and vectors of a tile, for columns that fill so many vectors.

    Eight rows, so that batches of 32, 64 and 128 are whole numbers of tiles.
    """
    if m == 1 and by in ("columns", "terms"):
        return 1, min(columns, 8)
    if machine.registers < 32:
        # Without fused multiply-adds a product takes a register, too.
        return (
            (8, 1) if columns == 1 else (6, 2) if machine.vector_bytes > 16 else (4, 2)
        )
    if columns == 1:
        return 16, 1
    # Three vectors read b half as often as two; but a last panel of one is slow.
    return (8, 3) if columns == 3 or columns > 16 else (8, 2)


def _cut(made: _Product, by: str, width: int, step_b: int) -> int:
    """How many terms are summed at a time: what they read stays in cache."""
    m, n, k = made.shape
    _, size, sum_size = _ELEMENTS[made.dtype]
    if size != sum_size:
        return max(k, 1)  # sums on their way are not rounded
    if made.open and by != "terms":
        return max(256, made.machine.l2 // 4 // (width * size))
    if by == "terms":
        return max(64, made.machine.l2 // 2 // ((m + n + 1) * size))
    if step_b * size >= _PAGE and not made.b.transposed:
        return 256  # rows a page apart share few places of a cache
    return max(256, made.machine.l2 // 4 // (width * size))


def _block(made: _Product, by: str, work: int, form: Form) -> int:
    """How many of the extent make a good block: a multiple of what a tile takes."""
    _, n, k = made.shape
    if by != "terms":  # a matter of speed alone
        n, k, work = plain(n), plain(k), plain(work)
    size, cache = _ELEMENTS[made.dtype][1], made.machine.l2
    width = form.vectors * form.lanes
    unit = {"rows": form.rows, "matrices": 1, "columns": width, "terms": 16}[by]
    wanted = _BLOCK_WORK // max(work, 1)
    if by == "rows":
        # Rows of a, to be read again by whoever follows; and b's, read again by blocks.
        wanted = min(wanted, cache // 2 // (max(k, 1) * size))
        least = 128 if n * k * size > 2 * cache else 64 if form.packs else 32
        wanted = max(wanted, least)
    elif by == "terms":
        wanted = max(wanted, -(-k // _MOST_PARTS), 64)
    return -(-max(wanted, 1) // unit) * unit


def _reading(made: _Product) -> float:
    """Nanoseconds that a column of a large b takes to come, which is used once."""
    n, k = plain(made.shape.n), plain(made.shape.k)
    size = _ELEMENTS[made.dtype][1]
    return k * size / _READING if n * k * size > made.machine.l2 // 2 else 0.0


def _rate(machine: Facts, lanes: int) -> float:
    """Multiply-adds a nanosecond: two vectors a cycle, at a usual clock."""
    return lanes * (7.5 if machine.registers == 32 else 6.0)


def _converts_half(machine: Facts) -> bool:
    x86 = machine.triple.startswith(("x86_64", "i686", "amd64"))
    return not x86 or "+f16c" in machine.features.split(",")


def _name(form: Form) -> str:
    sides = ("t" if form.transposed_a else "n") + ("t" if form.transposed_b else "n")
    return f"product_{form.kind}_{form.element}_{sides}_{form.rows}x{form.vectors}"


@functools.lru_cache(maxsize=512)
def _text(form: Form | DotForm) -> str:
    if isinstance(form, DotForm):
        return products_dot.text(form)
    if form.kind.startswith("narrow"):
        return products_narrow.text(form)
    return products_ir.text(form)
