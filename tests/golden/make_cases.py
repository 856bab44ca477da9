"""Makes cases_FAMILY.npz: what the real TensorFlow gives for every row of the op cases.

Run it from the repository with TensorFlow 2.21 in its own environment:

    PYTHONPATH=tests python tests/golden/make_cases.py [FAMILY ...]

For each row: ``KEY/out0`` and so on, and for float inputs ``KEY/grad0`` and so on, the
gradient of the sum of all float outputs, each weighted by its position.
"""

import importlib
import os
import pkgutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cases
import numpy as np
import tensorflow as tf


def weighted(outputs):
    """A scalar that depends on every float output, element by element."""
    total = 0.0
    for y in outputs:
        if y.dtype.is_floating or y.dtype.is_complex:
            n = int(np.prod(y.shape))
            w = np.cos(np.arange(n, dtype=np.float64)).reshape(y.shape)
            part = tf.reduce_sum(y * tf.cast(w, y.dtype))
            total += tf.cast(tf.math.real(part) + tf.math.imag(part), tf.float64)
    return total


def run(case):
    """The outputs and gradients of a row, by key."""
    found = {}
    xs = [tf.constant(x) for x in case.inputs]
    with tf.GradientTape() as tape:
        tape.watch([x for x in xs if x.dtype.is_floating or x.dtype.is_complex])
        outputs = cases.tensors(case.call(tf, *xs))
        loss = weighted(outputs)
    for i, y in enumerate(outputs):
        value = tf.convert_to_tensor(y).numpy()
        if y.dtype == tf.bfloat16:
            value = value.astype(np.float32)
        if y.dtype == tf.string:
            value = np.array(value)
            value = np.array([b.hex() for b in value.reshape(-1)]).reshape(value.shape)
        found[f"{case.key}/out{i}"] = np.asarray(value)
    wanted = case.grad
    if wanted is None:
        wanted = [i for i, x in enumerate(xs) if x.dtype.is_floating]
    if case.order and wanted and not isinstance(loss, float):
        try:
            gs = tape.gradient(loss, [xs[i] for i in wanted])
        except LookupError:  # TensorFlow has none; finite differences still check it
            gs = [None] * len(wanted)
        for i, g in zip(wanted, gs, strict=True):
            if g is not None:
                found[f"{case.key}/grad{i}"] = tf.convert_to_tensor(g).numpy()
    return found


def main():
    here = Path(__file__).parent
    names = sys.argv[1:] or sorted(m.name for m in pkgutil.iter_modules(cases.__path__))
    for name in names:
        found = {}
        for case in importlib.import_module(f"cases.{name}").CASES:
            if case.golden:
                try:
                    found.update(run(case))
                except Exception as error:
                    raise SystemExit(f"{case.key}: {error!r}") from error
        np.savez_compressed(here / f"cases_{name}.npz", **found)
        print(f"{name}: {len(found)} arrays")


main()
