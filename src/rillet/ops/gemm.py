"""One matrix product written to memory: strides, transposition, tiles, threads.

In flow two matrices in a dtype of BLAS and the array that receives their product;
`ops.blas` is the caller and has checked dtypes and shapes. Strides that BLAS can
express are passed as they are, others are copied. A large product is cut into tiles,
by its shape alone, that `core.threads` runs together; a large and narrow one goes to
the kernel that a higher storey provided.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Final

import numpy as np

from rillet.core import threads
from rillet.ops.openblas import (
    CONJUGATE_TRANSPOSE,
    LAYOUT_IS_KNOWN,
    NO_TRANSPOSE,
    ROW_MAJOR,
    TRANSPOSE,
    Routines,
    address,
    routines,
)

ALIGNED: Final = 0x100  # NumPy's flag bit
HELD_WORK: Final = 1 << 15  # multiply-adds under which Python's lock is kept
_TILED_WORK: Final = 1 << 22  # multiply-adds from which a product is cut into tiles
_TILE_WORK: Final = 1 << 23  # multiply-adds a tile aims at
_MOST_TILES: Final = 64
STACKED_WORK: Final = (
    1 << 20
)  # multiply-adds a matrix under which stacks go in one call
_STACK_WORK: Final = 1 << 22  # multiply-adds a block of a stack aims at
_SMALLEST_SIDE: Final = 48  # rows or columns under which a tile wastes BLAS's packing
_LONGEST: Final = 2**31 - 1  # BLAS's integers have 32 bits
_NARROW_SIDE: Final = 32
_EVEN: Final = 8  # columns that a kernel of BLAS treats together
_EVENED_WORK: Final = 1 << 21  # multiply-adds from which evening out costs nothing
_NARROW_WORK: Final = 5_000_000  # multiply-adds under which compiling is too dear
_NARROW_BYTES: Final = 1 << 25  # of the large matrix: it comes from memory, not cache
_NARROW_ANYWAY: Final = 16  # columns from which the narrow kernel wins in cache too

NarrowProduct = Callable[[np.ndarray, np.ndarray, np.ndarray, bool], bool]

ROUTINES: Final[dict[np.dtype, Routines]] = {}
DIRECT: Final[dict[np.dtype, Routines]] = {}  # where addresses can be read in place

_narrow_loader: Callable[[], NarrowProduct | None] | None = None
_narrow: NarrowProduct | None = None
_loading: Final = threading.Lock()


def bind(dtype: np.dtype) -> Routines:
    """Returns the routines for one of BLAS's dtypes, loading the library if need be."""
    found = ROUTINES.get(dtype)
    if found is None:
        found = ROUTINES[dtype] = routines(dtype)
        if LAYOUT_IS_KNOWN:
            DIRECT[dtype] = found
    return found


def provide_narrow(loader: Callable[[], NarrowProduct | None]) -> None:
    """Registers who knows how to multiply by a narrow matrix.

    Args:
      loader: called once, on the first large narrow product. It returns a function of
        `(left, right, out, accumulate)` that answers whether it did the product, or
        None where this machine has no such kernel.
    """
    global _narrow_loader, _narrow
    _narrow_loader = loader
    _narrow = None


def fill(
    use: Routines,
    left: np.ndarray,
    right: np.ndarray,
    conjugate_left: bool,
    conjugate_right: bool,
    out: np.ndarray,
    accumulate: bool,
) -> None:
    """Writes or adds `left` times `right` to `out`, on one thread or on all."""
    n = right.shape[1]
    work = left.shape[0] * left.shape[1] * n
    if work < _TILED_WORK and not (work >= _EVENED_WORK and _is_uneven(n)):
        _fill_one(use, left, right, conjugate_left, conjugate_right, out, accumulate)
        return
    if conjugate_left:
        left, conjugate_left = left.conj(), False
    if conjugate_right:
        right, conjugate_right = right.conj(), False
    left = _layout(left, use.itemsize, False)[0]
    right = _layout(right, use.itemsize, False)[0]
    if work >= _NARROW_WORK and _is_narrow(left, right):
        narrow = _narrow_product()
        if narrow is not None and narrow(left, right, out, accumulate):
            return
    if _is_uneven(n) and not accumulate:
        _fill_evened(use, left, right, out)
    else:
        _fill_tiles(use, left, right, out, accumulate)


def _is_uneven(columns: int) -> bool:
    return columns % _EVEN > 0 and _EVEN < columns < _NARROW_SIDE


