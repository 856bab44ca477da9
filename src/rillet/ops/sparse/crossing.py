"""Crossed features: each combination of the elements of several rows, or its hash."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64, string
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.ops.casting import cast
from rillet.ops.registry import Op, define
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_parts,
    made,
    refused,
    sparse_specs,
)
from rillet.ops.string_hash import fingerprint64

Array = np.ndarray[Any, Any]
_MASK = 2**64 - 1
_MIX = 0xC6A4A7935BD1E995
_KEY = 0xDECAFCAFFE
_MOST = 2**63 - 1


def fingerprints_joined(one: int, other: int) -> int:
    """Two fingerprints as one, as TensorFlow joins them."""
    found = one ^ _MIX ^ (_shifted(other * _MIX & _MASK) * _MIX & _MASK)
    return _shifted(_shifted(found * _MIX & _MASK) * _MIX & _MASK)


def _shifted(value: int) -> int:
    return value ^ value >> 47


def _rows(parts: tuple[Array, ...], sparse: int) -> list[list[list[Any]]]:
    """The elements of each row of each input: sparse ones in 3 parts, then dense."""
    op = "sparse.cross"
    found: list[list[list[Any]]] = []
    for i in range(sparse):
        indices, values, shape = parts[3 * i : 3 * i + 3]
        check_parts(op, indices, values, shape)
        if len(shape) != 2:
            raise refused(op, "inputs are matrices", f"a shape is {shape.tolist()}")
        check_bounds(op, indices, shape)
        rows: list[list[Any]] = [[] for _ in range(int(shape[0]))]
        for row, value in zip(indices[:, 0].tolist(), values.tolist(), strict=True):
            rows[row].append(value)
        found.append(rows)
    for x in parts[3 * sparse :]:
        if x.ndim != 2:
            raise refused(op, "inputs are matrices", f"a shape is {list(x.shape)}")
        found.append(x.tolist())
    counts = {len(rows) for rows in found}
    if len(counts) > 1:
        raise refused(op, "inputs have equally many rows", f"they have {counts}")
    return found


def _crossed(
    parts: tuple[Array, ...], sparse: int, function: Any, kind: Any
) -> tuple[Array, Array, Array]:
    inputs = _rows(parts, sparse)
    places: list[tuple[int, int]] = []
    values: list[Any] = []
    count = len(inputs[0]) if inputs else 0
    most = 0
    for row in range(count):
        combined = list(itertools.product(*[rows[row] for rows in inputs]))
        most = max(most, len(combined))
        places += [(row, k) for k in range(len(combined))]
        values += map(function, combined)
    held = np.empty(len(values), kind)
    held[:] = values
    indices = np.array(places, np.int64).reshape(-1, 2)
    return indices, held, np.array([count, most], np.int64)


def _text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _cross(*parts: Array, sparse: int, separator: bytes) -> tuple[Array, Array, Array]:
    def joined(row: tuple[Any, ...]) -> bytes:
        return separator.join(map(_text, row))

    return _crossed(parts, sparse, joined, object)


def _cross_hashed(
    *parts: Array, sparse: int, num_buckets: int, hash_key: int
) -> tuple[Array, Array, Array]:
    known: dict[Any, int] = {}

    def finger(value: Any) -> int:
        if not isinstance(value, bytes):
            return int(value) & _MASK
        found = known.get(value)
        if found is None:
            found = known[value] = fingerprint64(value)
        return found

    def hashed(row: tuple[Any, ...]) -> int:
        found = hash_key & _MASK
        for value in row:
            found = fingerprints_joined(found, finger(value))
        return found % (num_buckets if num_buckets > 0 else _MOST)

    return _crossed(parts, sparse, hashed, np.int64)


# No constraint: any number of tensors, three a sparse input, then the dense ones.
cross_op: Op = define(
    "SparseCrossV2",
    types=(),
    kernel=_cross,
    infer=lambda *parts, **attrs: sparse_specs(2, string),
    attrs={"sparse": 0, "separator": b"_X_"},
    outputs=3,
    quiet=False,
)
cross_hashed_op: Op = define(
    "SparseCrossHashed",
    types=(),
    kernel=_cross_hashed,
    infer=lambda *parts, **attrs: sparse_specs(2, int64),
    attrs={"sparse": 0, "num_buckets": 0, "hash_key": _KEY},
    outputs=3,
    quiet=False,
)


def _inputs(op: str, inputs: Any) -> tuple[list[Any], int]:
    if not isinstance(inputs, list | tuple):
        raise TypeError(house_message(op, "Inputs must be a list", f"got {inputs!r}"))
    sparse: list[Any] = []
    dense: list[Any] = []
    for x in inputs:
        if isinstance(x, SparseTensor):
            values = x.values
            if values.dtype is not string:
                values = cast(values, int64)
            sparse += [x.indices, values, x.dense_shape]
        else:
            tensor = to_tensor(x)
            dense.append(tensor if tensor.dtype is string else cast(tensor, int64))
    return [*sparse, *dense], len(sparse) // 3


@placed("sparse.cross")
def cross(inputs: Any, name: str | None = None, separator: Any = None) -> SparseTensor:
    """Every combination of the elements of the inputs' rows, as texts.

    Args:
        inputs: a list of sparse and dense matrices of strings or integers, with equally
            many rows; sparse ones come first in the texts.
        name: ignored when eager.
        separator: what stands between elements; ``_X_`` where None.

    Returns:
        A sparse matrix of strings.

    Raises:
        TypeError: where `inputs` is no list.
        InvalidArgumentError: where inputs are no matrices, or of other sizes.

    Example:
        >>> import rillet as tf
        >>> tf.sparse.cross([[["a", "b"]], [["c"]]]).values.numpy().tolist()
        [b'a_X_c', b'b_X_c']
    """
    parts, count = _inputs("sparse.cross", inputs)
    text = b"_X_" if separator is None else separator
    if not isinstance(text, bytes):
        text = text.encode() if isinstance(text, str) else to_tensor(text)._array[()]
    found = cross_op.run(*parts, sparse=count, separator=text)
    return made(found, TensorShape([None, None]))


@placed("sparse.cross_hashed")
def cross_hashed(
    inputs: Any, num_buckets: int = 0, hash_key: int | None = None, name: Any = None
) -> SparseTensor:
    """A hash of every combination of the elements of the inputs' rows.

    Args:
        inputs: as for `cross`.
        num_buckets: how many numbers there are; all of int64 where 0.
        hash_key: changes the hash.
        name: ignored when eager.

    Returns:
        A sparse matrix of int64, TensorFlow's numbers.

    Raises:
        TypeError: where `inputs` is no list.
        InvalidArgumentError: where inputs are no matrices, or of other sizes.

    Example:
        >>> import rillet as tf
        >>> tf.sparse.cross_hashed([[["a"]], [["d"]]], 100).values.numpy().tolist()
        [82]
    """
    parts, count = _inputs("sparse.cross_hashed", inputs)
    key = _KEY if hash_key is None else int(hash_key)
    found = cross_hashed_op.run(
        *parts, sparse=count, num_buckets=int(num_buckets), hash_key=key
    )
    return made(found, TensorShape([None, None]))
