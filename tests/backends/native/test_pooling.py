"""Native pools against the eager kernels, which TensorFlow's figures check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from rillet.backends.native import pooling
from rillet.ops import pooling as eager
from rillet.ops.windows import Windows, windows


class Case(NamedTuple):
    """A pool over `(images, height, width, channels)`."""

    shape: tuple[int, int, int, int]
    window: tuple[int, int]
    strides: tuple[int, int]
    padding: str


CASES = [
    Case((3, 8, 8, 32), (2, 2), (2, 2), "VALID"),
    Case((3, 9, 7, 20), (2, 2), (2, 2), "VALID"),
    Case((3, 9, 7, 20), (2, 2), (2, 2), "SAME"),
    Case((3, 9, 7, 3), (3, 3), (2, 2), "SAME"),
    Case((3, 9, 7, 3), (3, 2), (1, 1), "SAME"),
    Case((2, 13, 13, 40), (5, 5), (3, 2), "SAME"),
    Case((2, 13, 13, 40), (1, 1), (3, 2), "SAME"),
    Case((2, 13, 13, 1), (7, 7), (7, 7), "SAME"),
    Case((3, 3, 3, 3), (2, 4), (3, 3), "SAME"),
]
FILLS = ["any", "ties", "nan", "infinite"]


def _windows(case: Case, first: bool) -> Windows:
    n, h, w, c = case.shape
    sizes = (n, c, h, w) if first else case.shape
    pair = [(1, 1, *p) if first else (1, *p, 1) for p in (case.window, case.strides)]
    return windows(sizes, pair[0], pair[1], (1,) * 4, case.padding)


def _input(rng: np.random.Generator, shape: Any, fill: str, dtype: Any) -> np.ndarray:
    x = rng.standard_normal(shape).astype(dtype)
    if fill == "ties":
        return np.round(x)
    if fill == "nan":
        x[rng.random(shape) < 0.3] = np.nan
    if fill == "infinite":
        x[rng.random(shape) < 0.3] = -np.inf
        x[rng.random(shape) < 0.1] = np.inf
    return x


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pools(
    case: Case, fill: str, first: bool, dtype: Any, run_plans: Callable[..., None]
) -> None:
    at = _windows(case, first)
    rng = np.random.default_rng(3)
    x = _input(rng, at.sizes, fill, dtype)
    dy = rng.standard_normal(at.outputs).astype(dtype)
    values = rng.standard_normal(at.sizes).astype(dtype)
    with np.errstate(invalid="ignore"):
        wanted = {
            "maximum": eager.maximum(x, at),
            "mean": eager.mean(x, at),
            "maximum_gradient": eager.maximum_gradient(x, dy, at),
            "mean_gradient": eager.mean_gradient(dy, at),
            "winners": eager.winners_of(x, values, at),
        }
    for kind, want in wanted.items():
        plan = pooling.pool(kind, at, first, np.dtype(dtype))
        assert plan is not None
        out = np.full(want.shape, 7e7, dtype)
        run_plans([plan], {}, x=x, dy=dy, values=values, out=out)
        # Windows that overlap add in another order.
        limit = 16 * np.finfo(dtype).eps
        np.testing.assert_allclose(out, want, rtol=0, atol=limit, err_msg=kind)


def test_windows_over_channels_are_left_to_others() -> None:
    at = windows((1, 4, 4, 6), (1, 1, 1, 2), (1, 1, 1, 2), (1,) * 4, "VALID")
    assert pooling.pool("maximum", at, False, np.dtype(np.float32)) is None
