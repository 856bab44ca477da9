"""Rows of `ops.error_functions`, `gamma`, `bessel` and `special`.

TensorFlow's own float32 kernels err by up to some 1e-6; accuracy against references
of higher precision is tested in `tests/ops/test_special.py`.
"""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
BAD = "InvalidArgumentError"
X, POSITIVE = floats(4, 5, low=-4.0, high=4.0), floats(4, 5, low=0.2, high=12.0)
SHAPES = floats(4, 5, low=0.4, high=8.0, seed=1)
UNIT = floats(4, 5, low=0.02, high=0.98)
POLES = np.array([0.0, -1.0, -0.5, 1.0, 2.0, np.inf, np.nan], np.float32)
EDGES = np.array([0.0, 1.0, -0.5, 2.0, np.nan], np.float32)
NEGATIVE = np.array([-3.7, -0.4, -1.5, -2.2], np.float32)
WHOLE = (((ints(2),), BAD, "tf.cast"),)
MIXED = (((floats(2), ints(2)), BAD, "float32 tensor but is a int32"),)


def curve(op, function, x, **more):
    more = {"rtol": 1e-4, "atol": 1e-5, "dtypes": HALVES, "refused": WHOLE, **more}
    return Case(op, lambda tf, v: getattr(tf.math, function)(v), (x,), **more)


def special(op, function, x, **more):
    more = {"rtol": 2e-4, "atol": 1e-5, "refused": WHOLE, **more}
    return Case(
        op, lambda tf, v: getattr(tf.math.special, function)(v), (x,), **more
    )


EDGE = {"name": "edges", "order": 0, "refused": ()}
PLAIN = ("j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e")

