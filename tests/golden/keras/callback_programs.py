"""What every callback prints, writes and changes, under tf.keras and rillet alike.

Each function of `PROGRAMS` takes the module (`tensorflow` or `rillet`) and returns
plain data; `make_training.py` keeps what tf.keras gives. The models tell losses that
stand in a list, so that nothing depends on arithmetic.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

LOSSES = [0.9, 0.70004, 0.7, 0.71, 0.69999, 0.7, 0.72, 0.73, 0.5, 0.6, 0.61, 0.62]
X = np.arange(8, dtype="float32").reshape(4, 2)


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def plain(values: Any) -> Any:
    """An epoch's entries as JSON would hold them."""
    if isinstance(values, list):
        return [plain(v) for v in values]
    return values if isinstance(values, str) else np.asarray(values, "d").tolist()


def teller(tf: Any, losses: Any = LOSSES, **compiled: Any) -> Any:
    """A model of which each epoch's losses are told beforehand."""

    class Teller(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = tf.keras.layers.Dense(1, kernel_initializer="zeros")
            self.trained = self.tested = 0

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> Any:
            at, self.trained = self.trained, self.trained + 1
            self.dense.kernel.assign_add([[1.0], [0.5]])
            return {"loss": tf.constant(losses[at]), "acc": tf.constant(at / 10)}

        def test_step(self, data: Any) -> Any:
            at, self.tested = self.tested, self.tested + 1
            return {"loss": tf.constant(losses[at] * 2)}

    model = Teller()
    model(X)
    model.compile("sgd", run_eagerly=True, **compiled)
    return model


def fitted(tf: Any, callbacks: Any, epochs: int = 12, **options: Any) -> dict[str, Any]:
    """Fit the teller: what is printed, its history, and the weights at the end."""
    model = options.pop("model", None) or teller(tf, options.pop("losses", LOSSES))
    options = {"validation_data": (X, X[:, :1]), "verbose": 0, **options}
    out = Terminal()
    with contextlib.redirect_stdout(out):
        history = model.fit(
            X, X[:, :1], batch_size=4, epochs=epochs, callbacks=callbacks, **options
        )
    return {
        "printed": rounded(out.getvalue()),
        "history": {k: plain(v) for k, v in history.history.items()},
        "epochs": [int(e) for e in history.epoch],
        "kernel": float(model.dense.kernel.numpy()[0, 0]),
        "rate": float(model.optimizer.learning_rate.numpy()),
    }


def early_stopping(tf: Any) -> dict[str, Any]:
    """Patience, best weights, baselines, modes, and what is said."""
    make = tf.keras.callbacks.EarlyStopping
    rows: dict[str, dict[str, Any]] = {
        "plain": {},
        "patience": {"patience": 2, "verbose": 1},
        "delta": {"min_delta": 0.001, "patience": 2, "verbose": 1},
        # tf_keras says it before it stops since 2.16, and also where nothing stops.
        "best": {"monitor": "loss", "patience": 2, "restore_best_weights": True},
        "baseline": {"baseline": 1.2, "patience": 1, "verbose": 1},
        "greater": {"monitor": "acc", "mode": "max", "patience": 1},
        "auto": {"monitor": "acc", "patience": 1, "verbose": 1},
        "from": {"start_from_epoch": 4, "patience": 1, "verbose": 1},
        "lower": {"monitor": "acc", "mode": "min", "patience": 2, "verbose": 1},
    }
    found = {}
    for name, settings in rows.items():
        callback = make(**settings)
        found[name] = fitted(tf, [callback])
        found[name]["stopped"] = int(callback.stopped_epoch)
        found[name]["best"] = float(callback.best)
    return found


def plateaus(tf: Any) -> dict[str, Any]:
    """`ReduceLROnPlateau` in its settings."""
    make = tf.keras.callbacks.ReduceLROnPlateau
    rows: dict[str, dict[str, Any]] = {
        "plain": {"patience": 1, "verbose": 1},
        "factor": {"factor": 0.5, "patience": 0, "verbose": 1, "min_delta": 0.01},
        "least": {"factor": 0.3, "patience": 1, "verbose": 1, "min_lr": 0.002},
        "cooldown": {"patience": 1, "cooldown": 2, "verbose": 1, "min_delta": 0},
        "greater": {"monitor": "acc", "mode": "max", "patience": 1, "verbose": 1},
    }
    return {name: fitted(tf, [make(**settings)]) for name, settings in rows.items()}


def rates(tf: Any) -> dict[str, Any]:
    """`LearningRateScheduler` with and without the rate so far."""
    make = tf.keras.callbacks.LearningRateScheduler
    return {
        "epoch": fitted(tf, [make(lambda epoch: 0.1 / (epoch + 1), verbose=1)], 3),
        "rate": fitted(tf, [make(lambda epoch, lr: lr * 0.3, verbose=1)], 4),
        "silent": fitted(tf, [make(lambda epoch, lr: lr * 0.5)], 2),
    }


def csv_files(tf: Any) -> dict[str, Any]:
    """What `CSVLogger` writes: digits, lists, missing values, appended runs."""
    make = tf.keras.callbacks.CSVLogger

    class Adding(tf.keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["list"] = [epoch, 0.5]
            logs["array"] = np.float32([0.1, 0.2])
            logs["text"] = "a,b"
            logs["single"] = np.float32(0.1)

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "log.csv")

        def read() -> str:
            return Path(place).read_bytes().decode()

        fitted(tf, [make(place)], 3)
        found["plain"] = read()
        schedule = tf.keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.3)
        fitted(tf, [schedule, make(place, separator=";")], 3)
        found["rate"] = read()
        fitted(tf, [make(place, separator=";", append=True)], 2)
        found["appended"] = read()
        fitted(tf, [Adding(), make(place)], 2)
        found["kinds"] = read()
        plateau = tf.keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.3)
        fitted(tf, [plateau, make(place)], 5)
        found["plateau"] = read()
        fitted(tf, [make(place)], 4, validation_freq=2)
        found["every other"] = read()
        fitted(tf, [make(place)], 2, validation_data=None)
        found["never"] = read()
    return {name: rounded(text) for name, text in found.items()}


