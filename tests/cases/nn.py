"""Rows of `ops.activations`, `ops.softmax` and `ops.neural`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
A = floats(3, 4)
G = floats(3, 4, seed=5)
LOGITS = floats(5, 3, low=-4, high=4)
LABELS = np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0]]
SOFT = (LABELS * 0.7 + 0.1).astype(np.float32)
SPREAD = np.abs(floats(2, 3, 4, seed=3))
SPREAD /= SPREAD.sum(axis=1, keepdims=True)
CLASSES = np.array([0, 2, 1, 1, 0], np.int32)


def grads(name, seed=5):
    """A raw op of the gradient of an activation, on rillet and on TensorFlow."""

    def call(tf, g, y):
        if hasattr(tf, "raw_ops"):
            return getattr(tf.raw_ops, name)(gradients=g, **{RAW[name]: y})
        from rillet.ops.registry import TABLE

        return TABLE[name](g, y)

    return call


RAW = {
    "ReluGrad": "features",
    "Relu6Grad": "features",
    "LeakyReluGrad": "features",
    "EluGrad": "outputs",
    "SeluGrad": "outputs",
    "SoftsignGrad": "features",
}


def of_table(name):
    """A record of rillet's own, which TensorFlow does not have."""

    def call(tf, *xs):
        from rillet.ops.registry import TABLE

        return TABLE[name](*xs)

    return call


def statistics(tf, x):
    count, total, squares, shift = tf.nn.sufficient_statistics(x, [0], shift=0.5)
    return [count, *tf.nn.normalize_moments(count, total, squares, shift)]


def dropped(name, refused=(), **options):
    """Dropout of one draw, which the global seed and its own decide."""

    def call(tf, x):
        tf.random.set_seed(11)
        return tf.nn.dropout(x, **options)

    return Case("SelectV2", call, (A,), name=f"dropout {name}", refused=refused)


def sampled(name):
    """A loss over sampled classes that are given."""
    weights, biases, inputs = floats(6, 3), floats(6, seed=1), floats(2, 3, seed=2)

    def call(tf, w, b, x):
        values = (tf.constant([0, 3, 4], tf.int64), tf.constant([[0.5], [0.3]]),
                  tf.constant([0.5, 0.6, 0.7]))
        true = tf.constant([[1], [4]], tf.int64)
        return getattr(tf.nn, name)(w, b, true, x, 3, 6, sampled_values=values,
                                    remove_accidental_hits=True)

    return Case("ComputeAccidentalHits", call, (weights, biases, inputs), name=name)


def hits(tf, true, drawn):
    return list(tf.nn.compute_accidental_hits(true, drawn, 2))


def ctc(**options):
    """The loss of two rows of labels, of lengths 2 and 1, over 4 and 3 frames."""

    def call(tf, logits):
        return tf.nn.ctc_loss(
            [[1, 2, 0], [3, 0, 0]], logits, [2, 1], [4, 3], **options)

    return call