CASES = (
    curve("Erf", "erf", X, sizes=True),
    curve("Erfc", "erfc", X, sizes=True),
    Case("Erfinv", lambda tf, x: tf.math.erfinv(x), (UNIT * 2 - 1,), rtol=1e-4,
         refused=WHOLE),
    Case("Erfinv", lambda tf, x: tf.math.erfinv(x), (EDGES,), name="edges", order=0),
    Case("Ndtri", lambda tf, x: tf.math.ndtri(x), (UNIT,), rtol=1e-4, refused=WHOLE),
    Case("Ndtri", lambda tf, x: tf.math.ndtri(x), (EDGES,), name="edges", order=0),
    Case("Ndtri", lambda tf, x: tf.math.erfcinv(x), (UNIT * 2,), name="erfcinv",
         rtol=1e-4),
    curve("Lgamma", "lgamma", POSITIVE, dtypes=("float64",)),
    Case("Lgamma", lambda tf, x: tf.math.lgamma(x), (POLES,), name="edges", order=0),
    Case("Lgamma", lambda tf, x: tf.math.lgamma(x), (NEGATIVE,), name="negative",
         rtol=1e-4, order=1),
    Case("Lgamma", lambda tf, x: tf.math.lbeta(x), (POSITIVE,), name="lbeta",
         rtol=1e-4, refused=(((np.float32(1).reshape(()),), BAD, "axis"),)),
    Case("Digamma", lambda tf, x: tf.math.digamma(x), (POSITIVE,), rtol=1e-4,
         refused=WHOLE),
    Case("Digamma", lambda tf, x: tf.math.digamma(x), (POLES,), name="edges", order=0),
    Case("Digamma", lambda tf, x: tf.math.digamma(x), (NEGATIVE,), name="negative",
         rtol=1e-4, order=1),
    Case("Polygamma", lambda tf, n, x: tf.math.polygamma(n, x),
         (ints(4, 5, low=0, high=4).astype(np.float32), POSITIVE), grad=(1,),
         rtol=1e-4, refused=MIXED),
    Case("Polygamma", lambda tf, n, x: tf.math.polygamma(n, x),
         (np.array([1.5, -1.0, 1.0, 2.0], np.float32), NEGATIVE), name="edges",
         order=0, rtol=1e-4),
    Case("Zeta", lambda tf, s, q: tf.math.zeta(s, q), (SHAPES + 1, POSITIVE),
         grad=(1,), rtol=1e-4, refused=MIXED),
    Case("Zeta", lambda tf, s, q: tf.math.zeta(s, q),
         (np.array([1.0, 2.0, 3.0, 0.5, 2.5], np.float32),
          np.array([1.0, 0.0, -1.0, 1.0, -0.5], np.float32)), name="edges", order=0),
    Case("Igamma", lambda tf, a, x: tf.math.igamma(a, x), (SHAPES, POSITIVE),
         rtol=2e-4, order=1, refused=MIXED),
    Case("Igamma", lambda tf, a, x: tf.math.igamma(a, x),
         (np.array([1.0, 0.0, 2.0, -1.0, 2.0], np.float32),
          np.array([0.0, 1.0, np.inf, 1.0, -1.0], np.float32)), name="edges", order=0),
    Case("IgammaGradA", lambda tf, a, x: tf.raw_ops.IgammaGradA(a=a, x=x)
         if hasattr(tf, "raw_ops") else gradient_by_shape(tf, a, x), (SHAPES, POSITIVE),
         grad=(), rtol=2e-3),
    Case("Igammac", lambda tf, a, x: tf.math.igammac(a, x), (SHAPES, POSITIVE),
         rtol=2e-4, order=1, refused=MIXED),
    Case("Betainc", lambda tf, a, b, x: tf.math.betainc(a, b, x),
         (SHAPES, POSITIVE, UNIT), grad=(2,), rtol=2e-4,
         refused=(((floats(2), floats(2), ints(2)), BAD, "int32"),)),
    Case("Betainc", lambda tf, a, b, x: tf.math.betainc(a, b, x),
         (np.array([1.0, 2.0, -1.0], np.float32), np.array([2.0, 3.0, 1.0], np.float32),
          np.array([0.0, 1.5, 0.5], np.float32)), name="edges", order=0),
    curve("BesselI0", "bessel_i0", X),
    curve("BesselI1", "bessel_i1", X),
    curve("BesselI0e", "bessel_i0e", X),
    curve("BesselI1e", "bessel_i1e", X),
    *[special(f"Bessel{n.upper()[:2]}{n[2:]}", f"bessel_{n}", POSITIVE) for n in PLAIN],
    *[special(f"Bessel{n.upper()[:2]}{n[2:]}", f"bessel_{n}", EDGES[1:3], **EDGE)
      for n in PLAIN],
    Case("RilletRatio", lambda tf, x: slope(tf, tf.math.bessel_i1, x),
         (np.array([0.0, 1.0, -2.0], np.float32),), grad=(), golden=False,
         # I0(x) - I1(x)/x by Abramowitz and Stegun's table 9.8; TensorFlow: 1 at 0.
         expect=lambda x: np.array([0.5, 0.70090677, 1.48426687], np.float32)),
    special("Dawsn", "dawsn", X),
    special("Expint", "expint", POSITIVE, dtypes=("float64",)),
    special("FresnelSin", "fresnel_sin", X, dtypes=("float64",)),
    special("FresnelCos", "fresnel_cos", X, dtypes=("float64",)),
    special("Spence", "spence", POSITIVE, dtypes=("float64",)),
    Case("RilletLogSlope", lambda tf, x: slope(tf, tf.math.special.spence, x),
         (POSITIVE,), order=1, rtol=1e-4),
    Case("RilletLogSlopeGrad",
         lambda tf, x: slope(tf, lambda v: slope(tf, tf.math.special.spence, v), x),
         (POSITIVE,), grad=(), rtol=1e-3),
    special("Expint", "expint", EDGES, **EDGE),
    special("Dawsn", "dawsn", EDGES, **EDGE),
    special("Spence", "spence", EDGES, **EDGE),
)


def slope(tf, function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def gradient_by_shape(tf, a, x):
    return slope(tf, lambda v: tf.math.igamma(v, x), a)
