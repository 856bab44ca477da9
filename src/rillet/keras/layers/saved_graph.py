"""`TFSMLayer`: a SavedModel's folder as a layer.

In flows a folder and the name of a function in it; calls run that function. The storey
that reads such folders signs in through `core.context`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.variable import Variable
from rillet.keras.base_layer import Layer
from rillet.keras.serialization import builtin


@builtin("layer")
class TFSMLayer(Layer):
    """Runs a function of a SavedModel.

    Args:
        filepath: the model's folder.
        call_endpoint: the function: a signature, or an attribute of the model.
        call_training_endpoint: the one to run while training; the same where None.
        trainable: whether the model's weights are trained.
        name: the layer's name.
        dtype: the type of its weights.

    Raises:
        ValueError: where the model has no such function.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.export(folder)
        ...     layer = tf.keras.layers.TFSMLayer(folder)
        ...     layer(tf.ones([1, 3])).shape
        TensorShape([1, 2])
    """

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        load = context.service("keras.saved_model.graph")
        if load is None:
            raise RuntimeError("TFSMLayer: SavedModels come with rillet")
        self.filepath = os.fspath(filepath)
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint
        graph = load(self.filepath)
        found = self._endpoint(graph, call_endpoint)
        training = call_training_endpoint
        self.__dict__["_graph"] = graph
        self.__dict__["_run"] = found
        self.__dict__["_run_training"] = (
            found if training is None else self._endpoint(graph, training)
        )
        for place, variable in enumerate(variables_below(graph, _parts)):
            setattr(self, f"variable_{place}", variable)
        self.built = True

    def _endpoint(self, graph: Any, name: str) -> Any:
        if name in graph.signatures:
            return graph.signatures[name]
        found = vars(graph).get(name)
        if callable(found):
            return found
        raise ValueError(
            house_message(
                "TFSMLayer",
                f"The endpoint '{name}' is neither an attribute of the reloaded"
                " SavedModel nor an entry in the `signatures` field",
                f"signatures are {sorted(graph.signatures)}",
                "Select another endpoint via the `call_endpoint` argument",
            )
        )

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Run the function.

        Args:
            inputs: what it takes.
            training: whether this is a training step.
        """
        run = self.__dict__["_run_training" if training else "_run"]
        held = self.__dict__["_graph"].signatures
        if isinstance(inputs, dict) and self.call_endpoint in held:
            found = run(**inputs)
        else:
            found = run(inputs)
        if self.call_endpoint == "serve" and isinstance(found, dict):
            if list(found) == ["output_0"]:
                return found["output_0"]
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments that make such a layer."""
        return {
            **super().get_config(),
            "filepath": self.filepath,
            "call_endpoint": self.call_endpoint,
            "call_training_endpoint": self.call_training_endpoint,
        }


def variables_below(
    graph: Any, children: Callable[[Any], Iterable[Any]]
) -> list[Variable]:
    """The variables below a loaded object, each once.

    Args:
        graph: the object.
        children: what an object holds that is no list and no dictionary.
    """
    found: dict[int, Variable] = {}
    seen: set[int] = set()
    line: list[Any] = [graph]
    while line:
        item = line.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Variable):
            found.setdefault(id(item), item)
        elif isinstance(item, list):
            line += item
        elif isinstance(item, dict):
            line += item.values()
        else:
            line += children(item)
    return list(found.values())


def _parts(item: Any) -> Iterable[Any]:
    held: dict[str, Any] = {}
    if hasattr(item, "_trackable_children"):
        held = item._trackable_children()
    return held.values()
