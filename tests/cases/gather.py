"""Rows of `ops.gather`, `gather_nd`, `segment` and of variables' scatter methods."""

import numpy as np

from cases import Case, floats, ints

X = floats(3, 4, 2)
IDS = np.array([2, 0, 2], np.int32)
PLACES = np.array([[[0, 1], [2, 3]], [[2, 0], [1, 1]]], np.int32)
UPDATES = floats(2, 2, 2, seed=3)
ROWS = floats(5, 2, seed=4)
TIES = np.array([[1.0, 2.0], [1.0, 5.0], [0.0, 5.0], [0.0, -1.0]], np.float32)
WIDE = TIES.astype(np.float64)
SORTED = np.array([0, 0, 2, 2, 2], np.int32)
MIXED = np.array([2, 0, -1, 2, 0], np.int32)
FULL = np.array([2, 0, -1, 1, 0], np.int32)
FOUR = np.array([1, 0, 1, 1], np.int32)
BAD = "InvalidArgumentError"
HALVES = ("float16", "bfloat16", "float64")
ZEROS = np.array([[2.0, 0.0], [3.0, 4.0], [0.0, 0.0], [5.0, 6.0]], np.float32)


def _sorted(name):
    return lambda tf, x, i: getattr(tf.math, f"segment_{name}")(x, i)


def _unsorted(name, count=3):
    return lambda tf, x, i: getattr(tf.math, f"unsorted_segment_{name}")(x, i, count)


def _scatter(name):
    return lambda tf, x, i, u: getattr(tf, f"tensor_scatter_nd_{name}")(x, i, u)


def _method(name):
    def call(tf, x, i, u):
        v = tf.Variable(x)
        getattr(v, name)(tf.IndexedSlices(u, i))
        return tf.convert_to_tensor(v)

    return call


def _nd_method(name):
    def call(tf, x, i, u):
        v = tf.Variable(x)
        getattr(v, name)(i, u)
        return tf.convert_to_tensor(v)

    return call


def _scatters(op, name):
    flat = np.array([[1], [0], [1]], np.int32)
    return (
        Case(
            op,
            _scatter(name),
            (X, PLACES, UPDATES),
            dtypes=HALVES,
            refused=(
                (
                    (X, PLACES + 9, UPDATES),
                    BAD,
                    r"does not index into shape \[3, 4, 2\]",
                ),
                ((X, PLACES, floats(2, 2)), BAD, "must match"),
                ((X, PLACES, floats()), BAD, "rank at least one"),
                ((X, PLACES, ints(2, 2, 2)), BAD, "float32 tensor but is a int32"),
            ),
        ),
        # Ties and places named twice have no derivative to difference: in float64
        # the rows are compared with TensorFlow alone.
        Case(op, _scatter(name), (WIDE[:2], flat[:2], WIDE[2:]), name="rows"),
        Case(op, _scatter(name), (WIDE[:, 0], flat, np.ones(3)), name="twice"),
    )


SEGMENTS = (
    (np.array([0, 1, 0, 2, 2], np.int32), BAD, "segment ids are not increasing"),
    (np.array([-1, 1, 2, 2, 2], np.int32), BAD, "out of range"),
    (np.array([0, 0], np.int32), BAD, "same size as dimension 0"),
    (np.zeros((5, 2), np.int32), BAD, "should be a vector"),
)
UNSORTED = (
    (np.array([0, 3, 1, 1, 1], np.int32), BAD, r"segment_ids\[1\] = 3 is out of range"),
    (np.array([0, 1], np.int32), BAD, "does not start with segment_ids.shape"),
)


def _refusals(rows):
    return tuple(((ROWS, ids), kind, text) for ids, kind, text in rows)


