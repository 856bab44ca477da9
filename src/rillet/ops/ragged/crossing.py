"""Crossed features of ragged tensors: `tf.ragged.cross` and `cross_hashed`."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64
from rillet.core.sparse_tensor import SparseTensor
from rillet.ops.ragged.alignment import deepened
from rillet.ops.ragged.rows import RaggedRows
from rillet.ops.ragged.tensor import RaggedTensor
from rillet.ops.sparse import crossing


def cross(inputs: Any, name: str | None = None) -> Any:
    """Every combination of the elements of the inputs' rows, as texts.

    Args:
        inputs: a list of ragged, sparse and dense matrices of strings or integers, with
            equally many rows.
        name: ignored.

    Returns:
        A `RaggedTensor` of strings.

    Raises:
        TypeError: where `inputs` is no list.
        InvalidArgumentError: where inputs are no matrices, or of other sizes.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.cross([tf.ragged.constant([["a"], ["b", "c"]]),
        ...                  tf.ragged.constant([["d"], ["e"]])])
        <tf.RaggedTensor [[b'a_X_d'], [b'b_X_e', b'c_X_e']]>
    """
    return _rows(crossing.cross(_matrices(inputs)))


def cross_hashed(
    inputs: Any,
    num_buckets: int = 0,
    hash_key: int | None = None,
    name: str | None = None,
) -> Any:
    """A hash of every combination of the elements of the inputs' rows.

    Args:
        inputs: as for `cross`.
        num_buckets: how many numbers there are; all of int64 where 0.
        hash_key: changes the hash.
        name: ignored.

    Returns:
        A `RaggedTensor` of int64, TensorFlow's numbers.

    Raises:
        TypeError: where `inputs` is no list.
        InvalidArgumentError: where inputs are no matrices, or of other sizes.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.cross_hashed([[["a"]], [["d"]]], num_buckets=100)
        <tf.RaggedTensor [[82]]>
    """
    return _rows(crossing.cross_hashed(_matrices(inputs), num_buckets, hash_key))


def _matrices(inputs: Any) -> Any:
    """Inputs as sparse matrices, in their order."""
    if not isinstance(inputs, list | tuple):
        return inputs
    return [_sparse(value) for value in inputs]


def _sparse(value: Any) -> Any:
    if isinstance(value, SparseTensor):
        return value
    if not isinstance(value, RaggedRows):
        value = deepened(to_tensor(value), 1, int64)
    return value.to_sparse()


def _rows(found: SparseTensor) -> Any:
    return RaggedTensor.from_sparse(found)
