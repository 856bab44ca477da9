"""Models that three Kerases make alike: tf.keras 2, Keras 3 and rillet.

Each function takes `tf` and gives a compiled model, what it is called on, and what it
is to learn. `interchange.py` writes and reads their files with any of the three.

Keras 3 squares the parts of an embedding's gradient one by one where a batch holds a
word twice; so models with embeddings learn by rules that square nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _floats(*shape: int) -> Any:
    count = int(np.prod(shape))
    return (np.arange(count, dtype="float32").reshape(shape) * 5 % 11 - 5) / 6


def two_ends(tf: Any) -> Any:
    """Several inputs and outputs by name, each with a loss and a weight."""
    k, layers = tf.keras, tf.keras.layers
    a, b = k.Input((4,), name="left"), k.Input((3,), name="right")
    x = layers.Dense(5, activation="relu")(a)
    y = layers.Concatenate()([x, b])
    value = layers.Dense(1, name="value")(y)
    kind = layers.Dense(2, activation="softmax", name="kind")(y)
    model = k.Model([a, b], [value, kind])
    model.compile(
        k.optimizers.Adam(0.02, clipnorm=1.0),
        loss=["mse", k.losses.CategoricalCrossentropy(label_smoothing=0.1)],
        loss_weights=[0.5, 2.0],
        metrics=[["mae"], [k.metrics.CategoricalAccuracy(), k.metrics.AUC()]],
    )
    targets = [_floats(6, 1), np.eye(2, dtype="float32")[[0, 1, 1, 0, 1, 0]]]
    return model, [_floats(6, 4), _floats(6, 3)], targets


def shared(tf: Any) -> Any:
    """One tower on two inputs."""
    k, layers = tf.keras, tf.keras.layers
    a, b = k.Input((4,)), k.Input((4,))
    tower = k.Sequential([k.Input((4,)), layers.Dense(3, activation="tanh")])
    near = layers.Dense(3, use_bias=False)
    x = layers.Subtract()([near(tower(a)), near(tower(b))])
    model = k.Model([a, b], layers.Dense(1)(x))
    model.compile(k.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "mae")
    return model, [_floats(6, 4), -_floats(6, 4)[::-1]], _floats(6, 1)


def nested(tf: Any) -> Any:
    """Models inside models inside a model."""
    k, layers = tf.keras, tf.keras.layers
    a = k.Input((6,))
    deep = k.Sequential([k.Input((4,)), layers.Dense(4), layers.ReLU()], name="deep")
    inner = k.Model(a, deep(layers.Rescaling(2.0)(layers.Dense(4)(a))), name="inner")
    i = k.Input((6,))
    model = k.Model(i, layers.Dense(2)(inner(i)), name="outer")
    model.compile(k.optimizers.RMSprop(0.01, momentum=0.5, centered=True), "mse")
    return model, _floats(5, 6), _floats(5, 2)


def recurrent(tf: Any) -> Any:
    """Cells of every kind, both ways, stacked, masked."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((5,), dtype="int32")
    x = layers.Embedding(8, 4, mask_zero=True)(i)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.GRU(3, reset_after=False, return_sequences=True)(x)
    x = layers.SimpleRNN(3, return_sequences=True, go_backwards=True)(x)
    cells = [layers.LSTMCell(2), layers.GRUCell(3)]
    x = layers.RNN(cells, return_sequences=True)(x)
    x = layers.Bidirectional(
        layers.GRU(2), backward_layer=layers.LSTM(2, go_backwards=True)
    )(x)
    model = k.Model(i, layers.Dense(1)(x))
    model.compile(k.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model, np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 1]]), _floats(2, 1)


def pictures(tf: Any) -> Any:
    """Convolutions of every kind, normalisation with its averages, pools."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((8, 8, 3))
    # No bias: its gradient would be noise, of which the optimizer makes whole steps.
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(i)
    x = layers.BatchNormalization(momentum=0.5)(x)
    x = layers.Activation("swish")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2)(x)
    x = layers.SeparableConv2D(4, 2, depthwise_regularizer="l2")(x)
    x = layers.Conv2DTranspose(3, 2, strides=2)(x)
    x = layers.LayerNormalization()(layers.PReLU(shared_axes=[1, 2])(x))
    x = layers.MaxPooling2D()(layers.ZeroPadding2D(1)(x))
    x = layers.Flatten()(layers.AveragePooling2D(2)(x))
    model = k.Model(i, layers.Dense(3, activation="softmax")(x))
    model.compile(
        k.optimizers.SGD(0.05, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model, _floats(3, 8, 8, 3), np.array([0, 2, 1])


def normalized(tf: Any) -> Any:
    """What an adapted layer found of its data."""
    k, layers = tf.keras, tf.keras.layers
    scale = layers.Normalization()
    scale.adapt(_floats(9, 3) * [1.0, 5.0, 9.0] + 2.0)
    bins = layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5])
    i = k.Input((3,))
    codes = layers.Flatten()(layers.Embedding(4, 2)(bins(i)))
    model = k.Model(i, layers.Dense(1)(layers.Concatenate()([scale(i), codes])))
    model.compile(k.optimizers.SGD(0.1), "huber")
    return model, _floats(5, 3), _floats(5, 1)


TEXTS = ["a rill runs down", "the rill is small", "down the stone", "a stone"]


def vectorized(tf: Any) -> Any:
    """A vocabulary that was learnt from texts."""
    k, layers = tf.keras, tf.keras.layers
    words = layers.TextVectorization(max_tokens=9, output_sequence_length=4)
    words.adapt(TEXTS)
    i = k.Input((1,), dtype="string")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(9, 3)(words(i)))
    model = k.Model(i, layers.Dense(1)(x))
    model.compile(k.optimizers.SGD(0.1, momentum=0.5), "mse")
    return model, tf.constant([[t] for t in TEXTS]), _floats(4, 1)


def looked_up(tf: Any) -> Any:
    """Lookups whose words the program gives."""
    k, layers = tf.keras, tf.keras.layers
    colours = layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")
    i = k.Input((1,), dtype="string")
    model = k.Model(i, layers.Dense(2)(colours(i)))
    model.compile(k.optimizers.RMSprop(0.05), "mse")
    return model, tf.constant([["red"], ["green"], ["blue"]]), _floats(3, 2)


def hashed(tf: Any) -> Any:
    """Numbers of whole numbers: hashed, looked up, encoded."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((2,), dtype="int64")
    a = layers.CategoryEncoding(4, output_mode="multi_hot")(layers.Hashing(4)(i))
    known = layers.IntegerLookup(vocabulary=[3, 1, 7], output_mode="count")
    model = k.Model(i, layers.Dense(2)(layers.Concatenate()([a, known(i)])))
    model.compile(k.optimizers.RMSprop(0.05), k.losses.MeanSquaredError())
    return model, np.array([[1, 3], [7, 9], [2, 2]]), _floats(3, 2)