def checkpoints(tf: Any) -> dict[str, Any]:
    """Which files `ModelCheckpoint` writes when, and what it says."""
    make = tf.keras.callbacks.ModelCheckpoint
    rows: dict[str, tuple[str, dict[str, Any]]] = {
        "each": ("m-{epoch:02d}-{loss:.2f}.weights.h5", {"save_weights_only": True}),
        "best": (
            "best.weights.h5",
            {"save_best_only": True, "save_weights_only": True},
        ),
        "best of accuracy": (
            "best-{epoch}.weights.h5",
            {"save_best_only": True, "save_weights_only": True, "monitor": "acc"},
        ),
        "threshold": (
            "best-{epoch}.weights.h5",
            {
                "save_best_only": True,
                "save_weights_only": True,
                "initial_value_threshold": 1.4,
            },
        ),
        "batches": (
            "b-{epoch}-{batch}.weights.h5",
            {"save_freq": 3, "save_weights_only": True},
        ),
        "missing": (
            "n-{epoch}.weights.h5",
            {"save_best_only": True, "save_weights_only": True, "monitor": "none"},
        ),
    }
    found = {}
    for name, (path, settings) in rows.items():
        with tempfile.TemporaryDirectory() as folder:
            callback = make(os.path.join(folder, path), verbose=1, **settings)
            told = fitted(tf, [callback], 6)
            told["printed"] = told["printed"].replace(folder + os.sep, "")
            told["files"] = sorted(os.listdir(folder))
            found[name] = told
    return found


