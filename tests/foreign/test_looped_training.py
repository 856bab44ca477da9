"""Training through loops that carry arrays: saved by one, run on by the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from looped_training import PROGRAMS, make, trained

import rillet as tf

TESTS = Path(__file__).parents[1]
# The same programs, made by TensorFlow; and three steps of what rillet saved.
OTHER = """
import json, os, sys, traceback
import tensorflow as tf
sys.path.insert(0, sys.argv[1])
from looped_training import PROGRAMS, make, trained
top, found = sys.argv[2], {}
for name in PROGRAMS:
    try:
        made = make(tf, name)
        tf.saved_model.save(made, os.path.join(top, "theirs", name))
        own = trained(tf, made, name)
        loaded = tf.saved_model.load(os.path.join(top, "mine", name))
        found[name] = [own, trained(tf, loaded, name)]
    except Exception:
        found[name] = traceback.format_exc()[-2000:]
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def answers(asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("looped")
    for name in PROGRAMS:
        tf.saved_model.save(make(tf, name), top / "mine" / name)
    return top, asked(OTHER, str(TESTS), str(top), TF_USE_LEGACY_KERAS="1")


def _agree(one, other):
    np.testing.assert_allclose(one[0], other[0], rtol=1e-5)
    for mine, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


@pytest.mark.parametrize("name", PROGRAMS)
def test_tensorflow_trains_what_rillet_saved(name, answers):
    found = answers[1][name]
    assert isinstance(found, list), found
    own, again = found
    _agree(again, own)


@pytest.mark.parametrize("name", PROGRAMS)
def test_rillet_trains_what_tensorflow_saved(name, answers):
    top, found = answers
    assert isinstance(found[name], list), found[name]
    loaded = tf.saved_model.load(top / "theirs" / name)
    _agree(trained(tf, loaded, name), found[name][0])


@pytest.mark.parametrize("name", PROGRAMS)
def test_rillet_saves_again_what_tensorflow_saved(name, answers, tmp_path):
    top, found = answers
    assert isinstance(found[name], list), found[name]
    tf.saved_model.save(tf.saved_model.load(top / "theirs" / name), tmp_path)
    _agree(trained(tf, tf.saved_model.load(tmp_path), name), found[name][0])