def attentive(tf: Any) -> Any:
    """A block of a transformer."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((5, 4))
    m = layers.MultiHeadAttention(2, 3)(i, i, use_causal_mask=True)
    x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([i, m]))
    y = layers.Dense(4)(layers.Dense(8, activation="gelu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    model = k.Model(i, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))
    model.compile(k.optimizers.Adadelta(1.0), "mse")
    return model, _floats(3, 5, 4), _floats(3, 1)


def custom(tf: Any) -> Any:
    """A layer of the program's own, with weights, a state and a layer inside."""
    k, layers = tf.keras, tf.keras.layers

    @k.utils.register_keras_serializable("interchange")
    class Scaled(layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.dense = layers.Dense(units)

        def build(self, shape: Any) -> None:
            self.dense.build(shape)
            self.factor = self.add_weight(
                name="factor", shape=(self.units,), initializer="ones"
            )
            self.offset = self.add_weight(
                name="offset", shape=(), initializer="zeros", trainable=False
            )
            self.built = True

        def call(self, x: Any) -> Any:
            return self.dense(x) * self.factor + self.offset

        def get_config(self) -> Any:
            return {**super().get_config(), "units": self.units}

    model = k.Sequential([k.Input((4,)), Scaled(3), layers.Dense(1)])
    model.compile(k.optimizers.SGD(0.05), "mse")
    return model, _floats(5, 4), _floats(5, 1)


def lambdas(tf: Any) -> Any:
    """Code inside a file: reading it is asked for with `safe_mode=False`."""
    k, layers = tf.keras, tf.keras.layers
    twice = layers.Lambda(lambda x: x * 2.0 + 1.0, output_shape=(4,))
    model = k.Sequential([k.Input((4,)), layers.Dense(4), twice, layers.Dense(1)])
    model.compile(k.optimizers.SGD(0.05), "mse")
    return model, _floats(5, 4), _floats(5, 1)


def _dense(tf: Any, optimizer: Any) -> Any:
    k, layers = tf.keras, tf.keras.layers
    model = k.Sequential(
        [k.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(1)]
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model, _floats(8, 4), _floats(8, 1)


def scheduled(tf: Any) -> Any:
    """A rate that falls with the steps."""
    optimizers = tf.keras.optimizers
    rate = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    return _dense(tf, optimizers.SGD(rate, momentum=0.8))


def scaled(tf: Any) -> Any:
    """Losses scaled against underflow, with the count of good steps."""
    optimizers = tf.keras.optimizers
    inner = optimizers.Adam(0.02)
    if hasattr(tf.keras, "mixed_precision") and hasattr(
        tf.keras.mixed_precision, "LossScaleOptimizer"
    ):
        wrapped = tf.keras.mixed_precision.LossScaleOptimizer(inner)
    else:
        wrapped = optimizers.LossScaleOptimizer(inner)
    return _dense(tf, wrapped)


def decayed(tf: Any) -> Any:
    """Weights that shrink."""
    return _dense(tf, tf.keras.optimizers.AdamW(0.01, weight_decay=0.02))


def ftrl(tf: Any) -> Any:
    """Two slots a variable."""
    return _dense(tf, tf.keras.optimizers.Ftrl(0.1, l1_regularization_strength=0.01))


def adagrad(tf: Any) -> Any:
    """Sums of squares."""
    return _dense(tf, tf.keras.optimizers.Adagrad(0.1))


def adamax(tf: Any) -> Any:
    """Adam by the largest gradient."""
    return _dense(tf, tf.keras.optimizers.Adamax(0.02))


def lion(tf: Any) -> Any:
    """A momentum, signs."""
    return _dense(tf, tf.keras.optimizers.Lion(0.01))


def averaged(tf: Any) -> Any:
    """Adam with AMSGrad, and with moving averages of the weights."""
    adam = tf.keras.optimizers.Adam(
        0.02, amsgrad=True, use_ema=True, ema_momentum=0.9, global_clipnorm=1.0
    )
    return _dense(tf, adam)


MODELS = {
    make.__name__: make
    for make in (
        two_ends,
        shared,
        nested,
        recurrent,
        pictures,
        normalized,
        vectorized,
        looked_up,
        hashed,
        attentive,
        custom,
        lambdas,
        scheduled,
        scaled,
        decayed,
        ftrl,
        adagrad,
        adamax,
        lion,
        averaged,
    )
}
