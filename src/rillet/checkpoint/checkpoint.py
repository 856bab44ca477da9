"""`tf.train.Checkpoint`: the state of objects, saved and restored.

Objects flow in by name. `save` and `write` hand them to `saver`, `restore` and `read`
to `restoration`; `state` keeps the file that lists the checkpoints of a folder.
"""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable
from typing import Any

from rillet.checkpoint import saver, state
from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.children import (
    attribute_children,
    attributes_of,
    children_of,
    is_trackable,
)
from rillet.checkpoint.graph import walk
from rillet.checkpoint.restoration import Restoration, graph_in
from rillet.checkpoint.status import (
    CheckpointLoadStatus,
    InitializationOnlyStatus,
    NameBasedSaverStatus,
)
from rillet.checkpoint.waiting import attend, waiting
from rillet.core.dtypes import int64
from rillet.core.errors import NotFoundError
from rillet.core.scopes import init_scope, name_scope
from rillet.core.variable import Variable

_COUNTING = threading.Lock()


class CheckpointOptions:
    """How a checkpoint is written, `tf.train.CheckpointOptions`.

    Args:
        experimental_io_device: kept; files are written by this process.
        experimental_enable_async_checkpoint: kept; writing is done when `save` returns.
        experimental_write_callbacks: functions called with the path after writing, or
            without arguments.
        enable_async: as `experimental_enable_async_checkpoint`.
        experimental_sharding_callback: kept; one file holds all values.
        experimental_skip_slot_variables: leave optimizers' slots out where they stand
            under the variables they belong to.
    """

    def __init__(
        self,
        experimental_io_device: str | None = None,
        experimental_enable_async_checkpoint: bool = False,
        experimental_write_callbacks: list[Callable[..., Any]] | None = None,
        enable_async: bool = False,
        experimental_sharding_callback: Any = None,
        experimental_skip_slot_variables: bool = False,
    ) -> None:
        self.experimental_io_device = experimental_io_device
        self.enable_async = experimental_enable_async_checkpoint or enable_async
        self.experimental_enable_async_checkpoint = self.enable_async
        self.experimental_write_callbacks = experimental_write_callbacks
        self.experimental_sharding_callback = experimental_sharding_callback
        self.experimental_skip_slot_variables = experimental_skip_slot_variables

    def _written(self, path: str) -> None:
        for callback in self.experimental_write_callbacks or ():
            if inspect.signature(callback).parameters:
                callback(path)
            else:
                callback()


