"""Rows of `ops.sorting`, `unique`, `blocks` and `patches`."""

import numpy as np

from cases import Case, floats, ints

X = floats(3, 5)
TIED = np.array([[3, 1, 3, 2], [0, 0, 0, -1]], np.int32)
IMAGES = floats(2, 4, 6, 3)
BAD = "InvalidArgumentError"
PARTS = np.array([1, 0, 1, 2], np.int32)
TEXTS = np.array(["b", "a", "b"], object)
HALVES = ("float16", "bfloat16", "float64")


def _wide(tf, x):
    """Far fewer than the row holds, ties at the edge."""
    return list(tf.math.top_k(tf.tile(x, [1, 8]), 3))


def _patches(size, stride, rate, padding):
    def call(tf, x):
        return tf.image.extract_patches(
            x, [1, *size, 1], [1, *stride, 1], [1, *rate, 1], padding
        )

    return call


CASES = (
    Case(
        "TopKV2",
        lambda tf, x: list(tf.math.top_k(x, 2)),
        (X,),
        dtypes=HALVES,
        refused=(
            ((floats(1),), BAD, "at least k columns. Had 1, needed 2"),
            ((floats(),), BAD, "must be >= 1-D"),
            ((np.ones(3, bool),), BAD, "bool is not in the list"),
        ),
    ),
    Case("TopKV2", lambda tf, x: list(tf.math.top_k(x, 3)), (TIED,), name="ties"),
    Case("TopKV2", _wide, (TIED,), name="few of many"),
    Case(
        "TopKV2",
        lambda tf, x: list(tf.math.top_k(x, 2, index_type=tf.int64)),
        (ints(5, dtype=np.uint8),),
        name="uint8",
    ),
    Case("TopKV2", lambda tf, x: tf.sort(x, axis=0), (X,), name="sort"),
    Case(
        "TopKV2",
        lambda tf, x: tf.sort(x, direction="DESCENDING"),
        (X,),
        name="sort falling",
    ),
    Case(
        "TopKV2",
        lambda tf, x: tf.sort(x),
        (np.array([5, -(2**63), 2**63 - 1]),),
        name="sort extremes",
    ),
    Case(
        "TopKV2",
        lambda tf, x: tf.argsort(x, stable=True),
        (TIED,),
        name="argsort",
        refused=(((floats(),), BAD, "the axis is out of range"),),
    ),
    Case(
        "TopKV2",
        lambda tf, x: tf.argsort(x, direction="DESCENDING"),
        (TIED,),
        name="argsort falling",
    ),
    Case(
        "InTopKV2",
        lambda tf, t, p: tf.math.in_top_k(t, p, 2),
        (np.array([1, 4, 9], np.int32), X),
        order=0,
        refused=(
            ((np.zeros(2, np.int32), X), BAD, "must match length of targets 2"),
            ((np.zeros(3, np.int32), X[0]), BAD, "must be 2-dimensional"),
        ),
    ),
    Case(
        "LowerBound",
        lambda tf, s, v: tf.searchsorted(s, v),
        (np.float32([[1, 2, 2, 5], [0, 3, 4, 9]]), np.float32([[2, 9], [-1, 3.5]])),
        order=0,
        refused=(
            ((X, X[:2]), BAD, "Leading dim_size of both"),
            ((X, X.astype(np.float64)), BAD, "float64"),
        ),
    ),
    Case(
        "UpperBound",
        lambda tf, s, v: tf.searchsorted(s, v, "right", tf.int64),
        (np.array([1, 2, 2, 5]), np.array([2, 9, 0])),
    ),
    Case(
        "Unique",
        lambda tf, x: list(tf.unique(x)),
        (ints(9),),
        refused=(((X,), BAD, "expects a 1D vector"),),
    ),
    Case(
        "Unique", lambda tf, x: list(tf.unique(x, tf.int64)), (TEXTS,), name="strings"
    ),
    Case(
        "UniqueWithCounts",
        lambda tf, x: list(tf.unique_with_counts(x)),
        (ints(9),),
        refused=(((X,), BAD, "expects a 1D vector"),),
    ),
    Case(
        "DynamicPartition",
        lambda tf, x, p: tf.dynamic_partition(x, p, 3),
        (floats(4, 2), PARTS),
        refused=(
            ((floats(4), PARTS + 1), BAD, r"partitions\[3\] = 3 is not in \[0, 3\)"),
            ((floats(3), PARTS), BAD, "must start with partitions.shape"),
        ),
    ),
    Case(
        "DynamicPartition",
        lambda tf, x: tf.dynamic_partition(x, [[0, 2], [1, 0]], 3),
        (floats(2, 2, 3),),
        name="matrix",
    ),
    Case(
        "TensorScatterUpdate",
        lambda tf, x, y: tf.dynamic_stitch([[0, 4], [[1], [2]]], [x, y]),
        (floats(2, 3), floats(2, 1, 3)),
        name="stitch",
        refused=(
            ((floats(3), floats(2, 1)), BAD, "does not start with indices"),
            ((floats(2, 3), floats(2, 1, 2)), BAD, "rows have shape"),
        ),
    ),
    Case(
        "SpaceToBatchND",
        lambda tf, x: tf.space_to_batch(x, [2, 3], [[1, 1], [0, 0]]),
        (IMAGES,),
        refused=(
            ((floats(1, 3, 6),), BAD, r"padded_shape\[0\]=5 is not divisible by"),
            ((floats(1, 4),), BAD, "input rank should be >= 3 instead of 2"),
        ),
    ),
    Case(
        "BatchToSpaceND",
        lambda tf, x: tf.batch_to_space(x, [2, 1], [[1, 0], [0, 2]]),
        (IMAGES,),
        refused=(
            ((floats(3, 4, 6),), BAD, r"batch dimension \(3\) is not divisible"),
            ((floats(2, 4, 1),), BAD, r"cropped_shape\[1\]=-1 must be non-negative"),
        ),
    ),
    Case(
        "SpaceToDepth",
        lambda tf, x: tf.nn.space_to_depth(x, 2),
        (IMAGES,),
        refused=(
            ((floats(1, 3, 4, 1),), BAD, "should be divisible by block_size: 2"),
            ((X,), BAD, "Input rank should be 4 instead of 2"),
        ),
    ),
    Case(
        "SpaceToDepth",
        lambda tf, x: tf.nn.space_to_depth(x, 2, "NCHW"),
        (floats(1, 2, 4, 6),),
        name="channels first",
        golden=False,
        expect=lambda x: (
            x.reshape(1, 2, 2, 2, 3, 2).transpose(0, 3, 5, 1, 2, 4).reshape(1, 8, 2, 3)
        ),
    ),
    Case(
        "DepthToSpace",
        lambda tf, x: tf.nn.depth_to_space(x, 2),
        (floats(2, 3, 2, 8),),
        refused=(((IMAGES,), BAD, "depth dimension 3 should be divisible by: 4"),),
    ),
    Case(
        "DepthToSpace",
        lambda tf, x: tf.nn.depth_to_space(x, 2, "NCHW"),
        (floats(1, 8, 2, 3),),
        name="channels first",
        golden=False,
        expect=lambda x: (
            x.reshape(1, 2, 2, 2, 2, 3).transpose(0, 3, 4, 1, 5, 2).reshape(1, 2, 4, 6)
        ),
    ),
    Case(
        "ReverseSequence",
        lambda tf, x, n: tf.reverse_sequence(x, n, 1),
        (floats(3, 4, 2), np.array([4, 0, 2], np.int32)),
        refused=(
            ((floats(2, 4), np.array([5, 0])), BAD, r"seq_lens\(0\) > input.dims\(1\)"),
            ((floats(2, 4), np.array([0, -1])), BAD, r"seq_lens\(1\) < 0"),
            ((floats(2, 4), np.array([0])), BAD, "Length of seq_lengths"),
            ((floats(2), np.array([0, 1])), BAD, "seq_dim must be < input rank"),
        ),
    ),
    Case(
        "ReverseSequence",
        lambda tf, x, n: tf.reverse_sequence(x, n, seq_axis=0, batch_axis=2),
        (floats(3, 2, 4), np.array([3, 0, 2, 1])),
        name="other axes",
    ),
    Case(
        "ExtractImagePatches",
        _patches((2, 3), (2, 1), (1, 2), "SAME"),
        (IMAGES,),
        refused=(((X,), BAD, "must be 4-dimensional"),),
    ),
    Case(
        "ExtractImagePatches",
        _patches((3, 2), (1, 2), (1, 1), "VALID"),
        (IMAGES,),
        name="valid",
        refused=(((floats(1, 1, 9, 1),), BAD, "would be negative: -1"),),
    ),
    Case(
        "UnravelIndex",
        lambda tf, x: tf.unravel_index(x, [2, 3, 4]),
        (np.array([0, 23, 7], np.int32),),
        refused=(((np.array([24], np.int32),), BAD, "index is out of bound"),),
    ),
)
