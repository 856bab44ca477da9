"""Native convolutions against the eager kernels, which TensorFlow's figures check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from rillet.backends.native import conv, pooling
from rillet.backends.native.disk_cache import DiskCache
from rillet.backends.native.host import facts
from rillet.backends.native.jit import Jit
from rillet.ops import conv_rules, convolve
from rillet.ops import depthwise as eager_depthwise
from rillet.ops.windows import windows

Run = Callable[..., None]


class Case(NamedTuple):
    """A convolution of `(images, height, width, channels)`; pairs vertical first."""

    shape: tuple[int, int, int, int]
    window: tuple[int, int]
    filters: int
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    padding: Any = "SAME"
    groups: int = 1


CASES = [
    Case((3, 28, 28, 1), (3, 3), 32, padding="VALID"),
    Case((2, 13, 13, 32), (3, 3), 64, padding="VALID"),
    Case((3, 7, 9, 3), (3, 3), 5),
    Case((5, 11, 12, 4), (3, 2), 24, strides=(2, 2)),
    Case((5, 11, 12, 4), (5, 3), 24, strides=(2, 3), padding="VALID"),
    Case((2, 11, 12, 4), (3, 3), 8, dilations=(2, 2)),
    Case((2, 11, 12, 4), (3, 3), 8, strides=(3, 2), dilations=(2, 3)),
    Case((2, 9, 9, 4), (2, 3), 8, strides=(4, 3), padding="VALID"),
    Case((2, 11, 12, 4), (1, 1), 8, strides=(2, 2)),
    Case((2, 11, 12, 4), (1, 1), 40),
    Case((2, 11, 12, 8), (3, 3), 12, groups=4),
    Case((2, 9, 8, 8), (3, 3), 12, strides=(2, 2), groups=2),
    Case((3, 9, 8, 8), (3, 3), 12, padding=(2, 3, 0, 5)),
    Case((3, 9, 8, 8), (1, 1), 12, strides=(2, 1), padding=(2, 3, 0, 5)),
    Case((3, 1, 1, 8), (3, 3), 12),
    Case((2, 2, 3, 17), (3, 3), 70),
    Case((1, 90, 33, 50), (3, 3), 50),
    Case((2, 6, 5, 40), (5, 5), 3),
    Case((9, 8, 9, 32), (3, 3), 1),
    Case((3, 8, 9, 20), (3, 3), 2, dilations=(1, 2)),
    Case((3, 8, 9, 1), (3, 3), 24),
    Case((3, 8, 9, 3), (4, 4), 24, strides=(2, 2)),
    Case((3, 8, 9, 2), (3, 3), 40, dilations=(2, 2)),
    Case((3, 5, 6, 130), (3, 3), 64),
    Case((2, 5, 13, 1), (1, 2), 10, strides=(1, 3)),
    Case((2, 2, 3, 3), (4, 5), 6, strides=(3, 4)),
    Case((2, 41, 2, 40), (3, 3), 24),
    Case((2, 41, 2, 40), (3, 3), 24, strides=(2, 1)),
    Case((2, 45, 2, 40), (3, 3), 24, strides=(2, 1)),
    Case((5, 6, 7, 40), (3, 3), 150),
    Case((5, 6, 7, 40), (3, 1), 160, groups=2),
]
DEPTHWISE = [
    Case((3, 8, 9, 32), (3, 3), 1),
    Case((3, 8, 9, 32), (3, 3), 1, strides=(2, 2)),
    Case((3, 9, 8, 24), (5, 3), 1, padding="VALID"),
    Case((3, 9, 8, 7), (3, 3), 1, dilations=(2, 1)),
    Case((2, 9, 8, 5), (3, 3), 3, strides=(2, 2)),
    Case((2, 9, 8, 16), (3, 3), 2, strides=(2, 1), padding="VALID"),
    Case((2, 4, 4, 16), (1, 1), 2),
]


class _Arrays:
    """A case's windows, its arrays and what the eager kernels make of them."""

    def __init__(
        self, case: Case, dtype: Any, first: bool, depthwise: bool = False
    ) -> None:
        n, h, w, c = case.shape
        explicit = () if isinstance(case.padding, str) else case.padding
        made = conv_rules.window(
            "conv2d",
            4,
            _four(case.strides, first),
            "EXPLICIT" if explicit else case.padding,
            _eight(explicit, first) if explicit else (),
            "NCHW" if first else "NHWC",
            _four(case.dilations, first),
        )
        shape = (n, c, h, w) if first else case.shape
        filters = (*case.window, c if depthwise else c // case.groups, case.filters)
        placed = conv_rules.plan(made, shape, filters, depthwise)
        self.sizes = conv.sizes_of(placed, c, filters, depthwise)
        self.first = first
        rng = np.random.default_rng(7)
        at = placed.at
        count = case.filters * (c if depthwise else 1)
        self.x = rng.standard_normal(case.shape).astype(dtype)
        self.w = rng.standard_normal(filters).astype(dtype)
        self.dy = rng.standard_normal((n, *at.outputs, count)).astype(dtype)
        wide = [a.astype(np.float64) for a in (self.x, self.w, self.dy)]
        if depthwise:
            self.y = eager_depthwise.convolve(wide[0], wide[1], at)
            self.dx = eager_depthwise.input_gradient(wide[1], wide[2], at)
            self.dw = eager_depthwise.filter_gradient(wide[0], wide[2], at)
        else:
            depth, groups = filters[2], case.groups
            self.y = convolve.convolve(wide[0], wide[1], at)
            self.dx = convolve.grouped_input_gradient(wide[1], wide[2], at, groups)
            self.dw = convolve.filter_gradient(wide[0], wide[2], at, depth)
        self.epsilon = 2 * np.finfo(dtype).eps
        self.lengths = (
            filters[0] * filters[1] * filters[2],
            filters[0] * filters[1] * case.filters,
            n * at.outputs[0] * at.outputs[1],
        )

    def laid(self, array: np.ndarray) -> np.ndarray:
        """An array in the case's format."""
        return np.ascontiguousarray(np.moveaxis(array, -1, 1)) if self.first else array

    def check(self, found: np.ndarray, want: np.ndarray, length: int) -> None:
        """Compares; a sum's error is a share of partial sums, as large as its root."""
        limit = self.epsilon * max(32, length)
        np.testing.assert_allclose(found, want, rtol=0, atol=limit)


def _four(pair: tuple[int, int], first: bool) -> tuple[int, ...]:
    return (1, 1, *pair) if first else (1, *pair, 1)


def _eight(pads: tuple[int, ...], first: bool) -> tuple[int, ...]:
    return (0, 0, 0, 0, *pads) if first else (0, 0, *pads, 0, 0)


def _check_all(run: Run, case: Case, a: _Arrays, **settings: Any) -> None:
    dtype = a.x.dtype
    block = settings.pop("block", 0)
    by_lines = settings.pop("by_lines", False)
    host = settings.pop("host", None)
    n, kind = case.shape[0], dtype
    out = np.full(a.laid(a.y).shape, np.nan, dtype)
    steps = conv.convolution(a.sizes, n, kind, by_lines, host)
    run(*steps, block, x=a.laid(a.x), w=a.w, out=out)
    a.check(out, a.laid(a.y), a.lengths[0])
    out = np.full(a.laid(a.dx).shape, np.nan, dtype)
    steps = conv.input_gradient(a.sizes, n, kind, by_lines, host)
    run(*steps, block, dy=a.laid(a.dy), w=a.w, out=out)
    a.check(out, a.laid(a.dx), a.lengths[1])
    out = np.full(a.dw.shape, np.nan, dtype)
    steps = conv.filter_gradient(a.sizes, n, kind, by_lines, host)
    run(*steps, x=a.laid(a.x), dy=a.laid(a.dy), out=out)
    a.check(out, a.dw, a.lengths[2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_channels_last(case: Case, dtype: Any, run_plans: Run) -> None:
    _check_all(run_plans, case, _Arrays(case, dtype, False))


@pytest.mark.parametrize("case", CASES[2::2], ids=str)
def test_channels_first(case: Case, run_plans: Run) -> None:
    _check_all(run_plans, case, _Arrays(case, np.float32, True))


@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", DEPTHWISE, ids=str)
def test_depthwise(case: Case, dtype: Any, first: bool, run_plans: Run) -> None:
    _check_all(run_plans, case, _Arrays(case, dtype, first, True))


@pytest.mark.parametrize("block", [1, 5, 9])
def test_blocks_of_lines(block: int, run_plans: Run) -> None:
    for case in (CASES[0], *CASES[3:7], CASES[12], CASES[16], CASES[18], CASES[23]):
        arrays = _Arrays(case, np.float32, False)
        _check_all(run_plans, case, arrays, block=block, by_lines=True)
    arrays = _Arrays(DEPTHWISE[3], np.float32, False, True)
    _check_all(run_plans, DEPTHWISE[3], arrays, block=block, by_lines=True)


@pytest.mark.parametrize("vectors", [(16, 16), (16, 32), (32, 16)])
def test_narrower_vectors(vectors: tuple[int, int], run_plans: Run) -> None:
    host = facts()._replace(vector_bytes=vectors[0], registers=vectors[1], l2=1 << 16)
    for case in (CASES[2], CASES[10], CASES[16], CASES[18], CASES[20], *CASES[23:]):
        arrays = _Arrays(case, np.float32, False)
        _check_all(run_plans, case, arrays, host=host)
    arrays = _Arrays(DEPTHWISE[3], np.float32, False, True)
    _check_all(run_plans, DEPTHWISE[3], arrays, host=host)


def test_a_smaller_batch_runs_the_same_code() -> None:
    sizes = _Arrays(CASES[1], np.float32, False).sizes
    kind = np.dtype(np.float32)
    for plan in (conv.convolution, conv.input_gradient, conv.filter_gradient):
        texts = [
            [step.kernel.text for step in plan(sizes, n, kind).plans] for n in (64, 7)
        ]
        assert texts[0] == texts[1]


def test_an_empty_batch_has_a_gradient_of_zeros(run_plans: Run) -> None:
    for case in (CASES[1], CASES[18]):
        sizes = _Arrays(case, np.float32, False).sizes
        x = np.zeros((0, *sizes.size, sizes.channels), np.float32)
        dy = np.zeros((0, *sizes.outputs, sizes.filters), np.float32)
        out = np.full((*sizes.window, sizes.depth, sizes.filters), np.nan, np.float32)
        steps = conv.filter_gradient(sizes, 0, np.dtype(np.float32))
        run_plans(*steps, x=x, dy=dy, out=out)
        assert not out.any()


@pytest.mark.parametrize(
    ("triple", "cpu", "features", "vectors"),
    [
        ("aarch64-unknown-linux-gnu", "generic", "+neon", (16, 32)),
        ("x86_64-unknown-linux-gnu", "x86-64", "-avx", (16, 16)),
        ("x86_64-unknown-linux-gnu", "haswell", "", (32, 16)),
    ],
)
def test_other_processors(
    triple: str, cpu: str, features: str, vectors: tuple[int, int]
) -> None:
    host = facts()._replace(
        triple=triple,
        cpu=cpu,
        features=features,
        vector_bytes=vectors[0],
        registers=vectors[1],
    )
    jit, kind = Jit(DiskCache(None), host), np.dtype(np.float32)
    for case, depthwise in (
        (CASES[2], False),
        (CASES[18], False),
        (DEPTHWISE[4], True),
    ):
        sizes = _Arrays(case, np.float32, False, depthwise).sizes
        steps = [
            conv.convolution(sizes, 9, kind, host=host),
            conv.input_gradient(sizes, 9, kind, host=host),
            conv.filter_gradient(sizes, 9, kind, host=host),
        ]
        for plan in (plan for step in steps for plan in step.plans):
            assert jit.object(plan.kernel)[:4] == b"\x7fELF"
    at = windows((2, 9, 7, 6), (1, 3, 3, 1), (1, 2, 2, 1), (1,) * 4, "SAME")
    for name in ("maximum", "maximum_gradient", "mean", "mean_gradient", "winners"):
        plan = pooling.pool(name, at, False, kind, host)
        assert plan is not None
        assert jit.object(plan.kernel)[:4] == b"\x7fELF"
