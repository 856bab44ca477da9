"""Functions of `tf.nn` on ragged tensors: softmax, dropout, products of matrices."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.ops import dropout as dense_dropout
from rillet.ops import products
from rillet.ops import softmax as dense_softmax
from rillet.ops.elementwise import exp, log
from rillet.ops.gather import gather
from rillet.ops.identity import stop_gradient
from rillet.ops.quotients import truediv
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.dense import from_dense, to_dense
from rillet.ops.ragged.reductions import axes_of
from rillet.ops.ragged.rows import RaggedRows, same_splits_type
from rillet.ops.reduce import reduce_max
from rillet.ops.shaping import reduce_sum


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """`tf.nn.softmax` of ragged logits: each row by itself."""
    at = _axis("softmax", logits, axis)
    if at > logits.ragged_rank:
        inner = at - logits.ragged_rank
        return logits._with_flat(dense_softmax.softmax(logits.flat_values, inner))
    powers = exp(logits - stop_gradient(reduce_max(logits, at, keepdims=True)))
    return truediv(powers, reduce_sum(powers, at, keepdims=True))


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """`tf.nn.log_softmax` of ragged logits."""
    at = _axis("log_softmax", logits, axis)
    if at > logits.ragged_rank:
        inner = at - logits.ragged_rank
        return logits._with_flat(dense_softmax.log_softmax(logits.flat_values, inner))
    away = logits - stop_gradient(reduce_max(logits, at, keepdims=True))
    return away - log(reduce_sum(exp(away), at, keepdims=True))


def _axis(name: str, x: Any, axis: int | None) -> int:
    found = axes_of(name, x, -1 if axis is None else axis)
    return 0 if found is None else found[0]


def dropout(
    x: Any,
    rate: Any,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """`tf.nn.dropout` of ragged values."""
    if noise_shape is not None:
        raise ValueError(
            house_message("dropout", "noise_shape is not supported for ragged tensors")
        )
    return x._with_flat(dense_dropout.dropout(x.flat_values, rate, seed=seed))


def stateless_dropout(
    x: Any,
    rate: Any,
    seed: Any,
    rng_alg: str = "auto_select",
    noise_shape: Any = None,
    name: str | None = None,
) -> Any:
    """`tf.nn.experimental.stateless_dropout` of ragged values."""
    if noise_shape is not None:
        raise ValueError(
            house_message(
                "stateless_dropout",
                "noise_shape is not supported for ragged tensors",
            )
        )
    flat = x.flat_values
    return x._with_flat(dense_dropout.stateless_dropout(flat, rate, seed, rng_alg))


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Any:
    """`tf.matmul` of stacks of matrices with different numbers of rows."""
    options = {
        "transpose_a": transpose_a,
        "transpose_b": transpose_b,
        "adjoint_a": adjoint_a,
        "adjoint_b": adjoint_b,
        "output_type": output_type,
    }
    plain = not (transpose_a or adjoint_a)
    ragged_b = isinstance(b, RaggedRows)
    if isinstance(a, RaggedRows) and not ragged_b and plain:
        matrix = getattr(b, "shape", None)
        inner = a.flat_values.shape.rank
        if (matrix is None or len(matrix) == 2) and inner == 2 and a.shape[-1]:
            # rows times one matrix: the flat values' rows
            return a._with_flat(products.matmul(a.flat_values, b, **options))
    return _padded(a, b, options)


def _padded(a: Any, b: Any, options: dict[str, Any]) -> Any:
    """Products of padded matrices, cut to the rows and columns that there are."""
    same_splits_type("matmul", [a, b])
    rank = max(_rank(a), _rank(b))
    if rank != 3:
        rule = "The matrices in `a` and `b` may not be ragged in their innermost"
        raise ValueError(
            house_message(
                "matmul",
                f"{rule} dimension",
                f"shapes are {a.shape} and {b.shape}",
                "Pad them with to_tensor()",
            )
        )
    left = options["transpose_a"] or options["adjoint_a"]
    right = options["transpose_b"] or options["adjoint_b"]
    _check_inner(a, b, left, right)
    made = [to_dense(v, None, None) if isinstance(v, RaggedRows) else v for v in (a, b)]
    found = products.matmul(*made, **options)
    kind = next(v._splits.dtype for v in (a, b) if isinstance(v, RaggedRows))
    rows = _lengths(a, 2 if left else 1)
    columns = _lengths(b, 1 if right else 2)
    if rows is None and columns is None:
        return found
    if columns is None:
        return from_dense(found, rows, None, 1, kind)
    if rows is None:
        rows = parts.lengths_of_splits(
            parts.uniform_splits(
                parts.size_of(found, 0, kind), parts.size_of(found, 1, kind)
            )
        )
    every = parts.ids_of_lengths(rows)
    return from_dense(found, [rows, gather(columns, every)], None, 2, kind)


def _rank(value: Any) -> int:
    return int(value.shape.rank or 0)


def _lengths(value: Any, axis: int) -> Any:
    """The sizes of matrices along an axis, where they differ."""
    if not isinstance(value, RaggedRows) or value.shape[axis] is not None:
        return None
    if axis == 1:
        return parts.lengths_of_splits(value._splits)
    inner = value._inner
    if not isinstance(inner, RaggedRows):
        return None
    widths = value._like(parts.lengths_of_splits(inner._splits))
    return reduce_max(widths, 1)


def _check_inner(a: Any, b: Any, left: bool, right: bool) -> None:
    """The sizes that are summed over must agree in each pair."""
    one, other = _lengths(a, 1 if left else 2), _lengths(b, 2 if right else 1)
    if one is not None and other is not None:
        rule = "Condition x == y did not hold: inner sizes are equal"
        parts.check("matmul", one == other, rule, one, other)
