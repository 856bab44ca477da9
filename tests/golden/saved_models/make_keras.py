"""Write golden SavedModels of Keras models, with TensorFlow 2.21 and tf_keras 2.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON make_keras.py [NAME ...]
    TF_USE_LEGACY_KERAS=0 TENSORFLOW_PYTHON make_keras.py keras3_export

Each maker gives a model, its inputs, and what to compile and train it with, or None.
A compiled model is trained a little and saved; the losses that it comes to afterwards
are kept: whoever loads it and goes on must come to the same. ``calls.json`` has beside
the calls ``inputs``, ``outputs``, and for compiled models ``targets`` and ``losses``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import packing
import tensorflow as tf

K = tf.keras
L = K.layers
HERE = Path(__file__).resolve().parent
MAKERS: dict[str, Any] = {}
DRAW = np.random.default_rng(5)


def model(make: Any) -> Any:
    """Enter a maker."""
    MAKERS[make.__name__] = make
    return make


def f32(*shape: int) -> np.ndarray:
    """Numbers around zero."""
    return DRAW.normal(size=shape).astype(np.float32)


def whole(most: int, *shape: int) -> np.ndarray:
    """Whole numbers below `most`."""
    return DRAW.integers(0, most, shape).astype(np.int32)


@model
def k_dense() -> Any:
    """A dense network with regularisation, compiled with Adam."""
    net = K.Sequential(
        [
            L.Dense(6, "relu", kernel_regularizer="l2", input_shape=(4,)),
            L.BatchNormalization(),
            L.Dense(3, "softmax"),
        ]
    )
    return net, f32(8, 4), ("adam", "sparse_categorical_crossentropy", whole(3, 8))


@model
def k_images() -> Any:
    """The usual layers of images, trained with momentum."""
    given = K.Input((8, 8, 2), name="photo")
    x = L.Rescaling(0.5)(given)
    x = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = L.DepthwiseConv2D(3, padding="same")(L.BatchNormalization()(x))
    x = L.SeparableConv2D(4, 2)(L.MaxPooling2D()(x))
    x = L.Conv2DTranspose(2, 2, strides=2)(L.LeakyReLU(0.1)(x))
    x = L.AveragePooling2D()(L.UpSampling2D(interpolation="bilinear")(x))
    x = L.ZeroPadding2D(1)(L.Cropping2D(1)(x))
    x = L.GroupNormalization(1)(L.LayerNormalization()(x))
    x = L.Dense(2)(L.GlobalAveragePooling2D()(L.SpatialDropout2D(0.0)(x)))
    rule = K.optimizers.SGD(0.05, momentum=0.9)
    return K.Model(given, x), f32(4, 8, 8, 2), (rule, "mse", f32(4, 2))


@model
def k_augmented() -> Any:
    """Layers that change images in training alone, resizing, three axes."""
    net = K.Sequential(
        [
            L.Resizing(6, 6, input_shape=(8, 8, 3)),
            L.RandomFlip(),
            L.RandomRotation(0.1),
            L.RandomZoom(0.1),
            L.RandomContrast(0.1),
            L.CenterCrop(4, 4),
            L.GaussianNoise(0.1),
            L.Reshape((4, 4, 3, 1)),
            L.Conv3D(2, 2),
            L.MaxPooling3D(2),
            L.Flatten(),
        ]
    )
    return net, DRAW.uniform(size=(2, 8, 8, 3)).astype(np.float32), None


@model
def k_lstm() -> Any:
    """Embedded words with a mask through LSTMs, trained with RMSprop."""
    net = K.Sequential(
        [
            L.Embedding(9, 4, mask_zero=True, input_length=6),
            L.LSTM(4, return_sequences=True),
            L.LSTM(3),
            L.Dense(1, "sigmoid"),
        ]
    )
    x = whole(9, 4, 6)
    x[1, 3:] = x[2, 1:] = 0
    return net, x, ("rmsprop", "binary_crossentropy", whole(2, 4))


@model
def k_gru() -> Any:
    """GRUs of both kinds, with state handed on."""
    given = K.Input((5, 3))
    x, last = L.GRU(3, return_sequences=True, return_state=True)(given)
    x = L.GRU(3, reset_after=False, go_backwards=True)(x)
    out = L.Concatenate()([x, last])
    old = K.optimizers.legacy.Adam(0.02)
    return K.Model(given, out), f32(3, 5, 3), (old, "mse", f32(3, 6))


@model
def k_cells() -> Any:
    """Stacked cells, a cell without a kernel of its own, steps wrapped."""
    net = K.Sequential(
        [
            L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True,
                  input_shape=(None, 2)),
            L.SimpleRNN(3, return_sequences=True, unroll=False),
            L.TimeDistributed(L.Dense(2, "tanh")),
            L.Bidirectional(L.LSTM(2, recurrent_activation="hard_sigmoid"),
                            merge_mode="sum"),
        ]
    )  # fmt: skip
    return net, f32(2, 4, 2), None


@model
def k_conv_lstm() -> Any:
    """A convolutional LSTM, and convolutions along one axis."""
    given = K.Input((3, 4, 4, 1))
    x = L.ConvLSTM2D(2, 2, return_sequences=True)(given)
    x = L.Reshape((3, 18))(x)
    x = L.Conv1D(3, 2, padding="causal", dilation_rate=2)(x)
    x = L.GlobalMaxPooling1D()(L.MaxPooling1D(2, padding="same")(x))
    return K.Model(given, x), f32(2, 3, 4, 4, 1), None


@model
def k_attention() -> Any:
    """Three kinds of attention, of two inputs, masked."""
    q, v = K.Input((3, 4), name="query"), K.Input((5, 4), name="value")
    a = L.MultiHeadAttention(2, 3)(q, v)
    b = L.Attention(use_scale=True)([q, v])
    c = L.AdditiveAttention()([q, v])
    d = L.MultiHeadAttention(1, 2)(q, q, use_causal_mask=True)
    out = L.LayerNormalization()(L.Add()([a, b, c, d]))
    adamw = K.optimizers.AdamW(0.01)
    return (
        K.Model([q, v], out),
        [f32(2, 3, 4), f32(2, 5, 4)],
        (
            adamw,
            "mse",
            f32(2, 3, 4),
        ),
    )


@model
def k_two_ways() -> Any:
    """Named inputs and outputs, a model inside, a layer that is shared."""
    left = K.Input((3,), name="left")
    right = K.Input((3,), name="right")
    inner = K.Sequential([L.Dense(4, "tanh", input_shape=(3,)), L.Dropout(0.3)], "in")
    shared = L.Dense(2, name="shared")
    x, y = shared(inner(left)), shared(inner(right))
    total = L.Subtract(name="total")([x, y])
    scaled = tf.nn.relu(x) * 2.0 - tf.reduce_mean(y, 1, keepdims=True)
    outs = {"total": total, "scaled": L.Activation("linear", name="scaled")(scaled)}
    return (
        K.Model({"left": left, "right": right}, outs),
        {
            "left": f32(3, 3),
            "right": f32(3, 3),
        },
        None,
    )


@model
def k_texts() -> Any:
    """Raw texts in: standardised, split, looked up, embedded."""
    texts = ["the cat sat", "a dog, a cat!", "the end of the dog"]
    vectors = L.TextVectorization(12, output_sequence_length=5)
    vectors.adapt(texts)
    net = K.Sequential(
        [
            K.Input((), dtype=tf.string),
            vectors,
            L.Embedding(12, 3, mask_zero=True),
            L.GlobalAveragePooling1D(),
            L.Dense(1),
        ]
    )
    x = tf.constant(["The cat!", "no words known", ""])
    return net, x, ("adam", "mse", f32(3, 1))


@model
def k_bags() -> Any:
    """Texts as bags of pairs of words, weighted."""
    vectors = L.TextVectorization(output_mode="tf_idf", ngrams=2)
    vectors.adapt(["a b c", "b c d", "a a"])
    net = K.Sequential([K.Input((1,), dtype=tf.string), vectors, L.Dense(2)])
    return net, tf.constant([["a b"], ["c c d e"]]), None


@model
def k_columns() -> Any:
    """Columns of a table: words, whole numbers, numbers; one input each."""
    word = K.Input((1,), dtype=tf.string, name="word")
    number = K.Input((1,), dtype=tf.int64, name="number")
    size = K.Input((2,), name="size")
    a = L.StringLookup(vocabulary=["x", "y"], output_mode="one_hot")(word)
    b = L.IntegerLookup(vocabulary=[3, 7], output_mode="multi_hot")(number)
    normal = L.Normalization()
    normal.adapt(f32(9, 2))
    bins = L.Discretization(bin_boundaries=[-0.5, 0.5], output_mode="multi_hot")
    hashed = L.CategoryEncoding(4, "count")(L.Hashing(4)(word))
    crossed = L.StringLookup(vocabulary=["x", "y"], invert=True)
    back = crossed(L.StringLookup(vocabulary=["x", "y"])(word))
    again = L.StringLookup(vocabulary=["y"], output_mode="one_hot")(back)
    parts = [a, b, normal(size), bins(size), hashed, again]
    out = L.Dense(1)(L.Concatenate()(parts))
    x = {
        "word": tf.constant([["x"], ["z"]]),
        "number": tf.constant([[7], [8]], tf.int64),
        "size": f32(2, 2),
    }
    return K.Model({"word": word, "number": number, "size": size}, out), x, None


class Block(L.Layer):
    """A layer that no reader knows."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.inner = [L.Dense(units, "relu"), L.Dense(units)]
        self.norm = L.BatchNormalization()

    def build(self, shape: Any) -> None:
        """A weight of its own."""
        self.gain = self.add_weight("gain", shape[-1:], initializer="ones")

    def call(self, x: Any, training: Any = None) -> Any:
        """A step with a way past it."""
        y = self.inner[1](self.inner[0](x))
        self.add_loss(tf.reduce_mean(y**2))
        return self.norm(y, training=training) + x * self.gain


