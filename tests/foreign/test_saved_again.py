"""Models that TensorFlow saved and rillet saved again, in the real TensorFlow."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import rillet as tf

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "saved_model")]
from golden_calls import names, unpacked  # noqa: E402
from test_again import REFUSED  # noqa: E402

NAMES = [name for name in names() if name not in REFUSED]
# The golden calls are asked of TensorFlow: its namespace stands in for rillet's.
READER = """
import json, os, sys, traceback
import tensorflow
sys.modules["rillet"] = tensorflow
sys.path.insert(0, sys.argv[2])
import golden_calls
found, close = {}, {"rtol": 1e-4, "atol": 1e-5}
for name in os.listdir(sys.argv[1]):
    folder = os.path.join(sys.argv[1], name)
    try:
        with open(os.path.join(folder, "calls.json")) as file:
            calls = json.load(file)["calls"]
        loaded = tensorflow.saved_model.load(os.path.join(folder, "again"))
        for call in calls:
            golden_calls.agree(call, golden_calls.called(loaded, call), close)
        found[name] = "agrees"
    except Exception:
        found[name] = traceback.format_exc()[-2000:]
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def answers(asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("again")
    for name in NAMES:
        unpacked(name, top / name)
        loaded = tf.saved_model.load(top / name)
        signatures = loaded.signatures or None
        tf.saved_model.save(loaded, top / name / "again", signatures)
    return asked(READER, str(top), str(TESTS))


@pytest.mark.parametrize("name", NAMES)
def test_tensorflow_gives_the_same(name, answers):
    assert answers[name] == "agrees"
