"""Sparse tensors in and out of layers and models.

Expected values are those of tf.keras 2 under TensorFlow 2.21, seen when this was
written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

L = tf.keras.layers
PLACES = [[0, 1], [1, 2], [2, 0]]


def matrix() -> Any:
    return tf.SparseTensor(PLACES, [1.0, 2.0, 3.0], [3, 4])


def words(*values: Any) -> Any:
    return tf.SparseTensor([[0, 0], [1, 1]], list(values), [2, 3])


def text(**more: Any) -> Any:
    layer = L.TextVectorization(vocabulary=["a", "b"], sparse=True, **more)
    return layer(["a b b", "c"])


#: Layers whose encodings are sparse: places, values, shape.
OUTPUTS: dict[str, tuple[Any, list[Any], list[float], list[int]]] = {
    "multi_hot": (
        lambda: L.CategoryEncoding(4, "multi_hot", sparse=True)([[0, 1], [2, 2]]),
        [[0, 0], [0, 1], [1, 2]],
        [1, 1, 1],
        [2, 4],
    ),
    "one_hot": (
        lambda: L.CategoryEncoding(4, "one_hot", sparse=True)([0, 3]),
        [[0, 0], [1, 3]],
        [1, 1],
        [2, 4],
    ),
    "count": (
        lambda: L.CategoryEncoding(4, "count", sparse=True)(
            [[0, 1], [2, 2]], count_weights=[[0.1, 0.2], [0.3, 0.4]]
        ),
        [[0, 0], [0, 1], [1, 2]],
        [0.1, 0.2, 0.7],
        [2, 4],
    ),
    "words": (
        lambda: L.StringLookup(
            vocabulary=["a", "b"], output_mode="multi_hot", sparse=True
        )([["a", "z"], ["b", "b"]]),
        [[0, 0], [0, 1], [1, 2]],
        [1, 1, 1],
        [2, 3],
    ),
    "numbers": (
        lambda: L.IntegerLookup(vocabulary=[3, 4], output_mode="count", sparse=True)(
            [[3, 9], [4, 4]]
        ),
        [[0, 0], [0, 1], [1, 2]],
        [1, 1, 2],
        [2, 3],
    ),
    "text": (
        lambda: text(output_mode="tf_idf", idf_weights=[1.0, 2.0]),
        [[0, 1], [0, 2], [1, 0]],
        [1, 4, 1.5],
        [2, 3],
    ),
    "bins": (
        lambda: L.Discretization([0.0, 1.0], output_mode="multi_hot", sparse=True)(
            [[-1.0, 3.0], [0.5, 0.6]]
        ),
        [[0, 0], [0, 2], [1, 1]],
        [1, 1, 1],
        [2, 3],
    ),
    "looked up": (
        lambda: L.StringLookup(vocabulary=["a", "b"])(words("a", "q")),
        [[0, 0], [1, 1]],
        [1, 0],
        [2, 3],
    ),
    "hashed": (
        lambda: L.Hashing(3)(words("a", "q")),
        [[0, 0], [1, 1]],
        [0, 2],
        [2, 3],
    ),
    "sorted in": (
        lambda: L.Discretization([0.0, 1.0])(words(-1.0, 3.0)),
        [[0, 0], [1, 1]],
        [0, 2],
        [2, 3],
    ),
    "joined": (
        lambda: L.Concatenate()([matrix(), matrix()]),
        [[0, 1], [0, 5], [1, 2], [1, 6], [2, 0], [2, 4]],
        [1, 1, 2, 2, 3, 3],
        [3, 8],
    ),
    "dropped out": (lambda: L.Dropout(0.5)(matrix()), PLACES, [1, 2, 3], [3, 4]),
}


@pytest.mark.parametrize("row", OUTPUTS)
def test_sparse_outputs(row: str) -> None:
    call, places, values, shape = OUTPUTS[row]
    found = call()
    assert isinstance(found, tf.SparseTensor)
    assert found.indices.numpy().tolist() == places
    np.testing.assert_allclose(found.values, values, rtol=1e-6)
    assert found.dense_shape.numpy().tolist() == shape
    assert found.shape == shape


def numbers(*values: int) -> Any:
    places = [[0, 0], [1, 1], [1, 2]][: len(values)]
    return tf.SparseTensor(places, tf.constant(values, tf.int64), [2, 3])


#: Layers that give dense tensors for sparse ones.
INPUTS: dict[str, tuple[Any, Any]] = {
    "multi_hot": (
        lambda: L.CategoryEncoding(4, "multi_hot")(numbers(1, 3)),
        [[0, 1, 0, 0], [0, 0, 0, 1]],
    ),
    "count": (
        lambda: L.CategoryEncoding(4, "count")(numbers(1, 3, 3)),
        [[0, 1, 0, 0], [0, 0, 0, 2]],
    ),
    "words": (
        lambda: L.StringLookup(vocabulary=["a", "b"], output_mode="count")(
            words("b", "q")
        ),
        [[0, 0, 1], [1, 0, 0]],
    ),
    "dense": (
        lambda: L.Dense(2, kernel_initializer="ones", bias_initializer="ones")(
            matrix()
        ),
        [[2, 2], [3, 3], [4, 4]],
    ),
    "embedding": (
        lambda: L.Embedding(5, 1, embeddings_initializer="ones")(numbers(1, 3)),
        [[[1]] * 3] * 2,
    ),
    "lambda": (
        lambda: L.Lambda(lambda x: tf.sparse.to_dense(x))(matrix()),
        [[0, 1, 0, 0], [0, 0, 2, 0], [3, 0, 0, 0]],
    ),
}


@pytest.mark.parametrize("row", INPUTS)
def test_dense_outputs_of_sparse_inputs(row: str) -> None:
    call, want = INPUTS[row]
    np.testing.assert_allclose(call().numpy(), want)


def test_only_encodings_are_sparse() -> None:
    with pytest.raises(ValueError, match="`sparse` may only be true"):
        L.StringLookup(sparse=True)


def test_encodes_in_a_function() -> None:
    layer = L.StringLookup(vocabulary=["a", "b"], output_mode="count", sparse=True)

    @tf.function
    def encoded(x: Any) -> Any:
        found = layer(x)
        assert found.shape.as_list() == [None, 3]
        return found

    spec = tf.TensorSpec([None, 2], tf.string)
    found = encoded.get_concrete_function(spec)(tf.constant([["a", "a"], ["b", "z"]]))
    assert tf.sparse.to_dense(found).numpy().tolist() == [[0, 2, 0], [1, 0, 1]]


def model() -> Any:
    tf.keras.utils.set_random_seed(1)
    out = tf.keras.Sequential([L.Dense(2, kernel_initializer="ones")])
    out.compile("sgd", "mse")
    return out


def test_fits_a_dataset() -> None:
    rows = tf.data.Dataset.from_tensor_slices((matrix(), np.ones((3, 2), "f"))).batch(2)
    trained = model()
    loss = trained.fit(rows, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, [1.6600080728530884], rtol=1e-6)
    weights = [[0.94015] * 2, [1.0] * 2, [0.99] * 2, [1.0] * 2]
    np.testing.assert_allclose(trained.get_weights()[0], weights, rtol=1e-6)
    assert trained.predict(rows, verbose=0).shape == (3, 2)


class Coo:
    """A matrix as SciPy's look: rows, columns, values, with a place named twice."""

    def __init__(self) -> None:
        self.row = np.array([2, 0, 1, 1], np.int32)
        self.col = np.array([0, 1, 2, 2], np.int32)
        self.data = np.array([3.0, 1.0, 1.5, 0.5])
        self.shape = (3, 4)

    def tocoo(self, copy: bool = False) -> Coo:
        return Coo()

    def sum_duplicates(self) -> None:
        self.row, self.col = self.row[:3], self.col[:3]
        self.data = np.array([3.0, 1.0, 2.0])


