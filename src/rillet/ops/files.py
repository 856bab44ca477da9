"""Files as ops: read, written, found by pattern. In graphs they keep their order.

In flow names as strings, out what the files hold. `tf.io` shows these functions.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import STRING
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.file_system import errors_of, local_name, matches
from rillet.ops.registry import Op, define
from rillet.ops.string_rules import filled, texts

Array = np.ndarray[Any, Any]


def _one(op: str, what: str, spec: Any) -> None:
    """Refuse several strings where one is wanted."""
    if spec.shape:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Input {what} tensor must be scalar",
                f"it had shape: {list(spec.shape)}",
            )
        )


def _infer_read(filename: Spec) -> Spec:
    _one("io.read_file", "filename", filename)
    return Spec((), dtypes.string)


def _read(filename: Array) -> Array:
    _one("io.read_file", "filename", filename)
    place = local_name(filename.item())
    with errors_of(place), open(place, "rb") as file:
        return filled([file.read()], ())


read_op: Op = define(
    "ReadFile",
    types=(STRING,),
    kernel=_read,
    infer=_infer_read,
    effects="io",
    quiet=False,
)


def read_file(filename: Any, name: str | None = None) -> Tensor:
    """What a file holds, as it is.

    Args:
        filename: its path, a scalar string.
        name: ignored when eager.

    Returns:
        A scalar string.

    Raises:
        NotFoundError: where there is no such file.
        FailedPreconditionError: where it is a folder.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "greeting")
        >>> tf.io.write_file(path, "hello")
        >>> tf.io.read_file(path).numpy()
        b'hello'
    """
    return read_op.run(texts(filename))


def _infer_write(filename: Spec, contents: Spec) -> tuple[Spec, ...]:
    _one("io.write_file", "filename", filename)
    _one("io.write_file", "contents", contents)
    return ()


def _write(filename: Array, contents: Array) -> tuple[Array, ...]:
    _one("io.write_file", "filename", filename)
    _one("io.write_file", "contents", contents)
    place = local_name(filename.item())
    with errors_of(place):
        folder = os.path.dirname(place)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(place, "wb") as file:
            file.write(contents.item())
    return ()


write_op: Op = define(
    "WriteFile",
    types=(STRING, STRING),
    kernel=_write,
    infer=_infer_write,
    outputs=0,
    effects="io",
    quiet=False,
)


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Write a file, and the folders around it where they are missing.

    Args:
        filename: its path, a scalar string.
        contents: what it is to hold, a scalar string.
        name: ignored when eager.

    Raises:
        InvalidArgumentError: where either is no scalar.
        FailedPreconditionError: where there is a folder of that name.
    """
    write_op.run(texts(filename), texts(contents))


def _infer_matching(pattern: Spec) -> Spec:
    if pattern.shape is not None and len(pattern.shape) > 1:
        raise InvalidArgumentError(
            house_message(
                "io.matching_files",
                "Input pattern tensor must be scalar or vector",
                f"it had shape: {list(pattern.shape)}",
            )
        )
    return Spec((None,), dtypes.string)


def _matching(pattern: Array) -> Array:
    _infer_matching(Spec(pattern.shape, dtypes.string))
    given = [local_name(p) for p in pattern.reshape(-1).tolist()]
    found = sorted(name.encode() for p in given for name in matches(p))
    return filled(list(found), (len(found),))


matching_op: Op = define(
    "MatchingFiles",
    types=(STRING,),
    kernel=_matching,
    infer=_infer_matching,
    effects="io",
    quiet=False,
)


def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """The files that patterns match, sorted.

    Args:
        pattern: one or several, with ``*``, ``?`` and ``[...]``.
        name: ignored when eager.

    Returns:
        Their names, ``(files,)``.
    """
    return matching_op.run(texts(pattern))
