"""Narrow products in native code against sums in float64."""

from __future__ import annotations

import builtins
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from rillet.backends.native import narrow, narrow_ir
from rillet.core import threads
from rillet.ops import blas, gemm


@pytest.fixture(scope="module")
def product() -> Any:
    found = narrow.load()
    assert found is not None
    return found


def drawn(*shape: int, dtype: Any = np.float32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def close(got: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Rows of the product, within a rounded sum's bound for terms of size about 1."""
    some = np.linspace(0, len(left) - 1, 7).astype(int)
    wide, narrow = left[some].astype(np.float64), right.astype(np.float64)
    want = np.stack([(row[:, None] * narrow).sum(axis=0) for row in wide])
    unit = np.finfo(left.dtype).eps
    np.testing.assert_allclose(got[some], want, rtol=0, atol=4 * unit * len(right))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 7, 8, 10, 16, 17, 31, 32])
@pytest.mark.parametrize("m", [256, 1003])
def test_rows_and_columns(product: Any, m: int, n: int, dtype: Any) -> None:
    k = 301
    left, right = drawn(m, k, dtype=dtype), drawn(k, n, dtype=dtype, seed=1)
    out = np.full((m, n), np.nan, dtype)
    assert product(left, right, out, False)
    close(out, left, right)
    assert product(left, right, out, True)
    close(out / 2, left, right)

    tall = np.full((k, n), np.nan, dtype)
    gradient = drawn(m, n, dtype=dtype, seed=2)
    assert product(left.T, gradient, tall, False)
    close(tall, left.T, gradient)
    assert product(left.T, gradient, tall, True)
    close(tall / 2, left.T, gradient)


def test_views_and_the_other_side(product: Any) -> None:
    room = drawn(600, 400)
    left, right = room[3:503, 5:306], drawn(301, 10, seed=1)
    out = np.zeros((500, 14), np.float32)[:, 2:12]
    assert product(left, right, out, False)
    close(out, left, right)
    other = np.zeros((10, 500), np.float32)
    assert product(right.T, left.T, other, False)
    close(other.T, left, right)


def test_shapes_it_leaves_to_others(product: Any) -> None:
    for m, k, n in [(500, 300, 33), (100, 100, 4), (300, 1 << 17, 4)]:
        left, right = np.zeros((m, k), "f4"), np.zeros((k, n), "f4")
        assert not product(left, right, np.zeros((m, n), "f4"), False)
    every_second = np.zeros((600, 600), "f4")[::2, ::2]
    out = np.zeros((300, 4), "f4")
    assert not product(every_second, np.zeros((300, 4), "f4"), out, False)


@pytest.mark.parametrize("turned", [False, True])
def test_the_same_bits_for_any_threads(product: Any, turned: bool) -> None:
    left = drawn(20000, 100)
    right = drawn(20000 if turned else 100, 10, seed=1)
    results = []
    for count in (1, 2, 3):
        threads.set_limit(count)
        out = np.zeros((100 if turned else 20000, 10), np.float32)
        assert product(left.T if turned else left, right, out, False)
        results.append(out)
    threads.set_limit(0)
    assert (results[0] == results[1]).all() and (results[0] == results[2]).all()


def test_large_products_come_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def spy(*arguments: Any) -> bool:
        asked.append(arguments[0].shape)
        return False

    monkeypatch.setattr(gemm, "_narrow", spy)
    monkeypatch.setattr(gemm, "_narrow_loader", None)
    left = np.ones((1 << 15, 300), np.float32)
    assert (blas.matmul(left, np.ones((300, 8), np.float32)) == 300).all()
    blas.matmul(left[:100], np.ones((300, 8), np.float32))
    blas.matmul(left, np.ones((300, 1), np.float32))
    assert asked == [left.shape]


def at_once(function: Any) -> list[Any]:
    """What four threads get that call a function together."""
    ready = threading.Barrier(4)

    def call(_: int) -> Any:
        ready.wait()
        return function()

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(call, range(4)))


def test_threads_that_ask_first_get_the_same_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Blocks of a convolution did: one failed, the other was multiplied elsewhere."""
    made = []

    def load() -> Any:
        made.append(None)
        time.sleep(0.05)
        return len(made)

    monkeypatch.setattr(gemm, "_narrow", None)
    monkeypatch.setattr(gemm, "_narrow_loader", load)
    assert at_once(gemm._narrow_product) == [1, 1, 1, 1]
    left, right = drawn(4096, 40), drawn(40, 20)

    def fresh() -> np.ndarray:
        out = np.empty((4096, 20), np.float32)
        assert multiply(left, right, out, False)
        return out

    for _ in range(3):
        multiply = narrow.load()
        assert multiply is not None
        found = at_once(fresh)
        assert all((f == found[0]).all() for f in found)


def test_without_llvm_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: Any) -> Any:
        if name.startswith("rillet.backends.native"):
            raise ImportError("No module named 'llvmlite'")
        return real(name, *arguments)

    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = narrow.get_logger()
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(builtins, "__import__", refuse)
    assert narrow.load() is None
    assert len(heard) == 1 and "pip install llvmlite" in heard[0]


@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
@pytest.mark.parametrize("triple", ["x86_64-unknown-linux-gnu", "aarch64-linux-gnu"])
def test_code_for_other_processors(lanes: int, triple: str) -> None:
    """The IR verifies and compiles for the other targets that rillet ships to."""
    from llvmlite import binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    source = narrow_ir.module("narrow", 4, lanes, 2, 4)
    lines = [x for x in source.splitlines() if not x.startswith("target triple")]
    module = llvm.parse_assembly("\n".join(lines))
    module.verify()
    machine = llvm.Target.from_triple(triple).create_target_machine()
    assert "narrow_rows" in machine.emit_assembly(module)
