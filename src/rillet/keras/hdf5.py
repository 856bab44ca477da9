"""HDF5 files, read without trust and written whole or not at all.

In: a path. Out: an open file whose links and storage stay inside it; or, for writing, a
file that takes its place when it is complete. `weight_files`, `legacy_files` and
`keras_archive` call it. h5py loads with the first of them.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core import scratch
from rillet.core.errors import house_message

#: How deep groups may stand in each other, and how many entries a file may have.
_DEPTH = 64
_ENTRIES = 1_000_000


def library() -> Any:
    """The h5py module.

    Raises:
        ImportError: where it is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise ImportError(
            house_message(
                "keras",
                "files of weights need the package h5py",
                "it is not installed",
                "pip install h5py",
            )
        ) from None
    return h5py


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A new file that takes the place of `path` when the block ends well.

    A process that is killed meanwhile leaves the old file as it was.

    Args:
        path: the file to be.

    Yields:
        Where to write.
    """
    place = Path(os.path.realpath(path))
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.{scratch.mark()}.tmp")
    try:
        yield beside
        with open(beside, "rb+") as written:
            os.fsync(written.fileno())
        with contextlib.suppress(OSError):
            os.chmod(beside, place.stat().st_mode & 0o777)
        os.replace(beside, place)
    finally:
        with contextlib.suppress(OSError):
            os.remove(beside)
    scratch.sweep(str(place.parent), re.escape(f".{place.name}."), r"\.tmp")


@contextlib.contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[Any]:
    """An HDF5 file open for reading, its links and storage looked at first.

    Args:
        path: the file.

    Raises:
        OSError: where it is no HDF5 file.
        ValueError: where a link or a data set leads out of the file.
    """
    h5py = library()
    if not os.path.isfile(path):
        raise FileNotFoundError(
            house_message("load", "there is no such file", os.fspath(path))
        )
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise OSError(
            house_message(
                "load",
                "the file is no HDF5 file, or damaged",
                f"{os.fspath(path)!r}: {error}",
            )
        ) from None
    try:
        with file:
            check_inside(file, path)
            yield file
    except (KeyError, RuntimeError, AttributeError) as error:
        if not _is_damage(error):
            raise
        raise OSError(
            house_message(
                "load", "the file is damaged", f"{os.fspath(path)!r}: {error}"
            )
        ) from None


def _is_damage(error: Exception) -> bool:
    """Whether the file lacks a part, or h5py could not make one out."""
    if isinstance(error, AttributeError):
        # a group where data should be, or the other way round
        return isinstance(error.obj, library().HLObject)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and "h5py" in Path(trace.tb_frame.f_code.co_filename).parts


def check_inside(file: Any, path: Any) -> None:
    """Refuse links and data sets that lead out of a file.

    Args:
        file: the open file.
        path: its name, for messages.

    Raises:
        ValueError: where there is one.
    """
    h5py = library()
    seen: set[Any] = set()
    line = [(file, 0)]
    count = 0
    while line:
        group, depth = line.pop()
        for name in group:
            count += 1
            if count > _ENTRIES or depth > _DEPTH:
                raise _refusal(path, "it holds more entries than any model", name)
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise _refusal(path, "a link leads elsewhere", f"{group.name}/{name}")
            item = group[name]
            info = h5py.h5o.get_info(item.id)
            key = (info.fileno, info.addr)
            if isinstance(item, h5py.Group):
                if key not in seen:
                    line.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                raise _refusal(path, "a data set lies in another file", item.name)
            seen.add(key)


def _refusal(path: Any, rule: str, where: str) -> ValueError:
    return ValueError(
        house_message(
            "load",
            f"the file {os.fspath(path)!r} was not read, {rule}",
            f"at {where!r}",
            "Do not use this file",
        )
    )


def array_of(dataset: Any, shape: tuple[int, ...] | None = None) -> Any:
    """A data set as an array.

    Args:
        dataset: the data set.
        shape: the shape it must have; any where None.

    Raises:
        ValueError: where it has another; it is not read then.
    """
    found = tuple(dataset.shape)
    if shape is not None and found != tuple(shape):
        raise ValueError(
            house_message(
                "load",
                "a weight in the file has another shape than the model's",
                f"{dataset.name}: the file has {found}, the model {tuple(shape)}",
            )
        )
    if "dtype" in dataset.attrs and dataset.attrs["dtype"] == "bfloat16":
        import ml_dtypes

        return np.asarray(dataset[()]).view(ml_dtypes.bfloat16)
    return np.asarray(dataset[()])


def put_array(group: Any, name: str, value: Any) -> None:
    """Write an array; bfloat16 as Keras 3 does, as the bytes with a note.

    Args:
        group: where it goes.
        name: its name there.
        value: the array.
    """
    array = np.asarray(value)
    if array.dtype.name == "bfloat16":
        written = group.create_dataset(name, data=array.view(np.uint16))
        written.attrs["dtype"] = "bfloat16"
        return
    if array.dtype == object:
        array = array.astype(f"S{max(len(v) for v in array.reshape(-1)) or 1}")
    group.create_dataset(name, data=array)


def texts(value: Any) -> list[str]:
    """A list of names in an attribute, as text."""
    return [v.decode() if isinstance(v, bytes) else str(v) for v in value]


def text(value: Any) -> str:
    """A text in an attribute."""
    return value.decode() if isinstance(value, bytes) else str(value)
