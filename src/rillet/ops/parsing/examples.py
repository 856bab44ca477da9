"""`tf.io.parse_example` and `parse_single_example`: examples into tensors by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import STRING, int64, string
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.ops.parsing.columns import (
    as_dense,
    as_one,
    as_sparse,
    joined,
    lengths,
    read,
    splits,
)
from rillet.ops.parsing.messages import Damaged, features, malformed
from rillet.ops.parsing.plans import Plan
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]
_OP = "parse_example"


def _kernel(serialized: Array, sparse: Any, dense: Any, ragged: Any) -> list[Any]:
    single = serialized.ndim == 0
    records = serialized.reshape(-1).tolist()
    wanted = [(key.encode(), key, kind) for key, kind in sparse]
    wanted += [(c.key.encode(), c.key, c.dtype) for c in dense]
    wanted += [(key.encode(), key, kind) for key, kind, _ in ragged]
    rows: list[list[Any]] = [[] for _ in wanted]
    places = ["" if single else "Name: <unknown>, "] * len(records)
    for number, data in enumerate(records):
        where = places[number] + ("" if single else f"Index: {number}. ")
        try:
            found = features(data)
            for held, (name, key, kind) in zip(rows, wanted, strict=True):
                held.append(read(_OP, data, found.get(name), key, kind, where))
        except Damaged as error:
            raise malformed(_OP, data, error) from None
    many, some = len(sparse), len(sparse) + len(dense)
    tables = [
        as_sparse(held, kind) for held, (_, kind) in zip(rows, sparse, strict=False)
    ]
    out = [table[k] for k in range(3) for table in tables]
    if single:
        out = [
            x[:, 1:] if i < many else x[1:] if i >= 2 * many else x
            for i, x in enumerate(out)
        ]
    for held, column in zip(rows[many:some], dense, strict=True):
        if single:
            out.append(as_one(_OP, held[0], column))
        else:
            out.append(as_dense(_OP, held, column, places))
    pairs = list(zip(rows[some:], ragged, strict=True))
    out += [joined(held, kind) for held, (_, kind, _) in pairs]
    out += [splits(lengths(held), ends.numpy_dtype) for held, (*_, ends) in pairs]
    return out


def _infer(serialized: Spec, sparse: Any, dense: Any, ragged: Any) -> list[Spec]:
    lead = serialized.shape if serialized.shape is not None else (None,)
    rank = len(lead) + 1
    out = [Spec((None, rank), int64) for _ in sparse]
    out += [Spec((None,), kind) for _, kind in sparse]
    out += [Spec((rank,), int64) for _ in sparse]
    out += [Spec((*lead, *c.shape), c.dtype) for c in dense]
    out += [Spec((None,), kind) for _, kind, _ in ragged]
    count = lead[0] + 1 if lead and lead[0] is not None else None
    ends = count if lead else 2
    return out + [Spec((ends,), kind) for *_, kind in ragged]


parse_op: Op = define(
    "ParseExampleV2",
    types=(STRING,),
    kernel=_kernel,
    infer=_infer,
    attrs={"sparse": (), "dense": (), "ragged": ()},
    outputs=-1,
    quiet=False,
)


def _checked(op: str, features: Any) -> Any:
    if not features:
        raise ValueError(
            house_message(
                op, f"Argument `features` cannot be None or falsy. Got {features}"
            )
        )
    return features


def _parsed(op: str, serialized: Any, features: Any) -> Any:
    plan = Plan(op, features)
    rank = serialized.shape.rank
    batch = serialized.shape.as_list()[0] if rank else None
    outputs = parse_op.run(serialized, **plan.attrs())
    return plan.pack(outputs, batch, rank == 0)


def one_text(op: str, serialized: Any, batched: str) -> Any:
    """One serialized message as a tensor.

    Args:
        op: the function that asks.
        serialized: the message.
        batched: the function that takes several.

    Raises:
        ValueError: where it is no scalar.
    """
    tensor = to_tensor(serialized, None if hasattr(serialized, "dtype") else string)
    if tensor.shape.rank is None:
        tensor.set_shape([])
    if tensor.shape.rank != 0:
        raise ValueError(
            house_message(
                op,
                "Input serialized must be a scalar",
                f"its shape is {tensor.shape}",
                f"Use tf.io.{batched} for a batch",
            )
        )
    return tensor


def parse_example(
    serialized: Any, features: Any, example_names: Any = None, name: str | None = None
) -> dict[str, Any]:
    """Serialized examples as tensors, by the names of their features.

    Args:
        serialized: `tf.train.Example` messages, strings ``(batch,)``.
        features: for each name what becomes of the feature: `FixedLenFeature` a dense
            tensor ``(batch, *shape)``, `FixedLenSequenceFeature` one that is padded,
            `VarLenFeature` and `SparseFeature` a sparse tensor, `RaggedFeature` a
            ragged one.
        example_names: accepted.
        name: ignored when eager.

    Returns:
        A dictionary of tensors.

    Raises:
        ValueError: where `features` is empty or holds something else.
        InvalidArgumentError: where the bytes are no examples, a feature is missing, or
            has another type or number of values.

    Example:
        >>> import rillet as tf
        >>> value = tf.train.Feature(int64_list=tf.train.Int64List(value=[7, 8]))
        >>> features = tf.train.Features(feature={"n": value})
        >>> data = tf.train.Example(features=features).SerializeToString()
        >>> wanted = {"n": tf.io.FixedLenFeature([2], tf.int64)}
        >>> tf.io.parse_example([data], wanted)["n"].numpy().tolist()
        [[7, 8]]
    """
    _checked("io.parse_example", features)
    tensor = to_tensor(serialized, None if hasattr(serialized, "dtype") else string)
    found: dict[str, Any] = _parsed("io.parse_example", tensor, features)
    return found


def parse_single_example(
    serialized: Any, features: Any, example_names: Any = None, name: str | None = None
) -> dict[str, Any]:
    """One serialized example as tensors, by the names of its features.

    Args:
        serialized: a `tf.train.Example` message, a scalar string.
        features: as for `parse_example`.
        example_names: accepted.
        name: ignored when eager.

    Returns:
        A dictionary of tensors, without a batch axis.

    Raises:
        ValueError: where `serialized` is no scalar, or `features` is empty.
        InvalidArgumentError: as for `parse_example`.
    """
    op = "io.parse_single_example"
    _checked(op, features)
    tensor = one_text(op, serialized, "parse_example")
    found: dict[str, Any] = _parsed(op, tensor, features)
    return found
