"""Products of native programs against sums in float64, in any blocks."""

from __future__ import annotations

import ctypes
import itertools
import platform
import sys
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from rillet.backends.native import jit, memory
from rillet.backends.native.disk_cache import DiskCache
from rillet.backends.native.host import Facts, facts
from rillet.backends.native.products import Operand, Plan, product
from rillet.backends.native.products_turn import transposition
from rillet.backends.native.sizes import Ledger, Values

WIDE = {"float16": "float32", "bfloat16": "float32"}
X86 = ("x86_64", "amd64")
ARM = "aarch64-unknown-linux-gnu"
SIDES = list(itertools.product((False, True), repeat=2))


def numpy_dtype(dtype: str) -> Any:
    return np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def drawn(*shape: int, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    values = np.random.default_rng([seed, *shape]).normal(size=shape)
    return values.astype(numpy_dtype(dtype))


def operand(array: np.ndarray, transposed: bool = False) -> Operand:
    *stack, rows, columns = array.shape
    return Operand(rows, columns, transposed, stack=tuple(stack))


def cuts_of(plan: Plan, cuts: tuple[int, ...] | None = None) -> list[int]:
    """Where blocks begin: the plan's own, or others within the extent."""
    inner = range(plan.block, plan.extent, plan.block) if cuts is None else cuts
    return [0, *(cut for cut in inner if cut < plan.extent), plan.extent]


def run(
    plan: Plan,
    a: np.ndarray,
    b: np.ndarray,
    out: np.ndarray,
    cuts: list[int],
    compiler: jit.Jit | None = None,
) -> None:
    """Runs the plan's kernel, block by block."""
    code = (compiler or jit.default()).compile([plan.kernel])[0]
    places = {"a": a.ctypes.data, "b": b.ctypes.data, "out": out.ctypes.data}
    words = np.array([places.get(w, w) for w in plan.words], np.int64)  # type: ignore[call-overload]
    scratch = np.zeros(plan.scratch + 64, np.uint8)
    aligned = scratch.ctypes.data + -scratch.ctypes.data % 64
    kernel = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)(code.address)
    for block, (low, high) in enumerate(itertools.pairwise(cuts)):
        kernel(words.ctypes.data, low, high, block, 0, aligned)


