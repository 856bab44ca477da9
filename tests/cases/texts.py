"""Rows of `ops.printing` and `ops.checks`."""

import os

import numpy as np

from cases import Case, floats, ints

NOWHERE = f"file://{os.devnull}"
WORDS = np.array([["ab", "c"], ["", "d\"e"]])

CASES = (
    Case("StringFormat", lambda tf, x, y: tf.strings.format("a {} b {}", (x, y)),
         (floats(2, 9), WORDS), grad=(), order=0),
    Case("StringFormat",
         lambda tf, x: tf.strings.format("%t is", x, placeholder="%t", summarize=2),
         (ints(10),), name="placeholder", order=0),
    Case("PrintV2", lambda tf, x: (tf.print(x, output_stream=NOWHERE), x)[1] + 0,
         (ints(3),), order=0),
    Case("Assert", lambda tf, x: (tf.debugging.Assert(x[0] < 9, [x]), x)[1] + 0,
         (ints(3),), order=0),
    Case("CheckNumerics", lambda tf, x: tf.debugging.check_numerics(x, "x"),
         (floats(2, 3),), dtypes=("float16", "bfloat16", "float64"), sizes=True,
         refused=(((np.float32([np.nan]),), "InvalidArgumentError", "x : Tensor had"),
                  ((ints(2),), "InvalidArgumentError", "int32 is not in the list"))),
    Case("Timestamp", lambda tf: tf.timestamp() > 1.0),
)
