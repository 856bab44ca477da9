"""Expressions on ragged tensors, run by TensorFlow (`make_ragged.py`) and by rillet.

`values` gives the names that they use; each row of
`ragged_rows.txt` is an expression of those and of `tf`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def values(tf: Any) -> dict[str, Any]:
    """The names that expressions use."""
    constant = tf.ragged.constant
    return {
        "tf": tf,
        "a": constant([[1, 2], [], [3]]),
        "f": constant([[1.0, 2.5], [], [3.0]]),
        "g": constant([[0.5, -1.0], [], [2.0]]),
        "d": constant([[[1, 2], []], [], [[3]]]),
        "e": constant([[[1.0, 2.0], [3.0]], [], [[4.0, 5.0, 6.0]]]),
        "m": constant([[[1, 2], [3, 4]], [], [[5, 6]]], ragged_rank=1),
        "q": constant([[1, 2], [3, 4]]),
        "b": constant([[True, False], [], [True]]),
        "s": constant([["a b", "c"], [], ["d  e f"]]),
        "u": tf.RaggedTensor.from_uniform_row_length(
            constant([[1], [2, 3], [], [4]]), 2
        ),
        "x": tf.constant([[1, 2, 0], [3, 0, 0], [0, 0, 0]]),
    }


_FILE = Path(__file__).with_suffix(".txt")
ROWS = _FILE.read_text(encoding="utf-8").splitlines()
