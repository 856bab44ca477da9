"""Ops whose records take other inputs than TensorFlow's: `record_writers` turned round.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import (
    PermissionDeniedError,
    UnimplementedError,
    house_message,
)
from rillet.graph.ir import SymbolicTensor
from rillet.saved_model.op_readers import constant, reads
from rillet.saved_model.records import needed_record, run_op
from rillet.saved_model.tensors import damaged


def known(x: Any) -> Any:
    """The array of a tensor that does not depend on what the function is given.

    Args:
        x: a tensor of the graph that is built, or a plain one.

    Returns:
        An array; None where it is not known.
    """
    while isinstance(x, SymbolicTensor) and x.known is None:
        node = x.node
        if node.type == "Const":
            return node.attrs["value"]
        if node.type == "Reshape" and isinstance(node.inputs[1], tuple):
            array, sizes = known(node.inputs[0]), node.inputs[1]
            plain = array is not None and all(isinstance(d, int) for d in sizes)
            return array.reshape(sizes) if plain else None
        if node.type != "Identity":
            return None
        x = node.inputs[0]
    return x.known if isinstance(x, SymbolicTensor) else x._array


def needed(x: Any, step: Any, what: str) -> Any:
    """The array of a tensor that must be known when the model is read.

    Raises:
        UnimplementedError: where it is computed.
    """
    found = known(x)
    if found is None:
        raise UnimplementedError(
            house_message(
                "SavedModel",
                f"{step.op} with a {what} that the model computes",
                f"node '{step.name}'",
            )
        )
    return found


def text_of(x: Any, step: Any, what: str) -> bytes:
    """A text that must be known."""
    return bytes(np.asarray(needed(x, step, what), object).reshape(-1)[0])


def run(name: str, *inputs: Any, **attrs: Any) -> Any:
    """Run rillet's record of an op."""
    return needed_record(name).run(*inputs, **attrs)


@reads("StringSplit")
def _split(reader: Any, step: Any, inputs: list[Any]) -> Any:
    marks = text_of(inputs[1], step, "delimiter").decode("latin-1")
    empty = step.attrs.get("skip_empty", True)
    return run("StringSplit", inputs[0], delimiter=marks, skip_empty=empty)


def _parts(step: Any, inputs: list[Any]) -> tuple[list[Any], int]:
    """Sparse tensors one by one, then dense ones, and how many are sparse."""
    count = int(step.attrs.get("N") or 0)
    if len(inputs) < 3 * count:
        raise damaged("an op lacks inputs", step.name)
    sparse = zip(
        inputs[:count],
        inputs[count : 2 * count],
        inputs[2 * count : 3 * count],
        strict=True,
    )
    return [*[x for parts in sparse for x in parts], *inputs[3 * count :]], count


@reads("SparseCrossV2")
def _cross(reader: Any, step: Any, inputs: list[Any]) -> Any:
    mark = text_of(inputs[-1], step, "separator")
    given, count = _parts(step, inputs[:-1])
    return run("SparseCrossV2", *given, sparse=count, separator=mark)


@reads("SparseCross")
def _first_cross(reader: Any, step: Any, inputs: list[Any]) -> Any:
    given, count = _parts(step, inputs)
    size, key = step.attrs.get("num_buckets") or 0, step.attrs.get("hash_key")
    if not step.attrs.get("hashed_output"):
        return run("SparseCrossV2", *given, sparse=count, separator=b"_X_")
    return run(
        "SparseCrossHashed", *given, sparse=count, num_buckets=size, hash_key=key or 0
    )


@reads("SparseCrossHashed")
def _salted_cross(reader: Any, step: Any, inputs: list[Any]) -> Any:
    raise UnimplementedError(
        house_message(
            "SavedModel",
            "SparseCrossHashed with a salt is not read",
            f"node '{step.name}'",
            "Export the model with tf.sparse.cross_hashed",
        )
    )


@reads("DecodeCSV")
def _csv(reader: Any, step: Any, inputs: list[Any]) -> Any:
    types = step.attrs.get("OUT_TYPE") or []
    if len(types) != len(inputs) - 1:
        raise damaged("columns have other defaults", step.name)
    defaults = []
    for kind, x in zip(types, inputs[1:], strict=True):
        held = needed(x, step, "default").reshape(-1)
        defaults.append((kind, held[0] if held.size else None))
    return run(
        "DecodeCSV",
        inputs[0],
        defaults=tuple(defaults),
        field_delim=(step.attrs.get("field_delim") or b",").decode(),
        use_quote_delim=step.attrs.get("use_quote_delim", True),
        na_value=(step.attrs.get("na_value") or b"").decode(),
        select_cols=tuple(step.attrs.get("select_cols") or ()),
    )