CASES = (
    Case(
        "GatherV2",
        lambda tf, x, i: tf.gather(x, i),
        (X, IDS),
        dtypes=HALVES,
        refused=(
            ((X, np.array([0, 3])), BAD, r"indices\[1\] = 3 is not in \[0, 3\)"),
            ((X, np.array([-1])), BAD, r"indices\[0\] = -1 is not in"),
            ((X, np.array([-1], np.int32)), BAD, r"indices\[0\] = -1 is not in"),
            ((X, floats(2)), BAD, "float32 is not in the list"),
            ((floats(), IDS), BAD, "at least 1 dimensional"),
        ),
    ),
    Case("GatherV2", lambda tf, x: tf.gather(x, 1), (X,), name="scalar"),
    Case("GatherV2", lambda tf, x, i: tf.gather(x, i, axis=1), (X, IDS), name="axis"),
    Case(
        "GatherV2", lambda tf, x, i: tf.gather(x, i, axis=-1), (X, IDS % 2), name="last"
    ),
    Case(
        "GatherV2",
        lambda tf, x, i: tf.gather(x, i, batch_dims=1),
        (X, ints(3, 2, low=0, high=4)),
        name="batch",
        refused=(
            ((X, ints(2, 2)), BAD, r"params.shape\[0\]: 3 should be equal"),
            ((X, ints(3, 1, low=8, high=9)), BAD, r"indices\[0,0\] = 8"),
        ),
    ),
    Case(
        "GatherV2",
        lambda tf, x, i: tf.gather(x, i, axis=2, batch_dims=1),
        (X, ints(3, 3, low=0, high=2)),
        name="batch and axis",
    ),
    Case(
        "GatherV2",
        lambda tf, x, i: tf.gather(x, i),
        (np.array(["a", "bc"], object), np.array([[1], [0]])),
        name="strings",
    ),
    Case(
        "GatherV2",
        lambda tf, x, i: tf.gather(x, i),
        (X, np.zeros((0, 2), np.int64)),
        name="none",
    ),
    Case(
        "GatherNd",
        lambda tf, x, i: tf.gather_nd(x, i),
        (X, PLACES),
        refused=(
            (
                (X, np.array([[0, 4]])),
                BAD,
                r"indices\[0\] = \[0, 4\] does not index into",
            ),
            ((X, np.zeros((1, 4), np.int32)), BAD, "saw: 4 vs. 3"),
            ((X, np.int32(0).reshape(())), BAD, "at least a vector"),
        ),
    ),
    Case(
        "GatherNd", lambda tf, x, i: tf.gather_nd(x, i[:, None]), (X, IDS), name="rows"
    ),
    Case(
        "GatherNd",
        lambda tf, x, i: tf.gather_nd(x, i, batch_dims=1),
        (X, ints(3, 2, 1, low=0, high=4)),
        name="batch",
        refused=(((X, ints(2, 2, 1)), BAD, "batch axes of both"),),
    ),
    Case(
        "GatherNd",
        lambda tf, x, i: tf.gather_nd(x, i),
        (X, np.zeros((2, 0), np.int32)),
        order=0,
        name="whole",
    ),
    Case(
        "ScatterNd",
        lambda tf, i, u: tf.scatter_nd(i, u, [3, 4, 2]),
        (PLACES, UPDATES),
        dtypes=HALVES,
        refused=(
            ((PLACES + 9, UPDATES), BAD, r"indices\[0,0\] = \[9, 10\] does not index"),
            ((PLACES, floats(2, 2)), BAD, "must match dimensions"),
            ((PLACES, floats(3)), BAD, "must match dimensions"),
        ),
    ),
    Case(
        "ScatterNd",
        lambda tf, i, u: tf.scatter_nd(i, u, [4]),
        (np.array([[1], [1]]), np.array(["a", "b"], object)),
        name="strings",
    ),
    *_scatters("TensorScatterUpdate", "update"),
    *_scatters("TensorScatterAdd", "add"),
    *_scatters("TensorScatterSub", "sub"),
    *_scatters("TensorScatterMin", "min"),
    *_scatters("TensorScatterMax", "max"),
    Case(
        "TensorScatterUpdate",
        _method("scatter_update"),
        (TIES, IDS[:2], TIES[:2]),
        grad=(),
        name="method",
        refused=(
            ((TIES, IDS + 9, TIES[:3]), BAD, r"is not in \[0, 4\)"),
            ((TIES, IDS, TIES.astype(np.float64)), "ValueError", "dtype float32"),
        ),
    ),
    Case(
        "TensorScatterAdd",
        _method("scatter_add"),
        (TIES, IDS, TIES[:3]),
        grad=(),
        name="method",
    ),
    Case(
        "TensorScatterSub",
        _method("scatter_sub"),
        (TIES, IDS, TIES[:3]),
        grad=(),
        name="method",
    ),
    Case(
        "TensorScatterMin",
        _method("scatter_min"),
        (TIES, IDS, TIES[:3]),
        grad=(),
        name="method",
    ),
    Case(
        "TensorScatterMax",
        _method("scatter_max"),
        (TIES, IDS, TIES[:3]),
        grad=(),
        name="method",
    ),
    Case(
        "UnsortedSegmentProd",
        _method("scatter_mul"),
        (TIES, IDS, TIES[:3]),
        grad=(),
        name="method",
    ),
    Case(
        "UnsortedSegmentProd",
        _method("scatter_div"),
        (TIES, IDS, TIES[:3] + 1),
        grad=(),
        name="method div",
    ),
    Case(
        "TensorScatterAdd",
        _nd_method("scatter_nd_add"),
        (X, PLACES, UPDATES),
        grad=(),
        name="nd method",
    ),
    Case(
        "TensorScatterUpdate",
        _nd_method("scatter_nd_update"),
        (X, PLACES, UPDATES),
        grad=(),
        name="nd method",
    ),
    Case(
        "TensorScatterUpdate",
        _method("batch_scatter_update"),
        (X, ints(3, 1, low=0, high=4), floats(3, 1, 2)),
        grad=(),
        name="batch method",
    ),
    Case(
        "SegmentSum",
        _sorted("sum"),
        (ROWS, SORTED),
        refused=_refusals(SEGMENTS),
        dtypes=HALVES,
    ),
    Case(
        "SegmentMean",
        _sorted("mean"),
        (ROWS, SORTED),
        refused=_refusals(SEGMENTS),
        dtypes=HALVES,
    ),
    Case("SegmentMean", _sorted("mean"), (ints(5), SORTED), name="integers"),
    Case(
        "SegmentMax",
        _sorted("max"),
        (ROWS, SORTED),
        refused=_refusals(SEGMENTS),
        dtypes=HALVES,
    ),
    Case(
        "SegmentMin",
        _sorted("min"),
        (ROWS, SORTED),
        refused=_refusals(SEGMENTS),
        dtypes=HALVES,
    ),
    Case(
        "SegmentProd",
        _sorted("prod"),
        (ROWS, SORTED),
        refused=_refusals(SEGMENTS),
        dtypes=HALVES,
    ),
    Case(
        "UnsortedSegmentSum",
        _unsorted("sum"),
        (ROWS, MIXED),
        dtypes=HALVES,
        refused=_refusals(UNSORTED),
    ),
    Case(
        "UnsortedSegmentSum",
        _unsorted("sum", 4),
        (X[0], IDS[[0, 1, 2, 0]]),
        name="vector ids",
    ),
    Case(
        "UnsortedSegmentSum",
        _unsorted("sum", 4),
        (X, ints(3, 4, low=-1, high=4)),
        name="matrix ids",
    ),
    Case("UnsortedSegmentSum", _unsorted("mean"), (ROWS, MIXED), name="mean"),
    Case("UnsortedSegmentSum", _unsorted("sqrt_n"), (ROWS, MIXED), name="sqrt_n"),
    Case(
        "UnsortedSegmentMax",
        _unsorted("max"),
        (ROWS, FULL),
        refused=_refusals(UNSORTED),
    ),
    Case("UnsortedSegmentMax", _unsorted("max", 2), (WIDE, FOUR), name="ties"),
    Case("SegmentMin", _sorted("min"), (WIDE, SORTED[:4]), name="ties"),
    Case("UnsortedSegmentMin", _unsorted("min"), (ROWS, MIXED), name="empty", order=0),
    Case(
        "UnsortedSegmentMax",
        _unsorted("max"),
        (ints(5, dtype=np.int8), MIXED),
        name="int8",
    ),
    Case(
        "UnsortedSegmentMin",
        _unsorted("min"),
        (ROWS, FULL),
        refused=_refusals(UNSORTED),
    ),
    Case(
        "UnsortedSegmentProd",
        _unsorted("prod"),
        (ROWS, MIXED),
        refused=_refusals(UNSORTED),
    ),
    Case(
        "UnsortedSegmentProd",
        _unsorted("prod", 2),
        (ZEROS, FOUR),
        name="zeros",
        order=1,
    ),
    Case(
        "GatherV2",
        lambda tf, x, i: tf.nn.embedding_lookup(x, i, max_norm=1.5),
        (ROWS, IDS),
        name="embedding",
        refused=(((ROWS, IDS + 9), BAD, "is not in"),),
    ),
    Case(
        "GatherV2",
        lambda tf, x, i: tf.nn.embedding_lookup([x, x], i + 3),
        (ROWS, IDS),
        name="embedding tables",
    ),
)
