"""The real TensorFlow finds the gradients that programs gave in what rillet saved."""

from __future__ import annotations

from pathlib import Path

import gradient_programs
import numpy as np
import pytest

import rillet as tf

PROGRAMS = gradient_programs.programs(tf)
OUTSIDE = [name for name in PROGRAMS if name not in gradient_programs.INSIDE]

READER = """
import json, sys
sys.path.insert(0, sys.argv[3])
import tensorflow as tf
import gradient_programs
found = {}
whole, without = [tf.saved_model.load(folder) for folder in sys.argv[1:3]]
for name, (_, again) in gradient_programs.programs(tf).items():
    try:
        gs = gradient_programs.gradients(tf, whole, name, again)
        found[name] = [None if g is None else g.tolist() for g in gs]
    except Exception as error:
        found[name] = type(error).__name__
try:
    gradient_programs.gradients(tf, without, "captured")
except LookupError as error:
    found["without"] = str(error)
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def own():
    return gradient_programs.made(tf)


@pytest.fixture(scope="module")
def answers(own, asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("gradients")
    tf.saved_model.save(own, top / "whole")
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(own, top / "without", options=options)
    here = str(Path(gradient_programs.__file__).parent)
    return asked(READER, str(top / "whole"), str(top / "without"), here)


@pytest.mark.parametrize("name", OUTSIDE)
def test_gradients_are_those_the_program_gave(own, answers, name):
    found = answers[name]
    want = gradient_programs.gradients(tf, own, name, PROGRAMS[name][1])
    for g, w in zip(found, want, strict=True):
        assert (g is None) == (w is None)
        np.testing.assert_allclose(
            0 if g is None else g, 0 if w is None else w, rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("name", gradient_programs.INSIDE)
def test_tensorflow_lacks_what_it_lacks_in_its_own_files(answers, name):
    assert answers[name] in ("AssertionError", "TypeError")


def test_what_was_left_out_is_refused(answers):
    assert "No gradient defined for operation" in answers["without"]
