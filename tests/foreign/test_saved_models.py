"""SavedModels that rillet writes, in the real TensorFlow, tf_keras and TFLite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
#: Sums are taken in another order there.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}

READER = """
import json, os, sys
import numpy as np
import tensorflow as tf
found = {}
for folder in sys.argv[1:]:
    name = os.path.basename(folder)
    x = np.load(folder + ".npy")
    loaded = tf.saved_model.load(folder)
    outs = {"call": loaded(tf.constant(x))}
    served = loaded.signatures["serving_default"](tf.constant(x))
    outs["served"] = list(served.values())[0]
    if name != "module":
        outs["keras"] = tf.keras.models.load_model(folder)(x)
    if name in ("dense", "images"):
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        lite = tf.lite.Interpreter(model_content=converter.convert())
        runner = lite.get_signature_runner()
        key = list(runner.get_input_details())[0]
        outs["lite"] = list(runner(**{key: x}).values())[0]
    found[name] = {k: np.asarray(v).tolist() for k, v in outs.items()}
print("FOUND" + json.dumps(found))
"""


class Curve(K.Model):
    """A subclassed model."""

    def __init__(self) -> None:
        super().__init__()
        self.first = K.layers.Dense(4, activation="tanh")
        self.last = K.layers.Dense(1)

    def call(self, x: Any, training: Any = False) -> Any:
        return tf.squeeze(self.last(self.first(x[:, tf.newaxis])), 1)


class Flow(tf.Module):
    """Branches, loops, lists, strings and a variable that is written."""

    def __init__(self) -> None:
        super().__init__()
        self.v = tf.Variable([1.0, 2.0])
        self.calls = tf.Variable(0)

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
    def __call__(self, x: Any) -> Any:
        self.calls.assign_add(1)
        tf.debugging.assert_greater(tf.reduce_sum(x), 0.0)
        rows = tf.TensorArray(tf.float32, size=3)
        for i in tf.range(3):
            rows = rows.write(i, x * self.v)
        if tf.strings.length(tf.strings.as_string(x[0])) > 2:
            x = x + tf.cast(self.calls, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_logsumexp(x) + tf.norm(x)
        return rows.stack() + tape.gradient(y, x)


def _models() -> dict[str, tuple[Any, tuple[int, ...]]]:
    layers = K.layers
    given = K.Input((5, 4))
    seen = layers.MultiHeadAttention(2, 3)(given, given)
    return {
        "dense": (
            K.Sequential([layers.Dense(8, "relu", input_shape=(4,)), layers.Dense(3)]),
            (5, 4),
        ),
        "images": (
            K.Sequential(
                [
                    layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
                    layers.BatchNormalization(),
                    layers.MaxPooling2D(),
                    layers.Flatten(),
                    layers.Dense(3, activation="softmax"),
                ]
            ),
            (1, 8, 8, 1),
        ),
        "steps": (
            K.Sequential([layers.LSTM(5, input_shape=(None, 3)), layers.Dense(2)]),
            (2, 6, 3),
        ),
        "attention": (
            K.Model(given, layers.LayerNormalization()(given + seen)),
            (2, 5, 4),
        ),
        "curve": (Curve(), (7,)),
    }


@pytest.fixture(scope="module")
def answers(asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("saved")
    draw = np.random.default_rng(0)
    wanted, folders = {}, []
    for name, (model, shape) in _models().items():
        x = draw.normal(size=shape).astype("float32")
        wanted[name] = model(x).numpy()
        model.save(top / name)
        np.save(top / f"{name}.npy", x)
        folders.append(str(top / name))
    flow, x = Flow(), np.array([1.0, 2.0], np.float32)
    tf.saved_model.save(flow, top / "module")
    wanted["module"] = flow(tf.constant(x)).numpy()
    np.save(top / "module.npy", x)
    folders.append(str(top / "module"))
    return wanted, asked(READER, *folders, TF_USE_LEGACY_KERAS="1")


@pytest.mark.parametrize(
    "name", ["dense", "images", "steps", "attention", "curve", "module"]
)
def test_tensorflow_computes_the_same(name, answers):
    wanted, found = answers
    for how, y in found[name].items():
        if name == "module" and how == "served":
            continue  # it counts its calls
        np.testing.assert_allclose(y, wanted[name], **CLOSE, err_msg=how)
