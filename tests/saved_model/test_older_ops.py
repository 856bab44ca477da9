"""Gradients of ops that older programs hold, by what TensorFlow says they are."""

from __future__ import annotations

import numpy as np
import pytest
from golden_calls import unpacked

import rillet as tf

#: Where the golden model's `rounded` has each version of the op, with a given range.
PLACES = {"V2": 0, "V4": 6, "V3": 12}


@pytest.mark.parametrize("version", PLACES)
def test_gradients_pass_the_rounding(version, tmp_path):
    unpacked("older_ops", tmp_path)
    model = tf.saved_model.load(tmp_path)
    x = tf.constant([[-3.0, -1.5, 0.25], [1.0, 2.0, 2.5]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model.rounded(x)[PLACES[version]]
    # The fourth version holds gradients back outside the range; the others never do.
    passes = (x.numpy() >= -1.5) & (x.numpy() <= 2.0)
    wanted = passes.astype(np.float32) if version == "V4" else np.ones((2, 3))
    np.testing.assert_array_equal(tape.gradient(y, x), wanted)
