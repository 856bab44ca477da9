"""Models that TensorFlow saved, loaded and saved once more: the same results."""

from __future__ import annotations

import gc

import pytest
from golden_calls import agree, called, names, unpacked

import rillet as tf

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
#: What files cannot hold yet, and the words that say so.
REFUSED = {
    "f_first": "'untracked' resource",
    "k_columns": "IteratorGetNext",
    "k_texts": "IteratorGetNext",
    "training_steps": "'untracked' resource",
    "v1_words": "'untracked' resource",
}


@pytest.fixture(autouse=True)
def no_model_waits():
    """Let models go whose optimizers wait for slots: later tests count who waits."""
    yield
    gc.collect()


@pytest.mark.parametrize("name", names())
def test_saved_again(name, tmp_path):
    info = unpacked(name, tmp_path / "first")
    first = tf.saved_model.load(tmp_path / "first")
    if name in REFUSED:
        kinds = (tf.errors.OpError, AssertionError)
        with pytest.raises(kinds, match=REFUSED[name]):
            tf.saved_model.save(first, tmp_path / "second", first.signatures)
        assert not (tmp_path / "second").exists()
        return
    tf.saved_model.save(first, tmp_path / "second", first.signatures or None)
    second = tf.saved_model.load(tmp_path / "second")
    assert set(second.signatures) == set(first.signatures)
    for call in info["calls"]:
        agree(call, called(second, call), CLOSE)
