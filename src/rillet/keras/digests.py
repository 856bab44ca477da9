"""Hashes of files: is this file the one that was published?

In: a path and a hash. Out: the file's hash, or whether they agree. `downloads` calls
it.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any

from rillet.core.errors import house_message

ALGORITHMS = ("auto", "sha256", "md5")
_CHUNK = 1 << 18
_LENGTHS = {"md5": 32, "sha256": 64}


def algorithm_for(caller: str, file_hash: str, algorithm: str = "auto") -> str:
    """Settle which algorithm made a hash.

    Args:
        caller: the public function's name.
        file_hash: 64 hexadecimal digits for SHA-256, 32 for MD5.
        algorithm: `"sha256"`, `"md5"`, or `"auto"` to tell by the length.

    Returns:
        `"sha256"` or `"md5"`.

    Raises:
        ValueError: no such algorithm, or the hash is none of it.

    Example:
        >>> algorithm_for("get_file", "9e107d9d372bb6826bd81d3542a419d6")
        'md5'
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(
            house_message(
                caller,
                f"hash_algorithm must be one of {', '.join(map(repr, ALGORITHMS))}",
                f"received {algorithm!r}",
            )
        )
    made_by = algorithm
    if algorithm == "auto":
        made_by = "sha256" if len(file_hash) == _LENGTHS["sha256"] else "md5"
    if not re.fullmatch(f"[0-9a-fA-F]{{{_LENGTHS[made_by]}}}", file_hash):
        raise ValueError(
            house_message(
                caller,
                "file_hash must be 64 hexadecimal digits (SHA-256) or 32 (MD5)",
                f"received {file_hash!r} with hash_algorithm={algorithm!r}",
            )
        )
    return made_by


def hash_file(path: str | os.PathLike[str], algorithm: str) -> str:
    """Hash a file.

    Args:
        path: the file.
        algorithm: `"sha256"` or `"md5"`.

    Returns:
        The hash in lower-case hexadecimal digits.

    Example:
        >>> len(hash_file(__file__, "sha256"))
        64
    """
    hasher = new_hasher(algorithm)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    digest: str = hasher.hexdigest()
    return digest


def new_hasher(algorithm: str) -> Any:
    """Make a hasher of hashlib's.

    Args:
        algorithm: `"sha256"` or `"md5"`.

    Example:
        >>> new_hasher("md5").hexdigest()
        'd41d8cd98f00b204e9800998ecf8427e'
    """
    # MD5 identifies old files here; some builds of Python forbid it for anything else.
    return hashlib.new(algorithm, usedforsecurity=False)
