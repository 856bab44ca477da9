"""Rows of a table looked up by id, their norms limited where asked."""

from __future__ import annotations

from typing import Any

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.clip import clip_by_norm
from rillet.ops.gather import gather_op
from rillet.ops.shaping import static_dims


@dispatched
def embedding_lookup(
    params: Any, ids: Any, max_norm: float | None = None, name: str | None = None
) -> Tensor:
    """Rows of an embedding table.

    Args:
        params: the table, shape ``(vocabulary, ...)``, or a list of tables whose rows
            follow one another.
        ids: integers of any shape.
        max_norm: the largest L2 norm a row may have; longer ones are scaled down.
        name: ignored when eager.

    Returns:
        A tensor of shape ``ids.shape + params.shape[1:]``; its gradient with respect to
        the table is `IndexedSlices`.

    Raises:
        ValueError: where there is no table.
        InvalidArgumentError: where an id lies outside.

    Example:
        >>> import rillet as tf
        >>> table = tf.constant([[3.0, 4.0], [0.6, 0.8]])
        >>> tf.nn.embedding_lookup(table, [1, 0], max_norm=1.0)
        <tf.Tensor: shape=(2, 2), dtype=float32, numpy=
        array([[0.6, 0.8],
               [0.6, 0.8]], dtype=float32)>
    """
    if params is None or (isinstance(params, list | tuple) and not params):
        raise ValueError(
            house_message("embedding_lookup", "Argument `params` must not be empty")
        )
    if isinstance(params, list | tuple):
        tables = [to_tensor(p) for p in params]
        table = tables[0] if len(tables) == 1 else concat(tables, 0)
    else:
        table = to_tensor(params)
    ids = to_tensor(ids)
    rows = gather_op(table, ids, 0)
    if max_norm is None:
        return rows
    first = len(static_dims(ids))
    return clip_by_norm(rows, max_norm, list(range(first, len(rows.shape))))