class Net(K.Model):
    """A subclassed model: layers in lists and dictionaries, branches, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [Block(3), Block(3)]
        self.heads = {"a": L.Dense(2), "b": L.Dense(1)}

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Two results by name."""
        x = inputs["x"] + inputs["y"]
        for block in self.blocks:
            x = block(x, training=training)
        x = tf.cond(tf.reduce_sum(x) > 1e9, lambda: -x, lambda: x)
        return {name: head(x) for name, head in self.heads.items()}


@model
def k_subclassed() -> Any:
    """A class that no reader knows, with layers that it does not know either."""
    return Net(), {"x": f32(4, 3), "y": f32(4, 3)}, None


@model
def k_own_layer() -> Any:
    """A functional model around a layer that no reader knows."""
    given = K.Input((3,))
    return K.Model(given, L.Dense(1)(Block(3)(L.Dense(3)(given)))), f32(4, 3), None


@model
def k_mixed() -> Any:
    """Weights in float32, arithmetic in bfloat16."""
    kind = K.mixed_precision.Policy("mixed_bfloat16")
    given = K.Input((4,))
    x = L.Dense(8, "relu", dtype=kind)(given)
    return K.Model(given, L.Dense(2, dtype="float32")(x)), f32(2, 4), None


@model
def k_schedule() -> Any:
    """A learning rate that falls, clipped gradients, averaged weights."""
    net = K.Sequential([L.Dense(3, "tanh", input_shape=(2,)), L.Dense(1)])
    rate = K.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    rule = K.optimizers.Adam(rate, clipnorm=0.5, use_ema=True)
    return net, f32(6, 2), (rule, K.losses.Huber(0.3), f32(6, 1))


