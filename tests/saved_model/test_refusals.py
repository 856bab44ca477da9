"""What no file can hold is named in the program's words, with what to do."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf


def _slope(function):
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(function(x))
        return tape.gradient(y, x)

    return run


def _drawn(generator):
    return lambda x: tf.cast(generator.binomial([2], 3.0, 0.5), x.dtype) + x


def _saved(function, spec, folder, **held):
    module = tf.Module()
    module.run = tf.function(function, input_signature=[spec])
    for name, value in held.items():
        setattr(module, name, value)
    tf.saved_model.save(module, folder)
    return module


ANY = tf.TensorSpec(None)
PICTURES = tf.TensorSpec([None, None, None, 3])
CASES = {
    "rank": (
        _slope(lambda x: tf.reduce_max(x, 0) * tf.ones_like(x)),
        ANY,
        "the gradient of reduce_max cannot be written where the number of dimensions"
        r" is not known: .*File .*test_refusals.*\. Say it, with input_signature",
    ),
    "area": (
        _slope(lambda x: tf.image.resize(x, [4, 4], method="area")),
        PICTURES,
        "the gradient of image.resize with method='area' has no counterpart",
    ),
    "python": (
        lambda x: tf.py_function(lambda y: y + 1.0, [x], tf.float32),
        ANY,
        "calls Python, which a SavedModel cannot hold: .*Use TensorFlow's functions",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_messages_speak_the_programs_words(name, tmp_path):
    function, spec, words = CASES[name]
    with pytest.raises(tf.errors.UnimplementedError, match=words):
        _saved(function, spec, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_draws_that_tensorflow_lacks(tmp_path):
    generator = tf.random.Generator.from_seed(1)
    with pytest.raises(tf.errors.UnimplementedError, match="random.Generator.binomial"):
        _saved(_drawn(generator), ANY, tmp_path / "model", generator=generator)


@pytest.mark.parametrize("shape", [[2], [2, 3], [2, 1, 3]])
def test_sums_of_any_rank_are_saved(shape, tmp_path):
    def function(x):
        both = tf.sin(x) * x + tf.reduce_sum(x, 0, keepdims=True)
        return both * tf.reduce_sum(x * 2.0) + tf.reduce_sum(x + tf.reduce_sum(x, 0))

    module = _saved(_slope(function), ANY, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    x = tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
    wanted = _slope(function)(x)
    np.testing.assert_allclose(module.run(x), wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(loaded.run(x), wanted, rtol=1e-4, atol=1e-4)
