"""Rows of programs that use TensorFlow's names, and what they give.

In flow the text files beside this one: `## name` and below it a short program, of which
the value of the last line counts. Rows run under rillet in the tests and under real
TensorFlow in `tests/golden/make_coverage.py`; both call `outcome`.
"""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
#: Programs that must come first in a process.
FRESH = frozenset(
    """tf.config.set_logical_device_configuration
    tf.config.experimental.set_virtual_device_configuration""".split()
)


def rows() -> dict[str, str]:
    """Returns the programs by the name that each is about."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("*.txt")):
        for part in path.read_text("utf-8").split("## ")[1:]:
            name, program = part.split("\n", 1)
            if name in found:
                raise ValueError(f"{path.name}: {name} has two rows")
            if name.removeprefix("tf.") not in program:
                raise ValueError(f"{path.name}: the row of {name} does not name it")
            found[name] = program
    return found


def outcome(tf: Any, program: str) -> Any:
    """Runs a program; returns the value of its last line as JSON can hold it.

    Args:
      tf: what the program calls `tf`.
      program: its text; `folder` is an empty folder of its own.
    """
    tree = ast.parse(program)
    last = tree.body.pop()
    with tempfile.TemporaryDirectory() as folder:
        names: dict[str, Any] = {"tf": tf, "folder": folder + "/own", "__name__": "row"}
        (Path(folder) / "own").mkdir()
        file = Path(folder) / "row.py"  # where functions' sources are looked for
        file.write_text(program, encoding="utf-8")
        exec(compile(tree, str(file), "exec"), names)
        if isinstance(last, ast.Expr):
            expression = ast.Expression(last.value)
            return plain(eval(compile(expression, str(file), "eval"), names))
        exec(compile(ast.Module([last], []), str(file), "exec"), names)
        return None


def plain(value: Any) -> Any:
    """Returns a value made of lists, dictionaries, numbers and strings."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {str(key): plain(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    if hasattr(value, "to_list"):  # ragged
        return plain(value.to_list())
    if hasattr(value, "dense_shape"):
        return plain([value.indices, value.values, value.dense_shape])
    if hasattr(value, "numpy"):
        return [str(value.dtype.name), plain(value.numpy())]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__}: a row cannot give this")
