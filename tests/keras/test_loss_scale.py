"""Scaled losses, Lion, Adafactor and the former Nadam beside tf_keras's numbers."""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

keras = tf.keras
Scaled = keras.mixed_precision.LossScaleOptimizer
HERE = Path(__file__).parents[1] / "golden" / "keras"
WANT = json.loads((HERE / "economical.json").read_text(encoding="utf-8"))


def program() -> Any:
    spec = importlib.util.spec_from_file_location("e", HERE / "make_economical.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", list(WANT))
def test_numbers_of_tf_keras(name: str) -> None:
    made = program()
    if name.startswith("scaled"):
        found = made.scaled(tf, name == "scaled")
    else:
        found = made.steps(tf, made.optimizers(keras)[name])
    # float32, ten steps; TensorFlow multiplies in another order here and there
    np.testing.assert_allclose(found, WANT[name], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", [n for n in WANT if not n.startswith("scaled")])
def test_compiled_steps_are_the_same(name: str) -> None:
    made = program()
    optimizer = made.optimizers(keras)[name]

    class Compiled:
        def apply_gradients(self, pairs: Any) -> None:
            grads, self.held = zip(*pairs, strict=True)
            if not hasattr(self, "step"):
                held = self.held
                self.step = tf.function(
                    lambda given: optimizer.apply_gradients(
                        zip(given, held, strict=True)
                    )
                )
            self.step(list(grads))

    found = made.steps(tf, Compiled())
    np.testing.assert_allclose(found, WANT[name], rtol=3e-6, atol=3e-6)


@pytest.fixture(name="mixed")
def _mixed() -> Iterator[None]:
    keras.mixed_precision.set_global_policy("mixed_float16")
    yield
    keras.mixed_precision.set_global_policy("float32")


X = np.linspace(-1, 1, 64).reshape(32, 2).astype("float32")
Y = X.sum(1, keepdims=True)


def small(optimizer: Any = "sgd", **compiled: Any) -> Any:
    keras.utils.set_random_seed(4)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse", **compiled)
    return model


def test_compile_wraps_under_mixed_float16(mixed: None) -> None:
    model = small("adam")
    assert isinstance(model.optimizer, Scaled)
    assert isinstance(model.optimizer.inner_optimizer, keras.optimizers.Adam)
    own = Scaled(keras.optimizers.SGD(0.1), initial_scale=4.0)
    assert small(own).optimizer is own
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    assert not isinstance(small("adam").optimizer, Scaled)


@pytest.mark.parametrize("eager", [False, True])
def test_fit_leaves_steps_out_that_overflow(mixed: None, eager: bool) -> None:
    optimizer = Scaled(keras.optimizers.SGD(0.1), dynamic_growth_steps=1000)
    model = small(optimizer, run_eagerly=eager)
    before = model.get_weights()
    x = X.copy()
    x[3] = 6e4  # a step with this row overflows float16 once it is scaled
    model.fit(x[:8], Y[:8], batch_size=8, verbose=0)
    assert int(optimizer.iterations) == 1
    assert float(optimizer.loss_scale) == 2.0**14
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    assert int(optimizer.dynamic_counter) == 8
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert (model.get_weights()[0] != before[0]).all()


def test_a_scaled_step_is_the_step(mixed: None) -> None:
    losses = []
    for optimizer in (keras.optimizers.SGD(0.1), Scaled(keras.optimizers.SGD(0.1))):
        losses.append(small(optimizer).fit(X, Y, epochs=3, verbose=0).history["loss"])
    np.testing.assert_array_equal(*losses)


def test_the_whole_step_is_native(mixed: None) -> None:
    model = small("adam")
    model.fit(X, Y, verbose=0)
    text = model.explain_step((X, Y))
    assert "on the host: none" in text


def test_settings_go_through() -> None:
    inner = keras.optimizers.Adam(0.1)
    outer = Scaled(inner, initial_scale=8.0, dynamic_growth_steps=3)
    outer.learning_rate = 0.5
    assert float(inner.learning_rate) == float(outer.lr) == 0.5
    assert outer.beta_1 == 0.9 and outer.name == "Adam"
    outer.beta_1 = 0.8
    assert inner.beta_1 == 0.8
    assert not hasattr(outer, "no_such")
    assert (outer.initial_scale, outer.dynamic, outer.dynamic_growth_steps) == (8, 1, 3)
    fixed = Scaled(keras.optimizers.SGD(), dynamic=False, initial_scale=4.0)
    assert fixed.dynamic_counter is None and fixed.dynamic_growth_steps is None
    assert float(fixed.loss_scale) == 4.0


def test_configurations_copies_and_checkpoints(tmp_path: Path) -> None:
    model = small(Scaled(keras.optimizers.Adam(0.1), initial_scale=16.0))
    model.fit(X, Y, verbose=0)
    config = keras.optimizers.serialize(model.optimizer)
    again = keras.optimizers.deserialize(config)
    assert type(again) is Scaled and again.get_config() == model.optimizer.get_config()
    for twin in (
        copy.deepcopy(model.optimizer),
        pickle.loads(pickle.dumps(model.optimizer)),
    ):
        assert float(twin.loss_scale) == 16.0 and int(twin.dynamic_counter) == 1
        assert len(twin.variables) == len(model.optimizer.variables)
    path = tf.train.Checkpoint(m=model, optimizer=model.optimizer).save(
        str(tmp_path / "c")
    )
    names = {name for name, _ in tf.train.list_variables(path)}
    tail = "/.ATTRIBUTES/VARIABLE_VALUE"
    # the names that tf_keras 2.21 gave the same parts
    for part in ("_iterations", "_learning_rate", "_variables/1", "_variables/4"):
        assert f"optimizer/{part}{tail}" in names
    for part in ("current_loss_scale", "good_steps"):
        assert f"optimizer/loss_scale/{part}{tail}" in names
    other = small(Scaled(keras.optimizers.Adam(0.1)))
    other.optimizer.build(other.trainable_variables)
    tf.train.Checkpoint(m=other, optimizer=other.optimizer).restore(path)
    assert float(other.optimizer.loss_scale) == 16.0
    assert int(other.optimizer.iterations) == 1
    file = tmp_path / "m.keras"
    model.save(file)
    loaded = keras.models.load_model(file)
    assert type(loaded.optimizer) is Scaled
    assert int(loaded.optimizer.iterations) == 1
    for a, b in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


SGD = keras.optimizers.SGD


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("adam",), TypeError, '"inner_optimizer" must be an instance'),
        ((Scaled(SGD()),), TypeError, "cannot wrap another"),
        ((SGD(), 3), TypeError, '"dynamic" must be a bool'),
        ((SGD(), False), ValueError, '"initial_scale" must be specified'),
        ((SGD(), False, 2.0, 3), ValueError, '"dynamic_growth_steps" must be None'),
    ],
)
def test_refusals(arguments: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        Scaled(*arguments)


def test_an_optimizer_is_wrapped_once() -> None:
    inner = SGD()
    Scaled(inner)
    with pytest.raises(ValueError, match="already wrapped"):
        Scaled(inner)


@pytest.mark.parametrize("done", [None, "get_scaled_loss"])
def test_forgotten_calls_are_told_once(
    monkeypatch: pytest.MonkeyPatch, done: str | None
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(
        tf.get_logger(), "warning", lambda text, *rest: lines.append(text % rest)
    )
    outer, v = Scaled(SGD(0.1)), tf.Variable(1.0)
    if done:
        outer.get_scaled_loss(tf.constant(1.0))
    for _ in range(2):
        outer.apply_gradients([(tf.constant(1.0), v)])
    assert len(lines) == 1 and "get_unscaled_gradients()" in lines[0]


def test_sparse_gradients() -> None:
    outer, v = Scaled(SGD(0.5), initial_scale=4.0), tf.Variable(tf.ones((3, 2)))
    with tf.GradientTape() as tape:
        loss = outer.get_scaled_loss(tf.reduce_sum(tf.gather(v, [0, 2, 2])))
    grads = outer.get_unscaled_gradients(tape.gradient(loss, [v]))
    outer.apply_gradients(zip(grads, [v], strict=True))
    assert v.numpy().tolist() == [[0.5, 0.5], [1.0, 1.0], [0.0, 0.0]]


def test_lion_refuses_a_beta_of_nothing() -> None:
    with pytest.raises(ValueError, match="degenerates to SignSGD"):
        keras.optimizers.Lion(beta_1=0.0)


def test_adafactor_saves_what_tensorflow_saves(tmp_path: Path) -> None:
    optimizer = keras.optimizers.Adafactor(0.1)
    optimizer.build([tf.Variable(tf.zeros([3])), tf.Variable(tf.zeros([2, 3]))])
    path = tf.train.Checkpoint(optimizer=optimizer).write(str(tmp_path / "kept"))
    moments = {
        name.split("/.")[0]: shape
        for name, shape in tf.train.list_variables(path)
        if name.startswith(("optimizer/_r/", "optimizer/_c/"))
    }
    # As TensorFlow 2.21's file has it: scalars stand for a vector's rows and columns,
    # and what the matrix has goes by other names, among the optimizer's variables.
    assert moments == {"optimizer/_r/0": [], "optimizer/_c/0": []}
