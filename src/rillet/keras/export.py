"""`tf.keras.export`: folders for servers, with endpoints of the program's choice.

In: layers, models, and functions on them. Out: a SavedModel that TensorFlow serves.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.checkpoint.children import children_of, is_trackable
from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.variable import Variable
from rillet.functions import Function
from rillet.keras.base_layer import Layer

__all__ = ["ExportArchive"]


class ExportArchive:
    """Functions on tracked layers and models, written as a SavedModel.

    Variables that endpoints use are found by themselves; layers that look words up
    have to be tracked.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(3,))])
        >>> archive = tf.keras.export.ExportArchive()
        >>> archive.track(model)
        >>> archive.add_endpoint(
        ...     "serve", model, [tf.TensorSpec([None, 3], tf.float32)]
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     archive.write_out(folder, verbose=False)
        ...     again = tf.saved_model.load(folder)
        >>> again.serve(tf.ones([2, 3])).shape
        TensorShape([2, 1])
    """

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.trainable_variables: list[Variable] = []
        self.non_trainable_variables: list[Variable] = []
        self._tracked: list[Any] = []
        self._endpoints: dict[str, Any] = {}
        self._collections: dict[str, list[Variable]] = {}

    def track(self, resource: Any) -> None:
        """Have the archive hold a layer's or model's variables and tables.

        Args:
            resource: a layer, a model, or another object that checkpoints can follow.

        Raises:
            ValueError: where it is none, or a layer that has not been built.
        """
        if not is_trackable(resource):
            raise ValueError(
                house_message(
                    "ExportArchive.track",
                    "Invalid resource type. Expected an instance of a TensorFlow"
                    " `Trackable`, such as a Keras `Layer` or `Model`",
                    f"got {resource!r} of type {type(resource).__name__}",
                )
            )
        if isinstance(resource, Layer):
            if not resource.built:
                raise ValueError(
                    house_message(
                        "ExportArchive.track",
                        "The layer provided has not yet been built",
                        repr(resource),
                        "Call it on a batch of data first",
                    )
                )
            self.variables += resource.variables
            self.trainable_variables += resource.trainable_variables
            self.non_trainable_variables += resource.non_trainable_variables
        self._tracked.append(resource)

    def add_endpoint(self, name: str, fn: Any, input_signature: Any = None) -> None:
        """Add a function that servers may call.

        Args:
            name: what they call it by.
            fn: a function of tensors; a `tf.function` that has been called needs no
                signature.
            input_signature: a list of `tf.TensorSpec`, or nests of them, for each
                positional argument.

        Raises:
            ValueError: where the name is taken, or nothing says what `fn` takes.
        """
        if name in self._endpoints:
            raise ValueError(f"Endpoint name '{name}' is already taken.")
        if input_signature:
            fn = Function(fn, name, input_signature=input_signature)
        elif not isinstance(fn, Function) or not (
            fn.input_signature or fn._concretes()
        ):
            known = isinstance(fn, Function)
            fault = "has never been called" if known else "is no tf.function"
            raise ValueError(
                house_message(
                    "ExportArchive.add_endpoint",
                    f"nothing says which arguments the function takes: it {fault}",
                    f"endpoint '{name}', {fn!r}",
                    "Give input_signature=[tf.TensorSpec([None, ...], tf.float32)]",
                )
            )
        self._endpoints[name] = fn
        setattr(self, name, fn)

    def track_and_add_endpoint(
        self, name: str, resource: Any, input_signature: Any
    ) -> None:
        """Track a layer or model, and let servers call it.

        Args:
            name: as of `add_endpoint`.
            resource: as of `track`.
            input_signature: as of `add_endpoint`.
        """
        self.track(resource)
        self.add_endpoint(name, resource, input_signature)

    def add_variable_collection(self, name: str, variables: Any) -> None:
        """Name variables, a list attribute of the loaded model.

        Args:
            name: the attribute.
            variables: a list, tuple or set of variables.

        Raises:
            ValueError: where they are something else.
        """
        kinds = {type(variables).__name__}
        if isinstance(variables, list | tuple | set):
            kinds = {type(v).__name__ for v in variables if not isinstance(v, Variable)}
            if not kinds:
                self._collections[name] = list(variables)
                setattr(self, name, self._collections[name])
                return
        raise ValueError(
            house_message(
                "ExportArchive.add_variable_collection",
                "Expected `variables` to be a list/tuple/set of `tf.Variable`",
                f"got {', '.join(sorted(kinds))}",
            )
        )

    def write_out(
        self, filepath: Any, options: Any = None, verbose: bool = True
    ) -> None:
        """Write the SavedModel; its first endpoint is ``serving_default`` too.

        Args:
            filepath: the folder.
            options: a `tf.saved_model.SaveOptions`.
            verbose: whether to print which endpoints there are.

        Raises:
            ValueError: where there are none.
        """
        if not self._endpoints:
            raise ValueError("No endpoints have been set yet. Call add_endpoint().")
        served: dict[str, Any] = {
            name: _concrete(fn) for name, fn in self._endpoints.items()
        }
        served.setdefault("serving_default", next(iter(served.values())))
        write = context.service("saved_model.write")
        if write is not None:
            write(self, os.fspath(filepath), served, options)
        if verbose:
            names = ", ".join(map(repr, self._endpoints))
            print(f"Saved artifact at '{filepath}'. Endpoints: {names}.")

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What the file holds: no layers, but what endpoints use of them."""
        used = [v for fn in self._endpoints.values() for v in _concrete(fn).variables]
        return {
            **self._endpoints,
            **self._collections,
            "variables": self.variables,
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "_all_variables": list({id(v): v for v in used}.values()),
            "_misc_assets": _tables_below(self._tracked),
        }


def _concrete(function: Function) -> Any:
    """The trace of a function that servers call."""
    if function.input_signature:
        return function.get_concrete_function()
    return function._concretes()[0]


def _tables_below(roots: list[Any]) -> list[Any]:
    """The tables of words that layers and other objects hold."""
    found, seen = list(roots), {id(root) for root in roots}
    for item in found:
        for part in children_of(item, "savedmodel").values():
            if id(part) not in seen:
                seen.add(id(part))
                found.append(part)
    return [item for item in found if hasattr(item, "_store")]
