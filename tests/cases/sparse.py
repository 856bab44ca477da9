"""Rows of `ops.sparse`: a row makes sparse tensors of the values that it gets."""

import numpy as np

from cases import Case, floats

PLACES = np.array([[0, 1], [0, 3], [1, 2], [3, 0]])
OTHERS = np.array([[0, 1], [1, 0], [3, 0]])
MIXED = np.array([[3, 0], [0, 1], [1, 2], [0, 3]])
CUBE = np.array([[0, 0, 1], [0, 2, 0], [1, 0, 0], [1, 0, 3], [1, 2, 2]])
VALUES = floats(4)
DENSE = floats(4, 4, seed=3, low=0.5)


def sp(tf, values, places=PLACES, shape=(4, 4)):
    """A sparse tensor."""
    return tf.SparseTensor(places, values, shape)


def parts(x):
    """A sparse tensor's components."""
    return [x.indices, x.values, x.dense_shape]


def case(op, call, *inputs, **more):
    """A row whose gradients are looked at to the first order."""
    return Case(op, call, inputs, **{"order": 1, **more})


def filled(tf, v, d):
    """A tensor whose empty rows are filled."""
    x, empty = tf.sparse.fill_empty_rows(sp(tf, v), d)
    return [*parts(x), empty]


def slope_of_sum(tf, v, w):
    """How the squares of a sum change with both sides."""
    with tf.GradientTape() as tape:
        tape.watch([v, w])
        y = tf.sparse.add(sp(tf, v), sp(tf, w, OTHERS)).values ** 2
    return tape.gradient(y, [v, w])


def slope_of_softmax(tf, v):
    """How the squares of a softmax change."""
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = tf.sparse.softmax(sp(tf, v, CUBE, (2, 3, 4))).values ** 2
    return tape.gradient(y, v)


