"""Runs op cases natively between pages that nobody may touch; see `test_guards`.

In flow RILLET_GUARD=1, a seed and how many rows (0 for all) as arguments; out flow a
line for each row before it is run, so that the last line tells which one went astray.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
from cases import Case, all_cases, tensors

import rillet as tf
from rillet.backends.native import memory
from rillet.core.tensor import Tensor


def fenced(value: Any) -> Any:
    """A tensor that ends where a forbidden page begins."""
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return tf.constant(value)
    out = memory.guarded(array.shape, array.dtype)
    out[...] = array
    return Tensor(out)


def run(case: Case) -> None:
    """The row's values and gradients, in a function."""
    xs = [fenced(x) for x in case.inputs]
    which = [i for i, x in enumerate(xs) if x.dtype.is_floating]
    if case.grad is not None:
        which = list(case.grad)

    @tf.function(autograph=False)
    def values(*args: Any) -> Any:
        return tensors(case.call(tf, *args))

    @tf.function(autograph=False)
    def gradients(*args: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([args[i] for i in which])
            ys = [y for y in tensors(case.call(tf, *args)) if y.dtype.is_floating]
        found = tape.gradient(ys, [args[i] for i in which])
        return [tf.convert_to_tensor(g) for g in found if g is not None]

    values(*xs)
    if which and case.order:
        gradients(*xs)


def main(seed: int, count: int) -> None:
    assert memory.GUARDED
    rows = all_cases()
    if count:
        rows = random.Random(seed).sample(rows, count)
    for case in rows:
        print(case.key, flush=True)
        try:
            run(case)
        except Exception as error:  # other tests look at errors
            print("  ", type(error).__name__, flush=True)


main(int(sys.argv[1]), int(sys.argv[2]))
