"""`tf.debugging` against the classes and texts of TensorFlow's errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from golden.text_rows import CHECKS

import rillet as tf

D = tf.debugging
TEXTS = json.loads(
    (Path(__file__).parents[1] / "golden" / "texts.json").read_text(encoding="utf-8")
)
NAMES = {"tf": tf, "np": np, "D": D}

# Where TensorFlow's text is an accident of its inside (a C++ node, a missing line, a
# Python error of its own): what rillet says instead.
OWN = {
    "D.assert_equal([1,2],[1.,2.])": ("InvalidArgumentError", "Cannot convert list"),
    "D.assert_equal([1,2],[1,2,3])": ("InvalidArgumentError", "Incompatible shapes"),
    "D.assert_non_positive([1,-2])": (
        "InvalidArgumentError",
        "\nCondition x <= 0 did not hold element-wise:\nx (shape=(2,) dtype=int32) = \n"
        "['1', '-2']",
    ),
    "D.assert_near([1],[2])": ("ValueError", "must be floating or complex"),
    "D.assert_near(tf.constant([1.],tf.bfloat16),tf.constant([1.5],tf.bfloat16))": (
        "InvalidArgumentError",
        "x and y not equal to tolerance rtol = tf.Tensor(0.0781",
    ),
    "D.assert_near([1.],tf.constant([1.1],tf.float64))": (
        "ValueError",
        "Tensor conversion requested dtype float32 for Tensor with dtype float64",
    ),
    'D.check_numerics([1],"msg")': ("InvalidArgumentError", "int32 is not in the list"),
    "D.Assert(tf.constant([True,False]),[1])": ("ValueError", "is ambiguous"),
    "D.assert_proper_iterable(tf.ones(2))": ("TypeError", '"proper" iterable.  Found:'),
    "tf.ensure_shape(tf.ones([2,3]),[2,2])": ("InvalidArgumentError", "not compatible"),
}


def said(text: str) -> str:
    """A text of TensorFlow's without the name of its C++ node."""
    text = text.rpartition("device:CPU:0}} ")[2]
    return text.partition(" [Op:")[0]


@pytest.mark.parametrize("row", CHECKS)
def test_says_what_tensorflow_says(row: str) -> None:
    want = TEXTS[row]
    if "result" in want:
        assert repr(eval(row, NAMES)) == want["result"]
        return
    kind, text = OWN.get(row, (want["error"], None))
    error = getattr(tf.errors, kind, None) or getattr(__import__("builtins"), kind)
    with pytest.raises(error) as caught:
        eval(row, NAMES)
    if text is None:
        assert str(caught.value) == said(want["text"])
    else:
        assert text in str(caught.value)


def test_strings_compare() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"of x:\n\[b'a'\]"):
        D.assert_equal("a", "b")
    D.assert_equal(["a"], tf.constant(["a"]))


def test_gradients_pass_checks_and_are_checked() -> None:
    x = tf.constant([1.0, 0.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = D.check_numerics(x, "x")
        z = tf.reduce_sum(tf.sqrt(y))
    assert tape.gradient(y, x).numpy().tolist() == [1.0, 1.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="detected in gradient. x"):
        tape.gradient(z, x)


WATCHED = [
    (lambda: tf.math.log(-1.0), '"Log"', "NaN values"),
    (lambda: tf.constant(1.0) / 0.0, '"RealDiv"', r"\+Inf values"),
    (lambda: tf.constant([np.nan, np.inf]) + 1.0, '"AddV2"', r"\+Inf and NaN values"),
    (lambda: tf.constant([np.nan, np.inf, -np.inf]) * 1.0, '"Mul"', "-Inf, .Inf, and"),
    (lambda: tf.cast(1e10, tf.float16), '"Cast"', r"\+Inf elements: 1"),
]


@pytest.fixture
def watched():
    D.enable_check_numerics()
    D.enable_check_numerics(stack_height_limit=1)
    yield
    D.disable_check_numerics()
    D.disable_check_numerics()


@pytest.mark.parametrize(("make", "op", "text"), WATCHED)
def test_the_watch(watched, make, op: str, text: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=text) as caught:
        make()
    assert f"output 0 of eagerly-executing op {op} (# of" in str(caught.value)


def test_the_watch_says_as_tensorflow_does(watched) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.constant([[1.0, np.nan]]) * 2.0
    assert str(caught.value) == (
        '\n\n!!! Detected Infinity or NaN in output 0 of eagerly-executing op "Mul"'
        " (# of outputs: 1) !!!\n  dtype: <dtype: 'float32'>\n  shape: (1, 2)\n"
        "  # of +NaN elements: 1\n\n  Input tensors (2):\n"
        "         0: tf.Tensor([[ 1. nan]], shape=(1, 2), dtype=float32)\n"
        "         1: tf.Tensor(2.0, shape=(), dtype=float32)\n\n"
        " : Tensor had NaN values"
    )


def test_the_watch_tells_of_large_tensors_form_and_range(watched) -> None:
    x = tf.constant(np.linspace(-3.0, 4.0, 200, dtype=np.float32).reshape(100, 2))
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.math.log(x)
    lines = str(caught.value).splitlines()
    # of 200 steps from -3 to 4 the first 86 are below 0
    assert lines[-3:] == [
        "  Input tensor: float32[100, 2] from -3 to 4",
        "",
        " : Tensor had NaN values",
    ]
    assert "  # of +NaN elements: 86" in lines
    assert lines[3].startswith("  likely cause: log of zero")


def test_the_watch_lets_through_what_others_made(watched) -> None:
    x = tf.constant([np.nan, 1.0])
    for y in (tf.identity(x), tf.reshape(x, [1, 2]), tf.concat([x, x], 0), x[:1]):
        assert np.isnan(y.numpy()).any()
    tf.Variable(x).assign(x)
    tf.constant([1]) + 2


def test_the_watch_sees_gradients(watched) -> None:
    x = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.sqrt(x)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Infinity or NaN"):
        tape.gradient(y, x)


def test_after_the_watch() -> None:
    assert np.isnan(tf.math.log(-1.0).numpy())


def test_settings() -> None:
    assert D.is_traceback_filtering_enabled()
    D.disable_traceback_filtering()
    assert not D.is_traceback_filtering_enabled()
    D.enable_traceback_filtering()
    assert D.get_log_device_placement() is False
    D.set_log_device_placement(True)
    assert D.get_log_device_placement() is True
    D.set_log_device_placement(False)


def test_determinism_refuses_unseeded_draws() -> None:
    from rillet.ops import seeds

    tf.config.experimental.enable_op_determinism()
    try:
        assert seeds.is_op_determinism_enabled()
    finally:
        seeds.disable_op_determinism()
