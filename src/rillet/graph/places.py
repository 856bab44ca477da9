"""Where in the program a node comes from: what errors of a run add.

In: a node and an error that it raised. Out: the error with a note of file and line. The
backends and the pipelines, which run nodes, call it.
"""

from __future__ import annotations

from typing import Any, Final

from rillet.graph.ir import Node

_SYMBOLIC: Final = (
    "A SymbolicTensor stands for a value that is there when the function runs. Let"
    " TensorFlow's functions work on it (tf.io.read_file for open, say), or give the"
    " Python code to tf.py_function."
)


def point_out(node: Node, error: Exception) -> None:
    """Note on an error at which line of the program its node was made."""
    if node.where is None or getattr(error, "__notes__", None):
        return
    file, line = node.where
    error.add_note(
        f"Detected at node '{node.name}' defined at File \"{file}\", line {line}"
    )


def explain_symbolic(error: BaseException) -> None:
    """Note on an error of Python's own what the symbolic tensor in its words is."""
    words: Any = error.args[0] if error.args else ""
    if isinstance(words, str) and words.endswith("not SymbolicTensor"):
        error.add_note(_SYMBOLIC)
