"""What a model does with files: `save`, `save_weights`, `load_weights`.

In: a model and a path. Out: what `model_files` does; it stands above models, and is
asked through `core.context`. `Model` stands on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rillet.core import context
from rillet.core.errors import house_message
from rillet.distribute.strategy import get_strategy
from rillet.keras.loops import Loops


class ModelFiles(Loops):
    """The files of a model; see `Model`."""

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        save_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Save the model into a file; see `tf.keras.models.save_model`."""
        self._files("save_model")(self, filepath, overwrite, save_format, **kwargs)

    def export(self, filepath: Any, format: str = "tf_saved_model") -> None:
        """Save what the model computes as a folder for servers; see `TFSMLayer`.

        Args:
            filepath: the folder. Its function ``serve`` takes what the model takes.
            format: ``"tf_saved_model"``, the only one.
        """
        if format != "tf_saved_model":
            raise ValueError(
                house_message(
                    "Model.export",
                    "the only format is 'tf_saved_model'",
                    f"format={format!r}",
                )
            )
        write = context.service("keras.saved_model.export")
        if write is not None:
            write(self, os.fspath(filepath))

    def save_weights(
        self,
        filepath: Any,
        overwrite: bool = True,
        save_format: str | None = None,
        options: Any = None,
    ) -> None:
        """Save the weights into a file.

        Args:
            filepath: a path that ends in ``.weights.h5``, or ``.h5`` for older readers;
                one without such an ending begins the names of TensorFlow's files.
            overwrite: whether to replace a file that stands there; else ask.
            save_format: ``"h5"`` or ``"tf"``, where the path does not say.
            options: ignored.
        """
        save = self._files("save_weights")
        save(self, filepath, overwrite, save_format, options)

    def load_weights(
        self,
        filepath: Any,
        skip_mismatch: bool = False,
        by_name: bool = False,
        options: Any = None,
    ) -> Any:
        """Read the weights from a file.

        Args:
            filepath: a `.weights.h5`, `.h5` or `.keras` file, or what the names of
                TensorFlow's files begin with.
            skip_mismatch: leave weights alone that differ, and say so.
            by_name: match layers by name and not by their order; only for `.h5`.
            options: ignored.

        Returns:
            For TensorFlow's files a status, as of `tf.train.Checkpoint.restore`:
            weights yet to be made are read when they are.

        Raises:
            ValueError: where the file's weights are not the model's.
        """
        load = self._files("load_weights")
        return load(self, filepath, skip_mismatch, by_name, options)

    @staticmethod
    def _files(what: str) -> Callable[..., Any]:
        """What reads or writes files of models."""
        found = context.service(f"keras.{what}")
        if found is None:
            raise RuntimeError("Model: files come with rillet.keras")
        return found

    def _repr_svg_(self) -> str | None:
        """A drawing of the layers, for notebooks; None where it is not built yet."""
        draw = context.service("keras.draw_model")
        if draw is None or not getattr(self, "built", False):
            return None
        return str(draw(self))

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile the model as `get_compile_config` of another one says."""
        self._files("compile_from_config")(self, config)

    def to_yaml(self, **kwargs: Any) -> str:
        """Not any more: YAML can run code when it is read.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            house_message(
                "Model.to_yaml",
                "Method `model.to_yaml()` has been removed due to security risk of"
                " arbitrary code execution",
                "",
                "Please use `model.to_json()` instead",
            )
        )

    def get_weight_paths(self) -> dict[str, Any]:
        """The weights by the attributes that lead to them, with dots between.

        Example:
            >>> import rillet as tf
            >>> class Two(tf.keras.Model):
            ...     def __init__(self):
            ...         super().__init__()
            ...         self.first = tf.keras.layers.Dense(1)
            ...     def call(self, x):
            ...         return self.first(x)
            >>> model = Two()
            >>> y = model(tf.ones((1, 2)))
            >>> list(model.get_weight_paths())
            ['first.kernel', 'first.bias']
        """
        weights = {id(w._cell): w for w in self.weights}
        found: dict[str, Any] = {}
        seen = {id(self)}
        queue: list[tuple[str, Any]] = [("", self)]
        for path, item in queue:
            for name, part in item._trackable_children().items():
                cell = getattr(part, "_cell", None)
                key = f"{path}{name}"
                if cell is not None and id(cell) in weights:
                    found[key] = weights.pop(id(cell))
                elif hasattr(part, "_trackable_children") and id(part) not in seen:
                    seen.add(id(part))
                    queue.append((f"{key}.", part))
        return found

    @property
    def distribute_strategy(self) -> Any:
        """The strategy in whose scope the model was made."""
        return self.__dict__.get("_strategy") or get_strategy()

    @property
    def distribute_reduction_method(self) -> str:
        """How values of replicas become one."""
        return "auto"