@reads("SerializeTensor", "SerializeSparse", "SerializeManySparse")
def _serialize(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if step.attrs.get("out_type", dtypes.string) is not dtypes.string:
        raise UnimplementedError(
            house_message(
                "SavedModel", f"{step.op} into variants", f"node '{step.name}'"
            )
        )
    return (run(step.op, *inputs, kind=inputs[min(1, len(inputs) - 1)].dtype),)


@reads("Svd")
def _svd(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.casting import cast

    values, left, right = run_op("Svd", step.attrs, inputs)
    return cast(values, inputs[0].dtype), left, right


@reads("StringFormat")
def _format(reader: Any, step: Any, inputs: list[Any]) -> Any:
    words = {
        name: step.attrs.get(name, b"%s").decode("utf-8", "replace")
        for name in ("template", "placeholder")
    }
    summarize = step.attrs.get("summarize", 3)
    return (run("StringFormat", *inputs, summarize=summarize, **words),)


@reads("DrawBoundingBoxes")
def _draw(reader: Any, step: Any, inputs: list[Any]) -> Any:
    nothing = constant(np.zeros((0, 0), np.float32))
    return (run("DrawBoundingBoxesV2", *inputs, nothing),)


@reads("FixedUnigramCandidateSampler")
def _sample(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if step.attrs.get("vocab_file") and "ReadFile" not in reader.allowed:
        raise PermissionDeniedError(
            house_message(
                "SavedModel",
                f"{step.op} reads a file, and is refused",
                f"node '{step.name}'",
                "Where the model is trusted, give"
                " LoadOptions(allowed_ops=['ReadFile'])",
            )
        )
    return run_op(step.op, step.attrs, inputs)


@reads("PrintV2")
def _print(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """A file that text is added to is opened by nobody whom the caller does not trust.

    Which other streams there are, the record says.
    """
    stream = step.attrs.get("output_stream", b"stderr")
    if stream.startswith(b"file:") and "PrintV2" not in reader.allowed:
        raise PermissionDeniedError(
            house_message(
                "SavedModel",
                f"{step.op} writes a file, and is refused",
                f"node '{step.name}' writes {stream.decode('utf-8', 'replace')!r}",
                "Where the model is trusted, give LoadOptions(allowed_ops=['PrintV2'])",
            )
        )
    return run_op("PrintV2", step.attrs, inputs)


@reads("ExpandDims")
def _expand(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """The axis may be a vector of one number too."""
    from rillet.ops.shaping import reshape

    x, axis = inputs
    at = axis if axis.shape.rank == 0 else reshape(axis, [])
    return run_op("ExpandDims", step.attrs, [x, at])


@reads("Range")
def _range(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """TensorFlow's op takes vectors of one number too."""
    from rillet.ops.shaping import reshape

    flat = [x if x.shape.rank == 0 else reshape(x, []) for x in inputs]
    return run_op("Range", step.attrs, flat)


@reads("ListDiff")
def _difference(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.casting import cast
    from rillet.ops.compare import not_equal
    from rillet.ops.gather import gather
    from rillet.ops.mask import where
    from rillet.ops.reduce import reduce_all

    kind = step.attrs.get("out_idx") or dtypes.int32
    x, y = [known(v) for v in inputs]
    if x is not None and y is not None:
        kept = np.flatnonzero(~np.isin(x, y)).astype(kind.numpy_dtype)
        return constant(x[kept]), constant(kept)
    a, b = inputs
    apart = reduce_all(not_equal(a[:, None], b[None, :]), 1)
    places = where(apart)[:, 0]
    return gather(a, places), cast(places, kind)


@reads("ConcatOffset")
def _offsets(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.array import stack
    from rillet.ops.cumulative import cumsum
    from rillet.ops.one_hot import one_hot

    axis, sizes = known(inputs[0]), [known(x) for x in inputs[1:]]
    if axis is not None and all(s is not None for s in sizes):
        out, before = [], 0
        for row in sizes:
            own = np.zeros_like(row)
            own[int(axis)] = before
            before += int(row[int(axis)])
            out.append(constant(own))
        return out
    table = stack(inputs[1:])
    rank = inputs[1].shape.as_list()[0]
    if rank is None:
        raise UnimplementedError(
            house_message(
                "SavedModel", "ConcatOffset of an unknown rank", f"node '{step.name}'"
            )
        )
    at = inputs[0] % rank
    ends = cumsum(table, exclusive=True) * one_hot(at, rank, dtype=table.dtype)
    return [ends[i] for i in range(len(inputs) - 1)]


@reads("Empty")
def _empty(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.filling import zeros

    return (zeros(inputs[0], step.attrs.get("dtype") or dtypes.float32),)


@reads("CTCLoss")
def _ctc_loss(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.core.sparse_tensor import SparseTensor
    from rillet.ops.casting import cast
    from rillet.ops.compare import greater
    from rillet.ops.ctc import ctc_loss_op
    from rillet.ops.filling import ones_like, zeros_like
    from rillet.ops.mask import where
    from rillet.ops.segment import unsorted_segment_sum
    from rillet.ops.shaping import static_dims
    from rillet.ops.sparse.dense import to_dense

    attrs = step.attrs
    merges = attrs.get("ctc_merge_repeated", True)
    if attrs.get("preprocess_collapse_repeated") or not merges:
        raise UnimplementedError(
            house_message(
                "SavedModel", "CTCLoss that merges labels", f"node '{step.name}'"
            )
        )
    logits, places, labels, frames = inputs
    _, batch, classes = static_dims(logits)
    if not isinstance(classes, int):
        raise UnimplementedError(
            house_message(
                "SavedModel", "CTCLoss of unknown classes", f"node '{step.name}'"
            )
        )
    rows = places[:, 0]
    lengths = unsorted_segment_sum(ones_like(labels), rows, batch)
    longest = run("Max", cast(lengths, dtypes.int64), None, keep_dims=False)
    limit = to_tensor(0, dtypes.int64)
    longest = where(greater(longest, limit), longest, limit)
    dims = run("Pack", [cast(to_tensor(batch), dtypes.int64), longest], axis=0)
    whole = to_dense(SparseTensor(places, labels, dims), validate_indices=False)
    loss, slope = ctc_loss_op.run(
        logits, whole, lengths, frames, blank_index=classes - 1
    )
    if attrs.get("ignore_longer_outputs_than_inputs"):
        over = greater(cast(lengths, dtypes.int32), cast(frames, dtypes.int32))
        loss = where(over, zeros_like(loss), loss)
        slope = where(over[None, :, None], zeros_like(slope), slope)
    return loss, slope
