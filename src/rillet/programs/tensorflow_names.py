"""Which public names TensorFlow has, whether or not rillet has them.

A name flows in, the version of TensorFlow that has it flows out, from the list that
``scripts/list_tensorflow_names.py`` wrote. `names` asks, when a name is missing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("tensorflow_names.txt")
_FIRST = "compat.v1"


@cache
def _names() -> dict[str, frozenset[str]]:
    rows = _LIST.read_text(encoding="utf-8").splitlines()
    parted = (row.partition(":") for row in rows)
    return {space: frozenset(names.split()) for space, _, names in parted}


def members(path: str) -> frozenset[str]:
    """Return the public names of a namespace, or of a class that has a row."""
    return _names().get(path, frozenset())


def spaces() -> list[str]:
    """Return TensorFlow 2's namespaces, and the classes that have a row; "" is tf."""
    return [space for space in _names() if not space.startswith(_FIRST)]


def version(path: str) -> int:
    """Tell which TensorFlow has a public name.

    Args:
        path: the name as users write it, without ``tf.``; or a method of a class.

    Returns:
        2, or 1 for a name that only TensorFlow 1 had, or 0.

    Example:
        >>> version("strings.split"), version("Session"), version("ones_lik")
        (2, 1, 0)
    """
    first = path.startswith(f"{_FIRST}.") or path == _FIRST
    path = path.removeprefix(_FIRST).removeprefix(".")
    if not path or path.partition(".")[0] == "contrib":
        return 1
    while path:
        space, _, last = path.rpartition(".")
        if not first and last in _names().get(space, ()):
            return 2
        if last in _names().get(f"{_FIRST}.{space}".rstrip("."), ()):
            return 1
        if not (space and space.rpartition(".")[2][:1].isupper()):
            return 0
        path = space  # of a class the list holds no methods
    return 0
