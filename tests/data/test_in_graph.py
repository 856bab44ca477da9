"""Datasets inside `tf.function`: loops, iterators, reductions, datasets made there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

Dataset = tf.data.Dataset


def zero() -> Any:
    return tf.constant(0, tf.int64)


def test_for_over_a_dataset() -> None:
    @tf.function
    def total(dataset: Any) -> Any:
        result = zero()
        for x in dataset:
            if x == 1:
                continue
            if x > 5:
                break
            result += x
        return result

    assert int(total(Dataset.range(100))) == 0 + 2 + 3 + 4 + 5
    assert int(total(Dataset.range(0))) == 0


def test_variables_change_in_every_round() -> None:
    weight = tf.Variable(1.0)

    @tf.function
    def train(dataset: Any) -> None:
        for x, y in dataset:
            with tf.GradientTape() as tape:
                loss = (weight * x - y) ** 2
            weight.assign_sub(0.1 * tape.gradient(loss, weight))

    pairs = ([1.0, 2.0], [2.0, 4.0])
    train(Dataset.from_tensor_slices(pairs).repeat(3))
    expected = 1.0
    for x, y in [(1.0, 2.0), (2.0, 4.0)] * 3:
        expected -= 0.1 * 2 * (expected * x - y) * x
    assert float(weight) == pytest.approx(expected, rel=1e-5)


def test_gradients_flow_through_a_loop_over_a_dataset() -> None:
    @tf.function
    def weighted(w: Any) -> Any:
        result = tf.constant(0.0)
        for x in Dataset.from_tensor_slices([1.0, 2.0, 3.0]):
            result += w * w * x
        return result

    with tf.GradientTape() as tape:
        w = tf.Variable(2.0)
        y = weighted(w)
    assert float(y) == 24.0
    assert float(tape.gradient(y, w)) == 24.0


def test_datasets_of_the_function_s_own_tensors() -> None:
    @tf.function
    def scaled(n: Any, rows: Any) -> Any:
        result = zero()
        for x in Dataset.range(n).map(lambda v: v * n).filter(lambda v: v != n):
            result += x
        first = Dataset.from_tensor_slices(rows).map(lambda r: r + rows[0])
        return result, first.reduce(0.0, lambda a, b: a + b)

    for n in (3, 5):
        found, total = scaled(tf.constant(n, tf.int64), tf.constant([1.0, 2.0, 3.0]))
        assert int(found) == sum(v * n for v in range(n) if v != 1)
        assert float(total) == 9.0


def test_iterators_made_inside() -> None:
    @tf.function
    def first_two(dataset: Any) -> Any:
        iterator = iter(dataset)
        return next(iterator), iterator.get_next()

    assert [int(x) for x in first_two(Dataset.range(5, 9))] == [5, 6]
    with pytest.raises(tf.errors.OutOfRangeError, match="End of sequence"):
        first_two(Dataset.range(1))


def test_iterators_from_outside_go_on() -> None:
    iterator = iter(Dataset.range(10))

    @tf.function
    def step(it: Any) -> Any:
        return next(it)

    @tf.function
    def some(it: Any) -> Any:
        result = zero()
        for x in it:
            result += x
            if result > 6:
                break
        return result

    assert [int(step(iterator)), int(next(iterator)), int(step(iterator))] == [0, 1, 2]
    assert int(some(iterator)) == 3 + 4
    assert int(next(iterator)) == 5


def test_optionals_in_a_loop() -> None:
    @tf.function
    def total(it: Any) -> Any:
        result = zero()
        held = it.get_next_as_optional()
        while held.has_value():
            result += held.get_value()
            held = it.get_next_as_optional()
        return result

    assert int(total(iter(Dataset.range(5)))) == 10


def test_datasets_within_datasets() -> None:
    @tf.function
    def total(dataset: Any) -> Any:
        result = zero()
        for window in dataset.window(3):
            for x in window:
                result += x * 10
        return result

    assert int(total(Dataset.range(7))) == 210


def test_enumerate_and_zip() -> None:
    @tf.function
    def weighted(a: Any, b: Any) -> Any:
        result = zero()
        for i, x in enumerate(a, 1):
            result += i * x
        for x, y in zip(a, b, strict=False):
            result += x * y
        return result

    found = weighted(Dataset.range(4), Dataset.range(3, 9))
    assert int(found) == 20 + (0 * 3 + 1 * 4 + 2 * 5 + 3 * 6)


def test_reduce_and_single_element() -> None:
    @tf.function
    def both(dataset: Any) -> Any:
        total = dataset.reduce(np.int64(0), lambda a, b: a + b)
        return total, dataset.skip(2).take(1).get_single_element()

    assert [int(x) for x in both(Dataset.range(1, 5))] == [10, 3]


def test_a_variable_set_only_in_the_loop() -> None:
    @tf.function
    def last(dataset: Any) -> Any:
        for x in dataset:
            found = x * 2
        return found

    assert int(last(Dataset.range(4))) == 6
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least once"):
        last(Dataset.range(0))


def test_a_dataset_of_a_function_s_tensors_stays_inside() -> None:
    kept: list[Any] = []

    @tf.function
    def leak(n: Any) -> Any:
        kept.append(Dataset.range(n))
        return n

    leak(tf.constant(3, tf.int64))
    with pytest.raises(TypeError, match="made inside a function"):
        list(kept[0])


def test_variables_made_by_a_mapped_function() -> None:
    layer = tf.keras.layers.Dense(2, kernel_initializer="ones")
    dataset = Dataset.from_tensor_slices([[1.0, 2.0]]).batch(1).map(layer)
    assert [x.numpy().tolist() for x in dataset] == [[[3.0, 3.0]]]
    assert len(layer.weights) == 2