class Checkpoint:
    """Saves and restores objects, `tf.train.Checkpoint`.

    Args:
        root: the object whose parts the checkpoint holds; its names begin there.
        **kwargs: further objects (variables, modules, models, optimizers, iterators,
            lists and dictionaries of them) by name.

    Raises:
        ValueError: where one is nothing that can be tracked.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> step = tf.Variable(1)
        >>> checkpoint = tf.train.Checkpoint(step=step)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = checkpoint.save(os.path.join(folder, "ckpt"))
        ...     _ = step.assign(7)
        ...     status = checkpoint.restore(path).assert_consumed()
        >>> int(step), os.path.basename(path)
        (1, 'ckpt-1')
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        self._save_counter: Variable | None = None
        given = {} if root is None else {"root": root}
        for name, value in sorted({**given, **kwargs}.items()):
            if not is_trackable(value):
                raise ValueError(
                    f"`Checkpoint` was expecting {name} to be a trackable object (an"
                    " object derived from `Trackable`), got"
                    f" {value}. Give variables, modules, models, optimizers, or lists"
                    " and dictionaries of them."
                )
            object.__setattr__(self, name, value)
        held = {} if root is None else children_of(root)
        for name, value in kwargs.items():
            if name in held and held[name] is not value:
                raise ValueError(
                    f"Cannot create a Checkpoint with keyword argument {name} if"
                    f" root.{name} already exists."
                )

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if waiting:
            attend()

    @property
    def save_counter(self) -> Variable:
        """How often `save` was called, an int64 variable."""
        if self._save_counter is None:
            with init_scope(), name_scope(""):
                counter = Variable(0, trainable=False, name="save_counter", dtype=int64)
            self._save_counter = counter
        return self._save_counter

    def _attached(self) -> dict[str, Any]:
        """The parts by name, in the order in which they were given."""
        space = dict(vars(self))
        counter = space.pop("_save_counter")
        found = attribute_children(space)
        if counter is not None:
            found["save_counter"] = counter
        return found

    def _trackable_children(
        self, save_type: str = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        return self._attached()

    def _view(self) -> tuple[Any, dict[str, Any]]:
        """The root of the graph, and what is attached to it."""
        root = vars(self).get("root")
        return (self, {}) if root is None else (root, self._attached())

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write a checkpoint under just this name.

        Neither `save_counter` nor the folder's ``checkpoint`` file is touched: read it
        with `read`.

        Args:
            file_prefix: the path that the files' names begin with.
            options: a `CheckpointOptions`.

        Returns:
            The path, as given.
        """
        path = os.fspath(file_prefix)
        with init_scope():
            saver.save(path, *self._view())
        if options is not None and hasattr(options, "_written"):
            options._written(path)
        return path

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write a checkpoint under a name with the next number.

        Args:
            file_prefix: the path that the files' names begin with.
            options: a `CheckpointOptions`.

        Returns:
            The path with the number, for `restore`.
        """
        counter = self.save_counter
        with _COUNTING:
            number = int(counter.assign_add(1).numpy())
        path = f"{os.fspath(file_prefix)}-{number}"
        try:
            self.write(path, options)
        except BaseException:
            counter.assign_sub(1)
            raise
        state.update_checkpoint_state(
            os.path.dirname(path), path, all_model_checkpoint_paths=[path]
        )
        return path

    def read(self, save_path: Any, options: Any = None) -> Any:
        """Put the values of a checkpoint in place; see `restore`."""
        reader = BundleReader(_prefix_of(os.fspath(save_path)))
        graph = graph_in(reader)
        root, attached = self._view()
        if graph is None:
            return _restore_by_names(reader, root, attached)
        restoration = Restoration(reader, graph, root, attached)
        return CheckpointLoadStatus(restoration, (root, attached), self._save_counter)

    def restore(self, save_path: Any, options: Any = None) -> Any:
        """Put the values of a checkpoint in place, now or when the objects are made.

        Args:
            save_path: what `save` returned, or `tf.train.latest_checkpoint` found; None
                restores nothing.
            options: ignored.

        Returns:
            A status with `assert_consumed`, `assert_existing_objects_matched`,
            `assert_nontrivial_match` and `expect_partial`.

        Raises:
            NotFoundError: where there is no such checkpoint.
            ValueError: where a value has another shape than its variable.
            InvalidArgumentError: where it has another type.
            DataLossError: where the files are damaged.
        """
        if save_path is None:
            return InitializationOnlyStatus()
        path = os.fspath(save_path)
        _ = self.save_counter
        try:
            return self.read(path, options)
        except NotFoundError as error:
            raise NotFoundError(
                f"Error when restoring from checkpoint or SavedModel at {path}:"
                f" {error.message}\nPlease double-check that the path is correct. You"
                " may be missing the checkpoint suffix (e.g. the '-1' in"
                " 'path/to/ckpt-1')."
            ) from None

    def sync(self) -> None:
        """Wait for writing to end: it has."""


def _prefix_of(path: str) -> str:
    """The prefix of a checkpoint; a SavedModel's folder holds one."""
    inner = os.path.join(path, "variables", "variables")
    if os.path.isdir(path) and os.path.exists(f"{inner}.index"):
        return inner
    return path


def _restore_by_names(
    reader: BundleReader, root: Any, attached: dict[str, Any]
) -> NameBasedSaverStatus:
    """Restore from a file of TensorFlow 1, whose values bear the variables' names."""
    used: set[str] = set()
    lacking: list[Any] = []
    ready = []
    for node in walk(root, attached):
        for attribute in attributes_of(node.item):
            name = attribute.full_name
            if name in reader:
                attribute.check(name, reader.shape(name), reader.dtype(name))
                ready.append((attribute, name))
                used.add(name)
            elif attribute.variable is not None and name != "save_counter":
                lacking.append(attribute.variable)
    for attribute, name in ready:
        attribute.write(reader.read(name))
    return NameBasedSaverStatus(used, set(reader.keys()), lacking)