@model
def k_merges() -> Any:
    """Whatever puts tensors together, and what is left of the activations."""
    a, b = K.Input((3, 2)), K.Input((3, 2))
    x = [L.Add()([a, b]), L.Multiply()([a, b]), L.Maximum()([a, b])]
    x += [L.Average()([a, b]), L.Minimum()([a, b]), L.PReLU()(a), L.ELU()(b)]
    x += [L.Dot(2)([a, b]), L.Softmax()(a), L.ThresholdedReLU(0.2)(a), L.ReLU(1.0)(b)]
    x += [L.Permute((2, 1))(L.Permute((2, 1))(a)), L.UnitNormalization()(b)]
    x += [L.EinsumDense("abc,cd->abd", (3, 4))(a), L.Masking(0.0)(b)]
    x += [L.Lambda(lambda t: tf.sqrt(tf.abs(t)) + 1.0)(a)]
    out = L.Flatten()(L.Concatenate()(x))
    return K.Model([a, b], out), [f32(2, 3, 2), f32(2, 3, 2)], None


def exported(name: str) -> None:
    """`model.export`, of either Keras."""
    net = K.Sequential([K.Input((4,)), L.Dense(3, "relu"), L.Dense(2, "softmax")])
    if name == "keras3_export":
        given = K.Input((6,))
        x = L.LSTM(3)(L.Embedding(5, 4)(given))
        net = K.Model(given, L.Dense(2, "gelu")(x))
    x = f32(2, 4) if name == "k_export" else whole(5, 2, 6).astype(np.float32)
    folder = packing.folder_for(name)
    net.export(folder)
    packing.finish(name, folder, [(".serve", [tf.constant(x)])], HERE)


def write(name: str) -> None:
    """Make, train, save, and go on."""
    K.utils.set_random_seed(1)
    net, x, training = MAKERS[name]()
    more: dict[str, Any] = {}
    if training is not None:
        rule, loss, y = training
        net.compile(rule, loss, metrics=["mae"])
        net.fit(x, y, epochs=2, verbose=0, shuffle=False, batch_size=4)
    outputs = tf.nest.flatten(net(x, training=False))
    folder = packing.folder_for(name)
    net.save(folder, save_format="tf")
    if training is not None:
        history = net.fit(x, y, epochs=2, verbose=0, shuffle=False, batch_size=4)
        more["targets"] = packing.told(y)
        more["losses"] = [float(v) for v in history.history["loss"]]
        more["weights"] = [float(tf.reduce_sum(w)) for w in net.trainable_variables]
    more["inputs"] = packing.told(x)
    more["outputs"] = [packing.told(y) for y in outputs]
    tensors = tf.nest.map_structure(tf.constant, x)
    if isinstance(x, np.ndarray) and x.dtype == np.int32:
        tensors = tf.constant(x, tf.float32)  # what an embedding declares
    packing.finish(name, folder, [("", [tensors])], HERE, **more)


def main(names: list[str]) -> None:
    """Write the models of the given names, or all of tf_keras."""
    for name in names or [*MAKERS, "k_export"]:
        if name in MAKERS:
            write(name)
        else:
            exported(name)


if __name__ == "__main__":
    main(sys.argv[1:])
