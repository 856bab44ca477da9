"""Steps of training through loops that carry arrays, saved and loaded: the same."""

from __future__ import annotations

import numpy as np
import pytest
from looped_training import PROGRAMS, make, trained

import rillet as tf


@pytest.mark.parametrize("name", PROGRAMS)
def test_steps_go_on(name, tmp_path):
    made = make(tf, name)
    tf.saved_model.save(made, tmp_path)
    losses, weights = trained(tf, made, name)
    assert losses[2] < losses[1] < losses[0]
    again, found = trained(tf, tf.saved_model.load(tmp_path), name)
    np.testing.assert_allclose(again, losses, rtol=1e-5)
    for mine, theirs in zip(found, weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
