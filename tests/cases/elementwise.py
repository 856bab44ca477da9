"""Rows of `ops.elementwise`, `ring`, `quotients`, `casting` and `arithmetic`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
BAD = "InvalidArgumentError"
A, B = floats(3, 4), floats(3, 4, seed=1)
ROW, POSITIVE = floats(4, seed=2), floats(3, 4, low=0.2, high=3.0)
C = (floats(3, 2) + 1j * floats(3, 2, seed=1)).astype(np.complex64)
ZEROS = np.array([[0.0, 1.5, -2.0], [3.0, 0.0, -0.5]], np.float32)
ODD = np.array([7, -7, 7, -7, 0], np.int32), np.array([2, 2, -2, -2, 3], np.int32)
TEXTS = np.array(["a", "bc"], object)
MIXED = (
    ((ints(2), floats(2)), BAD, "int32 tensor but is a float32"),
    ((floats(3), floats(2)), BAD, "Incompatible shapes"),
)
BY_ZERO = (((ints(2), np.zeros(2, np.int32)), BAD, "division by zero"),)
WHOLE = (((ints(2),), BAD, "tf.cast"),)
UNSIGNED = (((np.ones(2, np.uint8),), BAD, "uint8"),)


def slope(function):
    """The gradient of a function of two tensors by both, as a call."""

    def call(tf, x, y):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, y])
            z = function(tf, x, y)
        return tape.gradient(z, [x, y])

    return call


def cast_to(name):
    return lambda tf, x: tf.cast(x, name)


CASES = (
    Case("AddV2", lambda tf, x, y: x + y, (A, B), refused=MIXED, dtypes=HALVES,
         sizes=True),
    Case("AddV2", lambda tf, x, y: tf.add(x, y), (A, ROW), name="broadcast"),
    Case("AddV2", lambda tf, x: tf.add(x, x), (TEXTS,), name="strings"),
    Case("AddV2", lambda tf, x: x + x, (np.array([100, -100], np.int8),), name="wrap"),
    Case("Sub", lambda tf, x, y: x - y, (A, ROW), refused=MIXED, dtypes=HALVES),
    Case("Mul", lambda tf, x, y: x * y, (A, ROW), refused=MIXED, dtypes=HALVES),
    Case("Mul", lambda tf, x, y: x * y, (C, C), name="complex", grad=(0, 1), order=1),
    Case("RealDiv", lambda tf, x, y: x / y, (A, POSITIVE), dtypes=HALVES),
    Case("RealDiv", lambda tf, x, y: x / y, (C, C + 1), name="complex", grad=(0, 1),
         order=1),
    Case("RealDiv", lambda tf, x, y: x / y, ODD, name="ints"),
    Case("RealDiv", lambda tf, x, y: tf.truediv(x, y), (A, POSITIVE), name="truediv",
         refused=(((floats(2), ints(2)), "TypeError", "must have the same dtype"),)),
    Case("Neg", lambda tf, x: -x, (A,), dtypes=HALVES, sizes=True, refused=UNSIGNED),
    Case("Conj", lambda tf, x: tf.math.conj(x), (C,), grad=(0,), order=1,
         refused=(((TEXTS,), "TypeError", "Expected a? ?numeric"),)),
    Case("FloorDiv", lambda tf, x, y: x // y, (ints(3, 4), ints(4, low=1)), order=0,
         refused=BY_ZERO),
    Case("FloorDiv", lambda tf, x, y: x // y, ODD, name="signs"),
    Case("FloorDiv", lambda tf, x, y: x // y, (A, B), name="floats", order=0),
    Case("FloorMod", lambda tf, x, y: x % y, (A, POSITIVE), refused=BY_ZERO),
    Case("FloorMod", lambda tf, x, y: x % y, ODD, name="signs"),
    Case("DivNoNan", lambda tf, x, y: tf.math.divide_no_nan(x, y),
         (floats(2, 3), ZEROS), grad=(0,), dtypes=HALVES,
         refused=(((floats(2), ints(2)), "TypeError", "must have the same dtype"),)),
    Case("DivNoNan", lambda tf, x: tf.math.reciprocal_no_nan(x), (POSITIVE,),
         name="reciprocal"),
    Case("Reciprocal", lambda tf, x: tf.math.reciprocal(x), (POSITIVE,), dtypes=HALVES,
         sizes=True),
    Case("Pow", lambda tf, x, y: x**y, (POSITIVE, B), rtol=1e-4,
         refused=(((ints(2, low=1), ints(2, low=-3, high=0)), BAD,
                   "negative integer powers"),)),
    Case("Pow", lambda tf, x: x**2, (A,), name="square", sizes=True),
    Case("Pow", lambda tf, x, y: x**y, (C, C), name="complex", grad=(0, 1), order=1,
         rtol=1e-4),
    Case("Pow", lambda tf, x, y: x**y, (ints(2, 3), ints(2, 3, low=0)), name="ints"),
    Case("RilletLogOrZero",
         lambda tf, x, y: slope(lambda tf, a, b: a**b)(tf, x, y)[1], (ZEROS, A[:2, :3]),
         grad=(), rtol=1e-4),
    Case("Square", lambda tf, x: tf.square(x), (A,), dtypes=HALVES, sizes=True),
    Case("Exp", lambda tf, x: tf.exp(x), (A,), dtypes=HALVES, sizes=True,
         refused=WHOLE),
    Case("Exp", lambda tf, x: tf.exp(x), (C,), name="complex", grad=(0,), order=1),
    Case("Log", lambda tf, x: tf.math.log(x), (POSITIVE,), sizes=True, refused=WHOLE),
    Case("Log", lambda tf, x: tf.math.log(x), (C,), name="complex", grad=(0,), order=1),
    Case("Sqrt", lambda tf, x: tf.sqrt(x), (POSITIVE,), dtypes=HALVES, sizes=True,
         refused=WHOLE),
    Case("Sign", lambda tf, x: tf.sign(x), (A,), dtypes=HALVES, sizes=True),
    Case("Sign", lambda tf, x: tf.sign(x), (ZEROS,), name="zero", order=0),
    Case("Sign", lambda tf, x: tf.sign(x), (C,), name="complex"),
    Case("Abs", lambda tf, x: tf.abs(x), (A,), dtypes=HALVES, sizes=True,
         refused=UNSIGNED),
    Case("ComplexAbs", lambda tf, x: tf.abs(x), (C,), grad=(0,), order=1),
    Case("Maximum", lambda tf, x, y: tf.maximum(x, y), (A, ROW), dtypes=HALVES,
         refused=MIXED),
    Case("Minimum", lambda tf, x, y: tf.minimum(x, y), (A, ROW), dtypes=HALVES,
         refused=MIXED),
    Case("RilletAtLeast", slope(lambda tf, x, y: tf.maximum(x, y)), (ZEROS, ZEROS * 2),
         grad=()),
    Case("RilletBelow", slope(lambda tf, x, y: tf.minimum(x, y)), (ZEROS, ZEROS * 2),
         grad=()),
    Case("Cast", cast_to("float64"), (A,)),
    Case("Cast", cast_to("int32"), (A * 3,), name="int32"),
    Case("Cast", cast_to("uint8"), (ints(3, 4) * 50,), name="wrap"),
    Case("Cast", cast_to("complex128"), (A,), name="complex", order=1),
    Case("Cast", cast_to("bool"), (ZEROS,), name="bool"),
    Case("Cast", cast_to("bfloat16"), (A,), name="bfloat16", order=0),
    Case("RilletClamp", lambda tf, x: tf.saturate_cast(x, "uint8"), (A * 200,)),
    Case("RilletClamp", lambda tf, x: tf.saturate_cast(x, "int8"), (ints(3, 4) * 99,),
         name="ints"),
    Case("RilletClampGrad",
         lambda tf, x, g: slope(
             lambda tf, a, b: tf.saturate_cast(a, "float16") * tf.cast(b, "float16")
         )(tf, x, g)[0],
         (np.array([1e6, 2.0, -1e6], np.float32), floats(3)), golden=False, grad=(),
         expect=lambda x, g: np.where(np.abs(x) < 65504, g, 0).astype(np.float16)
         .astype(np.float32)),
    Case("SquaredDifference", lambda tf, x, y: tf.math.squared_difference(x, y),
         (A, ROW), dtypes=HALVES, refused=MIXED),
    Case("SquaredDifference", lambda tf, x, y: tf.math.squared_difference(x, y),
         (C, C * 2), name="complex", order=0),
    Case("AddN", lambda tf, x, y: tf.add_n([x, y, x]), (A, B), dtypes=HALVES,
         refused=(((floats(2), floats(3)), BAD, "same size and shape"),
                  ((floats(2), ints(2)), BAD, "float32 tensor but is a int32"))),
    Case("Mul", lambda tf, x: tf.math.polyval([1.0, x, 3.0], x), (A,), name="polyval"),
    Case("Mul", lambda tf, x: tf.math.scalar_mul(3.0, x), (A,), name="scalar"),
    Case("Rsqrt", lambda tf, x: tf.math.l2_normalize(x, 1), (A,), name="l2_normalize"),
    Case("Rsqrt", lambda tf, x: tf.math.l2_normalize(x), (C,), name="l2_complex",
         order=0),
    Case("All", lambda tf, x: [tf.math.is_non_decreasing(x),
                               tf.math.is_strictly_increasing(x)],
         (np.array([1, 2, 2], np.int32),), name="increasing"),
)
