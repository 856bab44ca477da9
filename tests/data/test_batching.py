"""A function run on many elements gives, bit for bit, what it gives on each.

The expected values come from the same function called eagerly, element by element.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.data.order import shuffled, shuffled_in_parts
from rillet.data.plan import PLAIN
from rillet.ops import philox

RANDOM = np.random.default_rng(7)
IMAGES = RANDOM.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
REALS = RANDOM.normal(size=(6, 3, 4)).astype(np.float32)
WHOLE = RANDOM.integers(-9, 9, (6, 3, 4)).astype(np.int64)
SMALL = RANDOM.integers(0, 5, 6).astype(np.int32)
TEXTS = np.array([b"a", b"Bc", b"", b"d e", b"F", b"  g"], object)
TABLE = tf.constant(RANDOM.normal(size=(5, 2)).astype(np.float32))
SCALE = tf.Variable([1.0, 2.0, 3.0, 4.0])

#: The components of an element and a function of it; all of these run in batches.
BATCHED: dict[str, tuple[Any, Any]] = {
    "scale": (IMAGES, lambda x: tf.cast(x, tf.float32) / 255.0),
    "flatten": (IMAGES, lambda x: tf.reshape(x, [-1])),
    "flatten by shape": (IMAGES, lambda x: tf.reshape(x, (1, 4 * 5 * 3))),
    "squeeze": (REALS, lambda x: tf.squeeze(tf.expand_dims(x, 0))),
    "expand at the end": (REALS, lambda x: x[..., tf.newaxis]),
    "broadcast a row": (REALS, lambda x: x + [1.0, 2.0, 3.0, 4.0]),
    "broadcast a column": (REALS, lambda x: x * tf.constant([[1.0], [2.0], [3.0]])),
    "ranks that differ": ((REALS, SMALL), lambda x, n: x * tf.cast(n, tf.float32)),
    "functions": (REALS, lambda x: tf.tanh(x) + tf.exp(-tf.abs(x)) - tf.sigmoid(x)),
    "where": (REALS, lambda x: tf.where(x > 0.0, x, -1.0)),
    "clip": (REALS, lambda x: tf.clip_by_value(x, -0.5, 0.5)),
    "variable": (REALS, lambda x: x * SCALE),
    "one_hot": (SMALL, lambda n: tf.one_hot(n, 5)),
    "look up": (SMALL, lambda n: tf.gather(TABLE, n)),
    "transpose": (REALS, lambda x: tf.transpose(x)),
    "permute": (IMAGES, lambda x: tf.transpose(x, [2, 0, 1])),
    "reduce_max": (REALS, lambda x: tf.reduce_max(x, axis=-1)),
    "reduce_max of all": (REALS, lambda x: tf.reduce_max(x)),
    "reduce_any": (WHOLE, lambda x: tf.reduce_any(x > 7, axis=[0, 1])),
    "argmax": (REALS, lambda x: tf.argmax(x, axis=-1)),
    "argmax first": (REALS, lambda x: tf.argmax(x)),
    "stack": (REALS, lambda x: tf.stack([x, x * 2.0], axis=1)),
    "stack last": (SMALL, lambda n: tf.stack([n, 7, n * n], axis=-1)),
    "concat": (REALS, lambda x: tf.concat([x, tf.zeros([3, 2])], axis=1)),
    "slice": (REALS, lambda x: x[1:, ::2]),
    "slice back": (REALS, lambda x: x[::-1, -2]),
    "slice of an ellipsis": (IMAGES, lambda x: x[..., 1]),
    "tf.slice": (REALS, lambda x: tf.slice(x, [0, 1], [2, -1])),
    "reverse": (IMAGES, lambda x: tf.reverse(x, axis=[1])),
    "flip": (IMAGES, lambda x: tf.image.flip_left_right(x)),
    "resize": (IMAGES, lambda x: tf.image.resize(x, [6, 7])),
    "gray": (IMAGES, lambda x: tf.image.convert_image_dtype(x, tf.float32)),
    "pad": (REALS, lambda x: tf.pad(x, [[1, 0], [2, 1]])),
    "pad mirrored": (REALS, lambda x: tf.pad(x, [[1, 1], [0, 2]], "REFLECT")),
    "tile": (REALS, lambda x: tf.tile(x, [2, 1])),
    "whole numbers": (WHOLE, lambda x: x // 3 + x % 4),
    "texts": (TEXTS, lambda t: tf.strings.length(tf.strings.lower(t))),
    "to dictionaries": ((REALS, SMALL), lambda x, n: {"x": x, "n": (n, n + 1)}),
    "constants": (SMALL, lambda n: (n, 1.5, tf.constant([1, 2]))),
    "sizes": (REALS, lambda x: tf.cast(tf.shape(x)[1], tf.float32) * x),
}

#: These must not be: their outcome depends on the order, or on sizes in the data.
ONE_BY_ONE: dict[str, tuple[Any, Any]] = {
    "random": (REALS, lambda x: x + tf.random.uniform([], seed=1)),
    "sizes from data": (SMALL, lambda n: tf.range(n)),
    "matmul": (REALS, lambda x: tf.matmul(x, x, transpose_b=True)),
    "sum of floats": (REALS, lambda x: tf.reduce_sum(x)),
    "branches": (SMALL, lambda n: n * 10 if n > 2 else -n),
    "mask": (WHOLE, lambda x: tf.boolean_mask(x, x > 0)),
    "python": (SMALL, lambda n: tf.numpy_function(lambda v: v + 1, [n], tf.int32)),
}

#: These draw random numbers: they may run in batches only in the elements' order.
DRAWING: dict[str, tuple[Any, Any]] = {
    "uniform": (REALS, lambda x: x + tf.random.uniform([4], seed=1)),
    "double": (SMALL, lambda n: tf.random.uniform([3], dtype=tf.float64, seed=2)),
    "normal": (SMALL, lambda n: tf.random.normal([5], seed=3)),
    "whole": (SMALL, lambda n: tf.random.uniform([2], -3, 9, tf.int32, seed=4)),
    "flip": (IMAGES, lambda x: tf.image.random_flip_left_right(x, seed=5)),
    "flip down": (IMAGES, lambda x: tf.image.random_flip_up_down(x, seed=6)),
    "brightness": (IMAGES, lambda x: tf.image.random_brightness(x, 0.3, seed=7)),
    "crop": (IMAGES, lambda x: tf.image.random_crop(x, [2, 3, 3], seed=8)),
    "several": (
        IMAGES,
        lambda x: tf.image.random_crop(
            tf.image.random_flip_left_right(tf.cast(x, tf.float32) / 9.0, 1), [3, 3, 3]
        ),
    ),
}


def flat(element: Any) -> list[np.ndarray[Any, Any]]:
    parts = tf.nest.flatten(element)
    return [np.asarray(tf.convert_to_tensor(part)) for part in parts]


def eagerly(parts: Any, function: Any) -> list[Any]:
    several = isinstance(parts, tuple)
    count = len(parts[0] if several else parts)
    return [
        function(*[tf.constant(p[i]) for p in (parts if several else (parts,))])
        for i in range(count)
    ]


@pytest.mark.parametrize("name", sorted(BATCHED))
def test_same_as_one_by_one(name: str) -> None:
    parts, function = BATCHED[name]
    dataset = tf.data.Dataset.from_tensor_slices(parts).map(function)
    assert dataset._plan.has_rows
    expected = [flat(element) for element in eagerly(parts, function)]
    for element, wanted in zip(dataset, expected, strict=True):
        for a, b in zip(flat(element), wanted, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    for i, batch in enumerate(dataset.batch(4)):
        for k, column in enumerate(flat(batch)):
            wanted_rows = [row[k] for row in expected[i * 4 : i * 4 + 4]]
            np.testing.assert_array_equal(column, np.stack(wanted_rows))
    for spec, column in zip(
        tf.nest.flatten(dataset.element_spec), expected[0], strict=True
    ):
        assert spec.shape == column.shape


@pytest.mark.parametrize("name", sorted(ONE_BY_ONE))
def test_runs_one_by_one(name: str) -> None:
    parts, function = ONE_BY_ONE[name]
    dataset = tf.data.Dataset.from_tensor_slices(parts).map(function)
    assert not dataset._plan.has_rows
    found = [flat(element) for element in dataset]
    if name == "random":
        assert len({float(a[0][0, 0]) for a in found}) == 6
        return
    if name == "branches":
        function = tf.function(function)
    for a, b in zip(found, eagerly(parts, function), strict=True):
        np.testing.assert_array_equal(a[0], flat(b)[0])


def test_rows_before_a_failing_one_are_given() -> None:
    dataset = tf.data.Dataset.from_tensor_slices([4, 2, 0, 1]).map(lambda x: 8 // x)
    iterator = iter(dataset)
    assert [int(next(iterator)), int(next(iterator))] == [2, 4]
    with pytest.raises(tf.errors.InvalidArgumentError, match="zero"):
        next(iterator)


def test_a_function_that_captures_an_array_keeps_its_value() -> None:
    offset = np.array([1, 2, 3])
    dataset = tf.data.Dataset.range(3).map(lambda n: n + offset)
    offset[:] = 0
    assert [x.numpy().tolist() for x in dataset][2] == [3, 4, 5]


def test_shuffled_batches_hold_the_rows_of_the_shuffled_elements() -> None:
    parts = (IMAGES, SMALL)
    dataset = tf.data.Dataset.from_tensor_slices(parts).map(
        lambda x, n: (tf.cast(x, tf.float32) / 255.0, n)
    )
    one = [int(n) for _, n in dataset.shuffle(3, seed=5)]
    many = [n for _, batch in dataset.shuffle(3, seed=5).batch(4) for n in batch]
    assert one == [int(n) for n in many]
    assert sorted(one) == sorted(SMALL.tolist())


@pytest.mark.parametrize("name", sorted(DRAWING))
def test_random_functions_draw_as_one_by_one(name: str) -> None:
    parts, function = DRAWING[name]
    tf.random.set_seed(3)
    dataset = tf.data.Dataset.from_tensor_slices(parts).map(function)
    tf.random.set_seed(None)
    plan = dataset._plan
    assert plan.flows and not plan.has_rows
    call = plan._function.start(PLAIN)
    source = tf.data.Dataset.from_tensor_slices(parts)
    expected = [call((x,))[0] for x in source.as_numpy_iterator()]
    for _ in range(2):
        found = [x.numpy() for x in dataset]
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
    rows = np.concatenate([x.numpy() for x in dataset.batch(4)])
    np.testing.assert_array_equal(rows, np.stack(expected))
    assert dataset.element_spec.shape == expected[0].shape


def test_a_shuffle_draws_before_it_orders() -> None:
    parts = np.arange(6.0, dtype=np.float32)
    dataset = tf.data.Dataset.from_tensor_slices(parts).map(
        lambda x: (x, tf.random.uniform([], seed=1))
    )
    drawn = {float(x): float(u) for x, u in dataset}
    for x, u in dataset.shuffle(6, seed=2):
        assert drawn[float(x)] == float(u)


@pytest.mark.parametrize("count", [1, 7, 64, 65, 201])
@pytest.mark.parametrize("size", [1, 3, 50, 300])
def test_orders_found_in_parts_are_the_whole_order(count: int, size: int) -> None:
    stream = philox.from_seeds(count, size)
    for part in (4, 16, 64):
        parts = list(shuffled_in_parts(stream, count, size, part))
        assert max(map(len, parts)) <= part
        whole = shuffled(stream, count, size)
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_shuffle_of_very_many_rows_begins_at_once() -> None:
    dataset = tf.data.Dataset.range(10**12).shuffle(3, seed=1).take(4)
    wanted = tf.data.Dataset.range(50).shuffle(3, seed=1).take(4)
    assert [int(x) for x in dataset] == [int(x) for x in wanted]
