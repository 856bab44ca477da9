"""Loops that step back by rows: LLVM must not be asked to make vectors of them.

Expected values come from the op-by-op backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf


@pytest.mark.parametrize(
    "program",
    [
        lambda x: tf.reduce_logsumexp(tf.reverse(x, [1]), 1),
        lambda x: tf.math.cumprod(tf.reduce_max(x[:, ::-1], 1), 0, reverse=True),
        lambda x: tf.reduce_sum(x[:, ::-2] * x[:, ::2], 1),
        lambda x: tf.reduce_min(tf.transpose(tf.reverse(x, [1]), [0, 2, 1]), 2),
    ],
)
def test_folds_that_run_backwards_through_rows(program: Any) -> None:
    # LLVM 22 aborts the process where it makes vectors of such loops
    x = tf.constant(np.random.default_rng(5).uniform(0.5, 1.2, (2, 23, 4)), tf.float32)
    wanted = tf.function(program, jit_compile=False)(x)
    np.testing.assert_allclose(tf.function(program)(x), wanted, rtol=1e-5)
