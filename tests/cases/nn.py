"""Rows of `ops.activations`, `ops.softmax` and `ops.neural`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
A = floats(3, 4)
G = floats(3, 4, seed=5)
LOGITS, LABELS = floats(5, 3, low=-4, high=4), np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0]]
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
                  ((LOGITS, CLASSES[:2]), "InvalidArgumentError", "one label a row"))),
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
    Case("Sqrt", lambda tf, x, m, v, b, s: tf.nn.batch_normalization(x, m, v, b, s, 1e-3),
         (A, floats(4), np.abs(floats(4, seed=9)), floats(4, seed=8), floats(4, seed=7)),
         name="batch_normalization"),
    Case("Sum", lambda tf, x: tf.nn.moments(x, [0]), (A,), name="moments"),
)
