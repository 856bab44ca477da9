"""Rows of `ops.elementwise`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
A, B = floats(3, 4), floats(3, 4, seed=1)
ROW, POSITIVE = floats(4, seed=2), floats(3, 4, low=0.2, high=3.0)
C = (floats(3, 2) + 1j * floats(3, 2, seed=1)).astype(np.complex64)
MIXED = (
    ((ints(2), floats(2)), "InvalidArgumentError", "int32 tensor but is a float32"),
    ((floats(3), floats(2)), "InvalidArgumentError", "Incompatible shapes"),
)

CASES = (
    Case("AddV2", lambda tf, x, y: x + y, (A, B), refused=MIXED, dtypes=HALVES, sizes=True),
    Case("AddV2", lambda tf, x, y: tf.add(x, y), (A, ROW), name="broadcast"),
    Case("Sub", lambda tf, x, y: x - y, (A, ROW), refused=MIXED, dtypes=HALVES),
    Case("Mul", lambda tf, x, y: x * y, (A, ROW), refused=MIXED, dtypes=HALVES),
    Case("Mul", lambda tf, x, y: x * y, (C, C), name="complex", grad=(0, 1), order=1),
    Case("RealDiv", lambda tf, x, y: x / y, (A, POSITIVE), dtypes=HALVES),
    Case("Neg", lambda tf, x: -x, (A,), dtypes=HALVES, sizes=True),
    Case("FloorDiv", lambda tf, x, y: x // y, (ints(3, 4), ints(4, low=1)), order=0,
         refused=(((ints(2), np.zeros(2, np.int32)), "InvalidArgumentError",
                   "division by zero"),)),
    Case("FloorMod", lambda tf, x, y: x % y, (A, POSITIVE)),
    Case("Pow", lambda tf, x, y: x**y, (POSITIVE, B), rtol=1e-4),
    Case("Pow", lambda tf, x: x**2, (A,), name="square", sizes=True),
    Case("Square", lambda tf, x: tf.square(x), (A,), dtypes=HALVES, sizes=True),
    Case("Exp", lambda tf, x: tf.exp(x), (A,), dtypes=HALVES, sizes=True,
         refused=(((ints(2),), "InvalidArgumentError", "tf.cast"),)),
    Case("Log", lambda tf, x: tf.math.log(x), (POSITIVE,), sizes=True),
    Case("Sqrt", lambda tf, x: tf.sqrt(x), (POSITIVE,), dtypes=HALVES, sizes=True),
    Case("Abs", lambda tf, x: tf.abs(x), (A,), dtypes=HALVES, sizes=True),
    Case("Maximum", lambda tf, x, y: tf.maximum(x, y), (A, ROW), dtypes=HALVES),
    Case("Minimum", lambda tf, x, y: tf.minimum(x, y), (A, ROW), dtypes=HALVES),
)
