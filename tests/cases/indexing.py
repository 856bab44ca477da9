"""Rows of `ops.indexing` and `ops.strided`."""

import numpy as np

from cases import Case, floats

X = floats(2, 3, 4)
V = floats(4, seed=1)
TEXTS = np.array(["a", "bc", ""], object)
OUTSIDE = (
    ((floats(1, 3),), "InvalidArgumentError", "slice index 1 of dimension 0 out of"),
    ((floats(3, 2),), "InvalidArgumentError", "slice index 2 of dimension 1 out of"),
)


def _taken(key, name, **more):
    return Case("StridedSlice", lambda tf, x: x[key], (X,), name=name, **more)


def _slice_gradient(tf, x, g):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x[:, 1, ::-2]
    return tape.gradient(y, x, output_gradients=g)


def _assigned(tf, x, part):
    v = tf.Variable(x)
    v[:, 1, ::2].assign(part)
    return tf.convert_to_tensor(v)


def _updated(tf, x, part):
    from rillet.ops.indexing import slice_update

    return slice_update(x, (slice(None), 1, slice(None, None, 2)), part)


def _updated_numpy(x, part):
    out = x.copy()
    out[:, 1, ::2] = part
    return out


CASES = (
    Case("StridedSlice", lambda tf, x: x[1, 2], (X,), name="ints", refused=OUTSIDE),
    _taken((slice(None), slice(1, 3)), "slices"),
    _taken((Ellipsis, -1), "ellipsis"),
    _taken((slice(None, None, -1), slice(2, 0, -2)), "backwards"),
    _taken((slice(None), None, 1, slice(0, 99)), "newaxis"),
    _taken((None, Ellipsis, None), "two new axes"),
    _taken(slice(5, 1), "empty"),
    _taken((slice(-9, 1), 0), "below"),
    Case(
        "StridedSlice",
        lambda tf, x: x[tf.constant(1) :, tf.constant(2)],
        (X,),
        name="tensors",
    ),
    Case("StridedSlice", lambda tf, x: x[1:], (TEXTS,), name="strings"),
    Case("StridedSlice", lambda tf, x: x[1], (TEXTS,), name="one string"),
    Case(
        "StridedSlice",
        lambda tf, x: tf.strided_slice(
            x,
            [0, 1, 1],
            [2, 3, -1],
            [1, 1, 1],
            begin_mask=1,
            end_mask=2,
            shrink_axis_mask=4,
        ),
        (X,),
        name="masks",
        refused=(((floats(2),), "InvalidArgumentError", "only 1 dims"),),
    ),
    Case("StridedSlice", lambda tf, x: x[::2], (V,), name="step"),
    Case(
        "Slice",
        lambda tf, x: tf.slice(x, [0, 1, 2], [2, -1, 1]),
        (X,),
        refused=(
            ((floats(2, 3, 2),), "InvalidArgumentError", r"Expected size\[2\] in"),
            ((floats(2, 3, 1),), "InvalidArgumentError", r"Expected begin\[2\] in"),
            ((floats(2, 3),), "InvalidArgumentError", "of size 2"),
        ),
    ),
    Case("StridedSliceGrad", _slice_gradient, (X, floats(2, 2)), grad=(1,)),
    Case(
        "TensorStridedSliceUpdate",
        _assigned,
        (X, floats(2, 2)),
        grad=(),
        refused=(
            ((X, floats(3)), "InvalidArgumentError", r"shape \[3\] into final"),
            ((X, np.zeros(2)), "ValueError", "conversion requested dtype float32"),
        ),
    ),
    Case(
        "TensorStridedSliceUpdate", _assigned, (X, floats(1)), grad=(), name="broadcast"
    ),
    Case(
        "TensorStridedSliceUpdate",
        _updated,
        (X, floats(2, 2)),
        name="gradient",
        golden=False,
        expect=_updated_numpy,
    ),
    Case(
        "TensorStridedSliceUpdate",
        _updated,
        (X, floats(1, 1)),
        name="one",
        golden=False,
        expect=_updated_numpy,
    ),
)
