"""Rows that a loop keeps of its rounds for its gradient, which reads them backwards.

In flow histories, arrays or tensor lists (`ops.tensor_lists`); out flow rows, and
gradients of histories. `graph.loops` calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY
from rillet.core.spec import Spec
from rillet.ops.registry import Op, define_for_graphs
from rillet.ops.tensor_lists import LISTS, Array


def _row(history: Any, index: Array) -> Any:
    at = int(index)
    found = history[at] if at < len(history) else None
    # a gradient that nobody wrote is a list of zeros, however long
    return () if found is None else found


row_op: Op = define_for_graphs(
    "RilletRow",
    types=(LISTS, ANY),
    kernel=_row,
    infer=lambda history, index: Spec(
        None if history.shape is None else history.shape[1:], history.dtype
    ),
    grad=(lambda g, y, history, index: row_spread_op.run(g, index, history), None),
)


def _row_spread(g: Any, index: Array, history: Any) -> Any:
    """Zeros like a history, with `g` in one row."""
    at = int(index)
    if isinstance(history, np.ndarray):
        out = np.zeros(history.shape, history.dtype)
        out[at] = g
        return out
    rows = [
        (None,) * len(row) if isinstance(row, tuple) else np.zeros(row.shape, row.dtype)
        for row in history
    ]
    rows[at] = g
    return tuple(rows)


row_spread_op: Op = define_for_graphs(
    "RilletRowSpread",
    types=(LISTS, ANY, LISTS),
    kernel=_row_spread,
    infer=lambda g, index, history: history,
    grad=(lambda g, y, x, index, history: row_op.run(g, index), None, None),
)

rows_count_op: Op = define_for_graphs(
    "RilletRowsCount",
    types=(LISTS,),
    kernel=lambda history: np.array(len(history), np.int32),
    infer=lambda history: Spec((), dtypes.int32),
)
