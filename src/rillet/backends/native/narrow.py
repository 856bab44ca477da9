"""Products of a large matrix with a narrow one, as fast as memory delivers it.

In flow a matrix of many rows, a matrix of at most 32 columns and the array for their
product; `ops.gemm` calls `product` for large ones, after `load`. OpenBLAS packs
both matrices and pads the narrow one to its own tile; here every element of the large
matrix is read once, in rows, and multiplied by a whole padded row of the narrow one:

- `left` in rows (a layer's forward product): a group of rows at a time, their sums in
  registers, `out[i] += left[i, k] * right[k]`.
- `left` in columns (the gradient of its weights): rows of the matrix beneath are read
  in groups whose narrow rows stay in registers, `out[i] += left[i, k] * right[k]`
  again, with the sums of a block of `k` in cache; blocks are added in their order.

Blocks come from the shape alone.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.core import threads
from rillet.core.logger import get_logger

_WIDEST: Final = 32
_LEAST_ROWS: Final = 256
_CACHED_BYTES: Final = 1 << 17  # the padded narrow matrix, or its gradient, in cache
_BLOCK_WORK: Final = 1 << 20
_MOST_BLOCKS: Final = 64

Kernel = Callable[[int, int, int, int, int, int, int, int], None]


class _Kernels(NamedTuple):
    """Native code for one dtype and one number of vectors a padded row."""

    rows: Kernel
    columns: Kernel


class _Host(NamedTuple):
    """What the processor offers."""

    vector_bytes: int
    registers: int


class Narrow:
    """Compiles the kernels it needs, and multiplies with them."""

    def __init__(self, compiler: Any, host: _Host) -> None:
        self._compiler = compiler
        self._host = host
        self._kernels: dict[tuple[str, int], _Kernels] = {}
        self._compiling = threading.Lock()

    def product(
        self, left: np.ndarray, right: np.ndarray, out: np.ndarray, accumulate: bool
    ) -> bool:
        """Multiplies if the shape suits these kernels.

        Args:
          left: `(m, k)`, float32 or float64, contiguous along one of its axes.
          right: `(k, n)` of the same dtype.
          out: `(m, n)`, written.
          accumulate: add to `out` instead.

        Returns:
          Whether the product was done.
        """
        if right.shape[1] > _WIDEST:
            left, right, out = right.T, left.T, out.T
        m, k = left.shape
        n = right.shape[1]
        if n > _WIDEST or max(m, k) < _LEAST_ROWS:
            return False
        lanes = self._host.vector_bytes // left.itemsize
        vectors = -(-n // lanes)
        padded = vectors * lanes
        in_rows = left.strides[1] == left.itemsize and left.strides[0] > 0
        in_columns = left.strides[0] == left.itemsize and left.strides[1] > 0
        if in_rows and m >= _LEAST_ROWS:
            run, cached = self._forward, k
        elif in_columns and k >= _LEAST_ROWS:
            run, cached = self._transposed, m
        else:
            return False
        if cached * padded * left.itemsize > _CACHED_BYTES:
            return False
        run(
            self._kernels_for(left.dtype, vectors), left, right, out, padded, accumulate
        )
        return True

    def _forward(
        self,
        kernels: _Kernels,
        left: np.ndarray,
        right: np.ndarray,
        out: np.ndarray,
        padded: int,
        accumulate: bool,
    ) -> None:
        m, k = left.shape
        n = right.shape[1]
        narrow = _pad(right, padded)
        step = left.strides[0] // left.itemsize
        cuts = _cuts(m, k * padded, 16)

        # Sums are written as wide as vectors are: a row spills over the rows behind it,
        # which are written later. The last rows of a block must not: they are copied.
        dense = out.strides == (n * out.itemsize, out.itemsize) and not accumulate
        spill = -(-(padded - n) // n)

        def block(number: int) -> None:
            begin, end = cuts[number], cuts[number + 1]
            copied = max(begin, end - spill) if dense else begin
            shared = (step, narrow.ctypes.data, padded)
            if copied > begin:
                kernels.rows(left[begin:].ctypes.data, *shared,
                             out[begin:].ctypes.data, n, copied - begin, k)  # fmt: skip
            if copied < end:
                sums = np.empty((end - copied, padded), left.dtype)
                kernels.rows(left[copied:].ctypes.data, *shared,
                             sums.ctypes.data, padded, end - copied, k)  # fmt: skip
                if accumulate:
                    out[copied:end] += sums[:, :n]
                else:
                    out[copied:end] = sums[:, :n]

        threads.parallel(block, len(cuts) - 1)

    def _transposed(
        self,
        kernels: _Kernels,
        left: np.ndarray,
        right: np.ndarray,
        out: np.ndarray,
        padded: int,
        accumulate: bool,
    ) -> None:
        m, k = left.shape
        n = right.shape[1]
        step = left.strides[1] // left.itemsize
        # A block reads at least four times the memory that its sums take.
        cuts = _cuts(k, m * padded, 4 * padded)
        parts = np.zeros((len(cuts) - 1, m, padded), left.dtype)

        def block(number: int) -> None:
            begin, end = cuts[number], cuts[number + 1]
            narrow = _pad(right[begin:end], padded)
            kernels.columns(left[:, begin:end].ctypes.data, step, narrow.ctypes.data,
                            padded, parts[number].ctypes.data, padded, end - begin,
                            m)  # fmt: skip

        threads.parallel(block, len(cuts) - 1)
        total = parts[0]
        for part in parts[1:]:
            np.add(total, part, out=total)
        if accumulate:
            out += total[:, :n]
        else:
            out[...] = total[:, :n]

    def _kernels_for(self, dtype: np.dtype, vectors: int) -> _Kernels:
        key = (dtype.name, vectors)
        found = self._kernels.get(key)
        if found is None:
            with self._compiling:  # blocks of a convolution ask at the same time
                found = self._kernels.get(key)
                if found is None:
                    found = self._kernels[key] = self._compile(dtype, vectors)
        return found

    def _compile(self, dtype: np.dtype, vectors: int) -> _Kernels:
        from rillet.backends.native import narrow_ir

        lanes = self._host.vector_bytes // dtype.itemsize
        # Half of the registers hold sums or narrow rows; the rest is in flight.
        group = max(1, min(12, self._host.registers // 2 // vectors))
        name = f"narrow_{dtype.name}_{vectors}"
        source = narrow_ir.module(name, dtype.itemsize, lanes, vectors, group)
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 8)
        rows, columns = (
            prototype(address)
            for address in self._compiler(source, (f"{name}_rows", f"{name}_columns"))
        )
        return _Kernels(rows, columns)


def _pad(narrow: np.ndarray, padded: int) -> np.ndarray:
    """The matrix with columns of zeros on the right."""
    n = narrow.shape[1]
    wide = np.empty((narrow.shape[0], padded), narrow.dtype)
    wide[:, :n] = narrow
    wide[:, n:] = 0
    return wide


def _cuts(extent: int, work_of_each: int, least: int) -> list[int]:
    """Cuts an extent into blocks of at least `least`, at multiples of 16."""
    blocks = extent * work_of_each // _BLOCK_WORK
    blocks = max(1, min(_MOST_BLOCKS, blocks, extent // least))
    units = -(-extent // 16)
    return [min(extent, units * block // blocks * 16) for block in range(blocks + 1)]


def load() -> Callable[[np.ndarray, np.ndarray, np.ndarray, bool], bool] | None:
    """Returns the product of narrow matrices; None, said once, where LLVM is missing.

    Without it OpenBLAS multiplies narrow matrices too, at a third of the speed.
    """
    try:
        from rillet.backends.native import narrow_ir

        compiler, vector_bytes, registers = narrow_ir.compiler()
    except (ImportError, OSError, RuntimeError) as error:
        get_logger().warning(
            "narrow matrix products: LLVM cannot be loaded (%s); OpenBLAS computes "
            "them, more slowly. Run: python -m pip install llvmlite",
            error,
        )
        return None
    return Narrow(compiler, _Host(vector_bytes, registers)).product
