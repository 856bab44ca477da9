"""fit, evaluate, predict: data of every kind, callbacks, interruptions, mistakes."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers
_X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
_Y = (_X @ np.array([[1.0], [2.0], [3.0]], "float32")).astype("float32")


def _model(**compiled: Any) -> Any:
    model = tf.keras.Sequential([layers.Dense(1, kernel_initializer="zeros")])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def _generator() -> Iterator[Any]:
    while True:
        for start in range(0, 40, 8):
            yield _X[start : start + 8], _Y[start : start + 8]


class _Batches(tf.keras.utils.Sequence):  # type: ignore[misc]
    def __init__(self) -> None:
        self.ended = 0

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        return _X[index * 8 : index * 8 + 8], _Y[index * 8 : index * 8 + 8]

    def on_epoch_end(self) -> None:
        self.ended += 1


class _Dataset:
    """What a `tf.data.Dataset` looks like to fit."""

    element_spec = None

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, 40, 8):
            yield tf.constant(_X[start : start + 8]), tf.constant(_Y[start : start + 8])


#: The same 40 rows in batches of 8, by kind.
_KINDS: dict[str, Any] = {
    "arrays": lambda: {"x": _X, "y": _Y, "batch_size": 8},
    "float64": lambda: {"x": _X.astype("f8"), "y": _Y.astype("f8"), "batch_size": 8},
    "tensors": lambda: {"x": tf.constant(_X), "y": tf.constant(_Y), "batch_size": 8},
    "variables": lambda: {"x": tf.Variable(_X), "y": tf.constant(_Y), "batch_size": 8},
    "flat targets": lambda: {"x": _X, "y": _Y[:, 0], "batch_size": 8},
    "lists": lambda: {"x": _X.tolist(), "y": _Y.tolist(), "batch_size": 8},
    "by steps": lambda: {"x": _X, "y": _Y, "steps_per_epoch": 5},
    "generator": lambda: {"x": _generator(), "steps_per_epoch": 5},
    "sequence": lambda: {"x": _Batches()},
    "dataset": lambda: {"x": _Dataset()},
}


@pytest.mark.parametrize("kind", _KINDS)
def test_all_kinds_of_data_train_alike(kind: str) -> None:
    wanted = _model().fit(_X, _Y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    arguments = _KINDS[kind]()
    found = _model().fit(**arguments, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(found.history["loss"], wanted.history["loss"], rtol=1e-6)


def test_sequences_hear_of_epochs() -> None:
    batches = _Batches()
    _model().fit(batches, epochs=3, verbose=0)
    assert batches.ended == 3


def test_steps_per_execution_changes_nothing() -> None:
    one = _model().fit(_X, _Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    model = _model(steps_per_execution=3)
    calls: list[int] = []
    hook = tf.keras.callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: calls.append(batch)
    )
    several = model.fit(
        _X, _Y, batch_size=8, epochs=2, shuffle=False, verbose=0, callbacks=[hook]
    )
    assert several.history["loss"] == pytest.approx(one.history["loss"])
    assert calls == [2, 4, 2, 4]
    assert len(model.predict(_X, batch_size=8, verbose=0)) == 40


def test_class_and_sample_weights_multiply() -> None:
    labels = (_Y[:, 0] > 0).astype(int)
    weights = np.linspace(0.1, 2, 40)
    by_class = np.where(labels == 1, 3.0, 0.5)

    def loss(**given: Any) -> float:
        model = tf.keras.Sequential(
            [layers.Dense(1, "sigmoid", kernel_initializer="ones")]
        )
        model.compile("sgd", "binary_crossentropy")
        found = model.fit(_X, labels, verbose=0, shuffle=False, **given)
        return float(found.history["loss"][0])

    both = loss(class_weight={0: 0.5, 1: 3.0}, sample_weight=weights)
    assert both == pytest.approx(loss(sample_weight=weights * by_class), rel=1e-6)


def test_history_epochs_and_params() -> None:
    model = _model(metrics=["mae"])
    history = model.fit(
        _X, _Y, epochs=5, initial_epoch=2, verbose=0, validation_split=0.25
    )
    assert history.epoch == [2, 3, 4]
    assert history.params == {"verbose": 0, "epochs": 5, "steps": 1}
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert all(isinstance(v, float) for v in history.history["loss"])
    assert model.history is history and history.model is model
    assert model.metrics_names == ["loss", "mae"]


def test_regularization_counts_in_the_loss() -> None:
    model = tf.keras.Sequential(
        [layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")]
    )
    model.compile("sgd", "mse")
    plain = float(np.mean((_X.sum(1, keepdims=True) - _Y) ** 2))
    assert model.evaluate(_X, _Y, verbose=0) == pytest.approx(plain + 0.03, rel=1e-5)


class _Two(tf.keras.Model):  # type: ignore[misc]
    """Two outputs, in the form it is told."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.a = layers.Dense(1, kernel_initializer="ones")
        self.b = layers.Dense(1, kernel_initializer="zeros")
        self.form = form

    def call(self, x: Any) -> Any:
        a, b = self.a(x), self.b(x)
        return {"a": a, "b": b} if self.form == "dict" else (a, b)


