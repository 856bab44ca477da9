"""How `fit` and its kin run graphs: how many, how often, and what they fall back to."""

from __future__ import annotations

import _thread
import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.core import context

K = tf.keras
layers = K.layers
_RNG = np.random.default_rng(3)
X = _RNG.normal(size=(50, 6)).astype("float32")
Y = _RNG.normal(size=(50, 2)).astype("float32")


def _line(**more: Any) -> Any:
    K.utils.set_random_seed(5)
    model = K.Sequential([layers.Dense(2)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **more})
    return model


def _fit(model: Any, x: Any = X, y: Any = Y, **more: Any) -> Any:
    arguments = {"batch_size": 16, "verbose": 0, **more}
    return model.fit(x, y, **arguments).history["loss"]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the log is told meanwhile."""
    gc.collect()  # a checkpoint that an earlier test dropped complains when collected
    lines: list[str] = []
    monkeypatch.setattr(
        tf.get_logger(), "warning", lambda text, *rest: lines.append(text % rest)
    )
    return lines


class Hears(K.callbacks.Callback):
    """Notes each batch that it is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[int] = []
        self.losses: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ends.append(batch)
        self.losses.append(logs["loss"])


class Counted(K.Model):
    """Counts how often Python runs its step."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2)
        self.runs = 0

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def train_step(self, data: Any) -> Any:
        self.runs += 1
        return super().train_step(data)


@pytest.mark.parametrize("eager", [False, True])
def test_python_runs_once_unless_asked_for_each_step(eager: bool) -> None:
    model = Counted()
    model.compile("sgd", "mse", run_eagerly=eager)
    _fit(model, epochs=3)
    assert model.runs == (12 if eager else 1)
    assert model.run_eagerly is eager


def test_functions_may_be_told_to_run_eagerly() -> None:
    model = Counted()
    model.compile("sgd", "mse")
    tf.config.run_functions_eagerly(True)
    try:
        _fit(model)
    finally:
        tf.config.run_functions_eagerly(False)
    assert model.runs == 4


def test_dynamic_layers_run_eagerly(log: list[str]) -> None:
    class Slow(layers.Layer):
        def call(self, x: Any) -> Any:
            return tf.constant(x.numpy() * 2)

    model = K.Sequential([layers.Dense(2), Slow(dynamic=True)])
    model.compile("sgd", "mse")
    assert model.run_eagerly
    assert model.predict(X, verbose=0).shape == (50, 2)
    assert log == []


def test_a_step_that_no_graph_holds_runs_eagerly_and_the_log_says_so(
    log: list[str],
) -> None:
    class Numpy(Counted):
        def train_step(self, data: Any) -> Any:
            found = super().train_step(data)
            self.last = found["loss"].numpy()
            return found

    model = Numpy()
    model.compile("sgd", "mse")
    _fit(model)
    _fit(model)
    assert isinstance(model.last, np.floating)
    assert len(log) == 1
    assert log[0].startswith("Numpy.train_step cannot become a graph")
    assert "run_eagerly=True" in log[0] and "numpy" in log[0]
    assert model.train_function.step.graphs == []


def test_a_step_that_needs_the_number_of_rows_gets_it(log: list[str]) -> None:
    class Rows(K.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x: Any) -> Any:
            assert x.shape[0] is not None
            return self.dense(tf.reshape(x, (x.shape[0], 6)))

    model = Rows()
    model.compile("sgd", "mse")
    _fit(model, epochs=2)
    assert len(model.train_function.step.graphs) == 2
    assert log == []


def test_an_error_of_a_step_is_told_in_the_words_of_single_ops(log: list[str]) -> None:
    model = _line()
    with pytest.raises(ValueError, match=r"fit: the targets do not have the shape"):
        _fit(model, X, np.zeros((50, 3), "float32"))
    assert log == []
    _fit(model)


def test_wrong_values_are_told_by_later_steps_too() -> None:
    model = K.Sequential([layers.Embedding(5, 2), layers.Flatten()])
    model.compile("sgd", "mse")
    words = np.zeros((50, 1), "int32")
    _fit(model, words, Y)
    words[40] = 7
    with pytest.raises(tf.errors.InvalidArgumentError, match="7"):
        _fit(model, words, Y, shuffle=False)
    words[40] = 1
    _fit(model, words, Y)


@pytest.mark.parametrize(
    ("steps", "ends"),
    [(1, [0, 1, 2, 3]), (3, [2, 3]), ("auto", [0, 1, 2, 3]), (9, [3])],
)
def test_callbacks_hear_of_batches_after_each_execution(steps: Any, ends: Any) -> None:
    wanted = _fit(_line())
    model = _line(steps_per_execution=steps)
    heard = Hears()
    found = _fit(model, callbacks=[heard])
    assert heard.ends == ends
    assert heard.losses[-1] == pytest.approx(found[-1])
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("steps", [0, -1, "all"])
def test_steps_per_execution_is_checked(steps: Any) -> None:
    with pytest.raises(ValueError, match="steps_per_execution"):
        _line(steps_per_execution=steps)


def test_steps_per_execution_can_be_read_and_set() -> None:
    model = _line(steps_per_execution=3)
    assert (model.steps_per_execution, model.autotune_steps_per_execution) == (3, False)
    model.steps_per_execution = 2
    heard = Hears()
    _fit(model, callbacks=[heard])
    assert heard.ends == [1, 3]
    model.autotune_steps_per_execution = True
    assert (model.steps_per_execution, model.autotune_steps_per_execution) == (1, True)


class Backend:
    """Stands for a native backend: notes what it is asked, runs it or leaves it."""

    def __init__(self, takes: bool) -> None:
        self.takes = takes
        self.asked: list[Any] = []

    def __call__(self, concrete: Any, wholes: Any, batches: Any, collect: bool) -> Any:
        self.asked.append((concrete, batches.size, batches.count, collect))
        assert [t.shape[0] for t in wholes] == [50] * len(wholes)
        if not self.takes:
            return None
        parts = []
        for at in range(batches.count):
            rows = [t.numpy()[batches.one(at)] for t in wholes]
            parts.append(concrete.run_flat([tf.constant(r) for r in rows]))
        if not collect:
            return parts[-1]
        return [tf.concat(part, 0) for part in zip(*parts, strict=True)]


@pytest.fixture
def backends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def sign_in(takes: bool) -> Backend:
        tf.function(lambda: tf.constant(1.0))()
        made = Backend(takes)
        monkeypatch.setitem(context._services, "native.steps", made)
        return made

    yield sign_in


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("takes", [False, True])
def test_a_native_backend_gets_whole_arrays_and_rows(
    takes: bool, shuffle: Any, backends: Any
) -> None:
    wanted = _line(run_eagerly=True)
    losses = _fit(wanted, epochs=3, shuffle=shuffle)
    backend = backends(takes)
    model = _line()
    assert _fit(model, epochs=3, shuffle=shuffle) == pytest.approx(losses)
    assert len({id(asked[0]) for asked in backend.asked}) == 1
    assert sum(asked[2] for asked in backend.asked) == 12
    if shuffle != "batch":
        counts = [asked[1:3] for asked in backend.asked]
        # One step first, then as many as are fast; the smaller batch by itself.
        assert counts[0] == (16, 1)
        assert counts[-2:] == [(16, 3), (2, 1)]
    backend.asked.clear()
    guessed = model.predict(X, 16, verbose=0)
    hoped = wanted.predict(X, 16, verbose=0)
    np.testing.assert_allclose(guessed, hoped, rtol=1e-5, atol=1e-6)
    assert all(asked[3] for asked in backend.asked)


def test_the_bar_sees_every_step_of_what_it_averages(backends: Any) -> None:
    class Raw(Counted):
        def train_step(self, data: Any) -> Any:
            return {"raw": super().train_step(data)["loss"]}

    for kind, counts in ((Raw, [1, 1, 1, 1]), (Counted, [3, 1])):
        model = kind()
        model.compile("sgd", "mse")
        backend = backends(False)
        model.fit(X, Y, batch_size=16, epochs=3, verbose=2)
        assert [asked[2] for asked in backend.asked][-len(counts) :] == counts


class _Last(layers.Layer):
    def call(self, x: Any) -> Any:
        return x[:, -1]


@pytest.mark.parametrize(
    "parts",
    [
        lambda: [layers.Conv1D(3, 2), layers.GlobalMaxPooling1D()],
        lambda: [layers.LSTM(3)],
        lambda: [layers.Bidirectional(layers.GRU(3, return_sequences=True)), _Last()],
    ],
    ids=["windows", "lstm", "both ways"],
)
def test_sequences_of_many_lengths_share_a_graph(parts: Any) -> None:
    model = K.Sequential([*parts(), layers.Dense(2)])
    model.compile("sgd", "mse")

    def batches() -> Iterator[Any]:
        for steps in (5, 3, 8, 2, 9, 4, 6):
            yield _RNG.normal(size=(4, steps, 3)).astype("float32"), Y[:4]

    model.fit(batches(), verbose=0)
    assert len(model.train_function.step.graphs) == 2


def test_what_changes_between_steps_counts() -> None:
    model = _line(optimizer=K.optimizers.SGD(0.0))
    first = model.train_on_batch(X, Y)
    assert model.train_on_batch(X, Y) == pytest.approx(first)
    model.optimizer.learning_rate = 0.1
    model.train_on_batch(X, Y)
    assert model.train_on_batch(X, Y) < first
    model.set_weights([np.zeros((6, 2)), np.zeros(2)])
    assert model.test_on_batch(X, Y) == pytest.approx(np.mean(Y**2), rel=1e-5)
    graph = model.train_function.step.graphs
    assert len(graph) == 1
    model.optimizer = K.optimizers.Adam(0.1)
    model.train_on_batch(X, Y)
    assert model.train_function.step.graphs[0] is not graph[0]


def test_trainable_counts_from_compile_on() -> None:
    model = _line()
    _fit(model)
    model.layers[0].trainable = False
    before = model.get_weights()[0]
    _fit(model)
    assert np.any(model.get_weights()[0] != before)
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    _fit(model)
    assert np.all(model.get_weights()[0] == before)


def test_dropout_draws_anew_each_step() -> None:
    class Draws(K.Model):
        def __init__(self) -> None:
            super().__init__()
            self.drop = layers.Dropout(0.5)
            self.scale = layers.Dense(1)

        def call(self, x: Any, training: Any = None) -> Any:
            return self.scale(self.drop(x, training=training))

        def train_step(self, data: Any) -> Any:
            x, _ = data
            return {"kept": self.drop(tf.ones((1, 40)), training=True)[0]}

    model = Draws()
    model.compile("sgd", "mse")
    heard: list[Any] = []
    note = K.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: heard.append(logs["kept"])
    )
    model.fit(X, Y, batch_size=16, verbose=0, callbacks=[note])
    assert len({tuple(h) for h in heard}) == 4


def test_losses_of_a_graph_do_not_stay_behind() -> None:
    model = K.Sequential([layers.Dense(2, activity_regularizer="l2")])
    model.compile("sgd", "mse")
    _fit(model)
    assert all(type(loss) is tf.Tensor for loss in model.losses)
    model(X)
    assert len(model.losses) == 1


def test_fit_inside_a_function_is_refused() -> None:
    model = _line()
    for method in ("fit", "evaluate", "predict"):
        with pytest.raises(RuntimeError, match=f"`Model.{method}` inside a `tf.func"):
            tf.function(lambda m=method: getattr(model, m)(X))()


@pytest.mark.parametrize("verbose", [0, 2])
def test_an_interrupt_leaves_a_model_that_works(verbose: int) -> None:
    model = K.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    model.compile("adam", "mse")
    x = np.tile(X, (400, 1))
    y = np.tile(Y, (400, 1))
    _fit(model, x, y)
    told = 0.0

    def interrupt() -> None:
        nonlocal told
        told = time.perf_counter()
        _thread.interrupt_main()

    timer = threading.Timer(0.3, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=10_000, verbose=verbose)
    assert time.perf_counter() - told < 0.5
    steps = int(model.optimizer.iterations)
    assert np.isfinite(model.evaluate(X, Y, verbose=0))
    _fit(model)
    assert int(model.optimizer.iterations) == steps + 4


def test_one_sample_again_and_again() -> None:
    model = _line()
    wanted = X @ model.predict(np.eye(6, dtype="float32"), verbose=0)
    for at in range(4):
        found = model.predict(X[at : at + 1], verbose=0)
        np.testing.assert_allclose(found, wanted[at : at + 1], rtol=1e-4, atol=1e-5)
        again = model.predict(tf.constant(X[at : at + 1]), verbose=0)
        assert np.array_equal(found, again)
    found[:] = 0
    assert np.array_equal(model.predict(X[3:4], verbose=0), again)
    model.set_weights([np.ones((6, 2)), np.ones(2)])
    found = model.predict(X[:1], verbose=0)
    assert found[0, 0] == pytest.approx(X[0].sum() + 1, rel=1e-5)
    assert model.predict(X[:1].astype("float64"), verbose=0).dtype == np.float32