def _fill_evened(
    use: Routines, left: np.ndarray, right: np.ndarray, out: np.ndarray
) -> None:
    """Adds columns of zeros, so that BLAS treats all columns alike.

    Some of its kernels sum the last few columns in another order than the rest: ten
    equal columns of weights gave logits that differed in the last place.
    """
    k, n = right.shape
    even = np.zeros((k, -(-n // _EVEN) * _EVEN), right.dtype)
    even[:, :n] = right
    whole = np.empty((left.shape[0], even.shape[1]), out.dtype)
    _fill_tiles(use, left, even, whole, False)
    out[...] = whole[:, :n]


def _is_narrow(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether a product is one that the narrow kernel computes faster than BLAS.

    Measured on 2 cores: 1.5 to 2.3 times where the large matrix comes from memory, 1.2
    to 1.7 in cache from 17 columns; with fewer, or a vector, BLAS is faster.
    """
    side = min(left.shape[0], right.shape[1])
    return (
        1 < side <= _NARROW_SIDE
        and left.dtype.kind == "f"
        and (side > _NARROW_ANYWAY or max(left.nbytes, right.nbytes) >= _NARROW_BYTES)
    )


def _narrow_product() -> NarrowProduct | None:
    global _narrow_loader, _narrow
    if _narrow_loader is not None:
        with _loading:  # a second thread waits: both are to take the same road
            if _narrow_loader is not None:
                try:
                    _narrow = _narrow_loader()
                finally:
                    _narrow_loader = None
    return _narrow


def _fill_tiles(
    use: Routines,
    left: np.ndarray,
    right: np.ndarray,
    out: np.ndarray,
    accumulate: bool,
) -> None:
    """Cuts a product into tiles of `out`, or into slices of the inner dimension."""
    m, k = left.shape
    n = right.shape[1]
    tiles = min(_MOST_TILES, max(2, m * n * k // _TILE_WORK))
    down, across = _grid(m, n, tiles)
    if 2 * down * across < tiles and k >= 4 * max(m, n):
        _fill_slices(use, left, right, out, accumulate, tiles)
        return
    rows = _cuts(m, down)
    columns = _cuts(n, across)

    def tile(block: int) -> None:
        i, j = divmod(block, across)
        r, c = slice(rows[i], rows[i + 1]), slice(columns[j], columns[j + 1])
        _fill_one(use, left[r], right[:, c], False, False, out[r, c], accumulate)

    threads.parallel(tile, down * across)


def _fill_slices(
    use: Routines,
    left: np.ndarray,
    right: np.ndarray,
    out: np.ndarray,
    accumulate: bool,
    slices: int,
) -> None:
    """Multiplies slices of the inner dimension; adds the parts in their order."""
    k = left.shape[1]
    # Parts take memory: together no more than about the inputs do.
    slices = max(2, min(slices, k * (out.shape[0] + out.shape[1]) // (2 * out.size)))
    cuts = _cuts(k, slices)
    parts = np.empty((slices, *out.shape), out.dtype)

    def part(block: int) -> None:
        inner = slice(cuts[block], cuts[block + 1])
        _fill_one(use, left[:, inner], right[inner], False, False, parts[block], False)

    threads.parallel(part, slices)
    if accumulate:
        np.add(out, parts[0], out=out)
    else:
        out[...] = parts[0]
    for other in parts[1:]:
        np.add(out, other, out=out)


def _grid(m: int, n: int, tiles: int) -> tuple[int, int]:
    """Returns how many tiles go down and across, near to square ones."""
    side = max(_SMALLEST_SIDE, math.isqrt(m * n // tiles))
    down = min(tiles, max(1, m // side))
    across = min(max(1, tiles // down), max(1, n // _SMALLEST_SIDE))
    down = min(max(1, tiles // across), max(1, m // _SMALLEST_SIDE))
    return max(down, -(-m // _LONGEST)), max(across, -(-n // _LONGEST))


def _cuts(extent: int, parts: int) -> list[int]:
    """Cuts an extent into nearly equal parts, at multiples of 16 where it is long."""
    unit = 16 if extent >= 64 * parts else 1
    units = -(-extent // unit)
    return [min(extent, units * part // parts * unit) for part in range(parts + 1)]


def fill_stack(
    use: Routines, left: np.ndarray, right: np.ndarray, out: np.ndarray
) -> None:
    """Multiplies `(s, m, k)` by `(s, k, n)` into `(s, m, n)`, contiguous in its rows.

    One call of BLAS does a block of the stack.
    """
    gemm_stack = use.gemm_stack
    if gemm_stack is None:
        for x, y, o in zip(left, right, out, strict=True):
            _fill_one(use, x, y, False, False, o, False)
        return
    left, flag_left, step_left, stride_left = _stack_layout(left, use.itemsize)
    right, flag_right, step_right, stride_right = _stack_layout(right, use.itemsize)
    s, m, k = left.shape
    n = right.shape[2]
    blocks = min(s, _MOST_TILES, 1 + s * m * n * k // _STACK_WORK)
    cuts = _cuts(s, blocks)

    def block(number: int) -> None:
        part = slice(cuts[number], cuts[number + 1])
        # Named, so that they outlive the call: an address is a view of its array.
        x, y, o = left[part], right[part], out[part]
        gemm_stack(
            ROW_MAJOR, flag_left, flag_right, m, n, k, use.one,
            address(x), step_left, stride_left, address(y), step_right, stride_right,
            use.zero, address(o), n, m * n, len(o),
        )  # fmt: skip

    threads.parallel(block, blocks)


def _stack_layout(stack: np.ndarray, itemsize: int) -> tuple[np.ndarray, int, int, int]:
    """Returns a stack as BLAS takes it: (array, transposition, step, stride)."""
    first, flag, step = _layout(stack[0], itemsize, False)
    to_next = stack.strides[0]
    if (
        first.ctypes.data != stack.ctypes.data  # BLAS cannot express the matrix
        or to_next < 0
        or to_next % itemsize
        or to_next // itemsize > _LONGEST
    ):
        stack = np.require(stack, requirements=["C", "A"])
        return stack, NO_TRANSPOSE, stack.shape[2], stack.shape[1] * stack.shape[2]
    return stack, flag, step, to_next // itemsize


def is_target(out: np.ndarray, itemsize: int) -> bool:
    """Whether BLAS can write to `out`: rows whole, not overlapping, aligned."""
    rows, columns = out.shape
    to_row, to_column = out.strides
    return bool(
        out.flags.num & ALIGNED
        and (to_column == itemsize or columns == 1)
        and _step(rows, columns, to_row, itemsize)
    )


def _fill_one(
    use: Routines,
    left: np.ndarray,
    right: np.ndarray,
    conjugate_left: bool,
    conjugate_right: bool,
    out: np.ndarray,
    accumulate: bool,
) -> None:
    """Multiplies on the calling thread."""
    left, flag_left, step_left = _layout(left, use.itemsize, conjugate_left)
    right, flag_right, step_right = _layout(right, use.itemsize, conjugate_right)
    m, k = left.shape
    n = right.shape[1]
    held = m * n * k <= HELD_WORK
    before = use.one if accumulate else use.zero
    step_out = out.strides[0] // use.itemsize if m > 1 else n
    conjugated = CONJUGATE_TRANSPOSE in (flag_left, flag_right)
    if n == 1 and not conjugated:
        gemv = use.held_gemv if held else use.gemv
        stored = (m, k) if flag_left == NO_TRANSPOSE else (k, m)
        step_vector = step_right if flag_right == NO_TRANSPOSE else 1
        gemv(ROW_MAJOR, flag_left, *stored, use.one, address(left), step_left,
             address(right), step_vector, before, address(out), step_out)  # fmt: skip
    elif m == 1 and not conjugated:
        gemv = use.held_gemv if held else use.gemv
        flipped = TRANSPOSE if flag_right == NO_TRANSPOSE else NO_TRANSPOSE
        stored = (k, n) if flag_right == NO_TRANSPOSE else (n, k)
        step_vector = 1 if flag_left == NO_TRANSPOSE else step_left
        gemv(ROW_MAJOR, flipped, *stored, use.one, address(right), step_right,
             address(left), step_vector, before, address(out), 1)  # fmt: skip
    else:
        gemm = use.held_gemm if held else use.gemm
        gemm(ROW_MAJOR, flag_left, flag_right, m, n, k, use.one, address(left),
             step_left, address(right), step_right, before, address(out),
             step_out)  # fmt: skip


def _step(lines: int, length: int, to_line: int, itemsize: int) -> int:
    """Returns the leading step of lines of a length; 0 where BLAS has none for it."""
    if lines == 1:
        return length
    step, rest = divmod(to_line, itemsize)
    return step if rest == 0 and length <= step <= _LONGEST else 0


def _layout(
    matrix: np.ndarray, itemsize: int, conjugate: bool
) -> tuple[np.ndarray, int, int]:
    """Returns the matrix as BLAS takes it: (array, transposition, leading step).

    The array is the matrix itself where its strides allow, else a copy.
    """
    rows, columns = matrix.shape
    to_row, to_column = matrix.strides
    if matrix.flags.num & ALIGNED:
        if (to_column == itemsize or columns == 1) and not conjugate:
            step = _step(rows, columns, to_row, itemsize)
            if step:
                return matrix, NO_TRANSPOSE, step
        if to_row == itemsize or rows == 1:
            step = _step(columns, rows, to_column, itemsize)
            if step:
                flag = CONJUGATE_TRANSPOSE if conjugate else TRANSPOSE
                return matrix, flag, step
    copied = matrix.conj() if conjugate else matrix
    return np.require(copied, requirements=["C", "A"]), NO_TRANSPOSE, columns
