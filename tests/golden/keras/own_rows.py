"""Classes of one's own from every base class, and what the other files leave out.

`make_keras.py` keeps TensorFlow's answers; `test_keras_numbers` compares.
"""

import numpy as np

RNG = np.random.default_rng(11)
Y = RNG.normal(size=(6, 4)).astype("float32")
P = RNG.normal(size=(6, 4)).astype("float32")
CLASSES = np.array([0, 1, 2, 3, 1, 1])
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
SOFTMAX = np.exp(P) / np.exp(P).sum(-1, keepdims=True)
WEIGHTS = np.array([1.0, 2.0, 0.0, 0.5, 1.0, 3.0], "float32")


def bases(tf):
    """What classes of one's own give where the base class uses them."""
    k = tf.keras

    class Cubed(k.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.reduce_mean(tf.abs(y_true - y_pred) ** 3, -1)

    class Largest(k.metrics.Metric):
        def __init__(self, **options):
            super().__init__(**options)
            self.top = self.add_weight("top", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.top.assign(tf.maximum(self.top, tf.reduce_max(y_pred - y_true)))

        def result(self):
            return self.top

    class Signed(k.optimizers.Optimizer):
        def __init__(self, rate=0.1, **options):
            super().__init__(name="Signed", **options)
            self._learning_rate = self._build_learning_rate(rate)

        def build(self, var_list):
            super().build(var_list)
            if hasattr(self, "sums"):
                return
            self.sums = [self.add_variable_from_reference(v, "sum") for v in var_list]

        def update_step(self, gradient, variable):
            at = self._index_dict[self._var_key(variable)]
            self.sums[at].assign_add(gradient)
            variable.assign_sub(self.learning_rate * tf.sign(self.sums[at]))

    class Halving(k.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.4 * 0.5 ** tf.cast(step, tf.float32)

    class Steps(k.initializers.Initializer):
        def __call__(self, shape, dtype=None, **kwargs):
            return tf.reshape(tf.range(np.prod(shape), dtype="float32"), shape)

    class Total(k.regularizers.Regularizer):
        def __call__(self, x):
            return 0.01 * tf.reduce_sum(x)

    class Rounded(k.constraints.Constraint):
        def __call__(self, w):
            return tf.round(w * 4.0) / 4.0

    yield "loss", lambda: Cubed()(Y, P, sample_weight=WEIGHTS)
    yield "loss none", lambda: Cubed(reduction=k.losses.Reduction.NONE)(Y, P)
    yield "loss sum", lambda: Cubed(reduction=k.losses.Reduction.SUM)(Y, P)

    def fitted():
        model = k.Sequential(
            [
                k.layers.Dense(
                    2,
                    kernel_initializer=Steps(),
                    kernel_regularizer=Total(),
                    kernel_constraint=Rounded(),
                    input_shape=(4,),
                )
            ]
        )
        model.compile(Signed(Halving()), Cubed(), metrics=[Largest()])
        told = model.fit(P, Y[:, :2], 3, 3, verbose=0, shuffle=False).history
        parts = [*told.values(), *[w.ravel() for w in model.get_weights()]]
        return np.concatenate([np.asarray(p, "float64") for p in parts])

    yield "fit", fitted


def metrics(tf):
    """Functions of `metrics`, and classes that wrap functions."""
    k = tf.keras.metrics
    yield "binary", lambda: k.binary_accuracy(ONE_HOT, SOFTMAX, threshold=0.3)
    yield "categorical", lambda: k.categorical_accuracy(ONE_HOT, SOFTMAX)
    yield (
        "sparse",
        lambda: k.sparse_categorical_accuracy(CLASSES, SOFTMAX),
    )
    yield "top", lambda: k.top_k_categorical_accuracy(ONE_HOT, SOFTMAX, k=2)

    def twice(metric, *pair):
        metric.update_state(*pair, sample_weight=WEIGHTS)
        first = float(metric.result())
        metric.update_state(*pair)
        second = float(metric.result())
        metric.reset_state()
        metric.update_state(*pair, sample_weight=2.0)
        return np.array([first, second, float(metric.result())])

    yield (
        "wrapper",
        lambda: twice(
            k.MeanMetricWrapper(lambda y, p, by: by * tf.abs(y - p), "own", by=3.0),
            Y[:, 0],
            P[:, 0],
        ),
    )
    yield (
        "sparse top",
        lambda: twice(k.SparseTopKCategoricalAccuracy(k=2), CLASSES, SOFTMAX),
    )
    yield "f1", lambda: k.F1Score("macro", 0.4)(ONE_HOT, SOFTMAX, WEIGHTS)
    yield (
        "hinge",
        lambda: twice(k.CategoricalHinge(), ONE_HOT, SOFTMAX),
    )


def activations(tf):
    """The activations by name, far from and near to 0, and their gradients."""
    names = (
        "elu exponential gelu hard_sigmoid leaky_relu linear mish relu relu6 selu"
        " sigmoid silu softmax softplus softsign swish tanh"
    )
    x = tf.constant(np.concatenate([Y * 4, P * 0.01], 0))
    for name in names.split():
        if hasattr(tf.keras.activations, name):

            def run(name=name):
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    y = getattr(tf.keras.activations, name)(x)
                    loss = tf.reduce_sum(y * tf.cos(tf.range(4.0)))
                return np.stack([y.numpy(), tape.gradient(loss, x).numpy()])

            yield name, run


FAMILIES = {"bases": bases, "metric_functions": metrics, "activations": activations}
