"""Measures the native matrix products: GFLOP/s a shape, beside the peak and OpenBLAS.

    python benchmarks/products.py                   # the table
    python benchmarks/products.py 128x784x512 32x784x25/t

A shape is `m x k x n`; `/ta`, `/tb` transpose a or b as stored, `/rows`, `/columns`,
`/terms` and `/matrices` say what blocks are cut of, `/BxM` puts stacks before both,
`/float64` and its kin change the dtype.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import time
from collections.abc import Callable

import numpy as np

from rillet.backends.native import jit
from rillet.backends.native.calls import Kernel
from rillet.backends.native.host import facts
from rillet.backends.native.image import At, Builder, Runner
from rillet.backends.native.products import Operand, Plan, product
from rillet.core import threads
from rillet.ops import blas

_WORK = 5e8  # operations in a run: about two milliseconds
_ENOUGH = 0.5  # seconds for a cell of the table

SHAPES = (
    "128x784x512/rows",
    "784x128x512/ta",
    "784x128x512/ta/terms",
    "128x512x784/tb/rows",
    "128x512x10/rows",
    "512x128x10/ta",
    "128x10x512/tb/rows",
    "256x784x50/rows",
    "784x256x50/ta",
    "32x784x25/rows",
    "784x32x25/ta",
    "32x25x15/rows",
    "25x32x15/ta",
    "32x15x25/tb/rows",
    "60000x784x10/rows",
    "784x60000x10/ta/terms",
    "64x28x256/rows",
    "64x64x256/rows",
    "64x256x64/tb/rows",
    "8x32x32/64x8",
    "32x64x32/64x8/tb",
    "1x784x512",
    "1x512x10",
    "1x512x784/tb",
    "10000x784x512/rows",
    "128x784x1/rows",
    "784x128x1/ta",
    "1024x1024x1024",
    "2048x4096x4096",
    "512x512x512/float64",
    "128x784x512/rows/float64",
    "128x784x512/rows/bfloat16",
)


class Case:
    """A shape with its arrays."""

    def __init__(self, text: str) -> None:
        shape, *marks = text.split("/")
        self.m, self.k, self.n = map(int, shape.split("x"))
        self.sides = "ta" in marks, "tb" in marks
        stack: tuple[int, ...] = ()
        self.by, self.dtype = "", "float32"
        for mark in marks:
            if mark in ("rows", "columns", "terms", "matrices"):
                self.by = mark
            elif mark.startswith(("float", "bfloat")):
                self.dtype = mark
            elif mark not in ("ta", "tb"):
                stack = tuple(map(int, mark.split("x")))
        shape_a = (self.k, self.m) if self.sides[0] else (self.m, self.k)
        shape_b = (self.n, self.k) if self.sides[1] else (self.k, self.n)
        plan = product(
            Operand(*shape_a, self.sides[0], stack=stack),
            Operand(*shape_b, self.sides[1], stack=stack),
            self.dtype,
            by=self.by,
        )
        assert plan is not None
        self.plan: Plan = plan
        self.work = 2 * self.m * self.n * self.k * int(np.prod(stack, dtype=int))
        item = {"float64": 8, "bfloat16": 2, "float16": 2}.get(self.dtype, 4)
        self.item = np.dtype({8: "float64", 4: "float32", 2: "uint16"}[item])
        draw = np.random.default_rng(0)
        self.a, self.b = (
            (draw.random((*stack, *s)) if item > 2 else np.zeros((*stack, *s))).astype(
                self.item
            )
            for s in (shape_a, shape_b)
        )
        self.out = np.zeros((*stack, self.m, self.n), self.item)

    def runner(self, block: int = 0) -> Runner:
        """The product as a native program."""
        plan, builder = self.plan, Builder()
        code = jit.compile([plan.kernel])[0]
        bases = {"a": At(0), "b": At(1), "out": At(2)}
        arguments = [bases[w] if isinstance(w, str) else w for w in plan.words]
        rows = block or plan.block
        if plan.parts:
            parts = -(-plan.extent // rows)
            self.out = np.zeros((parts, self.m, self.n), self.item)
        with builder.wave(), builder.chain(plan.extent, rows, plan.ns_per_row):
            builder.call(code, arguments)
        return builder.build(bases=3, scratch=plan.scratch).runner()

    def native_seconds(self, block: int = 0) -> float:
        """Of one product."""
        runner = self.runner(block)
        bases = [array.ctypes.data for array in (self.a, self.b, self.out)]
        steps = max(1, int(_WORK / max(self.work, 1)))
        return best(lambda: runner.run(bases, steps)) / steps

    def openblas_seconds(self) -> float:
        """Of one product of matrices; NaN for stacks and half precisions."""
        if self.a.ndim > 2 or self.item.itemsize == 2:
            return float("nan")
        out = np.zeros((self.m, self.n), self.item)
        steps = max(1, int(_WORK / max(self.work, 1)))

        def run() -> None:
            for _ in range(steps):
                blas.matmul(self.a, self.b, *self.sides, out=out)

        return best(run) / steps


def best(run: Callable[[], object]) -> float:
    """The shortest of many short runs: what it takes when nothing else runs."""
    seconds = []
    while sum(seconds) < _ENOUGH or len(seconds) < 3:
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def peak() -> float:
    """GFLOP/s of one core: multiply-adds in registers alone."""
    lanes, sums = facts().vector_bytes // 4, min(24, facts().registers - 4)
    vector = f"<{lanes} x float>"
    numbers = range(sums)
    text = [
        "define void @kernel(ptr noalias %args, i64 %lo, i64 %hi, i64 %block, "
        "i64 %step, ptr %scratch) {",
        f"entry:\n  %x = load {vector}, ptr %scratch\n  br label %turn\nturn:",
        "  %i = phi i64 [ 0, %entry ], [ %j, %turn ]",
        *(f"  %a{i} = phi {vector} [ %x, %entry ], [ %b{i}, %turn ]" for i in numbers),
        *(
            f"  %m{i} = fmul contract {vector} %a{i}, %x\n"
            f"  %b{i} = fadd contract {vector} %m{i}, %x"
            for i in numbers
        ),
        "  %j = add i64 %i, 1\n  %more = icmp slt i64 %j, %hi",
        "  br i1 %more, label %turn, label %end\nend:",
    ]
    total = "%b0"
    for i in numbers[1:]:
        text.append(f"  %s{i} = fadd {vector} {total}, %b{i}")
        total = f"%s{i}"
    text.append(f"  store {vector} {total}, ptr %scratch\n  ret void\n}}")
    code = jit.compile([Kernel("peak", "\n".join(text))])[0]
    kernel = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)(code.address)
    scratch = np.zeros(64, np.float32)
    place = scratch.ctypes.data + -scratch.ctypes.data % 64
    turns = 200_000
    return (
        turns * sums * lanes * 2 / best(lambda: kernel(0, 0, turns, 0, 0, place)) / 1e9
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    parser.add_argument("--blocks", type=int, nargs="*", default=[0])
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    top = peak()
    print(f"peak of a core: {top:.0f} GFLOP/s in float32")
    print("GFLOP/s (share of the peak)")
    names = [f"{count} thread{'s'[: count > 1]}" for count in options.threads]
    print(f"{'shape':30s}{'block':>6s}", *(f"{name:>14s}" for name in names),
          f"{'OpenBLAS 1':>12s}")  # fmt: skip
    for text, block in itertools.product(options.shapes, options.blocks):
        case = Case(text)
        cells = []
        for count in options.threads:
            threads.set_limit(count)
            rate = case.work / case.native_seconds(block) / 1e9
            share = rate / (top * count * 4 / max(4, case.item.itemsize))
            cells.append(f"{rate:7.0f} {share:5.0%} ")
        threads.set_limit(1)
        other = case.work / case.openblas_seconds() / 1e9
        print(f"{text:30s}{block or case.plan.block:6d}", *cells, f"{other:12.0f}",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
