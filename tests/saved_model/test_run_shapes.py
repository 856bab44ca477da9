"""Readers where only the run knows shapes and numbers, beside TensorFlow 2.21."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.saved_model.reader_table import reader_of

ANY = tf.TensorSpec(None)
ROW = tf.TensorSpec([None])
WHOLE = tf.TensorSpec(None, tf.int32)


def read(op: str, *specs: tf.TensorSpec, **attrs: Any) -> Any:
    """A traced function of one node."""
    step = SimpleNamespace(op=op, name="node", attrs=attrs)
    reader = reader_of(op)
    assert reader is not None
    return tf.function(
        lambda *inputs: reader(None, step, list(inputs))[0], input_signature=specs
    )


@pytest.mark.parametrize("spec", [ANY, ROW], ids=["rank", "length"])
@pytest.mark.parametrize("op", ["Equal", "NotEqual"])
def test_shapes_that_cannot_go_together_are_no(spec, op):
    run = read(op, spec, spec, incompatible_shape_error=False)
    alike = op == "Equal"
    pairs = {
        ((1.0, 2.0), (1.0, 2.0, 3.0)): not alike,
        ((1.0, 2.0), (1.0, 3.0)): [alike, not alike],
        ((1.0,), (1.0, 3.0)): [alike, not alike],
    }
    for (x, y), wanted in pairs.items():
        found = run(tf.constant(x), tf.constant(y)).numpy()
        np.testing.assert_array_equal(found, wanted)


def test_ranks_may_differ():
    run = read("Equal", ANY, ANY, incompatible_shape_error=False)
    found = run([[1.0], [2.0]], [1.0, 2.0])
    np.testing.assert_array_equal(found, [[True, False], [False, True]])
    assert run([[1.0, 2.0, 3.0]], [1.0, 2.0]).shape == []
    assert run(tf.ones([0]), tf.ones([1])).shape == [0]


COUNTED = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32), ROW)


def test_no_weights_are_weights_of_one():
    run = read("Bincount", *COUNTED)
    values = tf.constant([1, 2, 2, 9])
    np.testing.assert_array_equal(run(values, 4, tf.zeros([0])), [0, 1, 2, 0])
    halves = tf.constant([0.5, 0.5, 1.0, 3.0])
    np.testing.assert_array_equal(run(values, 4, halves), [0, 0.5, 1.5, 0])
    none = tf.zeros([0], tf.int32)
    np.testing.assert_array_equal(run(none, 2, tf.zeros([0])), [0, 0])


@pytest.mark.parametrize(
    ("values", "weights", "words"),
    [([1, 2], [0.5], "one for each value"), ([1, -2], [], "may be negative")],
)
def test_counts_are_refused(values, weights, words):
    run = read("Bincount", *COUNTED)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(tf.constant(values), 4, tf.constant(weights, tf.float32))


ENDS = (tf.TensorSpec([]), tf.TensorSpec([]))


def test_the_run_says_how_many_bits():
    count = tf.TensorSpec([], tf.int32)
    run = read("QuantizeAndDequantizeV3", ROW, *ENDS, count)
    x = tf.constant([-1.3, 0.2, 1.7])
    wanted = [-1.3070866, 0.2047244, 1.7007874]
    np.testing.assert_allclose(run(x, -1.0, 2.0, 8), wanted, rtol=1e-6)
    np.testing.assert_array_equal(run(x, -1.0, 2.0, 2), [-2.0, 0.0, 2.0])
    for bits in (0, 62, -3):
        with pytest.raises(tf.errors.InvalidArgumentError, match="from 1 to 61"):
            run(x, -1.0, 2.0, bits)


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_given_ranges_are_two_numbers_in_order(version):
    op = f"QuantizeAndDequantize{version}"
    run = read(op, ROW, *ENDS, range_given=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not be above input_max"):
        run(tf.ones([3]), 2.0, -1.0)
    run = read(op, tf.TensorSpec([None, 2]), ROW, ROW, range_given=True, axis=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="two numbers, .* axis=1"):
        run(tf.ones([3, 2]), tf.zeros([2]), tf.ones([2]))


def test_nothing_is_no_number_of_steps():
    run = read("LinSpace", *ENDS, tf.TensorSpec([], tf.int32))
    np.testing.assert_array_equal(run(0.0, 1.0, 3), [0.0, 0.5, 1.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="num must be at least 1"):
        run(0.0, 1.0, 0)


@pytest.mark.parametrize("axis", [WHOLE, tf.TensorSpec([1], tf.int32)])
def test_an_axis_may_be_a_vector_of_one(axis):
    run = read("ConcatV2", ROW, ROW, axis)
    joined = run(tf.ones([2]), tf.zeros([1]), tf.constant([0]))
    np.testing.assert_array_equal(joined, [1.0, 1.0, 0.0])


def test_an_axis_is_one_number():
    run = read("ConcatV2", ROW, ROW, tf.TensorSpec([2], tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="the axis is one number"):
        run(tf.ones([2]), tf.zeros([1]), tf.constant([0, 0]))
