"""Keras's models and optimizers in TensorFlow's checkpoints."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoints"
KNOWN = json.loads((GOLDEN / "values.json").read_text(encoding="utf-8"))["model"]
K = tf.keras
X, Y = np.ones((4, 2), "float32"), np.ones((4, 3), "float32")


def model(shape=(2,)):
    """What `make_checkpoints.py` saved."""
    first = (
        K.layers.Dense(3, input_shape=shape) if shape is not None else K.layers.Dense(3)
    )
    made = K.Sequential([first, K.layers.ReLU(), K.layers.BatchNormalization()])
    made.compile("adam", "mse")
    return made


def test_weights_that_tensorflow_saved():
    made = model()
    status = made.load_weights(GOLDEN / "model")
    kernel = np.array(
        KNOWN["layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE"][2]
    )
    np.testing.assert_array_equal(
        made.layers[0].kernel.numpy().reshape(-1), kernel.astype("float32")
    )
    # The slots are filled as the optimizer makes them.
    made.optimizer.build(made.trainable_variables)
    status.assert_consumed()
    assert int(made.optimizer.iterations) == 1
    velocity = KNOWN["optimizer/_variables/2/.ATTRIBUTES/VARIABLE_VALUE"][2]
    np.testing.assert_array_equal(
        made.optimizer.variables[2].numpy().reshape(-1), np.float32(velocity)
    )


def test_names_are_tensorflows(tmp_path):
    made = model()
    made.fit(X, Y, verbose=0)
    made.save_weights(tmp_path / "w")
    mine = dict(tf.train.list_variables(tmp_path / "w"))
    assert mine == {name: row[1] for name, row in KNOWN.items()}
    assert tf.train.latest_checkpoint(tmp_path) == os.path.join(tmp_path, "w")


def test_training_goes_on_to_the_same_numbers(tmp_path):
    made = model()
    made.fit(X, Y, epochs=2, verbose=0)
    made.save_weights(tmp_path / "w")
    made.fit(X, Y, epochs=2, verbose=0)
    other = model()
    other.load_weights(tmp_path / "w").expect_partial()
    other.fit(X, Y, epochs=2, verbose=0)
    for one, two in zip(made.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert int(other.optimizer.iterations) == 4


def test_weights_of_a_model_that_is_not_built(tmp_path):
    made = model()
    made.save_weights(tmp_path / "w")
    other = model(shape=None)
    other.load_weights(tmp_path / "w").expect_partial()
    np.testing.assert_array_equal(
        other.predict(X, verbose=0), made.predict(X, verbose=0)
    )


class Own(K.Model):
    def __init__(self):
        super().__init__()
        self.stack = [K.layers.Dense(2) for _ in range(2)]
        self.table = {"last": K.layers.Dense(1)}
        self.w = self.add_weight("given", (), initializer="ones")

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return self.table["last"](x) * self.w


def test_a_subclass(tmp_path):
    made = Own()
    y = made(X)
    path = tf.train.Checkpoint(model=made).save(tmp_path / "c")
    names = [n.split("/.")[0] for n, _ in tf.train.list_variables(path)]
    assert names == [
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        "model/given",
        "model/stack/0/bias",
        "model/stack/0/kernel",
        "model/stack/1/bias",
        "model/stack/1/kernel",
        "model/table/last/bias",
        "model/table/last/kernel",
        "save_counter",
    ]
    other = Own()
    status = tf.train.Checkpoint(model=other).restore(path)
    np.testing.assert_array_equal(other(X), y)
    status.assert_consumed()


def optimizers():
    o, former = K.optimizers, K.optimizers.legacy
    return {
        "schedule": lambda: o.SGD(o.schedules.ExponentialDecay(0.1, 1, 0.5)),
        "momentum": lambda: o.SGD(0.1, momentum=0.9),
        "rmsprop": lambda: o.RMSprop(0.1, centered=True),
        "nadam": lambda: o.Nadam(0.1),
        "average": lambda: o.Adam(0.1, use_ema=True),
        "former adam": lambda: former.Adam(0.1, beta_1=0.8),
        "former sgd": lambda: former.SGD(0.1, momentum=0.9, decay=0.1),
        "former nadam": lambda: former.Nadam(0.1),
    }


@pytest.mark.parametrize("name", optimizers())
def test_optimizers_go_on(name, tmp_path):
    v = tf.Variable([1.0, 2.0])
    made = optimizers()[name]()

    def step(optimizer, variable):
        optimizer.apply_gradients([(variable * 0.5, variable)])

    step(made, v)
    path = tf.train.Checkpoint(o=made, v=v).save(tmp_path / "x")
    step(made, v)
    w = tf.Variable([0.0, 0.0])
    other = optimizers()[name]()
    status = tf.train.Checkpoint(o=other, v=w).restore(path)
    step(other, w)
    status.assert_consumed()
    np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_settings_of_former_optimizers_are_restored(tmp_path):
    former = K.optimizers.legacy
    path = tf.train.Checkpoint(o=former.Adam(0.1, beta_1=0.7)).save(tmp_path / "x")
    other = former.Adam(0.5)
    tf.train.Checkpoint(o=other).restore(path).assert_consumed()
    assert other.beta_1 == 0.7
    assert float(other.learning_rate) == np.float32(0.1)


def test_metrics(tmp_path):
    mean = K.metrics.Mean()
    mean.update_state([1.0, 3.0])
    path = tf.train.Checkpoint(m=mean).save(tmp_path / "x")
    other = K.metrics.Mean()
    tf.train.Checkpoint(m=other).restore(path).assert_consumed()
    assert float(other.result()) == 2.0


def test_refusals(tmp_path):
    made = model()
    made.save_weights(tmp_path / "w")
    with pytest.raises(NotImplementedError, match="based on topology"):
        made.load_weights(tmp_path / "w", by_name=True)
    with pytest.raises(ValueError, match="skip_mismatch must be False"):
        made.load_weights(tmp_path / "w", skip_mismatch=True)
    with pytest.raises(ValueError, match="save_format='tf'.*looks like an HDF5"):
        made.save_weights(tmp_path / "w.h5", save_format="tf")
    other = K.Sequential([K.layers.Dense(5, input_shape=(2,))])
    with pytest.raises(ValueError, match="incompatible tensor with shape"):
        other.load_weights(tmp_path / "w")
    with pytest.raises(tf.errors.NotFoundError):
        made.load_weights(tmp_path / "none")


def test_asking_before_writing_over(tmp_path, monkeypatch):
    made = model()
    made.save_weights(tmp_path / "w")
    before = (tmp_path / "w.index").read_bytes()
    made.layers[0].bias.assign([1.0, 2.0, 3.0])
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    made.save_weights(tmp_path / "w", overwrite=False)
    assert (tmp_path / "w.index").read_bytes() == before
    made.save_weights(tmp_path / "w")
    assert (tmp_path / "w.index").read_bytes() != before


def test_model_checkpoint_writes_them(tmp_path):
    made = model()
    callback = K.callbacks.ModelCheckpoint(
        str(tmp_path / "cp-{epoch:02d}"), save_weights_only=True
    )
    made.fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    assert os.path.basename(tf.train.latest_checkpoint(tmp_path)) == "cp-02"
    other = model()
    other.load_weights(tf.train.latest_checkpoint(tmp_path)).expect_partial()
    np.testing.assert_array_equal(
        other.predict(X, verbose=0), made.predict(X, verbose=0)
    )
