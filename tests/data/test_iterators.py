"""Iterators, threads that read ahead, errors in the middle, what programs may ask."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest

import rillet as tf

Dataset = tf.data.Dataset


def numbers(dataset: Any) -> list[int]:
    return [int(x) for x in dataset]


def readers() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "rillet-prefetch"]


def test_iterators_are_independent() -> None:
    dataset = Dataset.range(3)
    first, second = iter(dataset), iter(dataset)
    assert [int(next(first)), int(next(first)), int(next(second))] == [0, 1, 0]
    assert first.element_spec == dataset.element_spec
    assert isinstance(first, tf.data.Iterator)


def test_the_end() -> None:
    iterator = iter(Dataset.range(1))
    next(iterator)
    with pytest.raises(StopIteration):
        next(iterator)
    with pytest.raises(tf.errors.OutOfRangeError, match="End of sequence"):
        iterator.get_next()
    assert not bool(iterator.get_next_as_optional().has_value())


def test_optionals() -> None:
    held = tf.experimental.Optional.from_value({"a": 1})
    assert bool(held.has_value()) and int(held.get_value()["a"]) == 1
    empty = tf.experimental.Optional.empty(held.element_spec)
    assert not bool(empty.has_value())
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not have a value"):
        empty.get_value()


def test_a_reader_keeps_order_and_errors() -> None:
    dataset = Dataset.from_tensor_slices([2, 1, 0, 4]).batch(1)
    dataset = dataset.map(lambda x: 4 // x).prefetch(1)
    iterator = iter(dataset)
    assert [next(iterator).numpy().tolist() for _ in range(2)] == [[2], [4]]
    with pytest.raises(tf.errors.InvalidArgumentError):
        next(iterator)
    assert next(iterator).numpy().tolist() == [1]
    with pytest.raises(StopIteration):
        next(iterator)


def test_a_reader_works_ahead_of_the_program() -> None:
    seen: list[int] = []

    def source() -> Any:
        for i in range(6):
            seen.append(i)
            yield i

    spec = tf.TensorSpec((), tf.int32)
    dataset = Dataset.from_generator(source, output_signature=spec).prefetch(2)
    iterator = iter(dataset)
    assert not seen
    next(iterator)
    limit = time.monotonic() + 5
    while len(seen) < 3 and time.monotonic() < limit:
        time.sleep(0.01)
    assert 3 <= len(seen) < 6


def test_a_reader_ends_with_its_iterator() -> None:
    gc.collect()
    limit = time.monotonic() + 5
    while readers() and time.monotonic() < limit:
        time.sleep(0.01)
    before = len(readers())
    iterator = iter(Dataset.counter().prefetch(1))
    next(iterator)
    assert len(readers()) == before + 1
    del iterator
    gc.collect()
    limit = time.monotonic() + 5
    while len(readers()) > before and time.monotonic() < limit:
        time.sleep(0.01)
    assert len(readers()) == before


def test_calls_that_wait_run_together() -> None:
    together = threading.Barrier(2, timeout=5)

    def wait(x: Any) -> Any:
        together.wait()
        return x * 2

    dataset = Dataset.range(4).map(
        lambda x: tf.numpy_function(wait, [x], tf.int64), num_parallel_calls=2
    )
    assert numbers(dataset) == [0, 2, 4, 6]


def test_ignore_errors_leaves_out_one_element() -> None:
    dataset = Dataset.range(5).map(lambda x: 6 // (x - 2)).ignore_errors()
    assert numbers(dataset) == [-3, -6, 6, 3]


def test_generators_start_anew_and_close() -> None:
    closed: list[bool] = []

    def source() -> Any:
        try:
            yield from range(100)
        finally:
            closed.append(True)

    dataset = Dataset.from_generator(source, output_types=tf.int32)
    assert numbers(dataset.take(2)) == [0, 1]
    assert numbers(dataset.take(1)) == [0]
    gc.collect()
    assert closed == [True, True]


def test_numpy_views_must_not_be_written() -> None:
    rows = np.zeros((2, 3))
    found = next(Dataset.from_tensor_slices(rows).as_numpy_iterator())
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1.0
    rows[:] = 7.0
    assert float(next(iter(Dataset.from_tensor_slices(rows)))[0]) == 7.0


def test_what_the_program_changes_later_does_not_matter() -> None:
    rows = np.zeros((2, 3))
    dataset = Dataset.from_tensor_slices(rows)
    rows[:] = 7.0
    assert float(tf.reduce_sum(next(iter(dataset)))) == 0.0


def test_caches_fill_once() -> None:
    calls: list[int] = []

    def count(x: Any) -> Any:
        calls.append(1)
        return x

    dataset = Dataset.range(3).map(lambda x: tf.numpy_function(count, [x], tf.int64))
    dataset = dataset.cache()
    assert numbers(dataset.take(2)) == [0, 1]
    assert numbers(dataset) == numbers(dataset) == [0, 1, 2]
    assert len(calls) == 2 + 3


def test_cached_rows_are_computed_once() -> None:
    scale = tf.Variable(2)
    dataset = Dataset.range(3000, output_type=tf.int32).map(lambda x: x * scale).cache()
    assert numbers(dataset.take(2)) == [0, 2]
    scale.assign(0)
    assert numbers(dataset.take(3)) == [0, 2, 4]


def test_options_merge() -> None:
    one, two = tf.data.Options(), tf.data.Options()
    one.deterministic = False
    one.threading.private_threadpool_size = 3
    two.experimental_deterministic = True
    two.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    dataset = Dataset.range(2).with_options(one).map(lambda x: x).with_options(two)
    options = dataset.options()
    assert options.deterministic is True
    assert options.threading.private_threadpool_size == 3
    assert options.experimental_distribute.auto_shard_policy.name == "OFF"
    with pytest.raises(AttributeError, match="Cannot set the property foo on Options"):
        one.foo = 3


def test_lengths() -> None:
    assert len(Dataset.range(7).batch(2)) == 4
    assert bool(Dataset.range(0))
    with pytest.raises(TypeError, match="length is unknown"):
        len(Dataset.range(3).filter(lambda x: x > 1))
    with pytest.raises(TypeError, match="dataset is infinite"):
        len(Dataset.range(3).repeat())


def test_named_tuples_and_dictionaries_keep_their_form() -> None:
    import collections

    Pair = collections.namedtuple("Pair", "b a")
    dataset = Dataset.from_tensor_slices(Pair([1, 2], {"y": [3, 4], "x": [5, 6]}))
    element = next(iter(dataset.map(lambda pair: pair)))
    assert isinstance(element, Pair)
    assert list(element.a) == ["y", "x"]
    assert [int(element.b), int(element.a["y"]), int(element.a["x"])] == [1, 3, 5]


def test_lists_become_tensors() -> None:
    dataset = Dataset.range(2).map(lambda x: [x, x + 1])
    first = next(iter(dataset))
    assert isinstance(first, tuple) and len(first) == 2
    dataset = Dataset.range(2).map(lambda x: (x, [x, x + 1]))
    assert next(iter(dataset))[1].shape == (2,)


def test_random_functions_begin_anew_with_each_iteration() -> None:
    dataset = Dataset.range(3).map(lambda x: tf.random.uniform([], seed=5))
    first, second = [float(x) for x in dataset], [float(x) for x in dataset]
    assert first == second and len(set(first)) == 3


def test_debug_mode_runs_functions_eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    from rillet.data import tracing

    monkeypatch.setattr(tracing._Debug, "on", True)
    seen: list[Any] = []

    def look(x: Any) -> Any:
        seen.append(tf.executing_eagerly())
        return x + 1

    assert numbers(Dataset.range(2).map(look)) == [1, 2]
    assert seen == [False, True, True]


STATES = {
    "shuffled rows": lambda: Dataset.range(8).shuffle(4, seed=2).batch(2),
    "epochs": lambda: Dataset.range(4).shuffle(4, seed=2).repeat(3).batch(3),
    "unseeded": lambda: Dataset.range(20).shuffle(9).batch(2),
    "elements": lambda: Dataset.range(9).filter(lambda x: x > 1).shuffle(3, seed=4),
    "random": lambda: Dataset.random(seed=3, rerandomize_each_iteration=True).take(9),
    "mixed": lambda: Dataset.sample_from_datasets(
        [Dataset.range(5), Dataset.range(10, 15)], seed=1
    ).prefetch(2),
}


@pytest.mark.parametrize("name", sorted(STATES))
def test_iterators_go_back_to_a_state(name: str) -> None:
    dataset = STATES[name]()
    list(dataset.as_numpy_iterator())
    iterator = iter(dataset)
    next(iterator)
    state = iterator._get_state()
    rest = [x.numpy().tolist() for x in iterator]
    iterator._set_state(state)
    assert [x.numpy().tolist() for x in iterator] == rest
    assert rest


def test_states_are_plain_data() -> None:
    import json

    iterator = iter(Dataset.range(9).shuffle(3, seed=1))
    next(iterator)
    state = json.loads(json.dumps(iterator._get_state()))
    wanted = numbers(iterator)
    other = iter(Dataset.range(9).shuffle(3))
    other._set_state(state)
    assert numbers(other) == wanted


def test_texts_that_are_stacked_are_texts() -> None:
    texts = Dataset.from_tensor_slices(["a", "b", "c"]).filter(lambda t: t != "b")
    for dataset in (texts.batch(2), texts.padded_batch(2)):
        (batch,) = dataset.as_numpy_iterator()
        assert [type(t) for t in batch] == [bytes, bytes]
        assert batch.tolist() == [b"a", b"c"]