CASES = (
    Case("Relu", lambda tf, x: tf.nn.relu(x), (A,), dtypes=HALVES, sizes=True),
    Case("Relu6", lambda tf, x: tf.nn.relu6(x * 5), (A,), dtypes=HALVES, sizes=True),
    Case("LeakyRelu", lambda tf, x: tf.nn.leaky_relu(x, 0.3), (A,), dtypes=HALVES,
         sizes=True),
    Case("Elu", lambda tf, x: tf.nn.elu(x), (A,), dtypes=HALVES, sizes=True),
    Case("Selu", lambda tf, x: tf.nn.selu(x), (A,), dtypes=HALVES, sizes=True),
    Case("Softsign", lambda tf, x: tf.nn.softsign(x), (A,), dtypes=HALVES, sizes=True),
    *(Case(name, grads(name), (G, A), order=0) for name in RAW),
    Case("RilletIsNegative", of_table("RilletIsNegative"), (A,), order=0, golden=False,
         expect=lambda x: (x < 0).astype(np.float32)),
    Case("RilletSoftsignCurve", of_table("RilletSoftsignCurve"), (A,), order=0,
         golden=False, expect=lambda x: -2 * np.sign(x) / (1 + np.abs(x)) ** 3),
    Case("Softmax", lambda tf, x: tf.nn.softmax(x), (LOGITS,), dtypes=HALVES),
    Case("Softmax", lambda tf, x: tf.nn.softmax(x, axis=0), (LOGITS,), name="axis"),
    Case("Softmax", lambda tf, x: tf.nn.softmax(x), (floats(300, 10),), name="narrow",
         order=1),
    Case("Softmax", lambda tf, x: tf.nn.softmax(x * 1000), (LOGITS,), name="large",
         order=0, refused=(((ints(2, 2),), "InvalidArgumentError", "mixes|int32"),)),
    Case("LogSoftmax", lambda tf, x: tf.nn.log_softmax(x), (LOGITS,), dtypes=HALVES),
    Case("SoftmaxCrossEntropyWithLogits",
         lambda tf, x, p: tf.nn.softmax_cross_entropy_with_logits(p, x), (LOGITS, SOFT),
         grad=(0,),
         refused=(((floats(2, 3), floats(2, 4)), "InvalidArgumentError",
                   "must be broadcastable"),)),
    Case("SoftmaxCrossEntropyWithLogits",
         lambda tf, x, p: tf.nn.softmax_cross_entropy_with_logits(p, x, axis=1),
         (floats(2, 3, 4), SPREAD), name="axis", grad=(0,)),
    Case("SparseSoftmaxCrossEntropyWithLogits",
         lambda tf, x, p: tf.nn.sparse_softmax_cross_entropy_with_logits(p, x),
         (LOGITS, CLASSES),
         refused=(((LOGITS, CLASSES + 2), "InvalidArgumentError", "valid range"),
                  ((LOGITS, CLASSES[:2]), "ValueError", "one label a row"))),
    Case("SparseSoftmaxCrossEntropyWithLogits",
         lambda tf, x, p: tf.nn.sparse_softmax_cross_entropy_with_logits(p, x),
         (floats(2, 3, 4), ints(2, 3, low=0, high=4, dtype=np.int64)), name="rank3"),
    Case("BiasAdd", lambda tf, x, b: tf.nn.bias_add(x, b), (A, floats(4)),
         refused=(((A, floats(3)), "InvalidArgumentError", "one number a channel"),)),
    Case("BiasAdd", lambda tf, x, b: tf.nn.bias_add(x, b, data_format="NC..."),
         (floats(2, 3, 4), floats(3)), name="first"),
    Case("BiasAddGrad", lambda tf, g: (tf.raw_ops.BiasAddGrad(out_backprop=g)
                                       if hasattr(tf, "raw_ops")
                                       else of_table("BiasAddGrad")(tf, g)),
         (floats(300, 5),), order=0),
    Case("L2Loss", lambda tf, x: tf.nn.l2_loss(x), (A,), dtypes=HALVES),
    Case("Log1p", lambda tf, x, z: tf.nn.sigmoid_cross_entropy_with_logits(z, x),
         (LOGITS, SOFT), name="sigmoid_cross_entropy", grad=(0,)),
    Case("Log1p",
         lambda tf, x, z: tf.nn.weighted_cross_entropy_with_logits(z, x, 2.5),
         (LOGITS, SOFT), name="weighted_cross_entropy", grad=(0,)),
    Case("Sqrt",
         lambda tf, x, m, v, b, s: tf.nn.batch_normalization(x, m, v, b, s, 1e-3),
         (A, floats(4), np.abs(floats(4, seed=9)), floats(4, seed=8),
          floats(4, seed=7)), name="batch_normalization"),
    Case("Mean", lambda tf, x: tf.nn.moments(x, [0]), (A,), name="moments",
         dtypes=("float16", "float64"),
         refused=(((ints(2, 2),), "TypeError", "must be of a float type"),)),
    Case("Mean", lambda tf, x: tf.nn.moments(x, [0, -1], keepdims=True),
         (floats(2, 3, 4),), name="moments kept"),
    Case("Sum", lambda tf, x, w: tf.nn.weighted_moments(x, [0], w),
         (A, floats(3, 1, low=0.5)), name="weighted_moments"),
    Case("Sum", statistics, (A,), name="sufficient_statistics"),
    Case("Erfc", lambda tf, x: tf.nn.gelu(x), (A,), name="gelu", dtypes=HALVES,
         sizes=True, refused=(((ints(2),), "ValueError", "floating point tensor"),)),
    Case("Erfc", lambda tf, x: tf.nn.gelu(x - 8), (A,), name="gelu far below",
         atol=1e-30, order=0),
    Case("Tanh", lambda tf, x: tf.nn.gelu(x, approximate=True), (A,), name="gelu",
         dtypes=HALVES),
    Case("Sigmoid", lambda tf, x: tf.nn.silu(x, 2.0), (A,), name="silu"),
    Case("ConcatV2", lambda tf, x: tf.nn.crelu(x), (A,), name="crelu"),
    Case("LRN", lambda tf, x: tf.nn.lrn(x, 1, 2.0, 0.5, 0.75), (floats(2, 1, 2, 5),),
         refused=(((A,), "InvalidArgumentError", "must be 4-dimensional"),)),
    Case("RilletChannelSums", of_table("RilletChannelSums"), (floats(1, 1, 2, 3),),
         golden=False, expect=lambda x: np.broadcast_to(
             x.sum(axis=-1, keepdims=True), x.shape)),
    Case("Exp", lambda tf, z, c: tf.nn.log_poisson_loss(z, c, True),
         (floats(3, 4, low=0.1, high=3), A), name="log_poisson_loss", grad=(1,),
         refused=(((floats(3), floats(2)), "ValueError", "the same shape"),)),
    dropped("rate", rate=0.4, seed=3),
    dropped("noise shape", rate=0.4, noise_shape=[3, 1], seed=3,
            refused=(((ints(2),), "ValueError", "floating point tensor"),)),
    Case("SelectV2", lambda tf, x: tf.nn.experimental.stateless_dropout(
        x, 0.3, seed=[1, 2]), (A,), name="stateless_dropout"),
    sampled("nce_loss"),
    sampled("sampled_softmax_loss"),
    Case("ComputeAccidentalHits", hits, (np.int64([[1, 2], [3, 4]]),
                                         np.int64([2, 5, 3])), order=0),
    Case("RilletCtcLoss", ctc(blank_index=4), (floats(4, 2, 5),), order=1, rtol=1e-4,
         refused=(((floats(4, 5),), "InvalidArgumentError", "three axes"),
                  ((floats(3, 2, 5),), "InvalidArgumentError", "logit_length must be"),
                  ((floats(4, 2, 2),), "InvalidArgumentError", "blank_index must be"))),
    Case("RilletCtcLoss", ctc(logits_time_major=False), (floats(2, 4, 5),), order=1,
         rtol=1e-4, name="batch first"),
)
