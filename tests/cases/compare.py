"""Rows of `ops.compare` and `ops.bits`."""

import numpy as np

from cases import Case, floats, ints

BAD = "InvalidArgumentError"
A, B = ints(3, 4), np.roll(ints(3, 4), 1)
X = np.array([1.0, -np.inf, np.nan, 0.0], np.float32)
T, F = np.array([True, True, False, False]), np.array([True, False, True, False])
TEXTS = np.array(["a", "b", "c"], object), np.array(["a", "c", "b"], object)
BYTES = np.array([1, 200, 255, 16], np.uint8), np.array([0, 3, 9, 7], np.uint8)
APART = np.array([1, -8, 1, -8], np.int32), np.array([31, 1, 40, -3], np.int32)
MIXED = (
    ((ints(2), floats(2)), BAD, "int32 tensor but is a float32"),
    ((ints(3), ints(2)), BAD, "Incompatible shapes"),
)
NO_ORDER = (*MIXED, ((T, F), BAD, "bool"))
NO_TRUTH = (((A, B), BAD, "int32"),)
NO_BITS = (*MIXED, ((floats(2), floats(2)), BAD, "float32"), ((T, F), BAD, "bool"))

CASES = (
    Case("Equal", lambda tf, x, y: tf.equal(x, y), (A, B), refused=MIXED),
    Case("Equal", lambda tf, x, y: x == y, TEXTS, name="strings"),
    Case("Equal", lambda tf, x: x == x, (X,), name="nan"),
    Case("NotEqual", lambda tf, x, y: tf.not_equal(x, y), (A, B), refused=MIXED),
    Case("NotEqual", lambda tf, x: x != x, (X,), name="nan"),
    Case("Less", lambda tf, x, y: tf.less(x, y), (A, B), refused=NO_ORDER),
    Case("Less", lambda tf, x: x < x[0], (X,), name="nan", order=0),
    Case("LessEqual", lambda tf, x, y: tf.less_equal(x, y), (A, B), refused=NO_ORDER),
    Case("Greater", lambda tf, x, y: tf.greater(x, y), (A, B), refused=NO_ORDER),
    Case("GreaterEqual", lambda tf, x, y: tf.greater_equal(x, y), (A, B),
         refused=NO_ORDER),
    Case("LogicalAnd", lambda tf, x, y: tf.logical_and(x, y), (T, F), refused=NO_TRUTH),
    Case("LogicalOr", lambda tf, x, y: tf.logical_or(x, y), (T, F), refused=NO_TRUTH),
    Case("RilletLogicalXor", lambda tf, x, y: tf.math.logical_xor(x, y), (T, F),
         refused=NO_TRUTH),
    Case("LogicalNot", lambda tf, x: tf.logical_not(x), (T,),
         refused=(((A,), BAD, "int32"), (([1, 0],), "TypeError", "dtype bool"))),
    Case("IsNan", lambda tf, x: tf.math.is_nan(x), (X,), sizes=True,
         refused=(((A,), BAD, "int32"),)),
    Case("IsInf", lambda tf, x: tf.math.is_inf(x), (X,), sizes=True,
         refused=(((A,), BAD, "int32"),)),
    Case("IsFinite", lambda tf, x: tf.math.is_finite(x), (X,), sizes=True,
         refused=(((A,), BAD, "int32"),)),
    Case("BitwiseAnd", lambda tf, x, y: tf.bitwise.bitwise_and(x, y), (A, B),
         refused=NO_BITS),
    Case("BitwiseOr", lambda tf, x, y: tf.bitwise.bitwise_or(x, y), (A, B),
         refused=NO_BITS),
    Case("BitwiseXor", lambda tf, x, y: tf.bitwise.bitwise_xor(x, y), (A, B),
         refused=NO_BITS),
    Case("Invert", lambda tf, x: tf.bitwise.invert(x), (A,),
         refused=(((T,), BAD, "bool"),)),
    Case("LeftShift", lambda tf, x, y: tf.bitwise.left_shift(x, y), APART,
         refused=NO_BITS),
    Case("LeftShift", lambda tf, x, y: tf.bitwise.left_shift(x, y), BYTES,
         name="bytes"),
    Case("RightShift", lambda tf, x, y: tf.bitwise.right_shift(x, y), APART,
         refused=NO_BITS),
    Case("RightShift", lambda tf, x, y: tf.bitwise.right_shift(x, y), BYTES,
         name="bytes"),
)