def multiplied(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    cuts: tuple[int, ...] | None = None,
    compiler: jit.Jit | None = None,
    **settings: Any,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The product, what it should be, and the sum of its terms' sizes."""
    dtype = a.dtype.name
    plan = product(operand(a, transpose_a), operand(b, transpose_b), dtype, **settings)
    assert plan is not None
    left = (a.swapaxes(-1, -2) if transpose_a else a).astype(np.float64)
    right = (b.swapaxes(-1, -2) if transpose_b else b).astype(np.float64)
    want = np.matmul(left, right)
    size = np.matmul(np.abs(left), np.abs(right))
    blocks = cuts_of(plan, cuts)
    shape = (len(blocks) - 1, *want.shape) if plan.parts else want.shape
    out = drawn(*shape, dtype=dtype, seed=9)
    if settings.get("accumulate"):
        before = out.astype(np.float64)
        want = want + (before.sum(axis=0) if plan.parts else before)
        size = size + np.abs(want)
    run(plan, a, b, out, blocks, compiler)
    got = out.astype(np.float64)
    return (got.sum(axis=0) if plan.parts else got), want, size


def close(got: np.ndarray, want: np.ndarray, size: np.ndarray, dtype: str) -> None:
    """Within what rounding every term and sum once can do, and the result once."""
    sums = np.finfo(WIDE.get(dtype, dtype)).eps
    result = float(ml_dtypes.finfo(numpy_dtype(dtype)).eps)
    terms = np.sqrt(size.size and 5000.0)
    bound = size * sums * terms + np.abs(want) * result + 1e-30
    assert (np.abs(got - want) <= bound).all()


CUTS = (None, (3, 13), (16, 32), (1, 2, 30))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("sides", SIDES)
def test_each_dtype_and_transposition(dtype: str, sides: tuple[bool, bool]) -> None:
    a = drawn(*((37, 61) if sides[0] else (61, 37)), dtype=dtype)
    b = drawn(*((101, 37) if sides[1] else (37, 101)), dtype=dtype, seed=1)
    for cuts, accumulate in itertools.product(CUTS, (False, True)):
        close(*multiplied(a, b, *sides, cuts, accumulate=accumulate), dtype)


@pytest.mark.parametrize("by", ["rows", "columns", "terms"])
@pytest.mark.parametrize("sides", SIDES)
def test_blocks_of_anything(by: str, sides: tuple[bool, bool]) -> None:
    a = drawn(*((37, 30) if sides[0] else (30, 37)))
    b = drawn(*((75, 37) if sides[1] else (37, 75)), seed=1)
    for cuts in CUTS:
        close(*multiplied(a, b, *sides, cuts, by=by), "float32")


@pytest.mark.skipif(platform.machine().lower() not in X86, reason="code for x86-64")
@pytest.mark.parametrize(("cpu", "width"), [("x86-64", 16), ("haswell", 32)])
def test_processors_with_narrower_vectors(cpu: str, width: int) -> None:
    if width > facts().vector_bytes:
        pytest.skip("this processor has no vectors of that width")
    machine = facts()._replace(cpu=cpu, features="", vector_bytes=width, registers=16)
    compiler = jit.Jit(DiskCache(None), machine)
    for sides, n, k in itertools.product(SIDES, (3, 5, 21), (37, 70)):
        a = drawn(*((k, 70) if sides[0] else (70, k)))
        b = drawn(*((n, k) if sides[1] else (k, n)), seed=1)
        for by in ("rows", "columns", "terms"):
            made = multiplied(a, b, *sides, (5, 17), compiler, by=by, machine=machine)
            close(*made, "float32")
    for sides in ((False, False), (True, False), (False, True)):
        a = drawn(*((37, 30) if sides[0] else (30, 37)))
        b = drawn(*((1, 37) if sides[1] else (37, 1)), seed=1)
        close(*multiplied(a, b, *sides, None, compiler, machine=machine), "float32")


def test_arm() -> None:
    """The texts compile for a processor that cannot run them here."""
    machine = Facts(16, 32, 1 << 16, 1 << 20, "generic", "+neon", ARM)
    compiler = jit.Jit(DiskCache(None), machine)
    for sides, dtype in itertools.product(SIDES, ("float32", "float64", "float16")):
        plan = product(
            Operand(*((37, 30) if sides[0] else (30, 37)), sides[0]),
            Operand(*((21, 37) if sides[1] else (37, 21)), sides[1]),
            dtype,
            machine=machine,
        )
        assert plan is not None and "fmla" in compiler.assembly(plan.kernel)


SHAPES = [
    (128, 784, 10),
    (32, 25, 15),
    (64, 50, 33),
    (7, 9, 5),
    (1, 784, 100),
    (1, 9, 3),
    (100, 33, 1),
    (40, 1, 40),
    (1, 1, 1),
    (16, 4000, 20),
    (70, 5, 300),
    (9, 20, 63),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sides", SIDES)
def test_shapes(shape: tuple[int, int, int], sides: tuple[bool, bool]) -> None:
    m, k, n = shape
    a = drawn(*((k, m) if sides[0] else (m, k)))
    b = drawn(*((n, k) if sides[1] else (k, n)), seed=1)
    for accumulate in (False, True):
        close(*multiplied(a, b, *sides, accumulate=accumulate), "float32")


STACKS = [
    ((3, 4), (3, 4)),
    ((3, 1), (4,)),
    ((1, 4), (3, 1)),
    ((5,), ()),
    ((), (5,)),
    ((2, 1, 3), (2, 4, 1)),
    ((0,), (0,)),
]


@pytest.mark.parametrize("stacks", STACKS)
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("by", ["", "rows"])
def test_stacks(stacks: Any, sides: tuple[bool, bool], by: str) -> None:
    a = drawn(*stacks[0], *((16, 8) if sides[0] else (8, 16)))
    b = drawn(*stacks[1], *((20, 16) if sides[1] else (16, 20)), seed=1)
    for cuts in (None, (1, 2), (3, 13)):
        close(*multiplied(a, b, *sides, cuts, by=by), "float32")


@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 4, 0), (3, 0, 4)])
def test_empty(shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    got, want, _ = multiplied(drawn(m, k), drawn(k, n))
    np.testing.assert_array_equal(got, want)


def test_the_number_of_rows_is_not_in_the_code() -> None:
    texts = {
        product(Operand(m, 784), Operand(784, 512), "float32", by="rows").kernel.text
        for m in (1, 5, 96, 128)
    }
    assert len(texts) == 1
    gradients = {
        product(Operand(m, 784, True), Operand(m, 512), "float32").kernel.text
        for m in (1, 96, 128)
    }
    assert len(gradients) == 1


def test_results_do_not_depend_on_the_blocks() -> None:
    a, b = drawn(64, 100), drawn(100, 50, seed=1)
    one, two, three = (
        multiplied(a, b, cuts=cuts)[0] for cuts in ((8, 40), (32,), (3, 5, 60))
    )
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)


