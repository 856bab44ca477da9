"""Looking into checkpoints by names alone, without the objects that wrote them.

Paths flow in, names, shapes and arrays out: `tf.train.load_checkpoint`,
`list_variables`, `load_variable`, and the iterator that waits for new ones.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from rillet.checkpoint import state
from rillet.checkpoint.bundle import BundleReader
from rillet.core.dtypes import DType
from rillet.core.logger import get_logger


class CheckpointReader:
    """A checkpoint's values by name; `tf.train.load_checkpoint` makes it.

    Args:
        filename: the path that the files' names begin with.

    Raises:
        NotFoundError: where there is no such checkpoint.
    """

    def __init__(self, filename: Any) -> None:
        self._bundle = BundleReader(os.fspath(filename))

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The sizes of all values by their names."""
        return {name: self._bundle.shape(name) for name in self._bundle.keys()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """The types of all values by their names."""
        return {name: self._bundle.dtype(name) for name in self._bundle.keys()}

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a value of a name."""
        return tensor_str in self._bundle

    def get_tensor(self, tensor_str: str) -> Any:
        """A value as a NumPy array; bytes for a lone string.

        Raises:
            NotFoundError: where there is none of that name.
        """
        found = self._bundle.read(tensor_str)
        return found.item() if found.dtype == object and not found.ndim else found

    def debug_string(self) -> bytes:
        """One line a value: name, type and sizes."""
        lines = [
            f"{name} (DT_{self._bundle.dtype(name).name.upper()})"
            f" {self._bundle.shape(name)}\n"
            for name in self._bundle.keys()
        ]
        return "".join(lines).encode()


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """A reader of a checkpoint's values by name, `tf.train.load_checkpoint`.

    Args:
        ckpt_dir_or_file: a checkpoint's path, or a folder, whose newest is read.

    Raises:
        ValueError: where the folder has none.
        NotFoundError: where there is no such checkpoint.
    """
    path = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(path) and not state.checkpoint_exists(path):
        found = state.latest_checkpoint(path)
        if found is None:
            raise ValueError(
                "Couldn't find 'checkpoint' file or checkpoints in given directory"
                f" {path}"
            )
        path = found
    return CheckpointReader(path)


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """Names and sizes of all values in a checkpoint, `tf.train.list_variables`.

    Args:
        ckpt_dir_or_file: as of `load_checkpoint`.

    Returns:
        Pairs, in the order of the names.
    """
    shapes = load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map()
    return [(name, shapes[name]) for name in sorted(shapes)]


def load_variable(ckpt_dir_or_file: Any, name: str) -> Any:
    """One value of a checkpoint, `tf.train.load_variable`.

    Args:
        ckpt_dir_or_file: as of `load_checkpoint`.
        name: the value's name; one that ends in ``:0`` is looked for without it.

    Raises:
        NotFoundError: where there is none of that name.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def checkpoints_iterator(
    checkpoint_dir: Any,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], Any] | None = None,
) -> Iterator[str]:
    """New checkpoints of a folder as they come, `tf.train.checkpoints_iterator`.

    Args:
        checkpoint_dir: the folder.
        min_interval_secs: seconds between two of them at least.
        timeout: how long to wait for a new one; for ever where None.
        timeout_fn: called when that time is over; goes on where it returns false.

    Yields:
        The path of a checkpoint that was not given last.
    """
    given = None
    while True:
        path = _wait_for_new(checkpoint_dir, given, timeout)
        if path is None:
            if timeout_fn is None or timeout_fn():
                return
            continue
        start = time.monotonic()
        given = path
        yield path
        time.sleep(max(0.0, start + min_interval_secs - time.monotonic()))


def _wait_for_new(folder: Any, last: str | None, timeout: float | None) -> str | None:
    stop = None if timeout is None else time.monotonic() + timeout
    while True:
        path = state.latest_checkpoint(folder)
        if path is not None and path != last:
            get_logger().info("Found new checkpoint at %s", path)
            return path
        if stop is not None and time.monotonic() + 1.0 > stop:
            return None
        time.sleep(1.0)
