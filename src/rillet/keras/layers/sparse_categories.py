"""Encodings of whole numbers as sparse tensors, for sparse outputs and sparse inputs.

In: numbers, dense (negative ones say nothing) or sparse. Out: for each row which
numbers it has, or how often. `categories`, the lookups and `TextVectorization` call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.keras.layers import told_lookups
from rillet.keras.settings import floatx
from rillet.ops.array import stack
from rillet.ops.compare import greater, greater_equal
from rillet.ops.gather import gather
from rillet.ops.gather_nd import gather_nd
from rillet.ops.host_functions import told_function
from rillet.ops.mask import where
from rillet.ops.shaping import reshape
from rillet.ops.sparse.dense import to_dense
from rillet.ops.sparse.operators import SparseTensor, SparseTensorSpec

Array = np.ndarray[Any, Any]


def encoded_shape(shape: TensorShape, mode: str, depth: int | None) -> TensorShape:
    """The shape of an encoding of inputs of a shape."""
    if mode == "int" or shape.rank is None:
        return shape
    dims = shape.as_list()
    if mode == "one_hot":
        return TensorShape([*(dims[:-1] if dims and dims[-1] == 1 else dims), depth])
    return TensorShape([*dims[:-1], depth])


def check_rank(op: str, mode: str, shape: TensorShape) -> None:
    """Refuse inputs whose encoding has more than two axes.

    Raises:
        ValueError: there.
    """
    found = encoded_shape(shape, mode, 1).rank
    if mode != "int" and found is not None and found > 2:
        raise ValueError(
            house_message(
                op,
                "When output_mode is not `'int'`, maximum supported output rank is 2",
                f"Received output_mode {mode} and input shape {shape}, which would"
                f" result in output rank {found}",
            )
        )


def places_of(ids: Any) -> Any:
    """A sparse or ragged tensor of numbers, as a sparse one."""
    return ids if isinstance(ids, SparseTensor) else ids.to_sparse()


def out_of_range(op: str, depth: int, numbers: Array) -> ValueError:
    """The error for numbers that no row has."""
    return ValueError(
        house_message(
            op,
            "Input values must be in the range 0 <= values < num_tokens with"
            f" num_tokens={depth}",
            f"they run from {numbers.min()} to {numbers.max()}",
        )
    )


def counted(
    rows: Array,
    numbers: Array,
    depth: int,
    mode: str,
    dtype: Any,
    weights: Array | None,
) -> tuple[Array, Array]:
    """Which numbers rows have, in order, and what they count.

    Args:
        rows: the row of each number.
        numbers: from 0 to `depth` - 1; negative ones say nothing.
        depth: how many numbers there are.
        mode: ``"one_hot"``, ``"multi_hot"``, ``"count"`` or ``"tf_idf"``.
        dtype: the NumPy type of the counts.
        weights: what each counts; with ``"tf_idf"`` what each of `depth` numbers does.
    """
    said = numbers >= 0
    at = rows[said] * depth + numbers[said]
    found, which = np.unique(at, return_inverse=True)
    which = which.reshape(-1)
    if mode in ("one_hot", "multi_hot"):
        out = np.ones(len(found), dtype)
    elif mode == "count" and weights is not None:
        out = np.zeros(len(found), dtype)
        np.add.at(out, which, weights.reshape(-1)[said].astype(dtype))
    else:
        out = np.bincount(which, minlength=len(found)).astype(dtype)
    if mode == "tf_idf" and weights is not None:
        out = out * weights.astype(dtype)[found % depth]
    return np.stack([found // depth, found % depth], 1), out


def sparse_encoding(
    ids: Any, mode: str, depth: int, kind: Any, weights: Any = None, op: str = "encode"
) -> SparseTensor:
    """Numbers as a sparse tensor of which rows have them; also in graphs.

    Args:
        ids: numbers, dense or sparse, of rank 1 or 2.
        mode: an encoding.
        depth: how many numbers there are.
        kind: the result's type.
        weights: see `counted`.
        op: whose words an error shall have.

    Raises:
        ValueError: where a number is too large.
    """
    sparse = isinstance(ids, SparseTensor)
    given = [ids.indices, ids.values, ids.dense_shape] if sparse else [ids]
    if weights is not None:
        whole = isinstance(weights, CompositeTensor)
        given.append(weights._gradient_tensor() if whole else to_tensor(weights))
    rank = ids.shape.rank
    single = rank == 0 or (rank == 1 and mode != "one_hot")

    def run(*parts: Any) -> tuple[Array, Array, Array]:
        held = None if weights is None else np.asarray(parts[-1])
        if sparse:
            places, numbers = np.asarray(parts[0]), np.asarray(parts[1])
            rows = places[:, 0] if not single else np.zeros(len(places), np.int64)
            count = int(np.asarray(parts[2])[0])
        else:
            table = np.asarray(parts[0])
            width = 1 if mode == "one_hot" else max(table.shape[-1:] or (1,))
            numbers = table.reshape(-1)
            count = 1 if single else table.shape[0]
            rows = np.repeat(np.arange(count), width)
        numbers = numbers.astype(np.int64)
        if numbers.size and numbers.max() >= depth:
            raise out_of_range(op, depth, numbers)
        found, out = counted(rows, numbers, depth, mode, kind.numpy_dtype, held)
        if single:
            return found[:, 1:], out, np.array([depth], np.int64)
        return found, out, np.array([count, depth], np.int64)

    def told(*parts: Any) -> Any:
        held = None if weights is None else parts[-1]
        whole = list(parts[:3]) if sparse else [parts[0]]
        return _told(whole, mode, depth, kind, held, single)

    known = TensorShape([depth] if single else [ids.shape[0], depth])
    size = known.rank or 0
    specs = [
        TensorSpec([None, size], int64),
        TensorSpec([None], kind),
        TensorSpec([size], int64),
    ]
    found = told_function(run, given, specs, told)
    return SparseTensorSpec(known, kind)._from_tensors(found)


def _told(
    parts: list[Any], mode: str, depth: int, kind: Any, weights: Any, single: bool
) -> Any:
    """`sparse_encoding` in ops: which numbers rows have, what they count, the shape."""
    if len(parts) == 3:
        places, ids, shape = parts
        said = reshape(where(greater_equal(ids, 0)), [-1])
        rows, count = places[:, 0], shape[0]
        if single:
            rows, count = places[:, 0] * 0, to_tensor(1, int64)
        rows, ids = gather(rows, said), gather(ids, said)
        each = None if weights is None else gather(weights, said)
    else:
        table = parts[0]
        if mode == "one_hot":
            table = reshape(table, [-1, 1])
        elif single:
            table = reshape(table, [1, -1])
        at = where(greater_equal(table, 0))
        rows, ids = at[:, 0], gather_nd(table, at)
        count = told_lookups.sizes(table)[0]
        each = None
        if weights is not None and mode == "count":
            each = gather_nd(reshape(weights, told_lookups.sizes(table)), at)
    plain = "multi_hot" if mode == "one_hot" else mode
    held = each if mode == "count" else weights
    rows_found = told_lookups.counts(rows, ids, count, plain, depth, kind, held)
    there = told_lookups.counts(rows, ids, count, "multi_hot", depth, kind, None)
    at = where(greater(there, 0))
    out = gather_nd(rows_found, at)
    if single:
        return at[:, 1:], out, to_tensor([depth], int64)
    return at, out, stack([count, to_tensor(depth, int64)])


def placed(layer: Any, inputs: Any) -> Any:
    """What a lookup gives for sparse or ragged words, or as a sparse encoding.

    Args:
        layer: a `StringLookup` or an `IntegerLookup`.
        inputs: words.
    """
    whole = isinstance(inputs, CompositeTensor)
    flat = inputs._gradient_tensor() if whole else inputs
    name, mode = type(layer).__name__, layer.output_mode
    if mode == "int":
        return inputs._with_gradient_tensor(layer.call(flat))
    check_rank(name, mode, inputs.shape)
    given = flat if flat.dtype is layer._kind else layer._converted(flat)

    def run(words: Any) -> Array:
        found: Array = layer._words.numbers(np.asarray(words, layer._held), name)
        return found

    def told(words: Any) -> Any:
        return told_lookups.numbers(layer._words, words)

    ids = told_function(run, [given], TensorSpec(flat.shape, int64), told)
    depth = layer._depth() or len(layer._words)
    weights = layer._weights(depth) if mode == "tf_idf" else None
    places = places_of(inputs._with_gradient_tensor(ids)) if whole else ids
    kind = as_dtype(layer.compute_dtype or floatx())
    found = sparse_encoding(places, mode, depth, kind, weights, name)
    return found if layer.sparse else to_dense(found)