@pytest.mark.parametrize("data", [matrix, Coo], ids=["tensor", "scipy"])
def test_fits_a_matrix(data: Any) -> None:
    """Without shuffling, the numbers are those of the dataset above."""
    trained = model()
    x, y = data(), np.ones((3, 2))
    loss = trained.fit(x, y, batch_size=2, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, [1.6600080728530884], rtol=1e-6)
    np.testing.assert_allclose(
        trained.evaluate(x, y, verbose=0), 1.3788543939590454, rtol=1e-6
    )
    assert trained.predict(x, verbose=0).shape == (3, 2)
    assert trained.train_on_batch(x, y) > 0
    assert trained.predict_on_batch(x).shape == (3, 2)


def test_rows_as_numpy() -> None:
    rows = tf.data.Dataset.from_tensor_slices(matrix()).as_numpy_iterator()
    assert [row.tolist() for row in rows] == [[0, 1, 0, 0], [0, 0, 2, 0], [3, 0, 0, 0]]


def test_tables_of_layers_are_saved(tmp_path: Any) -> None:
    class Known(L.Layer):
        def __init__(self) -> None:
            super().__init__()
            make = tf.lookup.experimental.MutableHashTable
            self.table = make(tf.string, tf.int64, -1)

        def call(self, x: Any) -> Any:
            return self.table.lookup(x)

    layer = Known()
    layer.table.insert(["a"], [4])
    path = tf.train.Checkpoint(a=layer).save(str(tmp_path / "c"))
    layer.table.insert(["a", "b"], [9, 9])
    tf.train.Checkpoint(a=layer).restore(path).assert_consumed()
    assert layer(tf.constant(["a", "b"])).numpy().tolist() == [4, -1]
    stack = tf.keras.Sequential([tf.keras.Input((), dtype=tf.string), layer])
    assert stack.output_shape == (None,)
    assert stack.predict(tf.constant(["b", "a"]), verbose=0).tolist() == [-1, 4]


def test_functional_models() -> None:
    """A sparse input through a layer and through functions."""
    inputs = tf.keras.Input((4,), sparse=True)
    assert tf.keras.backend.is_sparse(inputs)
    summed = tf.sparse.sparse_dense_matmul(inputs, tf.ones([4, 1]))
    dense = L.Dense(1, kernel_initializer="ones")(tf.sparse.to_dense(inputs))
    direct = L.Dense(1, kernel_initializer="ones")(inputs)
    both = tf.sparse.concat(1, [inputs, inputs])
    found = tf.keras.Model(inputs, [summed, dense, direct, both])
    names = [layer.name for layer in found.layers]
    assert "tf.sparse.to_dense" in names or "tf.sparse.to_dense_1" in names
    for out in found(matrix())[:3]:
        assert out.numpy().tolist() == [[1], [2], [3]]
    assert found(matrix())[3].shape == [3, 8]
    predicted = found.predict(matrix(), verbose=0)
    assert predicted[0].tolist() == [[1], [2], [3]]


def test_products_of_the_backend() -> None:
    found = tf.keras.backend.dot(matrix(), tf.ones([4, 1]))
    assert found.numpy().tolist() == [[1], [2], [3]]
    assert tf.keras.backend.to_dense(matrix()).shape == (3, 4)