def callbacks_in_order(tf: Any) -> dict[str, Any]:
    """Every method that is called, with its argument and the names in its logs."""
    seen: list[str] = []

    def noted(name: str) -> Any:
        def note(self: Any, *args: Any, logs: Any = None) -> None:
            if args and isinstance(args[-1], dict):
                *args, logs = args
            told = ",".join(sorted(logs or {}))
            seen.append(f"{name} {','.join(map(str, args))} [{told}]")

        return note

    base = tf.keras.callbacks.Callback
    names = [
        f"on_{of}{part}_{end}"
        for of in ("train", "test", "predict")
        for part in ("", "_batch")
        for end in ("begin", "end")
    ]
    names += ["on_epoch_begin", "on_epoch_end"]
    Noting = type("Noting", (base,), {name: noted(name) for name in names})
    model = teller(tf)
    found = {}
    for name, run in {
        "fit": lambda: model.fit(
            X,
            X[:, :1],
            batch_size=2,
            epochs=2,
            verbose=0,
            validation_data=(X, X[:, :1]),
            callbacks=[Noting()],
        ),
        "evaluate": lambda: model.evaluate(
            X, X[:, :1], verbose=0, callbacks=[Noting()]
        ),
        "predict": lambda: model.predict(
            X, batch_size=3, verbose=0, callbacks=[Noting()]
        ),
    }.items():
        seen.clear()
        run()
        found[name] = list(seen)
    return found


def lambdas_and_nans(tf: Any) -> dict[str, Any]:
    """`LambdaCallback`, `TerminateOnNaN`, and `History` with a sparse validation."""
    seen: list[str] = []
    c = tf.keras.callbacks
    note = c.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(f"begin {epoch} {logs}"),
        on_epoch_end=lambda epoch, logs: seen.append(f"end {epoch} {sorted(logs)}"),
        on_batch_begin=lambda batch, logs: seen.append(f"batch {batch} {logs}"),
        on_batch_end=lambda batch, logs: seen.append(f"batch {batch} {sorted(logs)}"),
        on_train_begin=lambda logs: seen.append(f"train {logs}"),
        on_train_end=lambda logs: seen.append(f"trained {sorted(logs)}"),
    )
    fitted(tf, [note], 2)
    nans = [0.5, 0.4, float("nan"), 0.3]
    stopped = fitted(tf, [c.TerminateOnNaN()], 4, losses=nans, validation_data=None)
    stopped["history"] = {k: [str(x) for x in v] for k, v in stopped["history"].items()}
    sparse = {
        str(often): fitted(tf, [], 6, validation_freq=often)["history"]
        for often in (2, 4, [1, 4])
    }
    return {"lambda": seen, "nan": stopped, "every": sparse}


def rounded(text: str) -> str:
    """A text with its long numbers to six digits.

    A float32 times a Python number is a float32 for NumPy 2, as TensorFlow 2.21 has it,
    and was a float64 for tf.keras 2.15.
    """

    def short(found: re.Match[str]) -> str:
        return f"{float(found[0]):.6g}"

    return re.sub(r"\d+\.\d{6,}(e-\d+)?|(?<=lr: )[\d.e-]+", short, text)


def bars(tf: Any) -> dict[str, Any]:
    """What `fit`, `evaluate` and `predict` print, times aside."""
    found = {}
    for name, verbose in (("bar", 1), ("lines", 2), ("silent", 0)):
        model = teller(tf)
        c = tf.keras.callbacks
        extra = [
            c.EarlyStopping(patience=1, verbose=1, monitor="loss"),
            c.ReduceLROnPlateau(monitor="loss", patience=0, verbose=1, min_delta=0.01),
            c.LearningRateScheduler(lambda epoch, lr: lr, verbose=1),
        ]
        printed = fitted(tf, extra, 8, model=model, verbose=verbose)["printed"]
        out = Terminal()
        with contextlib.redirect_stdout(out):
            model.evaluate(X, X[:, :1], verbose=verbose)
            model.predict(X, verbose=verbose)
        found[name] = untimed(printed)
        found[f"{name} evaluate"] = untimed(out.getvalue())
    return found


def untimed(text: str) -> str:
    """A text without its times, and bars without their moves on the way."""
    text = re.sub(r"\x08+", "\b", text)
    text = re.sub(r"\d+(s|ms|us)(/step|/epoch)?", "T", text)
    text = re.sub(r"ETA: [\d:T]+", "ETA", text)
    return re.sub(r" +(?=\n)", "", text)


PROGRAMS = {
    "early_stopping": early_stopping,
    "plateaus": plateaus,
    "rates": rates,
    "csv_files": csv_files,
    "checkpoints": checkpoints,
    "callbacks_in_order": callbacks_in_order,
    "lambdas_and_nans": lambdas_and_nans,
    "bars": bars,
}
