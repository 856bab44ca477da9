"""Matrix products against sums in Python integers and in NumPy's wider types."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from rillet.core import threads
from rillet.ops import blas, gemm, openblas

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
REAL = [np.dtype(name) for name in ("float32", "float64", "complex64", "complex128")]
HALF = [np.dtype(np.float16), BFLOAT16]
INTEGER = [np.dtype(f"{sign}{size}") for sign in "iu" for size in (1, 2, 4, 8)]
# Relative to the product of absolute values: rounding of a sum of k terms.
TOLERANCE = {2: 1e-2, 4: 1e-5, 8: 1e-5, 16: 1e-12}
SHAPES = [
    (1, 1, 1), (2, 2, 2), (1, 5, 4), (4, 5, 1), (1, 7, 1), (5, 1, 3), (3, 0, 2),
    (0, 3, 2), (3, 2, 0), (17, 33, 9), (40, 50, 60),
]  # fmt: skip

VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rows": lambda m: m,
    "columns": np.asfortranarray,
    "every second row": lambda m: np.repeat(m, 2, 0)[::2],
    "every second column": lambda m: np.repeat(m, 2, 1)[:, ::2],
    "backwards": lambda m: m[::-1].copy()[::-1],
    "inside a larger one": lambda m: np.pad(m, ((1, 1), (2, 3)))[1:-1, 2:-3],
    "unaligned": lambda m: unaligned(m),
    "read-only": lambda m: read_only(m),
}


def unaligned(matrix: np.ndarray) -> np.ndarray:
    """A copy that begins one byte off."""
    buffer = np.frombuffer(b"x" + matrix.tobytes(), np.uint8)[1:]
    return buffer.view(matrix.dtype).reshape(matrix.shape)


def read_only(matrix: np.ndarray) -> np.ndarray:
    copied = matrix.copy()
    copied.flags.writeable = False
    return copied


def values(shape: tuple[int, ...], dtype: np.dtype, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng([seed, *shape])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    drawn = rng.normal(size=shape)
    return (drawn + 1j * rng.normal(size=shape) if dtype.kind == "c" else drawn).astype(
        dtype
    )


def check(got: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Compares with a sum over the inner dimension, exact for integers."""
    dtype = a.dtype
    if dtype.kind in "iu":
        big = (
            a.astype(object)[..., :, :, None] * b.astype(object)[..., None, :, :]
        ).sum(axis=-2)
        mask = (1 << 8 * dtype.itemsize) - 1
        want = (np.array(big, object) & mask).astype(np.uint64)
        unsigned = got.view(f"u{dtype.itemsize}").astype(np.uint64)
        np.testing.assert_array_equal(unsigned, want)
        return
    wide: Any = np.complex128 if dtype.kind == "c" else np.float64
    left, right = a.astype(wide)[..., :, :, None], b.astype(wide)[..., None, :, :]
    want = (left * right).sum(axis=-2)
    scale = (abs(left) * abs(right)).sum(axis=-2)
    error = abs(got.astype(wide) - want)
    assert (error <= TOLERANCE[dtype.itemsize] * scale + 1e-300).all()


