"""Runs op cases natively beside the reference backend; see `test_processors`.

In flow a seed and how many rows (0 for all) as arguments, and RILLET_CPU; out flow the
processor, and a line for each row whose results differ.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
from cases import Case, all_cases, tensors

import rillet as tf
from rillet.backends.native import host

#: Rows that draw numbers, make variables, or that no graph holds.
LEFT_OUT = ("Random", "Rillet", "method", "Truncated", "Multinomial", "Accidental")


def answer(case: Case, jit: bool | None, which: list[int]) -> list[Any]:
    """Values, and gradients of those inputs."""

    def function(*args: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([args[i] for i in which])
            ys = tensors(case.call(tf, *args))
            floats = [y for y in ys if y.dtype.is_floating]
        found = tape.gradient(floats, [args[i] for i in which]) if floats else []
        return [*ys, *[tf.convert_to_tensor(g) for g in found if g is not None]]

    traced = tf.function(function, autograph=False, jit_compile=jit)
    return [np.asarray(y.numpy()) for y in traced(*map(tf.constant, case.inputs))]


def differs(case: Case) -> bool:
    """Whether both backends give other results."""
    which = [i for i, x in enumerate(case.inputs) if x.dtype.kind == "f"]
    which = list(case.grad) if case.grad is not None else which
    which = which if case.order else []
    try:
        want = answer(case, False, which)
    except Exception:
        return False  # the row is for other tests
    try:
        have = answer(case, None, which)
    except RuntimeError as error:
        print(error)
        return True
    for a, b in zip(have, want, strict=True):
        if a.dtype.kind in "OSb":
            if a.tolist() != b.tolist():
                return True
        elif not np.allclose(a, b, rtol=1e-5, atol=2e-6, equal_nan=True):
            return True
    return False


def main(seed: int, count: int) -> None:
    print(host.facts().cpu)
    rows = [r for r in all_cases() if not any(part in r.key for part in LEFT_OUT)]
    if count:
        rows = random.Random(seed).sample(rows, count)
    for case in rows:
        if differs(case):
            print(case.key, flush=True)


main(int(sys.argv[1]), int(sys.argv[2]))
