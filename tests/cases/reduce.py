"""Rows of `ops.reduce`, `positions`, `cumulative`, `counting`, `sequences`, `clip`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
BAD = "InvalidArgumentError"
X = floats(2, 3, 4)
TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], np.float32)
ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 4.0, 6.0]], np.float32)
NANS = np.array([[1.0, np.nan], [np.nan, np.nan], [-np.inf, 2.0]], np.float32)
C = (floats(3, 2) + 1j * floats(3, 2, seed=1)).astype(np.complex64)
T = np.array([[True, False], [True, True]])
EMPTY = np.zeros((0, 3), np.float32)
COUNTS = np.array([[1, 1, 3], [0, 5, 0]], np.int32)
BOUNDS = (
    ((floats(2),), BAD, "axis is out of range"),
    ((T,), BAD, "bool"),
)


def over(name, axis=None, keepdims=False):
    """A reduction of tf.math by name, as a call."""
    return lambda tf, x: getattr(tf.math, name)(x, axis=axis, keepdims=keepdims)


def clipped(tf, x, y):
    parts, norm = tf.clip_by_global_norm([x, None, y], 1.5)
    return [parts[0], parts[2], norm]


def fraction(tf, x):
    return tf.math.zero_fraction(x)


CASES = (
    Case("Mean", over("reduce_mean"), (X,), dtypes=HALVES),
    Case("Mean", over("reduce_mean", (0, 2)), (X,), name="axes", refused=BOUNDS),
    Case("Mean", over("reduce_mean", 1, True), (X,), name="keep"),
    Case("Mean", over("reduce_mean"), (C,), name="complex", grad=(0,), order=1),
    Case("Mean", over("reduce_mean", 0), (ints(5, 3),), name="ints"),
    Case("Mean", over("reduce_mean"), (np.full(9, 200, np.uint8),), name="bytes"),
    Case("Mean", over("reduce_mean", 0), (EMPTY,), name="empty", order=0),
    Case("Mean", fraction, (ZEROS,), name="zeros", order=0),
    Case("Max", over("reduce_max"), (X,), dtypes=HALVES),
    Case("Max", over("reduce_max", 1), (TIES,), name="ties", order=0, refused=BOUNDS),
    Case("Max", over("reduce_max", (0, -1), True), (X,), name="keep"),
    Case("Max", over("reduce_max", 1), (NANS,), name="nan", order=0),
    Case("Max", over("reduce_max", 0), (EMPTY,), name="empty", order=0),
    Case("Max", over("reduce_max", 1), (ints(300, 5),), name="narrow"),
    Case("Min", over("reduce_min"), (X,), dtypes=HALVES),
    Case("Min", over("reduce_min", 1), (TIES,), name="ties", order=0, refused=BOUNDS),
    Case("Min", over("reduce_min", 0), (ints(4, 3),), name="ints"),
    Case("Min", over("reduce_min", 0), (np.zeros((0, 2), np.int16),), name="empty"),
    Case("Prod", over("reduce_prod"), (X,), dtypes=HALVES),
    Case("Prod", over("reduce_prod", 1), (X,), name="axis", refused=BOUNDS),
    Case("Prod", over("reduce_prod", (0, 2), True), (X,), name="axes"),
    Case("Prod", over("reduce_prod", 1), (ZEROS,), name="zeros", order=0),
    Case("Prod", over("reduce_prod"), (C,), name="complex", grad=(0,), order=1),
    Case("Prod", over("reduce_prod", 0), (np.full((3, 2), 100, np.int8),), name="wrap"),
    Case("Prod", over("reduce_prod", ()), (X,), name="none"),
    Case("Any", over("reduce_any", 1), (T,), refused=(((ints(2, 2),), BAD, "int32"),)),
    Case("All", over("reduce_all", 1, True), (T,),
         refused=(((ints(2, 2),), BAD, "int32"),)),
    Case("All", over("reduce_all"), (np.zeros((0,), bool),), name="empty"),
    Case("EuclideanNorm", over("reduce_euclidean_norm", 1), (X,), dtypes=HALVES),
    Case("EuclideanNorm", over("reduce_euclidean_norm"), (C,), name="complex"),
    Case("EuclideanNorm", over("reduce_euclidean_norm", 0), (ints(3, 2),), name="ints"),
    Case("Sqrt", over("reduce_std", 1), (X,), name="std",
         refused=(((ints(2, 2),), "TypeError", "real or complex"),)),
    Case("Mean", over("reduce_variance", 1, True), (X,), name="variance"),
    Case("Mean", over("reduce_variance"), (C,), name="complex_variance", order=0),
    Case("RilletFiniteMax", over("reduce_logsumexp", 1), (X * 60,), rtol=1e-4),
    Case("RilletFiniteMax", over("reduce_logsumexp", 0), (EMPTY,), name="empty",
         order=0),
    Case("RilletFiniteMax", over("reduce_logsumexp", 1), (NANS,), name="nan", order=0),
    Case("Sum", lambda tf, x: tf.math.count_nonzero(x, 1), (ZEROS,), name="nonzero"),
    Case("Sum", lambda tf, x: tf.math.count_nonzero(x, dtype="int32"),
         (np.array(["", "a"], object),), name="nonempty"),
    Case("Sum", over("reduce_sum", 1), (X,), dtypes=HALVES, refused=BOUNDS[1:]),
    Case("Sum", over("reduce_sum", -1), (X,), name="refused",
         refused=(((np.float32(1).reshape(()),), BAD, "A scalar has no axes"),)),
    Case("ArgMax", lambda tf, x: tf.argmax(x, 1), (TIES,), grad=(),
         refused=(((C,), BAD, "complex64"), ((floats(2),), BAD, "out of range"))),
    Case("ArgMax", lambda tf, x: tf.argmax(x, -1, "int32"), (NANS,), name="nan",
         grad=()),
    Case("ArgMax", lambda tf, x: tf.argmax(x), (T,), name="bool",
         refused=(((EMPTY,), BAD, "axis 0 is empty"),)),
    Case("ArgMin", lambda tf, x: tf.argmin(x, 1), (TIES,), grad=(),
         refused=(((floats(2),), BAD, "out of range"),)),
    Case("ArgMin", lambda tf, x: tf.argmin(x, -1, "int32"), (NANS,), name="nan",
         grad=()),
    Case("Cumsum", lambda tf, x: tf.cumsum(x, 1), (X,), dtypes=HALVES,
         refused=(((floats(2),), BAD, "Expected scan axis in the range"),)),
    Case("Cumsum", lambda tf, x: tf.cumsum(x, -1, exclusive=True), (X,),
         name="exclusive"),
    Case("Cumsum", lambda tf, x: tf.cumsum(x, 0, exclusive=True, reverse=True),
         (ints(4, 2),), name="reverse"),
    Case("Cumprod", lambda tf, x: tf.math.cumprod(x, 1), (X,), dtypes=HALVES,
         refused=(((floats(2),), BAD, "Expected scan axis in the range"),)),
    Case("Cumprod", lambda tf, x: tf.math.cumprod(x, 1, exclusive=True, reverse=True),
         (X,), name="reverse"),
    Case("Cumprod", lambda tf, x: tf.math.cumprod(x, 1), (ZEROS,), name="zeros",
         order=0),
    Case("CumulativeLogsumexp", lambda tf, x: tf.math.cumulative_logsumexp(x, 1), (X,),
         dtypes=HALVES,
         refused=(((floats(2),), BAD, "Expected scan axis in the range"),)),
    Case("CumulativeLogsumexp",
         lambda tf, x: tf.math.cumulative_logsumexp(x, 1, reverse=True), (X,),
         name="reverse"),
    Case("Range", lambda tf: tf.range(3, 18, 4)),
    Case("Range", lambda tf: tf.range(0.0, 1.0, 0.1), name="floats", rtol=0, atol=0),
    Case("Range", lambda tf: tf.range(2.0, -1.0, -0.3), name="down", rtol=0, atol=0),
    Case("Range", lambda tf: tf.range(5, dtype="bfloat16"), name="bfloat16"),
    Case("Range", lambda tf, x: tf.range(x, 7.5), (np.array(2, np.int64),),
         name="mixed",
         refused=((([1, 2],), BAD, "must be a scalar"), ((9,), BAD, "start <= limit"),
                  (("a",), "TypeError", "string"))),
    Case("ConcatV2", lambda tf: tf.linspace(-1.0, 1.0, 10), name="linspace", rtol=0,
         atol=0),
    Case("ConcatV2", lambda tf, x, y: tf.linspace(x, y, 4, axis=-1),
         (floats(2), floats(2, seed=1)), name="linspace_axis"),
    Case("ConcatV2", lambda tf: tf.linspace(0, 10, 5), name="linspace_ints"),
    Case("Slice", lambda tf, x: tf.linspace(x, x + 1, 1), (floats(2),),
         name="linspace_one"),
    Case("Minimum", lambda tf, x: tf.clip_by_value(x, -1.0, 1.0), (X,),
         name="clip_by_value"),
    Case("Maximum",
         lambda tf, x, y: tf.clip_by_value(x, y, 1.0), (X, floats(4, low=-1, high=0)),
         name="clip_by_value",
         refused=(((floats(2), floats(3, 2)), "ValueError", "are incompatible"),)),
    Case("SelectV2", lambda tf, x: tf.clip_by_norm(x, 1.0), (X,), name="clip_by_norm"),
    Case("SelectV2", lambda tf, x: tf.clip_by_norm(x, 1.0, axes=[1]), (X,),
         name="clip_by_norm_axis"),
    Case("Mul", clipped, (X, floats(3)), name="clip_by_global_norm",
         refused=(((np.array(["a"], object), X), BAD, "string"),)),
    Case("DenseBincount", lambda tf, x: tf.math.bincount(x), (COUNTS,),
         refused=(((-COUNTS,), BAD, "must be non-negative"),
                  ((COUNTS.astype(np.uint8),), BAD, "uint8"))),
    Case("DenseBincount", lambda tf, x: tf.math.bincount(x, axis=-1, minlength=7),
         (COUNTS,), name="rows"),
    Case("DenseBincount",
         lambda tf, x, w: tf.math.bincount(x, w, maxlength=4),
         (COUNTS, floats(2, 3)), name="weights", grad=(),
         refused=(((COUNTS, floats(2)), BAD, "must be the same shape"),)),
    Case("DenseBincount",
         lambda tf, x: tf.math.bincount(x, axis=-1, binary_output=True), (COUNTS,),
         name="binary"),
    Case("DenseBincount",
         lambda tf, x, y: tf.math.confusion_matrix(x, y, 6),
         (COUNTS[0], COUNTS[1]), name="confusion",
         refused=(((np.array([6]), np.array([0])), BAD, "`labels` out of bound"),
                  ((np.array([0]), np.array([-1])), BAD, "negative values"))),
    Case("DenseBincount",
         lambda tf, x, y, w: tf.math.confusion_matrix(x, y, weights=w, dtype="float32"),
         (COUNTS[0], COUNTS[1], floats(3)), name="confusion_weights", grad=()),
    Case("HistogramFixedWidth",
         lambda tf, x: tf.histogram_fixed_width(x, [-1.0, 1.0], 5), (X,), grad=(),
         refused=(((NANS,), BAD, "must not contain NaN"),)),
    Case("Floor", lambda tf, x: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], 5), (X,),
         name="bins", grad=()),
)