CASES = (
    case(
        "SparseToDense",
        lambda tf, v, d: tf.sparse.to_dense(sp(tf, v), d),
        VALUES,
        np.float32(-1.5),
        order=2,
    ),
    case(
        "SparseToDense",
        lambda tf, v: tf.sparse.to_dense(sp(tf, v)),
        np.array(["a", "b", "c", "d"]),
        name="texts",
    ),
    case(
        "SparseTensorDenseMatMul",
        lambda tf, v, b: tf.sparse.sparse_dense_matmul(sp(tf, v), b),
        VALUES,
        floats(4, 3),
        order=2,
    ),
    case(
        "SparseTensorDenseMatMul",
        lambda tf, v, b: tf.sparse.sparse_dense_matmul(
            tf.SparseTensor(MIXED, v, [4, 5]), b, adjoint_a=True, adjoint_b=True
        ),
        VALUES,
        floats(3, 4),
        name="adjoint",
        order=2,
    ),
    case(
        "SparseTensorDenseMatMul",
        lambda tf, v, b: tf.sparse.sparse_dense_matmul(b, sp(tf, v)),
        VALUES,
        floats(2, 4),
        name="dense_first",
    ),
    case(
        "SparseReorder",
        lambda tf, v: parts(tf.sparse.reorder(sp(tf, v, MIXED))),
        VALUES,
    ),
    case(
        "SparseReorder",
        lambda tf, v: parts(tf.sparse.transpose(sp(tf, v, CUBE, (2, 3, 4)), [2, 0, 1])),
        floats(5),
        name="transpose",
    ),
    case(
        "SparseReshape",
        lambda tf, v: parts(tf.sparse.reshape(sp(tf, v), [2, -1])),
        VALUES,
    ),
    case(
        "SparseSlice",
        lambda tf, v: parts(tf.sparse.slice(sp(tf, v), [0, 1], [2, 9])),
        VALUES,
    ),
    case(
        "SparseSplit",
        lambda tf, v: [
            p for x in tf.sparse.split(sp(tf, v), 3, axis=1) for p in parts(x)
        ],
        VALUES,
        grad=(),
    ),
    case(
        "SparseConcat",
        lambda tf, v: parts(
            tf.sparse.concat(-1, [sp(tf, v), sp(tf, v[:3], OTHERS, (4, 4))])
        ),
        VALUES,
        grad=(),
    ),
    case(
        "SparseConcat",
        lambda tf, v: parts(
            tf.sparse.concat(0, [sp(tf, v), sp(tf, v, shape=(6, 9))], True)
        ),
        VALUES,
        grad=(),
        name="expanded",
    ),
    case("SparseFillEmptyRows", filled, VALUES, np.float32(7.5)),
    case(
        "SparseAdd",
        lambda tf, v, w: parts(tf.sparse.add(sp(tf, v), sp(tf, w, OTHERS))),
        VALUES,
        floats(3),
    ),
    case(
        "SparseAdd",
        lambda tf, v: parts(tf.sparse.add(sp(tf, v), sp(tf, -v), threshold=0.1)),
        VALUES,
        name="threshold",
        grad=(),
    ),
    case(
        "SparseAddGrad",
        slope_of_sum,
        VALUES,
        floats(3),
        grad=(),
    ),
    case(
        "SparseTensorDenseAdd",
        lambda tf, v, d: tf.sparse.add(sp(tf, v), d),
        VALUES,
        DENSE,
        order=2,
    ),
    case(
        "SparseSparseMaximum",
        lambda tf, v, w: parts(tf.sparse.maximum(sp(tf, v), sp(tf, w, OTHERS))),
        VALUES,
        floats(3, seed=2),
        grad=(),
    ),
    case(
        "SparseSparseMinimum",
        lambda tf, v, w: parts(tf.sparse.minimum(sp(tf, v), sp(tf, w, OTHERS))),
        VALUES,
        floats(3, seed=2),
        grad=(),
    ),
    case(
        "SparseDenseCwiseMul",
        lambda tf, v, d: (sp(tf, v) * d).values,
        VALUES,
        DENSE,
        order=2,
    ),
    case(
        "SparseDenseCwiseMul",
        lambda tf, v, d: (sp(tf, v) * d).values,
        VALUES,
        DENSE[:, :1],
        name="spread",
        grad=(0,),
    ),
    case(
        "SparseDenseCwiseDiv",
        lambda tf, v, d: (sp(tf, v) / d).values,
        VALUES,
        DENSE,
        order=2,
    ),
    case(
        "SparseSoftmax",
        lambda tf, v: parts(tf.sparse.softmax(sp(tf, v, CUBE, (2, 3, 4)))),
        floats(5),
    ),
    case(
        "RilletSparseRowSums",
        slope_of_softmax,
        floats(5),
        grad=(),
    ),
    case(
        "SparseReduceSum",
        lambda tf, v: tf.sparse.reduce_sum(sp(tf, v, CUBE, (2, 3, 4)), [0, -1]),
        floats(5),
        order=2,
    ),
    case(
        "SparseReduceSum",
        lambda tf, v: tf.sparse.reduce_sum(sp(tf, v), 1, keepdims=True),
        VALUES,
        name="kept",
    ),
    case(
        "SparseReduceSum",
        lambda tf, v: tf.sparse.reduce_sum(sp(tf, v)),
        VALUES,
        name="all",
    ),
    case(
        "SparseReduceSumSparse",
        lambda tf, v: parts(
            tf.sparse.reduce_sum(sp(tf, v), 1, True, output_is_sparse=True)
        ),
        VALUES,
        grad=(),
    ),
    case(
        "SparseReduceMax",
        lambda tf, v: tf.sparse.reduce_max(sp(tf, v), 1),
        VALUES,
        grad=(),
    ),
    case(
        "SparseReduceMaxSparse",
        lambda tf, v: parts(tf.sparse.reduce_max(sp(tf, v), 0, output_is_sparse=True)),
        VALUES,
        grad=(),
    ),
    *[
        case(
            f"SparseSegment{title}{count}",
            lambda tf, x, name=name, more=more: getattr(tf.sparse, f"segment_{name}")(
                x, [0, 3, 1, 1], [0, 0, 2, 2], *more
            ),
            floats(4, 3),
            order=2,
        )
        for title, name in (("Sum", "sum"), ("Mean", "mean"), ("SqrtN", "sqrt_n"))
        for count, more in (("", ()), ("WithNumSegments", (5,)))
    ],
)