def test_not_numbers_and_infinities_propagate() -> None:
    a, b = np.ones((20, 30), np.float32), np.ones((30, 40), np.float32)
    a[3, 4], a[5, 6], b[7, 8] = np.nan, np.inf, 0
    a[5, 7] = np.inf
    with np.errstate(invalid="ignore"):
        got = multiplied(a, b)[0]
    assert np.isnan(got[3]).all() and np.isnan(got[5, 8])
    assert np.isinf(np.delete(got[5], 8)).all()
    assert np.isfinite(np.delete(got, [3, 5], axis=0)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 3, 5, 8, 9, 10, 12])
def test_few_columns(n: int, dtype: str) -> None:
    """Vectors run along terms, or along rows of out; cuts do not change a bit."""
    for k in (64, 100, 257):
        a, d = drawn(61, k, dtype=dtype), drawn(61, n, dtype=dtype, seed=3)
        for transposed in (False, True):
            b = drawn(*((n, k) if transposed else (k, n)), dtype=dtype, seed=1)
            found = set()
            for cuts, accumulate in itertools.product(CUTS, (False, True)):
                made = multiplied(
                    a, b, False, transposed, cuts, by="rows", accumulate=accumulate
                )
                close(*made, dtype)
                found.add((accumulate, made[0].tobytes()))
            assert len(found) == 2
        for cuts in CUTS:
            close(*multiplied(a, d, True, False, cuts, by="terms"), dtype)


@pytest.mark.skipif(sys.platform == "win32", reason="guards are POSIX's")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 3, 10, 12])
def test_few_columns_between_forbidden_pages(n: int, dtype: str) -> None:
    for k, m in itertools.product((64, 77, 130), (2, 19)):
        a, b, d, out, part = (
            memory.guarded(shape, np.dtype(dtype))
            for shape in ((m, k), (k, n), (m, n), (m, n), (1, k, n))
        )
        for array in (a, b, d):
            array[...] = drawn(*array.shape, dtype=dtype)
        plan = product(Operand(m, k), Operand(k, n), dtype, by="rows")
        assert plan is not None
        run(plan, a, b, out, [0, m])
        np.testing.assert_allclose(out, np.matmul(a, b), rtol=0, atol=1e-4)
        plan = product(Operand(m, k, True), Operand(m, n), dtype, by="terms")
        assert plan is not None
        run(plan, a, d, part, [0, m])
        np.testing.assert_allclose(part[0], np.matmul(a.T, d), rtol=0, atol=1e-4)


def test_few_columns_of_not_numbers_and_infinities() -> None:
    a, b = np.ones((7, 70), np.float32), np.ones((70, 10), np.float32)
    a[3, 69], a[5, 6], b[7, 8] = np.nan, np.inf, 0
    b[68, 2] = np.inf
    got = multiplied(a, b, by="rows")[0]
    assert np.isnan(got[3]).all() and np.isinf(got[5, :8]).all()
    assert np.isinf(np.delete(got[:, 2], 3)).all()
    assert np.isfinite(np.delete(np.delete(got, [3, 5], axis=0), 2, axis=1)).all()
    got = multiplied(a, np.ones((7, 10), np.float32), True, by="terms")[0]
    assert np.isnan(got[69]).all() and np.isinf(got[6]).all()
    assert np.isfinite(np.delete(got, [6, 69], axis=0)).all()


def test_rows_wider_than_the_matrix() -> None:
    wide_a, wide_b = drawn(20, 50), drawn(30, 90, seed=1)
    out = np.full((20, 70), 7, np.float32)
    plan = product(
        Operand(20, 30, step=50), Operand(30, 40, step=90), "float32", step_out=70
    )
    assert plan is not None and not any(plan.align.values())
    run(plan, wide_a, wide_b, out, cuts_of(plan))
    left, right = wide_a[:, :30].astype(float), wide_b[:, :40].astype(float)
    np.testing.assert_allclose(out[:, :40], np.matmul(left, right), rtol=0, atol=1e-4)
    assert (out[:, 40:] == 7).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(16, 16), (37, 30), (3, 5), (64, 256), (1, 9)])
def test_transposition(shape: tuple[int, int], dtype: str) -> None:
    a = drawn(*shape, dtype=dtype)
    for cuts in CUTS:
        plan = transposition(*shape, dtype)
        out = np.full((shape[1] + 1, shape[0]), 7, a.dtype)
        run(plan, a, a, out, cuts_of(plan, cuts))
        np.testing.assert_array_equal(out[:-1], a.T)
        assert (out[-1] == 7).all()


