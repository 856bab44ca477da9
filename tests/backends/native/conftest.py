"""Runs plans of kernels block by block, without the pool."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from rillet.backends.native import jit

_PROTOTYPE = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)


def _run(plan: Any, buffers: dict[str, np.ndarray], block: int) -> None:
    code = jit.compile([plan.kernel])[0]
    words = [
        buffers[word].ctypes.data if isinstance(word, str) else word
        for word in plan.words
    ]
    args = np.array(words, np.int64)
    scratch = np.full(plan.scratch + 64, 0xFF, np.uint8)
    aligned = scratch.ctypes.data + -scratch.ctypes.data % 64
    kernel = _PROTOTYPE(code.address)
    for number, low in enumerate(range(0, plan.extent, block)):
        high = min(plan.extent, low + block)
        kernel(args.ctypes.data, low, high, number, 0, aligned)


def run_plans(
    plans: Sequence[Any],
    temporaries: dict[str, int],
    block: int = 0,
    **buffers: np.ndarray,
) -> None:
    """Runs plans one after the other, on scratch and temporaries that hold NaN.

    Args:
      plans: what to run.
      temporaries: numbers of elements.
      block: rows of a block; the plan's own where it is 0 or parts are written.
      buffers: what stands behind names.
    """
    dtype = next(iter(buffers.values())).dtype
    extra = {name: np.full(size, np.nan, dtype) for name, size in temporaries.items()}
    for plan in plans:
        own = "parts" in plan.words or not block
        _run(plan, buffers | extra, plan.block if own else block)


@pytest.fixture(name="run_plans")
def _run_plans() -> Callable[..., None]:
    return run_plans
