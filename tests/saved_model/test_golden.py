"""Forty SavedModels that TensorFlow 2.21 wrote run here, and give the same results.

Modules, Keras models and graphs of version 1; see `tests/golden/saved_models`.
"""

from __future__ import annotations

import gc

import numpy as np
import pytest
from golden_calls import agree, array_of, called, names, unpacked, value_of

import rillet as tf

#: Sums are taken in another order here than in TensorFlow's kernels.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
#: Losses after two epochs, whose steps add up such differences.
TRAINED = {"rtol": 1e-4, "atol": 1e-5}
KERAS = [name for name in names() if name.startswith("k_") and name != "k_export"]


@pytest.fixture(autouse=True)
def no_model_waits():
    """Let models go whose optimizers wait for slots: later tests count who waits."""
    yield
    gc.collect()


@pytest.mark.parametrize("name", names())
def test_calls_agree(name, tmp_path):
    info = unpacked(name, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    for call in info["calls"]:
        agree(call, called(loaded, call), CLOSE)


@pytest.mark.parametrize("name", KERAS)
def test_keras_folders_are_models_again(name, tmp_path):
    info = unpacked(name, tmp_path)
    model = tf.keras.models.load_model(tmp_path, safe_mode=False)
    x = value_of(info["inputs"])
    for found in (model(x, training=False), model.predict(x, verbose=0)):
        agree({"results": info["outputs"]}, tf.nest.flatten(found), CLOSE)


@pytest.mark.parametrize("name", KERAS)
def test_training_goes_on_to_the_same_losses(name, tmp_path):
    info = unpacked(name, tmp_path)
    if "losses" not in info:
        assert tf.keras.models.load_model(tmp_path, safe_mode=False).optimizer is None
        return
    model = tf.keras.models.load_model(tmp_path)
    x, y = value_of(info["inputs"]), array_of(info["targets"])
    x = tf.nest.map_structure(np.asarray, x)
    history = model.fit(x, y, epochs=2, verbose=0, shuffle=False, batch_size=4)
    np.testing.assert_allclose(history.history["loss"], info["losses"], **TRAINED)
    sums = [float(tf.reduce_sum(w)) for w in model.trainable_variables]
    np.testing.assert_allclose(sums, info["weights"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", KERAS)
def test_models_are_read_without_a_warning(name, tmp_path, caplog, monkeypatch):
    unpacked(name, tmp_path)
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    tf.keras.models.load_model(tmp_path, compile=False, safe_mode=False)
    gc.collect()
    assert not [r for r in caplog.records if "training configuration" not in r.message]
