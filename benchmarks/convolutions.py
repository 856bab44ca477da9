"""Measures the native convolutions and pools: GFLOP/s, or GB/s, a shape and direction.

    python benchmarks/convolutions.py                     # the table
    python benchmarks/convolutions.py 64x28x28x1/3x3x32/valid 32x28x28x64/pool2x2

A shape is `images x height x width x channels / window x filters`, then marks: `s2`
strides, `d2` dilations, `g4` groups, `depthwise` (filters are then a channel's),
`valid`, `first` (channels first), `float64`. `poolHxW` stands for a pool's window, with
strides as large unless `s` says otherwise. Directions are the result (out), the input's
gradient (dx) and the filters' (dw); of a pool, maxima and means and their gradients.
"""

from __future__ import annotations

import argparse
import re

import numpy as np
from products import best, peak

from rillet.backends.native import conv, jit, pooling
from rillet.backends.native.conv import Plan, Steps
from rillet.backends.native.image import At, Builder, Runner
from rillet.core import threads
from rillet.ops import conv_rules
from rillet.ops.windows import windows

SHAPES = (
    "64x28x28x1/3x3x32/valid",
    "64x13x13x32/3x3x64/valid",
    "64x28x28x1/3x3x32",
    "64x28x28x32/3x3x1",
    "64x28x28x6/5x5x16",
    "32x32x32x3/3x3x32",
    "32x32x32x32/3x3x32/first",
    "8x56x56x64/3x3x64",
    "8x14x14x256/3x3x256",
    "8x7x7x512/3x3x512",
    "8x56x56x64/1x1x256",
    "8x56x56x128/3x3x128/s2",
    "4x224x224x3/7x7x64/s2",
    "8x56x56x128/3x3x1/depthwise",
    "64x26x26x32/pool2x2/valid",
    "64x11x11x64/pool2x2/valid",
    "8x112x112x64/pool3x3/s2",
)


class Case:
    """A shape with its arrays."""

    def __init__(self, text: str) -> None:
        shape, window, *marks = text.split("/")
        images, height, width, channels = map(int, shape.split("x"))
        numbers = {mark[0]: int(mark[1:]) for mark in marks if mark[1:].isdigit()}
        self.text = text
        self.images = images
        self.first = "first" in marks
        self.dtype = np.dtype("float64" if "float64" in marks else "float32")
        self.padding = "VALID" if "valid" in marks else "SAME"
        self.draw = np.random.default_rng(0)
        self.shape = self._laid((height, width), channels, images)
        taps = [int(size) for size in re.findall(r"\d+", window)]
        if window.startswith("pool"):
            strides = (numbers["s"],) * 2 if "s" in numbers else tuple(taps)
            self.at = windows(
                self.shape, self._laid((taps[0], taps[1]), 1, 1),
                self._laid((strides[0], strides[1]), 1, 1), (1,) * 4, self.padding,
            )  # fmt: skip
            return
        depthwise = "depthwise" in marks
        depth = channels if depthwise else channels // numbers.get("g", 1)
        self.filters = (*taps[:2], depth, taps[2])
        made = conv_rules.window(
            "conv2d",
            4,
            self._laid((numbers.get("s", 1),) * 2, 1, 1),
            self.padding,
            data_format="NCHW" if self.first else "NHWC",
            dilations=self._laid((numbers.get("d", 1),) * 2, 1, 1),
        )
        placed = conv_rules.plan(made, self.shape, self.filters, depthwise)
        self.sizes = conv.sizes_of(placed, channels, self.filters, depthwise)

    def _laid(
        self, pair: tuple[int, int], channels: int, images: int
    ) -> tuple[int, ...]:
        if self.first:
            return images, channels, *pair
        return images, *pair, channels

    def programs(self) -> list[tuple[str, Steps, dict[str, tuple[int, ...]]]]:
        """What to measure: (direction, plans, shapes of the buffers)."""
        if "pool" in self.text:
            return self._pools()
        sizes, n, dtype = self.sizes, self.images, self.dtype
        out = self._laid(sizes.outputs, sizes.filters, n)
        x, w = self.shape, self.filters
        return [
            ("out", conv.convolution(sizes, n, dtype), {"x": x, "w": w, "out": out}),
            ("dx", conv.input_gradient(sizes, n, dtype), {"dy": out, "w": w, "out": x}),
            (
                "dw",
                conv.filter_gradient(sizes, n, dtype),
                {"x": x, "dy": out, "out": w},
            ),
        ]

    def _pools(self) -> list[tuple[str, Steps, dict[str, tuple[int, ...]]]]:
        found = []
        for kind in ("maximum", "maximum_gradient", "mean", "mean_gradient"):
            plan = pooling.pool(kind, self.at, self.first, self.dtype)
            assert plan is not None
            shapes = {"x": self.at.sizes, "dy": self.at.outputs}
            used = {name: shapes[name] for name in plan.words if name in shapes}
            used["out"] = shapes["x" if "gradient" in kind else "dy"]
            found.append((kind, Steps((plan,), {}), used))
        return found

    def arrays(self, steps: Steps, shapes: dict[str, tuple[int, ...]]) -> _Arrays:
        """The buffers, aligned as a program's are, and their bytes."""
        made = {
            name: _aligned(self.draw.standard_normal(shape).astype(self.dtype))
            for name, shape in shapes.items()
        }
        for name, size in steps.temporaries.items():
            made[name] = _aligned(np.zeros(size, self.dtype))
        return made


_Arrays = dict[str, np.ndarray]


def _aligned(array: np.ndarray) -> np.ndarray:
    whole = np.zeros(array.nbytes + 64, np.uint8)
    skipped = -whole.ctypes.data % 64
    place = whole[skipped : skipped + array.nbytes].view(array.dtype)
    place[...] = array.reshape(-1)
    return place.reshape(array.shape)


def runner(plans: tuple[Plan, ...], arrays: _Arrays) -> Runner:
    """Plans as a native program."""
    builder = Builder()
    bases = {name: At(number) for number, name in enumerate(arrays)}
    for plan, code in zip(
        plans, jit.compile([plan.kernel for plan in plans]), strict=True
    ):
        arguments = [bases[w] if isinstance(w, str) else w for w in plan.words]
        with builder.wave(), builder.chain(plan.extent, plan.block, plan.ns_per_row):
            builder.call(code, arguments)
    scratch = max(plan.scratch for plan in plans)
    return builder.build(bases=len(bases), scratch=scratch).runner()


def main() -> None:
    """Prints a line a shape and direction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    shapes = parser.parse_args().shapes
    top = peak() * threads.count()
    print(f"{threads.count()} threads, peak {top:.0f} GFLOP/s in float32")
    print(f"{'shape':32} {'what':17} {'us':>8} {'GFLOP/s':>8} {'peak':>5} {'GB/s':>6}")
    for text in shapes:
        case = Case(text)
        for name, steps, buffers in case.programs():
            arrays = case.arrays(steps, buffers)
            program = runner(steps.plans, arrays)
            addresses = [array.ctypes.data for array in arrays.values()]
            seconds = best(lambda p=program, a=addresses: p.run(a))  # type: ignore[misc]
            moved = sum(arrays[n].nbytes for n in buffers) / seconds / 1e9
            rate, share = "", ""
            if "pool" not in text:
                work = 2 * case.sizes.multiplications * case.images / seconds / 1e9
                rate, share = (
                    f"{work:.1f}",
                    f"{work * case.dtype.itemsize / 4 / top:.0%}",
                )
            print(f"{text:32} {name:17} {seconds * 1e6:8.1f} {rate:>8} {share:>5} "
                  f"{moved:6.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