@pytest.mark.parametrize("dtype", REAL + HALF + INTEGER, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_dtype_and_shape(dtype: np.dtype, shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    a, b = values((m, k), dtype), values((k, n), dtype, 1)
    got = blas.matmul(a, b)
    assert got.dtype == dtype and got.shape == (m, n)
    check(got, a, b)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", [REAL[0], REAL[3], HALF[0], INTEGER[2]], ids=str)
def test_every_view(dtype: np.dtype, view: str) -> None:
    for (m, k, n), ta, tb in itertools.product(
        [(3, 4, 5), (1, 4, 5), (4, 5, 1), (1, 6, 1), (30, 40, 50)], (0, 1), (0, 1)
    ):
        a, b = values((m, k), dtype), values((k, n), dtype, 1)
        x = VIEWS[view](a.T.copy() if ta else a)
        y = VIEWS[view](b.T.copy() if tb else b)
        check(blas.matmul(x, y, bool(ta), bool(tb)), a, b)
        check(blas.matmul(x, b.T if tb else b, bool(ta), bool(tb)), a, b)


def test_big_endian() -> None:
    for name in (">f4", ">i4"):
        a, b = values((3, 40), np.dtype(name[1:])), values((40, 4), np.dtype(name[1:]))
        got = blas.matmul(a.astype(name), b.astype(name))
        np.testing.assert_array_equal(got, blas.matmul(a, b))


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_adjoint(dtype: Any) -> None:
    a, b = values((20, 30), np.dtype(dtype)), values((40, 30), np.dtype(dtype), 1)
    check(blas.matmul(a, b, adjoint_b=True), a, b.conj().T)
    check(blas.matmul(a.T, b, adjoint_a=True, adjoint_b=True), a.conj(), b.conj().T)
    check(
        blas.batch_matmul(a[None], b[None], adjoint_b=True), a[None], b.conj().T[None]
    )


@pytest.mark.parametrize("dtype", [REAL[0], REAL[2], HALF[1], INTEGER[6]], ids=str)
def test_out_and_accumulate(dtype: np.dtype) -> None:
    a, b = values((6, 7), dtype), values((7, 5), dtype, 1)
    room = np.zeros((8, 9), dtype)
    for out in (np.zeros((6, 5), dtype), room[1:7, 2:7], np.zeros((5, 6), dtype).T):
        assert blas.matmul(a, b, out=out) is out
        check(out, a, b)
        twice = out + out
        blas.matmul(a, b, out=out, accumulate=True)
        tolerance = 0.1 if dtype.itemsize == 2 else 1e-5
        if dtype.kind == "u":
            np.testing.assert_array_equal(out, twice)
        else:
            np.testing.assert_allclose(
                out.astype(complex),
                twice.astype(complex),
                rtol=tolerance,
                atol=tolerance,
            )
    assert not room[0].any() and not room[:, :2].any() and not room[:, 7:].any()


def test_no_terms_give_zeros_over_whatever_was_there() -> None:
    out = np.full((3, 2), np.nan, np.float32)
    assert not blas.matmul(np.ones((3, 0), "f4"), np.ones((0, 2), "f4"), out=out).any()
    stack = blas.batch_matmul(np.ones((4, 3, 0), "f4"), np.ones((4, 0, 2), "f4"))
    assert stack.shape == (4, 3, 2) and not stack.any()


def test_nan_in_memory_to_be_written_does_not_spread() -> None:
    for m, k, n in [(1, 9, 4), (4, 9, 1), (5, 9, 4), (64, 64, 64)]:
        out = np.full((m, n), np.nan, np.float32)
        blas.matmul(np.ones((m, k), "f4"), np.ones((k, n), "f4"), out=out)
        assert (out == k).all()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((7, 3, 4), (7, 4, 5)), ((7, 3, 4), (4, 5)), ((3, 4), (7, 4, 5)),
        ((8, 1, 3, 4), (8, 6, 4, 5)), ((8, 1, 3, 4), (6, 4, 5)), ((0, 3, 4), (4, 5)),
        ((2, 3, 4), (0, 1, 4, 5)), ((5, 1, 4), (5, 4, 1)), ((9, 20, 10), (9, 10, 20)),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("dtype", [REAL[0], REAL[2], HALF[0], INTEGER[2]], ids=str)
def test_stacks(a: tuple[int, ...], b: tuple[int, ...], dtype: np.dtype) -> None:
    x, y = values(a, dtype), values(b, dtype, 1)
    got = blas.batch_matmul(x, y)
    assert got.shape[:-2] == np.broadcast_shapes(a[:-2], b[:-2])
    check(got, x, y)
    turned = blas.batch_matmul(
        x.swapaxes(-1, -2).copy(), y.swapaxes(-1, -2).copy(), True, True
    )
    check(turned, x, y)


@pytest.mark.parametrize("shape", [(2, 150, 140), (300, 40, 40)])
def test_large_stacks(shape: tuple[int, ...]) -> None:
    x, y = values(shape, REAL[0]), values(shape, REAL[0], 1).swapaxes(-1, -2)
    got = blas.batch_matmul(x, y)
    for i in (0, 1, len(x) - 1):
        check(got[i], x[i], y[i])


def test_strided_stacks() -> None:
    x, y = values((5, 8, 4, 6), REAL[0]), values((5, 8, 4, 6), REAL[0], 1)
    heads, keys = x.transpose(0, 2, 1, 3), y.transpose(0, 2, 3, 1)
    check(blas.batch_matmul(heads, keys), heads, keys)
    some = x[::-1, ::2, :, ::2]
    check(blas.batch_matmul(some, y[:, :4, :3]), some, y[:, :4, :3])


@pytest.mark.parametrize(
    ("m", "k", "n", "ta", "tb"),
    [
        (200, 300, 400, 0, 0), (200, 300, 400, 1, 1), (2000, 700, 10, 0, 0),
        (784, 6000, 10, 1, 0), (10, 60000, 10, 0, 0), (10, 60000, 10, 1, 0),
        (5, 900000, 1, 0, 0), (1, 2100, 2100, 0, 0), (2100, 2100, 1, 0, 1),
        (2100, 3, 2100, 0, 1),
    ],
)  # fmt: skip
def test_large_products_have_the_same_bits_for_any_threads(
    m: int, k: int, n: int, ta: int, tb: int
) -> None:
    a = values((k, m) if ta else (m, k), REAL[0])
    b = values((n, k) if tb else (k, n), REAL[0], 1)
    results = []
    for count in (1, 2, 3):
        threads.set_limit(count)
        results.append(blas.matmul(a, b, bool(ta), bool(tb)))
    threads.set_limit(0)
    assert all((other == results[0]).all() for other in results)
    left = (a.T if ta else a).astype(np.float64)
    right = (b.T if tb else b).astype(np.float64)
    rows = np.random.default_rng(0).integers(0, m, 3)
    want = np.stack([(left[row][:, None] * right).sum(axis=0) for row in rows])
    np.testing.assert_allclose(results[0][rows], want, rtol=1e-3, atol=1e-5 * k**0.5)
    out = np.ones((m, n), np.float32)
    blas.matmul(a, b, bool(ta), bool(tb), out=out, accumulate=True)
    np.testing.assert_allclose(out, results[0] + 1, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("a", "b", "error", "text"),
    [
        ((2, 3), (4, 5), ValueError, "inner dimensions differ"),
        ((3,), (3, 2), ValueError, "must be matrices"),
        ((2, 3, 4), (2, 3), ValueError, "inner dimensions differ"),
        ((2, 3, 4), (4,), ValueError, "at least 2 dimensions"),
        ((2, 3, 4), (3, 4, 5), ValueError, "broadcast"),
    ],
)
def test_refused_shapes(a: Any, b: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        function = blas.matmul if len(a) < 3 else blas.batch_matmul
        function(np.ones(a), np.ones(b))


def test_refused_dtypes() -> None:
    with pytest.raises(TypeError, match="dtypes differ"):
        blas.matmul(np.ones((2, 2)), np.ones((2, 2), np.float32))
    with pytest.raises(TypeError, match="not numeric"):
        blas.matmul(np.ones((2, 2), np.bool_), np.ones((2, 2), np.bool_))
    with pytest.raises(ValueError, match="out must be float64"):
        blas.matmul(np.ones((2, 2)), np.ones((2, 2)), out=np.ones((2, 3)))


def test_address() -> None:
    for array in (np.ones((3, 4)), np.ones((3, 4))[1:, 2:], np.ones(0)):
        assert openblas.address(array).value == array.ctypes.data
        assert openblas._address_by_interface(array).value == array.ctypes.data


def test_without_known_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the array object's fields are not known, the long road gives the same."""
    a, b = values((5, 6), REAL[0]), values((6, 7), REAL[0], 1)
    want = blas.matmul(a, b)
    monkeypatch.setattr(gemm, "address", openblas._address_by_interface)
    gemm.DIRECT.clear()
    try:
        np.testing.assert_array_equal(blas.matmul(a, b), want)
    finally:
        gemm.DIRECT.update(gemm.ROUTINES)


def test_library() -> None:
    assert blas.thread_count() == 1
    assert blas.config().startswith("OpenBLAS")
    assert blas.corename()
    assert openblas.library_path().is_file()
    assert isinstance(openblas.library(), ctypes.CDLL)


def test_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openblas, "PACKAGE", "no_such_package")
    with pytest.raises(ImportError, match="pip install scipy-openblas32"):
        openblas.library_path()


@pytest.mark.parametrize("n", [2, 3, 7, 9, 10, 11, 12, 15, 17, 31])
def test_equal_columns_give_equal_results(n):
    x = np.random.default_rng(0).random((500, 784), np.float32)
    y = blas.matmul(x, np.ones((784, n), np.float32))
    np.testing.assert_array_equal(y, np.repeat(y[:, :1], n, axis=1))
    np.testing.assert_allclose(y[:, 0], x.sum(1, dtype=np.float64), rtol=1e-5)
