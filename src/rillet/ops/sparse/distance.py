"""`tf.edit_distance`: how many changes make one sequence of another.

Source: V. Levenshtein, «Binary codes capable of correcting deletions, insertions and
reversals» (1966).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import ANY, INDEX, float32
from rillet.core.errors import OperandTypeError, house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define
from rillet.ops.sparse.places import check_order, check_parts, flat_of, rank_of, refused

Array = np.ndarray[Any, Any]


def _rows(indices: Array, values: Array, shape: Array, lead: Array) -> dict[int, Any]:
    check_parts("edit_distance", indices, values, shape)
    check_order("edit_distance", indices, shape)
    row = flat_of("edit_distance", indices[:, :-1], lead)
    found, starts = np.unique(row, return_index=True)
    parts = np.split(values, starts[1:])
    return dict(zip(found.tolist(), parts, strict=False))


def _distance(a: Array, b: Array) -> int:
    """Changes, one row of the table at a time; insertions by a running minimum."""
    places = np.arange(len(b) + 1)
    row = places
    for element in a:
        step = np.empty_like(row)
        step[0] = row[0] + 1
        step[1:] = np.minimum(row[1:] + 1, row[:-1] + (b != element))
        row = np.minimum.accumulate(step - places) + places
    return int(row[-1])


def _kernel(
    hi: Array,
    hv: Array,
    h_shape: Array,
    ti: Array,
    tv: Array,
    t_shape: Array,
    normalize: bool = True,
) -> Array:
    if len(h_shape) != len(t_shape) or len(h_shape) < 2:
        raise refused(
            "edit_distance",
            "hypothesis and truth have one rank, of 2 or more",
            f"shapes are {h_shape.tolist()} and {t_shape.tolist()}",
        )
    lead = np.maximum(h_shape[:-1], t_shape[:-1])
    hypotheses = _rows(hi, hv, h_shape, lead)
    truths = _rows(ti, tv, t_shape, lead)
    out = np.zeros(int(np.prod(lead)), np.float32)
    none = np.zeros(0, hv.dtype)
    for row in {*hypotheses, *truths}:
        one, truth = hypotheses.get(row, none), truths.get(row, none)
        found: float = _distance(one, truth)
        if normalize:
            found = found / len(truth) if len(truth) else np.inf if len(one) else 0.0
        out[row] = found
    return out.reshape(lead.tolist())


def _infer(hi: Spec, hv: Spec, h_shape: Spec, *rest: Spec, **attrs: Any) -> Spec:
    rank = rank_of(h_shape)
    return Spec(None if rank is None else (None,) * (rank - 1), float32)


distance_op: Op = define(
    "EditDistance",
    types=(INDEX, ANY, INDEX, INDEX, 1, INDEX),
    kernel=_kernel,
    infer=_infer,
    attrs={"normalize": True},
    quiet=False,
)


def edit_distance(
    hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance"
) -> Tensor:
    """How many insertions, deletions and replacements make a sequence of another.

    Args:
        hypothesis: a sparse tensor whose last axis are sequences.
        truth: another of the same rank and type.
        normalize: whether to divide by the length of the truth.
        name: ignored when eager.

    Returns:
        float32, without the last axis; infinity where only the truth is empty.

    Raises:
        TypeError: where one is not sparse.

    Example:
        >>> import rillet as tf
        >>> a = tf.sparse.from_dense([["k", "i", "t", "t", "e", "n"]])
        >>> b = tf.sparse.from_dense([["s", "i", "t", "t", "i", "n", "g"]])
        >>> tf.edit_distance(a, b, normalize=False).numpy()
        array([3.], dtype=float32)
    """
    for label, x in (("Hypothesis", hypothesis), ("Truth", truth)):
        if not isinstance(x, SparseTensor):
            raise OperandTypeError(
                house_message(
                    "edit_distance",
                    f"{label} must be a SparseTensor",
                    f"got {type(x).__name__}",
                )
            )
    found: Tensor = distance_op.run(
        *hypothesis._flat_tensors(), *truth._flat_tensors(), normalize=normalize
    )
    return found
