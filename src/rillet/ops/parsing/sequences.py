"""`tf.io.parse_sequence_example`: examples with a list of features for each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import STRING, int64, string
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.ops.parsing import examples
from rillet.ops.parsing.columns import (
    Dense,
    as_dense,
    as_sparse,
    joined,
    lengths,
    read,
    splits,
)
from rillet.ops.parsing.features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
    VarLenFeature,
)
from rillet.ops.parsing.messages import Damaged, malformed, parts, steps
from rillet.ops.parsing.plans import Plan
from rillet.ops.ragged.tensor import RaggedTensor
from rillet.ops.registry import Op, define
from rillet.ops.sparse.operators import SparseTensorSpec

Array = np.ndarray[Any, Any]
_OP = "parse_sequence_example"


def _kernel(
    serialized: Array, context: Any, sparse: Any, dense: Any, ragged: Any
) -> list[Any]:
    out = list(examples.parse_op.kernel(serialized, **dict(context)))
    single = serialized.ndim == 0
    records = serialized.reshape(-1).tolist()
    wanted = [(key.encode(), key, kind, True) for key, kind in sparse]
    wanted += [(c.key.encode(), c.key, c.dtype, c.default is not None) for c in dense]
    wanted += [(key.encode(), key, kind, True) for key, kind, _ in ragged]
    lists: list[list[list[Any]]] = [[] for _ in wanted]
    for data in records:
        try:
            _, found = parts(data)
            for held, (name, key, kind, optional) in zip(lists, wanted, strict=True):
                held.append(_steps(data, found.get(name), key, kind, optional))
        except Damaged as error:
            raise malformed(_OP, data, error) from None
    many, some = len(sparse), len(sparse) + len(dense)
    pairs = zip(lists, sparse, strict=False)
    tables = [_sparse(held, kind, single) for held, (_, kind) in pairs]
    out += [table[k] for k in range(3) for table in tables]
    counts = []
    for held, column in zip(lists[many:some], dense, strict=True):
        table, count = _dense(held, column)
        out.append(table[0] if single else table)
        counts.append(count)
    out += counts
    rest = list(zip(lists[some:], ragged, strict=True))
    flat = [[row for rows in held for row in rows] for held, _ in rest]
    out += [joined(rows, r[1]) for rows, (_, r) in zip(flat, rest, strict=True)]
    out += [
        splits(lengths(rows), r[2].numpy_dtype)
        for rows, (_, r) in zip(flat, rest, strict=True)
    ]
    return out + [splits(lengths(held), r[2].numpy_dtype) for held, r in rest]


def _steps(data: bytes, span: Any, key: str, kind: Any, optional: bool) -> list[Any]:
    """The values of each step of a feature list."""
    if span is None:
        if optional:
            return []
        raise InvalidArgumentError(
            house_message(
                _OP,
                f"Name: <unknown>, Feature list '{key}' is required but could not be"
                " found",
                fix="Give the feature allow_missing=True",
            )
        )
    found = []
    for number, step in enumerate(steps(data, span)):
        where = f"Name: <unknown>, Feature list: {key}, Index: {number}. "
        found.append(read(_OP, data, step, key, kind, where))
    return found


def _sparse(held: list[list[Any]], kind: Any, single: bool) -> tuple[Array, ...]:
    """Places, values and shape (batch, steps, values)."""
    counts = lengths(held)
    flat = [row for rows in held for row in rows]
    places, found, shape = as_sparse(flat, kind)
    which = np.repeat(np.arange(len(held)), counts)
    start = splits(counts)[:-1]
    row = places[:, 0]
    step = row - start[which[row]] if len(flat) else row
    example = which[row] if len(flat) else row
    whole = np.stack([example, step, places[:, 1]], 1)
    dims = np.array([len(held), counts.max(initial=0), shape[1]], np.int64)
    return (whole[:, 1:], found, dims[1:]) if single else (whole, found, dims)


def _dense(held: list[list[Any]], column: Dense) -> tuple[Array, Array]:
    """Steps padded with zeros (batch, steps, *shape), and how many there are."""
    row = Dense(column.key, column.dtype, column.row, None)
    counts = lengths(held)
    nothing: Any = b"" if column.dtype is string else 0
    dims = (len(held), int(counts.max(initial=0)), *column.row)
    out = np.full(dims, nothing, column.dtype.numpy_dtype)
    for i, rows in enumerate(held):
        if rows:
            where = f"Name: <unknown>, Feature list '{column.key}': "
            out[i, : len(rows)] = as_dense(_OP, rows, row, [where] * len(rows))
    return out, counts


def _infer(
    serialized: Spec, context: Any, sparse: Any, dense: Any, ragged: Any
) -> list[Spec]:
    out = examples.parse_op.infer(serialized, **dict(context))
    lead = serialized.shape if serialized.shape is not None else (None,)
    rank = len(lead) + 2
    out += [Spec((None, rank), int64) for _ in sparse]
    out += [Spec((None,), kind) for _, kind in sparse]
    out += [Spec((rank,), int64) for _ in sparse]
    out += [Spec((*lead, None, *c.row), c.dtype) for c in dense]
    count = lead[0] if lead else 1
    out += [Spec((count,), int64) for _ in dense]
    out += [Spec((None,), kind) for _, kind, _ in ragged]
    out += [Spec((None,), kind) for *_, kind in ragged]
    ends = None if count is None else count + 1
    return out + [Spec((ends,), kind) for *_, kind in ragged]


sequence_op: Op = define(
    "ParseSequenceExampleV2",
    types=(STRING,),
    kernel=_kernel,
    infer=_infer,
    attrs={"context": (), "sparse": (), "dense": (), "ragged": ()},
    outputs=-1,
    quiet=False,
)
_CONTEXT = (FixedLenFeature, RaggedFeature, VarLenFeature)
_STEPS = (FixedLenSequenceFeature, RaggedFeature, VarLenFeature)


def _parsed(op: str, serialized: Any, context: Any, sequence: Any) -> tuple[Any, ...]:
    if not (context or sequence):
        raise ValueError(
            house_message(
                op, "Both `context_features` and `sequence_features` cannot be missing"
            )
        )
    before = Plan(op, context or {}, _CONTEXT)
    plan = Plan(op, sequence or {}, _STEPS, sequence=True)
    for key, feature in (sequence or {}).items():
        if isinstance(feature, FixedLenSequenceFeature) and not feature.allow_missing:
            plan.dense[key].default = None
        if isinstance(feature, RaggedFeature) and feature.partitions:
            raise ValueError(
                house_message(
                    op, "features of steps have no partitions", f"key {key!r}"
                )
            )
    attrs = tuple(before.attrs().items())
    outputs = sequence_op.run(serialized, context=attrs, **plan.attrs())
    rank = serialized.shape.rank
    batch = serialized.shape.as_list()[0] if rank else None
    many, some, more = len(plan.sparse), len(plan.dense), len(plan.ragged)
    cut = len(outputs) - 3 * many - 2 * some - 3 * more
    first = before.pack(outputs[:cut], batch, rank == 0)
    rest = list(outputs[cut:])
    lead = [batch] if rank else []
    found: dict[str, Any] = {}
    for i, (key, kind) in enumerate(plan.sparse.items()):
        spec = SparseTensorSpec(TensorShape([*lead, None, None]), kind)
        found[key] = spec._from_tensors(rest[i : 3 * many : many])
    found.update(zip(plan.dense, rest[3 * many :], strict=False))
    counts = dict(zip(plan.dense, rest[3 * many + some :], strict=False))
    ends = rest[3 * many + 2 * some :]
    for i, key in enumerate(plan.ragged):
        values, inner, outer = ends[i::more]
        inside = RaggedTensor.from_row_splits(values, inner, validate=False)
        found[key] = (
            RaggedTensor.from_row_splits(inside, outer, validate=False)
            if rank
            else inside
        )
    return first, found, counts


def parse_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Serialized examples of sequences as tensors.

    Args:
        serialized: `tf.train.SequenceExample` messages, strings ``(batch,)``.
        context_features: what becomes of the features of a whole sequence, as for
            `parse_example`.
        sequence_features: what becomes of those of its steps: `FixedLenSequenceFeature`
            a padded tensor ``(batch, steps, *shape)``, `VarLenFeature` a sparse one,
            `RaggedFeature` a ragged one.
        example_names: accepted.
        name: ignored when eager.

    Returns:
        Two dictionaries of tensors, and one of the numbers of steps of dense features.

    Raises:
        ValueError: where no feature is asked for.
        InvalidArgumentError: as for `parse_example`.
    """
    op = "io.parse_sequence_example"
    tensor = to_tensor(serialized, None if hasattr(serialized, "dtype") else string)
    first, found, counts = _parsed(op, tensor, context_features, sequence_features)
    return first, found, counts


def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One serialized example of a sequence as tensors; see `parse_sequence_example`.

    Args:
        serialized: a `tf.train.SequenceExample` message, a scalar string.
        context_features: what becomes of the features of the whole sequence.
        sequence_features: what becomes of those of its steps.
        example_name: accepted.
        name: ignored when eager.

    Returns:
        Two dictionaries of tensors, without a batch axis.

    Raises:
        ValueError: where `serialized` is no scalar, or no feature is asked for.
        InvalidArgumentError: as for `parse_example`.
    """
    op = "io.parse_single_sequence_example"
    tensor = examples.one_text(op, serialized, "parse_sequence_example")
    first, found, _ = _parsed(op, tensor, context_features, sequence_features)
    return first, found
