"""The IDX format, in which MNIST and Fashion-MNIST were first published.

In: a gzipped file: four bytes of magic (0, 0, the type, the rank), the extents as
big-endian 32-bit numbers, the values. Out: an array of uint8. `fashion_mnist` calls it.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib

import numpy as np
from numpy.typing import NDArray

from .refusals import refusal

_UINT8 = 8
MAX_BYTES = 1 << 30


def read_idx(path: str | os.PathLike[str], rank: int) -> NDArray[np.uint8]:
    """Read a gzipped IDX file of bytes.

    Args:
        path: the file.
        rank: how many extents it must have.

    Returns:
        The array, uint8, fresh and writeable.

    Raises:
        ValueError: the file is damaged, or holds another type or rank.

    Example:
        >>> import os, tempfile
        >>> data = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "two.gz")
        ...     with gzip.open(path, "wb") as file:
        ...         _ = file.write(data)
        ...     read_idx(path, 1)
        array([7, 9], dtype=uint8)
    """
    try:
        with gzip.open(path, "rb") as file:
            head = file.read(4 + 4 * rank)
            if len(head) != 4 + 4 * rank or head[:4] != bytes([0, 0, _UINT8, rank]):
                raise refusal(
                    path, f"it is no IDX file of rank {rank}", head[:4].hex(" ")
                )
            shape = tuple(np.frombuffer(head, ">u4", offset=4).tolist())
            size = math.prod(shape)
            # One byte more than declared, so that what stands after the end is seen.
            data = file.read(size + 1) if size <= MAX_BYTES else b""
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise refusal(path, "it is damaged or cut short", str(error)) from None
    if len(data) != size:
        raise refusal(
            path, "its length does not fit its extents", f"{shape}, {len(data)} bytes"
        )
    return np.frombuffer(data, np.uint8).reshape(shape).copy()
