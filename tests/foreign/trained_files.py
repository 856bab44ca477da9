"""Write and read the weights of trained models with one of three Kerases.

    python trained_files.py LIBRARY write|read FOLDER

`write` trains each model, saves it and trains on. `read` loads what was saved into
models that are new, compiled, or trained, and trains on. Both print one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

X = (np.arange(8 * 4 * 3, dtype="float32").reshape(8, 4, 3) * 5 % 11 - 5) / 6
KINDS = np.eye(2, dtype="float32")[[0, 1, 1, 0, 1, 0, 0, 1]]
FLAT = X.reshape(8, 12)
#: What models are before they read: not compiled, compiled, trained.
STATES = ("new", "compiled", "trained")
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {},
    "SGD momentum": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {},
    "RMSprop centered": {"momentum": 0.9, "centered": True},
    "Adam": {"clipnorm": 1.0},
    "Adam amsgrad": {"amsgrad": True},
    "AdamW": {"weight_decay": 0.01},
    "Adamax": {},
    "Nadam": {},
    "Adagrad": {},
    "Adadelta": {},
    "Ftrl": {"l2_regularization_strength": 0.01},
    "Lion": {},
    "Adafactor": {},
    "Adam averaged": {"use_ema": True, "ema_momentum": 0.9},
}


def optimized(tf: Any, name: str) -> Any:
    """Two layers and a normalisation, trained by an optimizer."""
    k, layers = tf.keras, tf.keras.layers
    model = k.Sequential(
        [
            k.Input((12,)),
            layers.Dense(4, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    rule = getattr(k.optimizers, name.split()[0])(0.01, **OPTIMIZERS[name])
    return (
        model,
        lambda: model.compile(
            rule,
            "categorical_crossentropy",
            metrics=[
                "accuracy",
                k.metrics.AUC(num_thresholds=9),
                k.metrics.Precision(),
            ],
        ),
        FLAT,
        KINDS,
    )


def recurrent(tf: Any) -> Any:
    """Layers with cells; two outputs, each with metrics, weighted ones among them."""
    k, layers = tf.keras, tf.keras.layers
    i = k.Input((4, 3))
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True))(i)
    x = layers.RNN(
        [layers.LSTMCell(2), layers.SimpleRNNCell(3)], return_sequences=True
    )(x)
    x = layers.LSTM(3)(layers.TimeDistributed(layers.Dense(3))(x))
    a = layers.Dense(1, name="value")(x)
    b = layers.Dense(2, activation="softmax", name="kind")(x)
    model = k.Model(i, [a, b])
    return (
        model,
        lambda: model.compile(
            k.optimizers.Adam(0.01),
            {"value": "mse", "kind": "categorical_crossentropy"},
            metrics={
                "value": ["mae", k.metrics.MeanSquaredError()],
                "kind": "accuracy",
            },
            weighted_metrics={"value": [k.metrics.RootMeanSquaredError()], "kind": []},
        ),
        X,
        {"value": X[:, 0, :1], "kind": KINDS},
    )


def nested(tf: Any) -> Any:
    """A trained, compiled model inside a model."""
    k, layers = tf.keras, tf.keras.layers
    inner = k.Sequential([k.Input((12,)), layers.Dense(3), layers.BatchNormalization()])
    i = k.Input((12,))
    model = k.Model(i, layers.Dense(2)(layers.ReLU()(inner(i))))

    def trained() -> None:
        inner.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"])
        inner.fit(FLAT, FLAT[:, :3], verbose=0)
        model.compile(k.optimizers.RMSprop(0.01), "mse", metrics=["mae"])

    return model, trained, FLAT, KINDS


def told(tf: Any) -> Any:
    """A class: attributes that sort otherwise than they were set, lists, metrics."""
    k, layers = tf.keras, tf.keras.layers

    class Told(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = layers.Dense(2)
            self.first = layers.Dense(3)
            self.blocks = [layers.Dense(3), layers.Dense(3)]
            self.blocks.append(layers.LayerNormalization())
            self.again = self.first
            self.seen = k.metrics.Mean(name="seen")
            self.far = k.metrics.Sum(name="far")

        def call(self, x: Any) -> Any:
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return self.out(x)

        def test_step(self, data: Any) -> Any:
            self.seen.update_state(data[0])
            self.far.update_state(data[0])
            return {"seen": self.seen.result()}

    model = Told()
    model(FLAT)
    return (
        model,
        lambda: model.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"]),
        FLAT,
        KINDS,
    )


CASES: dict[str, Any] = {
    **{n: (lambda tf, n=n: optimized(tf, n)) for n in OPTIMIZERS},
    "recurrent": recurrent,
    "nested": nested,
    "told": told,
}
#: Weights alone, and those of a whole model.
ENDINGS = (".weights.h5", ".keras", ".h5")


def _made(tf: Any, name: str, seed: int) -> Any:
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(seed)
    return CASES[name](tf)


def _on(model: Any, x: Any, y: Any) -> Any:
    run = model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    return run.history["loss"]


def _outputs(tf: Any, model: Any, x: Any) -> Any:
    return [np.asarray(y).tolist() for y in tf.nest.flatten(model(x))]


def write(tf: Any, place: Path) -> Any:
    """Train, save, train on."""
    found: Any = {}
    for name in CASES:
        model, trained, x, y = _made(tf, name, 1)
        trained()
        _on(model, x, y)
        if name == "told":
            model.evaluate(x, y, verbose=0)
        for ending in ENDINGS:
            if ending == ".weights.h5" or name not in ("nested", "told"):
                path = place / f"{name}{ending}"
                save = model.save_weights if ending == ENDINGS[0] else model.save
                try:
                    save(str(path))
                except ValueError:
                    # Keras 3 gives two weights of a stack of cells one name in `.h5`.
                    path.unlink()
        found[name] = {"outputs": _outputs(tf, model, x), "losses": _on(model, x, y)}
    return found


def _read(tf: Any, name: str, state: str, path: Path) -> Any:
    model, trained, x, y = _made(tf, name, 2)
    if state != "new":
        trained()
    if state == "trained":
        _on(model, x, y)
    model.load_weights(str(path))
    found = {"outputs": _outputs(tf, model, x)}
    if state == "trained":
        found["losses"] = _on(model, x, y)
    return found


def read(tf: Any, place: Path) -> Any:
    """Load everything into models in each state; whole ones as they are, too."""
    found: Any = {}
    for name in CASES:
        for path in (place / f"{name}{ending}" for ending in ENDINGS):
            kinds = [] if path.name.endswith(f"{name}.h5") else list(STATES)
            kinds += [] if ".weights" in path.name else ["whole"]
            for state in kinds if path.exists() else ():
                try:
                    if state == "whole":
                        _, _, x, y = _made(tf, name, 2)
                        model = tf.keras.models.load_model(str(path))
                        outputs = _outputs(tf, model, x)
                        value = {"outputs": outputs, "losses": _on(model, x, y)}
                    else:
                        value = _read(tf, name, state, path)
                except Exception as e:
                    value = {"error": f"{type(e).__name__}: {e}"[-400:]}
                found[f"{path.name} {state}"] = value
    return found


def main(library: str, what: str, folder: str) -> None:
    """Do one of the two, and print what was found."""
    warnings.simplefilter("ignore")
    tf = importlib.import_module(library)
    found = {"write": write, "read": read}[what](tf, Path(folder))
    print("FOUND" + json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
