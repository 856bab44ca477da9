"""Callbacks that hand metrics on, and the evaluation beside a training."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

keras = tf.keras


def small() -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


X = np.linspace(-1, 1, 16).reshape(8, 2).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.fixture(name="server")
def _server() -> Iterator[Any]:
    got: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append((self.path, self.headers["Content-Type"], body))
            self.send_response(500 if "broken" in self.path else 200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


def test_remote_monitor(server: Any) -> None:
    root, got = server
    calls = [
        keras.callbacks.RemoteMonitor(root),
        keras.callbacks.RemoteMonitor(root, "/json", send_as_json=True),
        keras.callbacks.RemoteMonitor(root, "/broken"),
    ]
    history = small().fit(X, Y, verbose=0, callbacks=calls).history
    form, bare, _ = got
    assert form[:2] == ("/publish/epoch/end/", "application/x-www-form-urlencoded")
    assert bare[:2] == ("/json", "application/json")
    want = {"epoch": 0, "loss": history["loss"][0], "mae": history["mae"][0]}
    assert json.loads(bare[2]) == want
    assert json.loads(urllib.parse.parse_qs(form[2])["data"][0]) == want


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(
        tf.get_logger(), "warning", lambda text, *rest: lines.append(text % rest)
    )
    monitor = keras.callbacks.RemoteMonitor("http://127.0.0.1:1")
    small().fit(X, Y, verbose=0, callbacks=[monitor])
    assert "could not reach http://127.0.0.1:1" in lines[0]


def test_base_logger() -> None:
    logger = keras.callbacks.BaseLogger(stateful_metrics=["seen"])
    logger.on_epoch_begin(0)
    logger.on_train_batch_end(0, {"size": 1, "loss": 1.0, "seen": 3})
    logger.on_train_batch_end(1, {"size": 2, "loss": 4.0, "seen": 5})
    logs: dict[str, Any] = {}
    logger.on_epoch_end(0, logs)
    assert logs == {"loss": 3.0, "seen": 5}
    logger.on_epoch_begin(1)
    logger.on_epoch_end(1, logs := {})
    assert logs == {}


@pytest.mark.parametrize("how", ["weights", "checkpoint"])
def test_evaluation_beside_training(tmp_path: Path, how: str) -> None:
    trained = small()
    folder = tmp_path / "ckpts"
    if how == "weights":
        path = str(folder / "ckpt-{epoch}")
        save = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
        trained.fit(X, Y, epochs=2, verbose=0, callbacks=[save])
    else:
        whole = tf.train.Checkpoint(model=trained, optimizer=trained.optimizer)
        manager = tf.train.CheckpointManager(whole, str(folder), 5)
        for _ in range(2):
            trained.fit(X, Y, verbose=0)
            manager.save()
    want = trained.evaluate(X, Y, verbose=0)
    seen: list[Any] = []
    note = keras.callbacks.LambdaCallback(on_test_end=lambda logs: seen.append(logs))
    export = keras.callbacks.SidecarEvaluatorModelExport(
        str(tmp_path / "best-{epoch}.keras"),
        str(folder / "ckpt-{epoch}"),
        monitor="loss",
    )
    side = keras.utils.SidecarEvaluator(
        small(),
        tf.data.Dataset.from_tensor_slices((X, Y)).batch(8),
        str(folder),
        max_evaluations=2,
        callbacks=[note, export],
    )
    side.start()
    assert [seen[-1]["loss"], seen[-1]["mae"]] == pytest.approx(want)
    best = keras.models.load_model(tmp_path / "best-2.keras")
    assert best.evaluate(X, Y, verbose=0) == pytest.approx(want)
    if how == "checkpoint":
        assert int(side.model.optimizer.iterations) == 2
