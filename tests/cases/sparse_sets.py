"""Rows of sets, counts, crosses, distances, embeddings and CTC's decoders."""

import numpy as np

from cases import Case, floats

A = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
B = np.array([[3, 2, 9], [7, 8, 4]], np.int32)
IDS = np.array([[0, 0], [0, 1], [2, 0], [2, 1]])
IDS3 = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 0]])
WORDS = np.array([["x", "y"], ["z", "w"], ["u", "v"]])
SCORES = floats(6, 3, 5, low=-3, high=3, seed=9)


def parts(x):
    """A sparse tensor's components."""
    return [x.indices, x.values, x.dense_shape]


def case(op, call, *inputs, **more):
    """A row without gradients."""
    return Case(op, call, inputs, **{"order": 0, "grad": (), **more})


def texts(tf, values, places=((0, 0), (1, 0), (1, 1)), shape=(3, 2)):
    """A sparse matrix of texts or numbers."""
    return tf.SparseTensor(places, values, shape)


def crossed(tf, function, words, **more):
    """A sparse, a sparse and a dense input."""
    a = texts(tf, ["a", "b", "c"])
    n = texts(tf, tf.constant([5, 6, 7], tf.int64))
    return parts(function([words, a, n], **more))


def looked_up(tf, table, weights, name="embedding_lookup_sparse", **more):
    """Rows of a table for a sparse matrix of ids."""
    ids = tf.SparseTensor(IDS, tf.constant([1, 3, 0, 5], tf.int64), [3, 2])
    if weights is not None:
        weights = tf.SparseTensor(IDS, weights, [3, 2])
    return getattr(tf.nn, name)(table, ids, weights, **more)


def safely(tf, table, v):
    """Rows without ids, and negative ids."""
    ids = tf.SparseTensor(IDS3, tf.constant([1, -3, 2], tf.int64), [2, 2, 2])
    weights = tf.SparseTensor(IDS3, v, [2, 2, 2])
    found = tf.nn.safe_embedding_lookup_sparse(table, ids, weights)
    return [found, tf.nn.safe_embedding_lookup_sparse(table, ids, default_id=3)]


def distances(tf, normalize):
    """Sequences in two batches."""
    places = [[0, 0, 0], [1, 0, 0], [1, 0, 1]]
    h = tf.SparseTensor(places, ["a", "b", "c"], [2, 2, 2])
    places = [[0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 2], [1, 1, 0]]
    truth = tf.SparseTensor(places, ["a", "b", "c", "c", "d"], [2, 2, 3])
    return tf.edit_distance(h, truth, normalize=normalize)


def decoded(found):
    """Labels of all paths, and their scores."""
    labels, score = found
    return [[parts(x) for x in labels], score]


def sparse_loss(tf, logits):
    """CTC's loss of sparse labels."""
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 0]], [1, 2, 0, 3], [3, 2])
    return tf.nn.ctc_loss(labels, logits, None, [6, 4, 2], blank_index=-1)


CASES = (
    *[
        case(
            op,
            lambda tf, x, y, name=name, a=a, b=b: parts(
                getattr(tf.sets, name)(a(tf, x), b(tf, y))
            ),
            A,
            B,
            name=name,
        )
        for op, a, b in (
            ("DenseToDenseSetOperation", lambda tf, x: x, lambda tf, x: x),
            (
                "DenseToSparseSetOperation",
                lambda tf, x: tf.sparse.from_dense(x),
                lambda tf, x: x,
            ),
            (
                "SparseToSparseSetOperation",
                lambda tf, x: tf.sparse.from_dense(x),
                lambda tf, x: tf.sparse.from_dense(x),
            ),
        )
        for name in ("intersection", "union", "difference")
    ],
    case(
        "DenseToDenseSetOperation",
        lambda tf, x: parts(tf.sets.difference(x, x[::-1], aminusb=False)),
        WORDS,
        name="texts",
    ),
    case(
        "SetSize",
        lambda tf, x, y: tf.sets.size(tf.sparse.from_dense(tf.stack([x, y]))),
        A,
        B,
    ),
    case("EditDistance", lambda tf: distances(tf, True)),
    case("EditDistance", lambda tf: distances(tf, False), name="whole"),
    case("SparseCrossV2", lambda tf, x: crossed(tf, tf.sparse.cross, x), WORDS),
    case(
        "SparseCrossV2",
        lambda tf, x: crossed(tf, tf.sparse.cross, x, separator="-"),
        WORDS,
        name="separator",
    ),
    case(
        "SparseCrossHashed",
        lambda tf, x: crossed(tf, tf.sparse.cross_hashed, x),
        WORDS,
    ),
    case(
        "SparseCrossHashed",
        lambda tf, x: crossed(
            tf, tf.sparse.cross_hashed, x, num_buckets=99, hash_key=7
        ),
        WORDS,
        name="buckets",
    ),
    case(
        "DenseCountSparseOutput",
        lambda tf, x: [
            parts(tf.sparse.bincount(x, axis=-1)),
            parts(tf.sparse.bincount(x, maxlength=5, minlength=2)),
            parts(tf.sparse.bincount(x, axis=-1, binary_output=True, minlength=12)),
        ],
        B % 4,
    ),
    case(
        "DenseCountSparseOutput",
        lambda tf, x, w: parts(tf.sparse.bincount(x, weights=w, axis=-1)),
        B % 4,
        floats(2, 3),
        name="weights",
    ),
    case(
        "SparseCountSparseOutput",
        lambda tf, x: [
            parts(tf.sparse.bincount(tf.sparse.from_dense(x), axis=-1)),
            tf.math.bincount(tf.sparse.from_dense(x), axis=-1),
        ],
        B % 4,
    ),
    case(
        "CTCGreedyDecoder",
        lambda tf, x: decoded(tf.nn.ctc_greedy_decoder(x, [6, 4, 2])),
        SCORES,
    ),
    case(
        "CTCGreedyDecoder",
        lambda tf, x: decoded(
            tf.nn.ctc_greedy_decoder(x, [6, 4, 2], False, blank_index=1)
        ),
        SCORES,
        name="repeated",
    ),
    case(
        "CTCBeamSearchDecoder",
        lambda tf, x: decoded(tf.nn.ctc_beam_search_decoder(x, [6, 4, 2], 20, 3)),
        SCORES,
    ),
    case(
        "CTCBeamSearchDecoder",
        lambda tf, x: decoded(tf.nn.ctc_beam_search_decoder(x, [6, 4, 2], 3)),
        SCORES,
        name="narrow",
    ),
    Case(
        "RilletCtcLoss",
        sparse_loss,
        (SCORES,),
        name="sparse_labels",
        order=1,
    ),
    *[
        Case(
            "GatherV2",
            lambda tf, x, w, how=how: looked_up(tf, x, w, combiner=how),
            (floats(6, 2), floats(4, low=0.5)),
            name=f"embedding_{how}",
            order=1,
        )
        for how in ("sum", "mean", "sqrtn")
    ],
    Case(
        "GatherV2",
        lambda tf, x: [
            looked_up(tf, x, None, combiner="sum"),
            looked_up(tf, x, None, combiner="sqrtn", max_norm=1.5),
        ],
        (floats(6, 2),),
        name="embedding_plain",
        order=1,
    ),
    Case(
        "GatherV2",
        safely,
        (floats(6, 2), floats(3, low=0.5)),
        name="embedding_safe",
        order=1,
    ),
)
