"""Whole programs beside real tf.keras: summaries, progress, orders, histories."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

_FOLDER = Path(__file__).parents[1] / "golden" / "keras"
_GOLDEN = {
    (file, name): wanted
    for file in ("training", "callbacks", "orders", "slots")
    for name, wanted in json.loads(
        (_FOLDER / f"{file}.json").read_text("utf-8")
    ).items()
}


def _programs(name: str) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(name, _FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.PROGRAMS
    return found


def _same(found: Any, wanted: Any, where: str) -> None:
    """Numbers to 1e-5, since sums are taken in another order; all else exactly."""
    if isinstance(wanted, dict):
        assert list(found) == list(wanted), where
        for key in wanted:
            _same(found[key], wanted[key], f"{where}/{key}")
    elif isinstance(wanted, float) or (
        isinstance(wanted, list) and wanted and not isinstance(wanted[0], str)
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=where)
    else:
        assert found == wanted, where


_PROGRAMS = {
    "training": _programs("training_programs"),
    "callbacks": _programs("callback_programs"),
    "orders": _programs("order_programs"),
    "slots": _programs("slot_programs"),
}


@pytest.mark.parametrize(("file", "name"), list(_GOLDEN))
def test_program_gives_what_tf_keras_gives(file: str, name: str) -> None:
    found = json.loads(json.dumps(_PROGRAMS[file][name](tf)))
    _same(found, _GOLDEN[file, name], name)


def test_every_program_has_an_answer() -> None:
    assert {(f, n) for f, rows in _PROGRAMS.items() for n in rows} == set(_GOLDEN)


def test_rates_are_written_with_the_digits_of_float32(tmp_path: Path) -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    hooks = [
        tf.keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.3),
        tf.keras.callbacks.CSVLogger(tmp_path / "log.csv"),
    ]
    x = np.ones((2, 2), "float32")
    told = model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=hooks).history
    assert told["lr"] == [np.float32(0.003), np.float32(0.0009)]
    rows = (tmp_path / "log.csv").read_text("utf-8").split()
    assert rows[0] == "epoch,loss,lr,val_loss,val_lr"
    assert [row.split(",")[2:] for row in rows[1:]] == [
        ["0.003", "NA", "NA"],
        ["0.0009", "NA", "NA"],
    ]


def test_best_weights_come_back_as_training_stops(capsys: Any) -> None:
    """In the order of tf.keras 2.15; later versions say it last, and always do it."""
    losses = [3.0, 2.0, 4.0, 5.0]

    class Told(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.at = tf.Variable(0)

        def train_step(self, data: Any) -> dict[str, Any]:
            self.at.assign_add(1)
            return {"loss": tf.constant(losses[int(self.at) - 1])}

    for patience, at, printed in (
        (2, 2, ["Restoring model weights from the end of the best epoch: 2."]),
        (9, 4, []),
    ):
        model = Told()
        model.compile(run_eagerly=True)
        stop = tf.keras.callbacks.EarlyStopping(
            "loss", patience=patience, restore_best_weights=True, verbose=1
        )
        model.fit(np.ones((1, 1)), epochs=4, verbose=0, callbacks=[stop])
        assert int(model.at) == at
        ends = ["Epoch 4: early stopping"] if printed else []
        assert capsys.readouterr().out.split("\n")[:-1] == [*printed, *ends]
