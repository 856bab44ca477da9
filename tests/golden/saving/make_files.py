"""Write small models with real tf.keras 2 and Keras 3, for rillet to read.

Run both with a Python that has TensorFlow, tf_keras and Keras 3:

    TF_USE_LEGACY_KERAS=1 python tests/golden/saving/make_files.py tf_keras
    python tests/golden/saving/make_files.py keras3
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def functional(k):
    """Nested, wrapped, masked and shared layers."""
    layers = k.layers
    i = k.Input((3, 2), name="steps")
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True))(i)
    x = layers.BatchNormalization()(x)
    x = layers.MultiHeadAttention(1, 2)(x, x)
    x = k.Sequential([layers.Dense(2, activation="tanh")], name="inner")(x)
    x = layers.GlobalAveragePooling1D()(layers.Dropout(0.25)(x))
    return k.Model(i, layers.Dense(1, name="out")(x))


def sequential(k):
    """A stack."""
    layers = k.layers
    return k.Sequential(
        [k.Input((2,)), layers.Dense(3, kernel_regularizer="l2"), layers.Dense(1)]
    )


def subclassed(k):
    """A class of one's own, with layers in attributes, a list and a dictionary."""
    layers = k.layers

    @k.utils.register_keras_serializable("golden")
    class Tower(k.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.first = layers.Dense(units)
            self.blocks = [layers.Dense(2), layers.Dense(2)]
            self.ends = {"value": layers.Dense(1)}

        def call(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return self.ends["value"](x)

        def get_config(self):
            return {"units": self.units}

    return Tower()


MODELS = {"functional": functional, "sequential": sequential, "subclassed": subclassed}


def inputs(name):
    """What a model is called on."""
    shape = (4, 3, 2) if name == "functional" else (4, 2)
    count = int(np.prod(shape))
    return (np.arange(count, dtype="float32").reshape(shape) % 5 - 2) / 4


def trained(k, name):
    """A model after one step."""
    k.utils.set_random_seed(1)
    model = MODELS[name](k)
    rate = {"functional": k.optimizers.Adam(0.01), "sequential": "sgd"}
    model.compile(rate.get(name, "rmsprop"), "mse", metrics=["mae"])
    model.fit(inputs(name), np.ones((4, 1)), verbose=0)
    return model


def main(maker):
    """Write every model in every format, and what it computes."""
    from tensorflow import keras as k

    found = {}
    place = Path(tempfile.mkdtemp())
    for name in MODELS:
        model = trained(k, name)
        model.save(place / f"{name}.keras")
        model.save_weights(place / f"{name}.weights.h5")
        if name != "subclassed":
            model.save(place / f"{name}.h5")
        if maker == "tf_keras":
            model.save_weights(place / f"{name}_old.h5")
        found[name] = {
            "outputs": model.predict(inputs(name), verbose=0).tolist(),
            "losses": model.evaluate(inputs(name), np.ones((4, 1)), verbose=0),
        }
    with zipfile.ZipFile(
        HERE / f"{maker}.zip", "w", zipfile.ZIP_DEFLATED, True, 9
    ) as z:
        for file in sorted(place.iterdir()):
            z.write(file, file.name)
    text = json.dumps(found, indent=1) + "\n"
    (HERE / f"{maker}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
