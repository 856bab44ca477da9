"""Write the SavedModels of this folder, with TensorFlow 2.21 and tf_keras.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON make_models.py [FOLDER]

Each zip holds a model's folder and ``io.npz``: inputs ``x``, and outputs of the call
or, where there is none, of the signature ``serving_default``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

K = tf.keras
HERE = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
HERE = HERE if HERE.is_dir() else HERE.parent


def pack(name: str, folder: str, x: np.ndarray, y: np.ndarray) -> None:
    """Put a model's folder into a zip."""
    np.savez(os.path.join(folder, "io.npz"), x=x, y=np.asarray(y))
    with zipfile.ZipFile(HERE / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.name != "fingerprint.pb":
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    shutil.rmtree(folder)


def keras_models() -> dict[str, tuple]:
    """Models of tf.keras 2 with an input each."""
    draw = np.random.default_rng(0)
    layers = K.layers
    dense = K.Sequential(
        [
            layers.Dense(8, activation="relu", input_shape=(4,)),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    dense.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    dense.fit(draw.normal(size=[16, 4]), np.arange(16) % 3, verbose=0)
    images = K.Sequential(
        [
            layers.Conv2D(2, 3, activation="relu", input_shape=(6, 6, 1)),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    steps = K.Sequential(
        [layers.GRU(3, input_shape=(None, 2)), layers.Dense(2, activation="tanh")]
    )
    given = K.Input((3, 4))
    seen = layers.MultiHeadAttention(2, 2)(given, given)
    attention = K.Model(given, layers.LayerNormalization()(given + seen))
    return {
        "keras_dense": (dense, draw.normal(size=[5, 4])),
        "keras_images": (images, draw.normal(size=[2, 6, 6, 1])),
        "keras_steps": (steps, draw.normal(size=[2, 5, 2])),
        "keras_attention": (attention, draw.normal(size=[2, 3, 4])),
    }


class Curve(K.Model):
    """A subclassed model, whose class no reader knows."""

    def __init__(self) -> None:
        super().__init__()
        self.first = K.layers.Dense(4, activation="tanh")
        self.last = K.layers.Dense(1)

    def call(self, x, training=None):
        """One number for each."""
        return tf.squeeze(self.last(self.first(x[:, tf.newaxis])), 1)


class Holder(tf.Module):
    """Containers, an asset, control flow, traces for several Python values."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.v = tf.Variable([1.0, 2.0])
        self.parts = [tf.Variable(1.0)]
        self.named = {"a": tf.Variable(3)}
        self.words = tf.saved_model.Asset(words)

    @tf.function
    def __call__(self, x, rounds=2, *, doubled=False):
        _, x = tf.while_loop(
            lambda i, x: i < rounds, lambda i, x: (i + 1, x + self.v), [0, x]
        )
        x = tf.cond(tf.reduce_sum(x) > 10.0, lambda: x, lambda: -x)
        return 2.0 * x if doubled else x

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def texts(self, s):
        """Strings in and out, and a file's path."""
        return tf.strings.join([s, tf.strings.lower(s)], "-"), self.words.asset_path


def version_one(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """A model of version 1: a graph, a session, both kinds of variables."""
    v1 = tf.compat.v1
    graph = tf.Graph()
    x = np.ones([2, 3], np.float32)
    with graph.as_default(), v1.Session(graph=graph) as session:
        given = v1.placeholder(tf.float32, [None, 3], "x")
        w = v1.get_variable("w", [3, 2], use_resource=False)
        b = v1.get_variable("b", [2], use_resource=True)
        y = tf.nn.relu(tf.matmul(given, w) + b, name="y")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, folder, {"x": given}, {"y": y})
        return x, session.run(y, {given: x})


def main() -> None:
    """Write all models."""
    tf.random.set_seed(0)
    top = tempfile.mkdtemp()
    for name, (model, x) in keras_models().items():
        x = x.astype(np.float32)
        folder = os.path.join(top, name)
        y = model(x)
        model.save(folder, save_format="tf")
        pack(name, folder, x, y)
    curve = Curve()
    x = np.linspace(-1, 1, 7, dtype=np.float32)
    y = curve(x)
    folder = os.path.join(top, "keras_curve")
    curve.save(folder, save_format="tf")
    pack("keras_curve", folder, x, y)
    words = os.path.join(top, "words.txt")
    Path(words).write_text("one\ntwo\n")
    holder = Holder(words)
    x = np.array([1.0, 5.0], np.float32)
    y = holder(tf.constant(x))
    holder(tf.constant(x), tf.constant(3))
    holder(tf.constant(x), doubled=True)
    folder = os.path.join(top, "module")
    tf.saved_model.save(holder, folder)
    pack("module", folder, x, y)
    folder = os.path.join(top, "version_one")
    pack("version_one", folder, *version_one(folder))


if __name__ == "__main__":
    main()