@pytest.mark.parametrize("form", ["dict", "tuple"])
def test_several_outputs(form: str) -> None:
    model = _Two(form)
    losses: Any = {"a": "mse", "b": "mae"} if form == "dict" else ["mse", "mae"]
    weights: Any = {"a": 1.0, "b": 0.5} if form == "dict" else [1.0, 0.5]
    model.compile("sgd", losses, loss_weights=weights, metrics=["mae"])
    y: Any = {"a": _Y, "b": _Y} if form == "dict" else (_Y, _Y)
    found = model.evaluate(_X, y, verbose=0, return_dict=True)
    a = float(np.mean((_X.sum(1, keepdims=True) - _Y) ** 2))
    b = float(np.mean(np.abs(_Y)))
    one, two = ("a", "b") if form == "dict" else ("output_1", "output_2")
    assert found[f"{one}_loss"] == pytest.approx(a, rel=1e-5)
    assert found[f"{two}_loss"] == pytest.approx(b, rel=1e-5)
    assert found["loss"] == pytest.approx(a + 0.5 * b, rel=1e-5)
    assert found[f"{two}_mae"] == pytest.approx(b, rel=1e-5)
    outputs = model.predict(_X, verbose=0)
    assert outputs[0 if form == "tuple" else "a"].shape == (40, 1)


def test_several_inputs() -> None:
    class Adds(tf.keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            parts = inputs.values() if isinstance(inputs, dict) else inputs
            return self.dense(tf.concat(list(parts), axis=1))

    for x in ([_X, _X], {"p": _X, "q": _X}, (_X, _X)):
        model = Adds()
        model.compile("sgd", "mse")
        model.fit(x, _Y, verbose=0)
        assert model.predict(x, verbose=0).shape == (40, 1)


def test_early_stopping_restores_the_best_weights() -> None:
    model = _model(optimizer=tf.keras.optimizers.SGD(0.0))
    stop = tf.keras.callbacks.EarlyStopping(
        "loss", min_delta=1e-5, patience=2, restore_best_weights=True
    )
    history = model.fit(_X, _Y, epochs=10, verbose=0, callbacks=stop)
    assert len(history.epoch) == 3 and stop.stopped_epoch == 2


def test_rates_follow_a_schedule_and_a_plateau() -> None:
    model = _model()
    schedule = tf.keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    history = model.fit(_X, _Y, epochs=3, verbose=0, callbacks=[schedule])
    assert history.history["lr"] == pytest.approx([0.1, 0.05, 0.1 / 3])
    still = _model(optimizer=tf.keras.optimizers.SGD(0.0))
    still.optimizer.learning_rate = 1e-12
    plateau = tf.keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1)
    history = still.fit(_X, _Y, epochs=4, verbose=0, callbacks=[plateau])
    assert history.history["lr"][-1] == pytest.approx(0.25e-12)


def test_callbacks_hear_in_order() -> None:
    heard: list[str] = []

    class Hears(tf.keras.callbacks.Callback):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("on_") and not name.startswith(("on_batch",)):
                heard.append(name)
            return super().__getattribute__(name)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            assert isinstance(logs["loss"], float)

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            assert isinstance(logs["loss"], float)

    hears = Hears()
    model = _model()
    model.fit(
        _X, _Y, batch_size=20, verbose=0, callbacks=[hears], validation_data=(_X, _Y)
    )
    order = [
        h
        for h in heard
        if h
        in (
            "on_train_begin",
            "on_epoch_begin",
            "on_test_begin",
            "on_test_end",
            "on_epoch_end",
            "on_train_end",
        )
    ]
    assert order[-6:] == [
        "on_train_begin",
        "on_epoch_begin",
        "on_test_begin",
        "on_test_end",
        "on_epoch_end",
        "on_train_end",
    ]


