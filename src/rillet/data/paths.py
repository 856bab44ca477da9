"""Names of files: what patterns match, what datasets of files are given."""

from __future__ import annotations

import os
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import string
from rillet.core.errors import house_message
from rillet.ops.file_system import matches


def text_of(value: Any) -> str:
    """A file's name from bytes, text, a path or a scalar tensor."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, bytes):
        return value.decode()
    return str(os.fspath(value))


def names_of(owner: str, value: Any) -> list[str]:
    """The names in a string, a path, a list of them or a string tensor.

    Raises:
        TypeError: where it is something else.
    """
    if isinstance(value, str | bytes | os.PathLike):
        return [text_of(value)]
    if isinstance(value, list | tuple):
        return [name for part in value for name in names_of(owner, part)]
    tensor = to_tensor(value)
    if tensor.dtype is not string:
        raise TypeError(
            house_message(
                owner,
                "The `filenames` argument must contain `tf.string` elements",
                f"got {tensor.dtype.name}",
            )
        )
    return [text_of(x) for x in tensor._array.reshape(-1).tolist()]


def matching(patterns: Any) -> list[str]:
    """The files that patterns match, sorted.

    Args:
        patterns: a pattern or a list; ``*``, ``?`` and ``[...]`` stay in one folder.
    """
    found: list[str] = []
    for pattern in names_of("Dataset.list_files", patterns):
        found.extend(matches(pattern))
    return sorted(found) if len(found) else []
