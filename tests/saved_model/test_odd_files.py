"""Pipes, devices, folders and circles of links where a file of a model should be."""

from __future__ import annotations

import os
import signal

import pytest

import rillet as tf

#: What may stand in a file's place, where the system has such things.
ODD = {"folder": os.mkdir, "circle": lambda path: os.symlink(path, path)}
if hasattr(os, "mkfifo"):
    ODD["pipe"] = os.mkfifo
    ODD["device"] = lambda path: os.symlink("/dev/zero", path)
FILES = {
    "folder/saved_model.pb": tf.saved_model.load,
    "folder/variables/variables.index": tf.saved_model.load,
    "folder/variables/variables.data-00000-of-00001": tf.saved_model.load,
    "folder/keras_metadata.pb": tf.keras.models.load_model,
    "model.keras": tf.keras.models.load_model,
    "model.h5": tf.keras.models.load_model,
    "model.weights.h5": None,
    "weights.index": None,
    "weights.data-00000-of-00001": None,
    "checkpoint": tf.train.latest_checkpoint,
}


@pytest.fixture
def impatient():
    """Let what waits for ever fail."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def late(number, frame):
        raise AssertionError("it waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_is_an_error_at_once(name, kind, tmp_path, impatient):
    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    for to in ("folder", "model.keras", "model.h5"):
        if name.startswith(to):
            model.save(tmp_path / to)
    model.save_weights(tmp_path / "model.weights.h5")
    model.save_weights(tmp_path / "weights")
    path = tmp_path / name
    path.unlink()
    ODD[kind](path)
    if name == "checkpoint":
        assert tf.train.latest_checkpoint(tmp_path) is None
        return
    read = FILES[name]
    top = tmp_path / name.partition("/")[0].partition(".index")[0].partition(".data")[0]
    with pytest.raises((OSError, tf.errors.OpError)) as found:
        (read or model.load_weights)(str(top))
    # the message names the file, or the checkpoint that it belongs to
    assert top.name in str(found.value)
