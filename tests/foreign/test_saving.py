"""Files that rillet writes load in the real Kerases, and compute the same there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "golden" / "saving"))
sys.path.insert(0, str(HERE.parent / "golden" / "keras"))
sys.path.insert(0, str(HERE.parent / "keras"))
import kills  # noqa: E402
from functional_programs import PROGRAMS  # noqa: E402

keras, layers = tf.keras, tf.keras.layers

READER = """
import json, os, sys, warnings
import numpy as np
warnings.simplefilter("ignore")
import tensorflow as tf
found = {}
for name in sys.argv[2:]:
    compiled = not (name.endswith(".h5") and sys.argv[1] == "3")
    model = tf.keras.models.load_model(name, compile=compiled)
    stem = name.split(".")[0]
    given = np.load(stem + ".npz")
    inputs = [given[str(n)] for n in range(len(given.files))]
    outputs = model(inputs if len(inputs) > 1 else inputs[0])
    found[name] = [np.asarray(y).tolist() for y in tf.nest.flatten(outputs)]
print("FOUND" + json.dumps(found))
"""


def _images(tf: Any) -> Any:
    i = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", kernel_initializer="he_normal")(i)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(2)(layers.MaxPooling2D()(x))
    x = layers.Conv2DTranspose(2, 2)(layers.SeparableConv2D(4, 2)(x))
    x = layers.Cropping2D()(layers.ZeroPadding2D()(layers.UpSampling2D()(x)))
    x = layers.SpatialDropout2D(0.1)(layers.PReLU()(layers.LeakyReLU()(x)))
    x = layers.LayerNormalization()(layers.AveragePooling2D()(x))
    x = layers.GlobalMaxPooling2D()(layers.GaussianNoise(0.1)(x))
    out = layers.Dense(3, activation="softmax", kernel_regularizer="l2")(x)
    return keras.Model(i, out), [np.random.rand(2, 8, 8, 3).astype("float32")]


def _sequences(tf: Any) -> Any:
    i = keras.Input((6,), dtype="int32")
    x = layers.Conv1D(4, 2, padding="causal")(layers.Embedding(10, 4)(i))
    x = layers.SimpleRNN(3, return_sequences=True)(
        layers.GRU(3, return_sequences=True)(x)
    )
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(2))(x)
    x = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_sequences=True)(x)
    x = layers.RepeatVector(2)(layers.Reshape((-1,))(layers.Permute((2, 1))(x)))
    x = layers.Dropout(0.2)(layers.Activation("gelu")(layers.Flatten()(x)))
    return keras.Model(i, layers.Dense(2)(x)), [np.arange(12).reshape(2, 6) % 10]


def _attention(tf: Any) -> Any:
    i = keras.Input((5, 4))
    m = layers.MultiHeadAttention(2, 3)(i, i)
    out = layers.LayerNormalization()(layers.Add()([i, m]))
    return keras.Model(i, out), [np.random.rand(2, 5, 4).astype("float32")]


def _frames(tf: Any) -> Any:
    i = keras.Input((3, 5, 2))
    # Of the usual hard_sigmoid the two Kerases have different slopes.
    line = layers.ConvLSTM1D(2, 2, recurrent_activation="sigmoid")(i)
    plane = layers.ConvLSTM2D(2, (2, 1), recurrent_activation="sigmoid")(
        layers.Reshape((3, 5, 2, 1))(i)
    )
    cube = layers.ConvLSTM3D(2, (2, 1, 1), recurrent_activation="sigmoid")(
        layers.Reshape((3, 5, 2, 1, 1))(i)
    )
    parts = [layers.Flatten()(x) for x in (line, plane, cube)]
    given = np.random.rand(2, 3, 5, 2).astype("float32")
    return keras.Model(i, layers.Concatenate()(parts)), [given]


def _spectral(tf: Any) -> Any:
    normal = layers.SpectralNormalization
    stack = [normal(layers.Conv1D(3, 2)), normal(layers.Dense(2))]
    model = keras.Sequential([keras.Input((5, 3)), *stack])
    return model, [np.random.rand(2, 5, 3).astype("float32")]


def _stack(tf: Any) -> Any:
    model = keras.Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(1)])
    return model, [np.ones((2, 4), "float32")]


MODELS = [
    _images,
    _sequences,
    _attention,
    _frames,
    _spectral,
    _stack,
    *[p for p in PROGRAMS if p.__name__ not in ("subclass", "more_functions")],
]
#: What one of the two has no form for: layers of TensorFlow's functions in Keras 3; in
#: tf.keras 2's `.keras`, models inside models and tensors as further arguments;
#: and what it does not read of its own files, `SpectralNormalization`.
LACKS = {
    ("3", ".keras"): ("operators", "nested"),
    ("3", ".h5"): ("operators", "nested", "_attention", "middle", "_images"),
    ("2", ".keras"): ("nested", "_attention", "words", "_spectral"),
    ("2", ".h5"): ("_spectral",),
}


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("version", ["2", "3"])
def test_files_load_in_the_real_one(
    tmp_path: Path, tensorflow_python: str, version: str, ending: str
) -> None:
    expected: dict[str, Any] = {}
    for make in MODELS:
        name = make.__name__
        if name in LACKS[version, ending]:
            continue
        keras.utils.set_random_seed(1)
        model, inputs = make(tf)
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
        model.save(tmp_path / f"{name}{ending}")
        arrays = {str(n): np.asarray(x) for n, x in enumerate(inputs)}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        outputs = model(inputs if len(inputs) > 1 else inputs[0])
        found = [np.asarray(y).tolist() for y in tf.nest.flatten(outputs)]
        expected[f"{name}{ending}"] = found
    done = subprocess.run(
        [tensorflow_python, "-c", READER, version, *expected],
        cwd=tmp_path,
        env={
            **os.environ,
            "TF_USE_LEGACY_KERAS": str(int(version == "2")),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.split("FOUND")[1])
    for name, outputs in expected.items():
        for mine, theirs in zip(outputs, found[name], strict=True):
            # Float32 sums in another order.
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", kills.NAMES)
def test_two_hundred_kills_lose_no_file(tmp_path: Path, kind: str) -> None:
    # Seven kinds, 29 times each.
    place = tmp_path / kills.NAMES[kind]
    assert kills.whole_after_kills(kind, place, 29, 7) == 29
