"""Rows of `ops.array` and of the modules beside it: splits, tiling, filling, sizes."""

import numpy as np

from cases import Case, floats, ints

A, B = floats(2, 3), floats(2, 3, seed=1)
X = floats(2, 3, 4)
C = (floats(2, 3) + 1j * floats(2, 3, seed=1)).astype(np.complex64)
TEXTS = np.array(["a", "bc"], object)
HALVES = ("float16", "bfloat16", "float64")
I32 = np.array([0, 2, -1, 5], np.int32)


def _pads(mode):
    return lambda tf, x: tf.pad(x, [[1, 0], [2, 1]], mode)


def _mirror_gradient(tf, x, g):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.pad(x, [[1, 0], [2, 1]], "REFLECT")
    return tape.gradient(y, x, output_gradients=g)


BAD = "InvalidArgumentError"

CASES = (
    Case(
        "Reshape",
        lambda tf, x: tf.reshape(x, [4, -1]),
        (X,),
        dtypes=HALVES,
        refused=(
            ((floats(3),), BAD, "Input to reshape is a tensor with 3 values"),
            ((floats(3, 5),), BAD, "a multiple of 4"),
        ),
    ),
    Case("Reshape", lambda tf, x: tf.reshape(x, []), (floats(1, 1),), name="scalar"),
    Case("Reshape", lambda tf, x: tf.reshape(x, [0, 7]), (floats(2, 0),), name="empty"),
    Case("Reshape", lambda tf, x: tf.reshape(x, [2, 1]), (TEXTS,), name="strings"),
    Case(
        "ConcatV2",
        lambda tf, x, y: tf.concat([x, y, x], 1),
        (A, B),
        dtypes=HALVES,
        refused=(
            ((A, floats(3, 3)), BAD, "Dimensions of inputs should match"),
            ((A, floats(2)), BAD, "Ranks of all input tensors should match"),
            ((A, ints(2, 3)), BAD, "float32 tensor but is a int32"),
            ((np.float32(1.0).reshape(()), floats()), BAD, "concatenate scalars"),
            ((floats(2), floats(2)), BAD, r"in the range \[-1, 1\), but got 1"),
        ),
    ),
    Case("ConcatV2", lambda tf, x, y: tf.concat([x, y], -2), (A, B), name="negative"),
    Case("ConcatV2", lambda tf, x: tf.concat([x, x], 0), (TEXTS,), name="strings"),
    Case(
        "Pack",
        lambda tf, x, y: tf.stack([x, y], -1),
        (A, B),
        refused=(((A, floats(2)), BAD, "Shapes of all inputs must match"),),
    ),
    Case(
        "Unpack",
        lambda tf, x: tf.unstack(x, axis=1),
        (X,),
        refused=(((floats(2),), "ValueError", r"`axis` = 1 not in range \[-1, 1\)"),),
    ),
    Case(
        "Unpack",
        lambda tf, x: tf.unstack(x, 2),
        (X,),
        name="num",
        refused=(((floats(3),), BAD, "num is 2"),),
    ),
    Case("Slice", lambda tf, x: tf.slice(x, [1, 0], [1, 2]), (A,), name="block"),
    Case(
        "Pad",
        lambda tf, x: tf.pad(x, [[1, 0], [2, 1]]),
        (A,),
        dtypes=HALVES,
        refused=(((X,), BAD, "must be the rank of inputs"),),
    ),
    Case(
        "Pad",
        lambda tf, x: tf.pad(x, [[1, 1]]),
        (TEXTS,),
        name="strings",
        refused=(((A,), BAD, "rank"),),
    ),
    Case("PadV2", lambda tf, x: tf.pad(x, [[1, 0], [2, 1]], constant_values=2.5), (A,)),
    Case(
        "MirrorPad",
        _pads("REFLECT"),
        (A,),
        dtypes=HALVES,
        refused=(((floats(1, 3),), BAD, "must be less than the dimension size"),),
    ),
    Case(
        "MirrorPad",
        _pads("symmetric"),
        (A,),
        name="symmetric",
        refused=(((floats(2, 1),), BAD, "no greater than the dimension size"),),
    ),
    Case(
        "MirrorPad",
        lambda tf, x: tf.pad(x, [[0, 0], [0, 0]], "REFLECT"),
        (A,),
        name="none",
    ),
    Case("MirrorPadGrad", _mirror_gradient, (A, floats(3, 6)), grad=(1,)),
    Case(
        "Split",
        lambda tf, x: tf.split(x, 2, axis=2),
        (X,),
        refused=(
            ((floats(1, 1, 3),), BAD, "should evenly divide"),
            ((A,), BAD, "split_dim < input rank"),
        ),
    ),
    Case(
        "SplitV",
        lambda tf, x: tf.split(x, [1, -1, 0], axis=-2),
        (X,),
        refused=(((floats(2, 0, 1),), BAD, "Determined shape must"),),
    ),
    Case(
        "Tile",
        lambda tf, x: tf.tile(x, [2, 3]),
        (A,),
        dtypes=HALVES,
        refused=(((X,), BAD, "vector of length 3 but got length 2"),),
    ),
    Case("Tile", lambda tf, x: tf.tile(x, [0, 3]), (A,), name="empty"),
    Case("BroadcastTo", lambda tf, x: tf.repeat(x, 3, axis=1), (A,), name="repeat"),
    Case(
        "BroadcastTo",
        lambda tf, x: tf.meshgrid(x, x[:3])[0],
        (floats(4),),
        name="meshgrid",
    ),
    Case(
        "BroadcastTo",
        lambda tf, x: tf.meshgrid(x, x[:3], indexing="ij"),
        (floats(4),),
        name="meshgrid ij",
    ),
    Case(
        "RilletRepeatPlaces",
        lambda tf, x: tf.repeat(x, [2, 0, 1], axis=1),
        (A,),
        refused=(((floats(2, 4),), "ValueError", "4 and 3 are not compatible"),),
    ),
    Case(
        "Transpose",
        lambda tf, x: tf.transpose(x, [2, 0, 1]),
        (X,),
        dtypes=HALVES,
        refused=(((A,), BAD, "expects a vector of size 2"),),
    ),
    Case("Transpose", lambda tf, x: tf.transpose(x), (X,), name="reversed"),
    # TensorFlow takes a negative axis forward and fails on its gradient.
    Case(
        "Transpose",
        lambda tf, x: tf.transpose(x, [2, 0, -2]),
        (X,),
        name="negative",
        golden=False,
        expect=lambda x: x.transpose(2, 0, 1),
    ),
    Case(
        "ConjugateTranspose",
        lambda tf, x: tf.transpose(x, conjugate=True),
        (C,),
        grad=(0,),
        order=1,
    ),
    Case(
        "InvertPermutation",
        lambda tf, x: tf.math.invert_permutation(x),
        (np.array([3, 4, 0, 2, 1], np.int32),),
        refused=(((np.array([0, 0], np.int32),), BAD, "permutation"),),
    ),
    Case(
        "ExpandDims",
        lambda tf, x: tf.expand_dims(x, -2),
        (A,),
        dtypes=HALVES,
        refused=(((floats(),), BAD, "Tried to expand dim index -2"),),
    ),
    Case("Squeeze", lambda tf, x: tf.squeeze(x), (floats(1, 3, 1),), dtypes=HALVES),
    Case(
        "Squeeze",
        lambda tf, x: tf.squeeze(x, [-1]),
        (floats(1, 3, 1),),
        name="axis",
        refused=(
            ((A,), BAD, r"Can not squeeze dim\[1\], expected a dimension of 1"),
            ((floats(),), BAD, "Tried to squeeze dim index -1"),
        ),
    ),
    Case(
        "ReverseV2",
        lambda tf, x: tf.reverse(x, [0, -1]),
        (X,),
        refused=(
            ((floats(2),), BAD, "specified more than once"),
            ((floats(),), BAD, "out of valid range"),
        ),
    ),
    Case(
        "Roll",
        lambda tf, x: tf.roll(x, [1, -5], [0, 2]),
        (X,),
        refused=(
            ((A,), BAD, "axis 2 is out of range"),
            ((floats(),), BAD, "1-D or higher"),
        ),
    ),
    Case(
        "Fill",
        lambda tf, x: tf.fill([2, 3], x),
        (floats(),),
        refused=(((A,), BAD, "value must be a scalar"),),
    ),
    Case(
        "Fill", lambda tf, x: tf.fill([2], x), (np.array("z", object),), name="string"
    ),
    Case("ZerosLike", lambda tf, x: tf.zeros_like(x), (A,), order=0, sizes=True),
    Case("ZerosLike", lambda tf, x: tf.zeros_like(x), (TEXTS,), name="strings"),
    Case(
        "OnesLike",
        lambda tf, x: tf.ones_like(x),
        (A,),
        order=0,
        sizes=True,
        refused=(((TEXTS,), BAD, "string is not in the list"),),
    ),
    Case(
        "OneHot",
        lambda tf, x: tf.one_hot(x, 3),
        (I32,),
        refused=(((A,), BAD, "float32 is not in the list"),),
    ),
    Case(
        "OneHot",
        lambda tf, x: tf.one_hot(x, 3, axis=0),
        (ints(2, 4, low=-1, high=4),),
        name="first",
    ),
    Case(
        "OneHot",
        lambda tf, x: tf.one_hot(x, 3, 5, 2, axis=1),
        (ints(2, 4, low=-1, high=4),),
        name="middle",
        refused=(((np.zeros((), np.int32),), BAD, r"between \[0, 1\)"),),
    ),
    Case("OneHot", lambda tf, x: tf.one_hot(x, 2, "on", "off"), (I32,), name="strings"),
    Case("Less", lambda tf, x: tf.sequence_mask(x, 4), (I32,), name="sequence_mask"),
    Case(
        "Less",
        lambda tf, x: tf.sequence_mask(x, dtype=tf.float32),
        (I32,),
        name="sequence_mask longest",
    ),
    Case("Shape", lambda tf, x: tf.shape(x), (X,), order=0),
    Case(
        "Shape", lambda tf, x: tf.shape(x, tf.int64), (floats(),), name="int64", order=0
    ),
    Case("Size", lambda tf, x: tf.size(x), (X,), order=0),
    Case("Rank", lambda tf, x: tf.rank(x), (X,), order=0),
    Case(
        "BroadcastArgs",
        lambda tf, x, y: tf.broadcast_dynamic_shape(x, y),
        (np.array([3, 1], np.int32), np.array([2, 1, 4], np.int32)),
        refused=(((np.array([2]), np.array([3])), BAD, "do not broadcast"),),
    ),
    Case(
        "EnsureShape",
        lambda tf, x: tf.ensure_shape(x, [None, 3]),
        (A,),
        refused=(((X,), BAD, "is not compatible with expected shape"),),
    ),
    Case("Identity", lambda tf, x: tf.identity(x), (A,), sizes=True, dtypes=HALVES),
    Case("StopGradient", lambda tf, x: tf.stop_gradient(x), (A,), order=0, sizes=True),
    Case(
        "Bitcast", lambda tf, x: tf.bitcast(x, tf.uint8), (A,), name="narrower", order=0
    ),
    Case(
        "Bitcast",
        lambda tf, x: tf.bitcast(x, tf.float64),
        (ints(3, 2),),
        name="wider",
        refused=(((ints(3),), BAD, "Cannot bitcast"),),
        rtol=0,
        order=0,
    ),
    Case("Bitcast", lambda tf, x: tf.bitcast(x, tf.int32), (A,), order=0),
    Case(
        "SelectV2",
        lambda tf, x, y: tf.where(x > 0, x, y),
        (A, B),
        dtypes=HALVES,
        refused=(
            ((A, floats(2)), BAD, "must be broadcastable"),
            ((A, ints(2, 3)), BAD, "float32 tensor but is a int32"),
        ),
    ),
    Case(
        "SelectV2",
        lambda tf, c, x, y: tf.where(c, x, y),
        (np.array([[True], [False]]), floats(), floats(3)),
        name="broadcast",
    ),
    Case(
        "SelectV2",
        lambda tf, x: tf.where([True, False], x, "z"),
        (TEXTS,),
        name="strings",
    ),
    Case(
        "Where",
        lambda tf, x: tf.where(x > 0),
        (X,),
        order=0,
        refused=(((floats(),), BAD, "Unhandled input dimensions"),),
    ),
    Case(
        "Where",
        lambda tf, x: tf.where(x),
        (I32,),
        name="numbers",
        refused=(((TEXTS,), BAD, "string is not in the list"),),
    ),
    Case(
        "GatherV2",
        lambda tf, x: tf.boolean_mask(x, [[True, False, True]] * 2),
        (X,),
        name="mask",
    ),
    Case(
        "GatherV2",
        lambda tf, x: tf.boolean_mask(x, [True, False, True], axis=1),
        (X,),
        name="mask axis",
        refused=(((floats(2, 2),), "ValueError", "are incompatible"),),
    ),
    Case("GatherV2", lambda tf, x: x[x > 0], (X,), name="mask key"),
)