def test_a_callback_can_stop_training() -> None:
    class Stops(tf.keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                self.model.stop_training = True

    model = _model()
    history = model.fit(_X, _Y, batch_size=8, epochs=5, verbose=0, callbacks=[Stops()])
    assert len(history.epoch) == 1 and int(model.optimizer.iterations) == 2


def test_a_model_survives_an_interruption() -> None:
    class Interrupts(tf.keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    model = _model()
    with pytest.raises(KeyboardInterrupt):
        model.fit(_X, _Y, verbose=0, callbacks=[Interrupts()])
    before = model.predict(_X, verbose=0)
    assert np.isfinite(before).all()
    model.fit(_X, _Y, epochs=3, verbose=0)
    assert int(model.optimizer.iterations) == 1 + 3 * 2


def test_a_used_up_generator_ends_training(caplog: Any) -> None:
    def few() -> Iterator[Any]:
        yield _X[:8], _Y[:8]
        yield _X[8:16], _Y[8:16]

    with caplog.at_level("WARNING", logger="tensorflow"):
        tf.get_logger().propagate = True
        try:
            history = _model().fit(few(), steps_per_epoch=5, epochs=3, verbose=0)
        finally:
            tf.get_logger().propagate = False
    assert len(history.epoch) == 1
    assert "Your input ran out of data" in caplog.text


class _Pipe(io.StringIO):
    def isatty(self) -> bool:
        return False


def _printed(monkeypatch: Any, out: Any, **options: Any) -> str:
    monkeypatch.setattr(sys, "stdout", out)
    _model(metrics=["mae"]).fit(_X, _Y, batch_size=8, epochs=2, **options)
    monkeypatch.undo()
    return str(out.getvalue())


def test_a_pipe_gets_one_line_an_epoch(monkeypatch: Any) -> None:
    text = _printed(monkeypatch, _Pipe(), validation_split=0.2)
    assert "\b" not in text and "\r" not in text
    lines = text.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2" and len(lines) == 4
    number = r"\d+\.\d{4}(e-\d+)?"
    assert re.fullmatch(
        r"4/4 \[={30}\] - \d+s \d+(s|ms|us)/step"
        rf" - loss: {number} - mae: {number} - val_loss: {number} - val_mae: {number}",
        lines[1],
    )


def test_verbose_2_and_0(monkeypatch: Any) -> None:
    text = _printed(monkeypatch, _Pipe(), verbose=2)
    assert re.match(
        r"Epoch 1/2\n5/5 - 0s - loss: .* - 0s/epoch - \d+ms/step\n|"
        r"Epoch 1/2\n5/5 - 0s - loss: ",
        text,
    )
    assert _printed(monkeypatch, _Pipe(), verbose=0) == ""


def test_a_narrow_terminal_is_not_overflown(monkeypatch: Any) -> None:
    class Narrow(io.StringIO):
        def isatty(self) -> bool:
            return True

    from rillet.keras import progress

    monkeypatch.setattr(progress, "_columns", lambda: 40)
    out = Narrow()
    monkeypatch.setattr(sys, "stdout", out)
    bar = tf.keras.utils.Progbar(100, interval=0.0)
    for i in range(1, 100, 7):
        bar.update(i, [("loss", 0.5), ("accuracy", 0.25)], finalize=False)
    monkeypatch.undo()
    drawn = re.split(r"[\b]*\r", out.getvalue())
    assert all(len(line.rstrip()) < 40 for line in drawn)


_LABELS = np.arange(40) % 3

#: What a beginner does, Keras's exception, and words of the message.
_MISTAKES: dict[str, tuple[Any, type[Exception], str]] = {
    "not compiled": (
        lambda: tf.keras.Sequential([layers.Dense(1)]).fit(_X, _Y),
        RuntimeError,
        "You must compile your model before training/testing",
    ),
    "not compiled, evaluate": (
        lambda: tf.keras.Sequential([layers.Dense(1)]).evaluate(_X, _Y),
        RuntimeError,
        "You must compile your model before training/testing",
    ),
    "lengths differ": (
        lambda: _model().fit(_X, _Y[:7], verbose=0),
        ValueError,
        "Data cardinality is ambiguous",
    ),
    "no targets": (
        lambda: _model().fit(_X, verbose=0),
        ValueError,
        "Target data is missing",
    ),
    "no loss": (
        lambda: _model(loss=None).fit(_X, _Y, verbose=0),
        ValueError,
        "No loss found",
    ),
    "no data": (lambda: _model().fit(), ValueError, "x"),
    "empty data": (
        lambda: _model().fit(_X[:0], _Y[:0], verbose=0),
        ValueError,
        "non-empty",
    ),
    "a lone value": (
        lambda: _model().predict(np.float32(3.0), verbose=0),
        ValueError,
        "one row an example",
    ),
    "a word": (
        lambda: _model().fit("data.csv", _Y, verbose=0),
        ValueError,
        "Failed to find data adapter",
    ),
    "unknown loss": (
        lambda: _model(loss="categorical_crosentropy"),
        ValueError,
        "categorical_crossentropy",
    ),
    "unknown metric": (lambda: _model(metrics=["acuracy"]), ValueError, "acuracy"),
    "unknown optimizer": (lambda: _model(optimizer="adm"), ValueError, "adam"),
    "unknown argument of compile": (
        lambda: _model(metric=["accuracy"]),
        TypeError,
        "Invalid keyword argument(s)",
    ),
    "batch size 0": (
        lambda: _model().fit(_X, _Y, batch_size=0),
        ValueError,
        "batch_size",
    ),
    "batch size of a generator": (
        lambda: _model().fit(_generator(), batch_size=8, steps_per_epoch=2),
        ValueError,
        "`batch_size` argument must not be specified",
    ),
    "targets beside a generator": (
        lambda: _model().fit(_generator(), _Y, steps_per_epoch=2),
        ValueError,
        "`y` argument is not supported",
    ),
    "split too small": (
        lambda: _model().fit(_X[:1], _Y[:1], validation_split=0.5),
        ValueError,
        "not sufficient to split",
    ),
    "split above 1": (
        lambda: _model().fit(_X, _Y, validation_split=20),
        ValueError,
        "between 0 and 1",
    ),
    "verbose": (lambda: _model().fit(_X, _Y, verbose="yes"), ValueError, "verbose"),
    "epochs a float": (lambda: _model().fit(_X, _Y, epochs=2.5), TypeError, "epochs"),
    "class weights": (
        lambda: _model().fit(_X, _LABELS, class_weight={1: 1.0, 3: 1.0}),
        ValueError,
        "keys from 0 to one less",
    ),
    "class without weight": (
        lambda: _model().fit(_X, _LABELS, class_weight={0: 1.0, 1: 1.0}),
        tf.errors.InvalidArgumentError,
        "has no weight",
    ),
    "other width": (
        lambda: _trained().predict(_X[:, :2], verbose=0),
        ValueError,
        "expected axis -1 of input shape to have value 3",
    ),
    "callback": (
        lambda: _model().fit(_X, _Y, verbose=0, callbacks=[print]),
        TypeError,
        "keras.callbacks.Callback",
    ),
    "step that returns nothing": (
        lambda: _silent().fit(_X, _Y, verbose=0),
        TypeError,
        "a step must give a dictionary of logs",
    ),
}


def _trained() -> Any:
    model = _model()
    model.fit(_X, _Y, verbose=0)
    return model


def _silent() -> Any:
    class Silent(tf.keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            return None

    model = Silent()
    model.compile()
    return model


@pytest.mark.parametrize("name", _MISTAKES)
def test_mistakes(name: str) -> None:
    act, kind, words = _MISTAKES[name]
    with pytest.raises(kind) as caught:
        act()
    assert words in str(caught.value)


@pytest.mark.parametrize("eager", [False, True])
def test_targets_of_text_are_refused_with_a_fix_that_helps(eager):
    x = np.arange(6.0, dtype="float32")[:, None]
    texts = np.array(["no", "no", "yes"] * 2)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", run_eagerly=eager)
    for method in (model.fit, model.evaluate):
        with pytest.raises(tf.errors.UnimplementedError, match="targets are te") as e:
            method(x, texts, verbose=0)
        assert str(e.value).startswith("loss: ") and "cast" in str(e.value.__cause__)
    names, y = np.unique(texts, return_inverse=True)
    model.fit(x, y, verbose=0)
    assert names.tolist() == ["no", "yes"] and int(model.optimizer.iterations) == 1


def test_a_loss_of_texts_may_lack_something_itself():
    def loss(y, p):
        raise tf.errors.UnimplementedError(None, None, "edit distance")

    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", loss)
    with pytest.raises(tf.errors.UnimplementedError, match="^edit distance"):
        model.fit(np.ones((2, 1)), np.array(["no", "yes"]), verbose=0)
