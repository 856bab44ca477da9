"""Calls of signatures that do not fit: TensorFlow's classes, and what was wanted.

What each call raises in TensorFlow 2.21 is `tests/foreign/test_files.py`'s to show.
"""

from __future__ import annotations

import golden_calls
import numpy as np
import pytest

import rillet as tf

BAD = (TypeError, tf.errors.InvalidArgumentError)
X, Y = tf.ones([2, 3]), tf.constant([1, 2])
ROWS = tf.ragged.constant([[1.0, 2.0, 3.0]])
#: Arguments of a signature of x, float32 of shape (None, 3), and y, int32 of shape
#: (2,); the class of the error, and what it says.
REFUSED = {
    "type": ([], {"x": tf.cast(X, tf.float64), "y": Y}, BAD[1],
             r"'x' was expected to be a float32 tensor of shape \(None, 3\): got a"
             r" float64 tensor of shape \(2, 3\).* Give tf.cast\(x, tf.float32\)"),
    "missing": ([], {"x": X}, BAD[0], "missing required arguments: 'y'; it takes"
                " 'x', 'y'"),
    "surplus": ([], {"x": X, "y": Y, "q": Y}, BAD[0],
                "unexpected keyword argument: 'q'; it takes 'x', 'y'"),
    "name": ([], {"x": X, "w": Y}, BAD[0], "'y'; it takes 'x', 'y'; got the unknown"),
    "nothing": ([], {}, BAD[0], "missing required arguments: 'x', 'y'"),
    "text": ([], {"x": "abc", "y": Y}, BAD[0], r"'x' takes float32 of shape \(None, "),
    "none": ([], {"x": None, "y": Y}, BAD[0], "'x' must be a Tensor of float32: got N"),
    "float": ([], {"x": X, "y": [1.5, 2.0]}, BAD[0], r"'y' takes int32 of shape \(2,"),
    "ragged": ([], {"x": ROWS, "y": Y}, BAD[0], "'x' must be a Tensor of float32: got"),
    "scalar": ([], {"x": X, "y": tf.constant(1)}, BAD[1],
               r"work on inputs of these shapes: 'y' takes shape \(2,\), got \(\)"),
    "place": ([X], {"y": Y}, BAD[0], "takes 0 positional arguments: got 1. Give them by"
              " name: x=..., y=..."),
}  # fmt: skip
#: Arguments that TensorFlow takes too, other sizes than were declared among them.
TAKEN = {
    "sizes": {"x": tf.ones([2, 4]), "y": Y},
    "rank": {"x": tf.ones([3]), "y": Y},
    "more": {"x": X, "y": tf.constant([1, 2, 3])},
    "array": {"x": np.ones((2, 3)), "y": np.array([1, 2])},
    "list": {"x": [[1, 2, 3]], "y": [1, 2]},
    "variable": {"x": tf.Variable(X), "y": Y},
}


class Model(tf.Module):
    """A signature of two tensors, and one of one."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32, "x"),
            tf.TensorSpec([2], tf.int32, "y"),
        ]
    )
    def two(self, x, y):
        return {"z": x + tf.cast(y[0], tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def one(self, x):
        return {"z": x * 2.0}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    model, folder = Model(), tmp_path_factory.mktemp("model")
    tf.saved_model.save(model, folder, {"two": model.two, "one": model.one})
    return tf.saved_model.load(folder)


@pytest.mark.parametrize("name", REFUSED)
def test_a_call_that_does_not_fit_says_what_came_and_what_is_taken(name, loaded):
    args, kwargs, kind, text = REFUSED[name]
    with pytest.raises(BAD, match=f"^two: .*{text}") as found:
        loaded.signatures["two"](*args, **kwargs)
    assert isinstance(found.value, kind)


@pytest.mark.parametrize("name", TAKEN)
def test_other_sizes_run_where_the_ops_can(name, loaded):
    given = TAKEN[name]
    found = loaded.signatures["two"](**given)["z"].numpy()
    np.testing.assert_array_equal(found, np.asarray(given["x"], np.float32) + 1)


def test_one_argument_may_come_by_place(loaded):
    found = loaded.signatures["one"](tf.ones([2, 4]))["z"]
    assert found.shape == (2, 4)
    with pytest.raises(TypeError, match="takes 1 positional argument: got 2"):
        loaded.signatures["one"](X, X)


def test_other_sizes_have_gradients_too(loaded):
    x = tf.ones([5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = loaded.signatures["one"](x)["z"]
    np.testing.assert_array_equal(tape.gradient(z, x).numpy(), [2.0] * 5)


def test_a_function_of_declared_arguments_refuses_others_by_type(loaded):
    with pytest.raises(TypeError, match="Could not find matching concrete function"):
        loaded.two(tf.ones([2, 4]), Y)


def test_graphs_of_version_one_word_it_alike(tmp_path):
    golden_calls.unpacked("v1_classifier", tmp_path)
    served = tf.saved_model.load(tmp_path).signatures["serving_default"]
    images = tf.zeros([1, 6, 6, 1])
    assert set(served(images)) == {"classes", "probabilities"}
    with pytest.raises(TypeError, match="^serving_default: missing.*'images'"):
        served(pictures=images)
    with pytest.raises(tf.errors.InvalidArgumentError, match="'images' was expected"):
        served(images=tf.cast(images, tf.float64))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\(None, 6, 6, 1\), got"):
        served(images=tf.zeros([1, 6]))
