"""Rows of `ops.transcendental`, `rounding`, `complexes` and `zero_safe`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
BAD = "InvalidArgumentError"
A, B = floats(3, 4), floats(3, 4, seed=1)
POSITIVE, INSIDE = floats(3, 4, low=0.3, high=3.0), floats(3, 4, low=-0.9, high=0.9)
C = (floats(3, 2) + 1j * floats(3, 2, seed=1)).astype(np.complex64)
ZEROS = np.array([0.0, 0.0, 1.5, 2.0], np.float32)
EDGES = np.array([0.0, np.nan, 3.0, 0.5], np.float32)
STEEP = np.array([0.0, -1.0, np.nan, 4.0, 0.0, 0.25], np.float32)
MASKED = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0], np.float32)
ROOTS = (("SqrtGrad", "sqrt"), ("RsqrtGrad", "rsqrt"), ("ReciprocalGrad", "reciprocal"))
HALF = np.array([0.5, 1.5, -2.5, 2.6, -0.2], np.float32)
ODD = np.array([7, -7, 7, -7, 0], np.int32), np.array([2, 2, -2, -2, 3], np.int32)
WHOLE = (((ints(2),), BAD, "tf.cast"),)
BY_ZERO = (((ints(2), np.zeros(2, np.int32)), BAD, "division by zero"),)


def curve(op, function, x, **more):
    """A row of a function of one real number."""
    more = {"refused": WHOLE, "sizes": True, "dtypes": HALVES, "rtol": 2e-5, **more}
    return Case(op, lambda tf, v: getattr(tf.math, function)(v), (x,), **more)


def complex_curve(op, function):
    return Case(op, lambda tf, v: getattr(tf.math, function)(v), (C,), name="complex",
                grad=(0,), order=1, rtol=1e-4, atol=1e-5)


def slope(name):
    """The gradient of a curve, so that its gradient op stands in the row's call."""

    def call(tf, x, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = getattr(tf.math, name)(x)
        return tape.gradient(y, x, output_gradients=g)

    return call


def pair(op, function, x, y, **more):
    return Case(op, lambda tf, a, b: getattr(tf.math, function)(a, b), (x, y), **more)


CASES = (
    curve("Sigmoid", "sigmoid", A),
    curve("Tanh", "tanh", A),
    curve("Softplus", "softplus", A),
    curve("Rsqrt", "rsqrt", POSITIVE),
    Case("SigmoidGrad", slope("sigmoid"), (A, B)),
    Case("TanhGrad", slope("tanh"), (A, B)),
    Case("SoftplusGrad", slope("softplus"), (A, B)),
    Case("RsqrtGrad", slope("rsqrt"), (POSITIVE, B), rtol=1e-4),
    Case("SqrtGrad", slope("sqrt"), (POSITIVE, B)),
    Case("ReciprocalGrad", slope("reciprocal"), (POSITIVE, B), rtol=1e-4),
    *(Case(op, slope(name), (STEEP, MASKED), name="masked", order=0)
      for op, name in ROOTS),
    *(Case(op, slope(name), (C, C[::-1].copy()), name="complex", grad=(0, 1), order=1,
           rtol=1e-4)
      for op, name in ROOTS),
    Case("Softplus", lambda tf, x: tf.math.log_sigmoid(x), (A * 9,),
         name="log_sigmoid"),
    Case("Sigmoid", lambda tf, x: tf.sigmoid(x),
         (np.array([-1e4, -90, 0, 90, 1e4, np.nan], np.float32),), name="far", order=0),
    complex_curve("Sigmoid", "sigmoid"),
    complex_curve("Tanh", "tanh"),
    complex_curve("Rsqrt", "rsqrt"),
    curve("Log1p", "log1p", POSITIVE),
    curve("Expm1", "expm1", A),
    curve("Sin", "sin", A),
    curve("Cos", "cos", A),
    curve("Tan", "tan", INSIDE),
    curve("Sinh", "sinh", A),
    curve("Cosh", "cosh", A),
    curve("Asin", "asin", INSIDE),
    curve("Acos", "acos", INSIDE),
    curve("Atan", "atan", A),
    curve("Asinh", "asinh", A),
    curve("Acosh", "acosh", POSITIVE + 1),
    curve("Atanh", "atanh", INSIDE),
    *[complex_curve(name.capitalize(), name) for name in
      ("log1p", "expm1", "sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan",
       "asinh", "acosh", "atanh")],
    pair("Atan2", "atan2", A, B, dtypes=HALVES,
         refused=(((C, C), BAD, "complex64"),)),
    Case("Floor", lambda tf, x: tf.floor(x), (HALF,), sizes=True, dtypes=HALVES,
         order=0, refused=(((ints(2),), BAD, "int32"),)),
    Case("Ceil", lambda tf, x: tf.math.ceil(x), (HALF,), sizes=True, dtypes=HALVES,
         order=0, refused=(((ints(2),), BAD, "int32"),)),
    Case("Rint", lambda tf, x: tf.math.rint(x), (HALF,), sizes=True, dtypes=HALVES,
         order=0, refused=(((ints(2),), BAD, "int32"),)),
    Case("Round", lambda tf, x: tf.round(x), (HALF,), sizes=True, dtypes=HALVES,
         order=0),
    Case("TruncateDiv", lambda tf, x, y: tf.truncatediv(x, y), ODD, refused=BY_ZERO),
    Case("TruncateDiv", lambda tf, x, y: tf.truncatediv(x, y), (A * 3, B),
         name="floats", order=0),
    Case("TruncateMod", lambda tf, x, y: tf.truncatemod(x, y), ODD, refused=BY_ZERO),
    Case("TruncateMod", lambda tf, x, y: tf.truncatemod(x, y), (A * 3, B),
         name="floats", order=0),
    pair("NextAfter", "nextafter", A, B, rtol=0, order=1,
         refused=(((A.astype(np.float16), B.astype(np.float16)), BAD, "float16"),)),
    Case("Complex", lambda tf, x, y: tf.complex(x, y), (A, B), order=1,
         refused=(((ints(2), ints(2)), "TypeError", "incorrect types"),)),
    Case("Real", lambda tf, x: tf.math.real(x), (C,), grad=(0,), order=1),
    Case("Imag", lambda tf, x: tf.math.imag(x), (C,), grad=(0,), order=1),
    Case("Angle", lambda tf, x: tf.math.angle(x), (C,), grad=(0,), order=1),
    Case("SelectV2", lambda tf, x: tf.math.angle(x), (A,), name="angle", order=0),
    pair("Xlogy", "xlogy", A, POSITIVE, dtypes=HALVES),
    pair("Xlogy", "xlogy", ZEROS, EDGES, name="zeros", order=0),
    pair("Xlog1py", "xlog1py", A, POSITIVE, dtypes=HALVES),
    pair("Xlog1py", "xlog1py", ZEROS, EDGES - 1, name="zeros", order=0),
    pair("Xdivy", "xdivy", A, POSITIVE, dtypes=HALVES),
    pair("Xdivy", "xdivy", ZEROS, EDGES, name="zeros", order=0),
    pair("MulNoNan", "multiply_no_nan", A, B, dtypes=HALVES),
    pair("MulNoNan", "multiply_no_nan", EDGES, ZEROS, name="zeros", order=0),
    Case("RilletIsNotZero",
         lambda tf, x, y: slope_of_xlogy(tf, x, y), (ZEROS, EDGES), grad=()),
)


def slope_of_xlogy(tf, x, y):
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = tf.math.xlogy(x, y)
    return tape.gradient(z, [x, y])