#: Rows, columns and terms: short, prime, whole vectors, and beside them.
ANY_SIZES = (
    (7, 5, 9),
    (16, 32, 64),
    (33, 47, 31),
    (1, 19, 6),
    (50, 65, 3),
    (9, 130, 17),
)
MADE_FOR = (21, 40, 26)


def open_plan(sides: tuple[bool, bool], dtype: str, stack: int, by: str) -> Any:
    """A plan for sizes that vary, and what its numbers are for others."""
    ledger = Ledger()
    m, n, k = [ledger.symbol(size) for size in MADE_FOR]
    stacks = (ledger.symbol(3),) if stack else ()
    a = Operand(*((k, m) if sides[0] else (m, k)), sides[0], stack=stacks)
    b = Operand(*((n, k) if sides[1] else (k, n)), sides[1], stack=stacks)
    plan = product(a, b, dtype, by=by)
    assert plan is not None
    made: Plan = plan

    def at(*sizes: int) -> Plan:
        of = Values(ledger, sizes)
        words = tuple([w if isinstance(w, str) else of(w) for w in made.words])
        return made._replace(
            words=words,
            extent=of(made.extent),
            block=of(made.block),
            scratch=of(made.scratch),
        )

    return at


@pytest.mark.parametrize("by", ["", "columns", "terms"])
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_matrices_of_any_sizes(sides: tuple[bool, bool], dtype: str, by: str) -> None:
    if by == "terms" and dtype == "bfloat16":
        return  # parts are rounded before they are added up: only floats are cut so
    at = open_plan(sides, dtype, 0, by)
    for (m, n, k), cuts in itertools.product(ANY_SIZES, (None, (3, 13))):
        a = drawn(*((k, m) if sides[0] else (m, k)), dtype=dtype)
        b = drawn(*((n, k) if sides[1] else (k, n)), dtype=dtype, seed=1)
        check(at(m, n, k), a, b, sides, cuts)


@pytest.mark.parametrize("by", ["rows", "matrices"])
@pytest.mark.parametrize("sides", SIDES)
def test_stacks_of_any_sizes(sides: tuple[bool, bool], by: str) -> None:
    at = open_plan(sides, "float32", 1, by)
    for m, n, k in ANY_SIZES:
        for count in (1, 4):
            a = drawn(count, *((k, m) if sides[0] else (m, k)))
            b = drawn(count, *((n, k) if sides[1] else (k, n)), seed=1)
            check(at(m, n, k, count), a, b, sides, None)


def check(
    plan: Plan,
    a: np.ndarray,
    b: np.ndarray,
    sides: tuple[bool, bool],
    cuts: tuple[int, ...] | None,
) -> None:
    left = (a.swapaxes(-1, -2) if sides[0] else a).astype(np.float64)
    right = (b.swapaxes(-1, -2) if sides[1] else b).astype(np.float64)
    want = left @ right
    blocks = cuts_of(plan, cuts)
    shape = (len(blocks) - 1, *want.shape) if plan.parts else want.shape
    # what lies behind must stay as it is
    memory = drawn(int(np.prod(shape)) + 70, dtype=a.dtype.name, seed=9)
    behind = memory[-70:].copy()
    out = memory[:-70].reshape(shape)
    run(plan, a, b, out, blocks)
    np.testing.assert_array_equal(memory[-70:], behind)
    got = out.astype(np.float64)
    size = np.abs(left) @ np.abs(right)
    close(got.sum(axis=0) if plan.parts else got, want, size, a.dtype.name)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="transposition: the dtype must be one of"):
        transposition(3, 4, "int32")
    with pytest.raises(ValueError, match="inner extents differ: 3 x 4 times 5 x 6"):
        product(Operand(3, 4), Operand(5, 6), "float32")
    with pytest.raises(ValueError, match="the dtype must be one of float32"):
        product(Operand(3, 4), Operand(4, 6), "int32")
    with pytest.raises(ValueError, match="cannot be broadcast"):
        product(Operand(3, 4, stack=(2,)), Operand(4, 6, stack=(3,)), "float32")
    with pytest.raises(ValueError, match="blocks of matrices do not suit"):
        product(Operand(3, 4), Operand(4, 6), "float32", by="matrices")
    plain = facts()._replace(triple="x86_64-unknown-linux-gnu", features="+sse2")
    assert product(Operand(3, 4), Operand(4, 6), "float16", machine=plain) is None
