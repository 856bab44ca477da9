"""Fine points: expressions, run by TensorFlow (`make_details.py`) and by rillet.

Rows are lines of `rows.txt`; `names` gives what they use besides `tf`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import gif_files
import numpy as np

ROWS = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
ROWS += [
    f"{call}(gifs[{name!r}])"
    for name, call in itertools.product(
        gif_files.FILES, ["tf.io.decode_gif", "still", "tf.io.decode_image"]
    )
]


def names(tf: Any, folder: Path) -> dict[str, Any]:
    """What expressions use."""

    def read(text: str, kind: Any, key: Any = None) -> Any:
        """The entries of a table of a text file of one line, a bar between columns."""
        # TensorFlow shares tables of one file's name
        path = folder / f"{abs(hash((text, kind, key)))}.txt"
        path.write_bytes(text.encode())
        key = tf.string if key is None else key
        reads = tf.lookup.TextFileInitializer(str(path), key, 0, kind, 1, delimiter="|")
        default = tf.constant("" if kind is tf.string else 0, kind)
        table = tf.lookup.StaticHashTable(reads, default)
        return [part.numpy().tolist() for part in table.export()]

    def at(*place: int) -> Any:
        """A sparse matrix of 2 rows and 3 columns with an element at a place."""
        return tf.sparse.SparseTensor([place], [1.0], [2, 3])

    def table(kind: str) -> Any:
        """A table that can change, with two entries."""
        space = tf.lookup.experimental
        if kind == "dense":
            made = space.DenseHashTable(tf.int64, tf.int64, -1, 0, -1)
        else:
            made = space.MutableHashTable(tf.int64, tf.int64, -1)
        made.insert(whole(11, 12), whole(1, 2))
        return made

    def whole(*values: int) -> Any:
        return tf.constant(values, tf.int64)

    def mapped(function: Any) -> Any:
        """What a function gives for each of three keys in a dataset."""
        keys = tf.data.Dataset.from_tensor_slices(whole(11, 12, 13))
        return [int(v) for v in keys.map(function).as_numpy_iterator()]

    return {
        "tf": tf,
        "np": np,
        "read": read,
        "at": at,
        "table": table,
        "whole": whole,
        "mapped": mapped,
        "gifs": gif_files.FILES,
        "still": lambda data: tf.io.decode_image(data, expand_animations=False),
        "T": tf.train,
    }


def outcome(row: str, tf: Any, folder: Path) -> Any:
    """The value of an expression, or the class of the error that it raised."""
    try:
        return told(eval(row, names(tf, folder)), tf)
    except Exception as error:
        return {"error": _class_of(error)}


_PUBLIC = frozenset(
    "ValueError TypeError OverflowError RuntimeError InvalidArgumentError".split()
)


def _class_of(error: Exception) -> str:
    """The nearest class of an error that programs know."""
    for kind in type(error).__mro__:
        if kind.__name__ in _PUBLIC:
            return kind.__name__
    return type(error).__name__


def told(value: Any, tf: Any) -> Any:
    """A value in lists, numbers and text."""
    if isinstance(value, tf.Tensor):
        return [value.dtype.name, told(value.numpy(), tf)]
    if isinstance(value, np.ndarray | np.generic):
        return told(value.tolist(), tf)
    if isinstance(value, list | tuple):
        return [told(v, tf) for v in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float) and (value != value or abs(value) > 1e30):
        return repr(value)
    return value
