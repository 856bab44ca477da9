"""Layers', models' and `keras.utils`'s smaller methods; values from tf_keras 2.21."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

keras = tf.keras


def test_to_ordinal() -> None:
    found = keras.utils.to_ordinal([0, 1, 3, 2], 4)
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    assert keras.utils.to_ordinal([[0], [2]]).tolist() == [[0, 0], [1, 1]]


def test_source_inputs() -> None:
    x, z = keras.Input((2,)), keras.Input((2,))
    y = keras.layers.Dense(2)(x) + z
    found = keras.utils.get_source_inputs(y)
    assert len(found) == 2 and {id(f) for f in found} == {id(x), id(z)}
    assert keras.utils.get_source_inputs(x)[0] is x
    with pytest.raises(ValueError, match="a placeholder is wanted"):
        keras.utils.get_source_inputs(tf.ones(2))


def test_warm_start(tmp_path: Path) -> None:
    rows = np.arange(6.0).reshape(3, 2)
    words = tmp_path / "old.txt"
    words.write_text("unk\na\nb\n")
    found = keras.utils.warmstart_embedding_matrix(
        str(words), ["unk", "b", "c", "a"], rows, "zeros"
    )
    assert found.numpy().tolist() == [[0, 1], [4, 5], [0, 0], [2, 3]]
    with pytest.raises(ValueError, match="2 words, 3 rows"):
        keras.utils.warmstart_embedding_matrix(["a", "b"], ["a"], rows)


def test_timed_thread() -> None:
    done = threading.Event()

    class Count(keras.utils.TimedThread):
        calls = 0

        def on_interval(self) -> None:
            self.calls += 1
            if self.calls == 3:
                done.set()

    with Count(interval=0.001, daemon=True) as counting:
        assert done.wait(10)
        assert counting.is_alive()
    counting.thread.join(10)
    assert not counting.is_alive() and counting.calls >= 3


def test_identity_layer() -> None:
    layer = keras.layers.Identity(name="same")
    found = layer({"a": tf.ones(2), "b": tf.zeros(1)})
    assert found["a"].numpy().tolist() == [1.0, 1.0]
    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Identity()(x))
    np.testing.assert_array_equal(model.predict(np.ones((2, 3)), verbose=0), 1.0)
    again = keras.layers.Identity.from_config(layer.get_config())
    assert again.name == "same"


def test_own_variables(tmp_path: Path) -> None:
    class Shifted(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.w = self.add_variable("w", (2,), initializer="ones")
            super().build(shape)

        def call(self, x: Any) -> Any:
            return x + self.w

        def save_own_variables(self, store: Any) -> None:
            store["half"] = self.w.numpy() / 2

        def load_own_variables(self, store: Any) -> None:
            self.w.assign(np.asarray(store["half"]) * 2)

    model = keras.Sequential([keras.Input((2,)), Shifted(), keras.layers.Dense(1)])
    path = str(tmp_path / "m.weights.h5")
    want = model.get_weights()
    model.save_weights(path)
    model.set_weights([w * 0 for w in want])
    model.load_weights(path)
    for a, b in zip(want, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    store: dict[str, Any] = {}
    dense = model.layers[-1]
    dense.save_own_variables(store)
    assert sorted(store) == ["0", "1"]
    store["0"] = store["0"] + 1
    dense.load_own_variables(store)
    np.testing.assert_array_equal(dense.kernel.numpy(), store["0"])
    with pytest.raises(ValueError, match="expected 2 variables.*received 1"):
        dense.load_own_variables({"0": store["0"]})


def test_models_smaller_methods() -> None:
    class Two(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.layers.Dense(2)
            self.second = keras.Sequential([keras.layers.Dense(1)])

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

    model = Two()
    model(tf.ones((1, 3)))
    paths = model.get_weight_paths()
    assert paths["first.kernel"] is model.first.kernel
    assert len(paths) == 4
    with pytest.raises(RuntimeError, match="to_json"):
        model.to_yaml()
    ran: list[int] = []
    model.first.add_update([lambda: ran.append(1), tf.constant(1)])
    assert ran == [1] and model.updates == []


def test_scikit_learn_wrappers_by_themselves() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2)).astype("float32")
    names = np.where(x[:, 0] > 0, "yes", "no")

    def build(units: int = 3) -> Any:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(units, "softmax")])
        model.compile(keras.optimizers.Adam(0.1), "categorical_crossentropy")
        return model

    wrap = keras.wrappers.scikit_learn.KerasClassifier
    estimator = wrap(build, units=2, epochs=40, verbose=0)
    estimator.fit(x, names)
    assert estimator.classes_.tolist() == ["no", "yes"]
    assert estimator.score(x, names) > 0.95
    assert set(estimator.predict(x)) == {"no", "yes"}
    assert estimator.predict_proba(x).shape == (60, 2)
    assert estimator.set_params(units=2).get_params()["units"] == 2
    with pytest.raises(ValueError, match="colour is not a legal parameter"):
        wrap(build, colour=1)
    with pytest.raises(AttributeError, match="Call fit first"):
        wrap(build).predict(x)
