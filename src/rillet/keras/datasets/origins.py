"""Where the data sets lie, and how one of their files comes to this machine.

In: a file's public address and published hash. Out: the path of a checked local copy.
Every data set but MNIST calls it.
"""

from __future__ import annotations

import json
import os
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.downloads import get_file

from .refusals import refusal

KERAS_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
CIFAR_BASE = "https://www.cs.toronto.edu/~kriz/"

PathLike = str | os.PathLike[str]


def fetch(
    path: PathLike,
    origin: str,
    file_hash: str,
    cache_dir: PathLike | None = None,
    *,
    cache_subdir: str = "datasets",
    untar: bool = False,
) -> str:
    """Give the path of a data set's file, downloading it if need be.

    Args:
        path: the file's name in `cache_subdir`, or an absolute path.
        origin: the public address.
        file_hash: the published SHA-256 or MD5 of the file at `origin`.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.
        cache_subdir: the folder in Keras's folder.
        untar: unpack the archive and give its folder's path.

    Returns:
        The path of the file, or of the unpacked folder.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: what was fetched does not have the published hash.
    """
    return get_file(
        path,
        origin=origin,
        file_hash=file_hash,
        cache_dir=cache_dir,
        cache_subdir=cache_subdir,
        untar=untar,
    )


def read_word_index(path: PathLike, source: str, file_hash: str) -> dict[str, int]:
    """Fetch and read a JSON file of words and their numbers.

    Args:
        path: the file's name in Keras's folder `datasets`, or an absolute path.
        source: the file's name at Keras's address.
        file_hash: its published hash.

    Returns:
        The numbers by word.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is no such table.
    """
    local = fetch(path, KERAS_BASE + source, file_hash)
    try:
        with open(local, encoding="utf-8") as file:
            table: Any = json.load(file)
    except ValueError as error:
        raise refusal(local, "it is no JSON", str(error)) from None
    if not isinstance(table, dict) or not all(type(n) is int for n in table.values()):
        raise refusal(local, "it is no table of words and numbers", "")
    return table


def check_test_split(caller: str, test_split: float) -> None:
    """Refuse a share of test data that is no share.

    Args:
        caller: the public function's name.
        test_split: the share, from 0 up to but not including 1.

    Raises:
        ValueError: it is out of range.

    Example:
        >>> check_test_split("boston_housing.load_data", 0.2)
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            house_message(
                caller,
                "test_split must be at least 0 and less than 1",
                f"received test_split={test_split!r}",
            )
        )
