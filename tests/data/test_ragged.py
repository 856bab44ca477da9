"""Pipelines of ragged and sparse tensors; what is expected is what TensorFlow gives."""

from __future__ import annotations

import pytest

import rillet as tf

ROWS = [[1, 2], [], [3], [4, 5, 6]]


def slices() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(tf.ragged.constant(ROWS))


def test_rows_and_batches() -> None:
    dataset = slices()
    spec = tf.RaggedTensorSpec([None], tf.int32, 0)
    assert dataset.element_spec == spec
    assert [x.numpy().tolist() for x in dataset] == ROWS
    batches = dataset.batch(2)
    assert batches.element_spec == tf.RaggedTensorSpec([None, None], tf.int32)
    assert [x.to_list() for x in batches] == [ROWS[:2], ROWS[2:]]
    whole = dataset.batch(3, drop_remainder=True)
    assert whole.element_spec.shape.as_list() == [3, None]
    assert [x.to_list() for x in whole] == [ROWS[:3]]
    assert batches.unbatch().element_spec == spec
    assert [x.numpy().tolist() for x in batches.unbatch()] == ROWS
    assert int(batches.cardinality()) == 2


def test_functions_of_ragged_elements() -> None:
    mapped = slices().batch(2).map(lambda r: (r * 2, tf.reduce_sum(r, axis=1)))
    assert mapped.element_spec == (
        tf.RaggedTensorSpec([None, None], tf.int32),
        tf.TensorSpec([None], tf.int32),
    )
    found = [(x.to_list(), y.numpy().tolist()) for x, y in mapped]
    assert found == [([[2, 4], []], [3, 0]), ([[6], [8, 10, 12]], [3, 15])]
    sizes = slices().map(tf.size)
    assert [int(x) for x in sizes] == [2, 0, 1, 3]
    full = slices().filter(lambda r: tf.size(r) > 0)
    assert int(full.reduce(0, lambda s, r: s + tf.reduce_sum(r))) == 21


def test_strings_in_pieces() -> None:
    lines = tf.data.Dataset.from_tensor_slices(["a b", "c"]).batch(2)
    words = lines.map(tf.strings.split)
    assert words.element_spec == tf.RaggedTensorSpec([None, None], tf.string)
    assert [x.to_list() for x in words] == [[[b"a", b"b"], [b"c"]]]


def test_ragged_batch() -> None:
    dataset = tf.data.Dataset.range(4).map(tf.range)
    for batches in (
        dataset.ragged_batch(2),
        dataset.apply(tf.data.experimental.dense_to_ragged_batch(2)),
    ):
        assert batches.element_spec == tf.RaggedTensorSpec([None, None], tf.int64)
        assert [x.to_list() for x in batches] == [[[], [0]], [[0, 1], [0, 1, 2]]]
    dense = tf.data.Dataset.range(4).ragged_batch(2)
    assert dense.element_spec == tf.TensorSpec([None], tf.int64)


def test_from_generator_and_tensors() -> None:
    held = tf.ragged.constant(ROWS)
    spec = tf.RaggedTensorSpec([None, None], tf.int32)
    made = tf.data.Dataset.from_generator(
        lambda: iter([held, held[:1]]), output_signature=spec
    )
    assert [x.to_list() for x in made] == [ROWS, ROWS[:1]]
    assert [x.to_list() for x in tf.data.Dataset.from_tensors(held)] == [ROWS]
    wrong = tf.data.Dataset.from_generator(
        lambda: iter([tf.ragged.constant([[1.5]])]), output_signature=spec
    )
    with pytest.raises(TypeError, match="did not match its spec"):
        list(wrong)


def test_deeper_rows_and_pairs() -> None:
    features = tf.ragged.constant([[[1], [2, 3]], [[4]]])
    dataset = tf.data.Dataset.from_tensor_slices((features, [0, 1]))
    assert dataset.element_spec[0] == tf.RaggedTensorSpec([None, None], tf.int32)
    found = [(x.to_list(), int(y)) for x, y in dataset]
    assert found == [([[1], [2, 3]], 0), ([[4]], 1)]
    assert [x.to_list() for x, _ in dataset.batch(2)] == [[[[1], [2, 3]], [[4]]]]


def test_other_stages_pass_them() -> None:
    stages = slices().shuffle(4, seed=1).batch(3).prefetch(1).cache().repeat(2)
    found = [x.to_list() for x in stages]
    assert sorted(row for batch in found[:2] for row in batch) == sorted(ROWS)
    both = tf.data.Dataset.zip((slices().batch(2), slices().batch(2)))
    joined = both.map(lambda x, y: tf.concat([x, y], 1))
    assert [x.to_list() for x in joined][0] == [[1, 2, 1, 2], []]


def test_in_functions() -> None:
    @tf.function
    def total(dataset: tf.data.Dataset) -> tf.Tensor:
        found = 0
        for batch in dataset:
            found += tf.reduce_sum(batch)
        return found

    assert int(total(slices().batch(2))) == 21

    @tf.function
    def first(iterator: object) -> tf.RaggedTensor:
        return next(iterator)

    assert first(iter(slices().batch(2))).to_list() == ROWS[:2]


def test_sparse_elements() -> None:
    sparse = tf.sparse.from_dense([[1, 0], [0, 2]])
    dataset = tf.data.Dataset.from_tensor_slices(sparse)
    assert dataset.element_spec == tf.SparseTensorSpec([2], tf.int32)
    rows = [tf.sparse.to_dense(x).numpy().tolist() for x in dataset]
    assert rows == [[1, 0], [0, 2]]
    (batch,) = dataset.batch(2)
    assert tf.sparse.to_dense(batch).numpy().tolist() == [[1, 0], [0, 2]]
