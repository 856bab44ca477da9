"""The callback that writes for TensorBoard.

What it writes where, under which tags and at which steps, was read from files that
tf_keras 2.21's callback wrote for the same training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.graph_messages import GRAPH
from rillet.checkpoint.wire import decode
from rillet.data.tfrecord import read_records
from rillet.events.messages import EVENT
from rillet.saved_model.tensors import array_of

keras = tf.keras


class Noted(keras.Model):
    """Writes a summary of its own in each step of training."""

    def train_step(self, data: Any) -> Any:
        found = super().train_step(data)
        tf.summary.scalar("mine", found["loss"])
        return found


X = np.arange(40).reshape(10, 4) % 7
Y = np.ones((10, 3), "float32")


def model(kind: Any = Noted, **compiled: Any) -> Any:
    keras.utils.set_random_seed(1)
    x = keras.Input((4,), name="x")
    h = keras.layers.Embedding(7, 3, name="emb")(x)
    h = keras.layers.Flatten(name="flat")(h)
    made = kind(x, keras.layers.Dense(3, name="d")(h))
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    made.compile(keras.optimizers.SGD(rate), "mse", metrics=["mae"], **compiled)
    return made


def found(folder: Path) -> list[tuple[int, str, Any]]:
    """Return step, tag and value of all summaries of a folder, graphs as such."""
    out: list[tuple[int, str, Any]] = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        with open(path, "rb") as file:
            for data in read_records(file, str(path)):
                event = decode(EVENT, data)
                if event.graph_def:
                    out.append((event.step, "graph", decode(GRAPH, event.graph_def)))
                for v in event.summary.value:
                    out.append((event.step, v.tag, array_of(v.tensor)))
    return out


def train(folder: Path, made: Any = None, **arguments: Any) -> Any:
    board = keras.callbacks.TensorBoard(folder, **arguments)
    made = made or model()
    history = made.fit(
        X,
        Y,
        batch_size=4,
        epochs=2,
        validation_data=(X, Y),
        verbose=0,
        callbacks=[board],
    )
    return made, history.history


def test_epochs_weights_and_graphs(tmp_path: Path) -> None:
    _, history = train(
        tmp_path, histogram_freq=1, write_images=True, write_steps_per_second=True
    )
    epoch = [
        "epoch_loss",
        "epoch_mae",
        "epoch_learning_rate",
        "epoch_steps_per_second",
        "emb/embeddings_0/histogram",
        "emb/embeddings_0/image",
        "d/kernel_0/histogram",
        "d/kernel_0/image",
        "d/bias_0/histogram",
        "d/bias_0/image",
    ]
    training = found(tmp_path / "train")
    assert [(s, t) for s, t, _ in training] == [
        (0, "keras"),
        (0, "graph"),
        *[(0, t) for t in epoch],
        *[(1, t) for t in epoch],
    ]
    assert json.loads(training[0][2][()])["class_name"] == "Noted"
    assert {n.op for n in training[1][2].node} >= {"Placeholder", "MatMul"}
    by = {(s, t): v for s, t, v in training}
    for at in (0, 1):
        assert float(by[at, "epoch_loss"]) == np.float32(history["loss"][at])
        rate = 0.1 * 0.5 ** (3 * (at + 1) / 10)
        assert float(by[at, "epoch_learning_rate"]) == pytest.approx(rate, rel=1e-6)
        assert by[at, "d/kernel_0/histogram"][:, 2].sum() == 36
        # a kernel of (12, 3) lies on its side
        assert list(by[at, "d/kernel_0/image"][:2]) == [b"12", b"3"]
    validation = found(tmp_path / "validation")
    assert [(s, t) for s, t, _ in validation] == [
        (3, "evaluation_loss_vs_iterations"),
        (3, "evaluation_mae_vs_iterations"),
        (0, "epoch_loss"),
        (0, "epoch_mae"),
        (6, "evaluation_loss_vs_iterations"),
        (6, "evaluation_mae_vs_iterations"),
        (1, "epoch_loss"),
        (1, "epoch_mae"),
    ]


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("every", ["batch", 2])
def test_batches(tmp_path: Path, every: Any, eager: bool) -> None:
    train(tmp_path, model(run_eagerly=eager), update_freq=every, write_graph=False)
    steps = range(1, 7) if every == "batch" else (2, 4, 6)
    named = found(tmp_path / "train")
    assert [s for s, t, _ in named if t == "batch_loss"] == list(steps)
    # in a step the counter tells how many were done before
    mine = [s for s, t, _ in named if t == "mine"]
    assert mine == (list(range(6)) if every == "batch" else [0, 2, 4])
    batch = {s: v for s, t, v in named if t == "batch_loss"}
    own = {s: v for s, t, v in named if t == "mine"}
    if every == "batch":
        assert [float(own[i]) for i in range(6)] == [
            float(batch[i + 1]) for i in range(6)
        ]


def test_another_board_on_the_same_model(tmp_path: Path) -> None:
    made, _ = train(tmp_path / "a", update_freq="batch")
    train(tmp_path / "b", made, update_freq="batch")
    assert [s for s, t, _ in found(tmp_path / "b" / "train") if t == "mine"] == [
        *range(6)
    ]
    made.fit(X, Y, epochs=1, verbose=0)  # without one nothing is written


def test_without_batches_steps_are_not_told_one_by_one(tmp_path: Path) -> None:
    board = keras.callbacks.TensorBoard(tmp_path)
    hooks = keras.callbacks.CallbackList([board], model=model())
    assert hooks.lag("train")
    board = keras.callbacks.TensorBoard(tmp_path, update_freq=10)
    hooks = keras.callbacks.CallbackList([board], model=model())
    assert not hooks.lag("train")


def test_a_subclass_hears_of_batches_first(tmp_path: Path) -> None:
    class Mine(keras.callbacks.TensorBoard):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            super().on_train_batch_end(batch, logs)
            tf.summary.scalar("after", batch, step=batch)

    made = model()
    made.fit(X, Y, batch_size=4, verbose=0, callbacks=[Mine(tmp_path, update_freq=1)])
    tags = [t for _, t, _ in found(tmp_path / "train") if t in ("batch_loss", "after")]
    assert tags == ["batch_loss", "after"] * 3


def test_embeddings(tmp_path: Path) -> None:
    train(tmp_path, embeddings_freq=1, embeddings_metadata={"emb": "labels.tsv"})
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        "embeddings {\n"
        '  tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"\n'
        '  metadata_path: "labels.tsv"\n'
        "}\n"
    )
    names = {path.name for path in (tmp_path / "train").iterdir()}
    assert {"keras_embedding.ckpt-0.index", "keras_embedding.ckpt-1.index"} <= names
    with pytest.raises(ValueError, match="Unrecognized `Embedding` layer"):
        train(tmp_path, embeddings_freq=1, embeddings_metadata={"other": "labels.tsv"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"write_grads": True}, "`write_grads` is ignored"),
        ({"batch_size": 3}, "`batch_size` is ignored"),
        ({"profile_batch": 2}, "explain_step"),
        ({"foo": 1}, None),
    ],
)
def test_arguments_of_others(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    words: str | None,
) -> None:
    if words is None:
        with pytest.raises(ValueError, match="Unrecognized arguments.*foo"):
            keras.callbacks.TensorBoard(tmp_path, **arguments)
        return
    lines: list[str] = []
    monkeypatch.setattr(
        tf.get_logger(), "warning", lambda text, *rest: lines.append(text % rest)
    )
    keras.callbacks.TensorBoard(tmp_path, **arguments)
    assert words in lines[0]
