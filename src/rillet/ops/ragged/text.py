"""How ragged tensors are printed."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.ops.ragged.rows import RaggedRows


def shown(rt: RaggedRows) -> str:
    """The `repr` of a ragged tensor: its rows where they are known, else its parts."""
    if rt._is_eager():
        return f"<tf.RaggedTensor {value_text(rt.numpy())}>"
    return f"tf.RaggedTensor(values={rt._inner!r}, row_splits={rt._splits!r})"


def value_text(value: Any) -> str:
    """Nested rows as NumPy prints nested arrays, with commas."""
    if not isinstance(value, np.ndarray):
        return str(value)
    if not value.size:
        return str(value.tolist())
    return np.array2string(value, separator=", ", formatter={"all": value_text})
