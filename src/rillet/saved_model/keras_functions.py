"""The functions that a Keras model is saved with: its call, and what serves it.

In flows a model; out flow functions traced for its inputs. `objects` and `signatures`
ask for them.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from typing import Any

from rillet.core import nest
from rillet.core.composite import CompositeSpec
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.functions import Function

_calls: weakref.WeakKeyDictionary[Any, Function] = weakref.WeakKeyDictionary()


def is_model(obj: Any) -> bool:
    """Whether an object is a Keras model; asks nothing where Keras is not loaded."""
    module = sys.modules.get("rillet.keras.model")
    return module is not None and isinstance(obj, module.Model)


def is_layer(obj: Any) -> bool:
    """Whether an object is a Keras layer."""
    module = sys.modules.get("rillet.keras.base_layer")
    return module is not None and isinstance(obj, module.Layer)


def input_specs(model: Any) -> Any:
    """The specs of a model's inputs in their structure, the batch free.

    Raises:
        ValueError: where the model was never called on anything.
    """
    inputs = _declared(model)
    if inputs is not None:
        names = iter(model.input_names)

        def spec(x: Any) -> Any:
            name = next(names, None)
            whole = x.type_spec
            if isinstance(whole, CompositeSpec):
                return whole
            return TensorSpec(x.shape, x.dtype, name)

        return nest.map_structure(spec, inputs)
    found = model.__dict__.get("_saved_inputs")
    if found is None:
        raise ValueError(
            house_message(
                "Model.save",
                f"Model {model!r} cannot be saved either because the input shape is not"
                " available or because the forward pass of the model is not defined",
                fix="Call the model on a batch of data, or fit it, first",
            )
        )
    return _named(found)


def _declared(model: Any) -> Any:
    """The model's own inputs in the structure that its call takes; None without."""
    if not model._begins_known:
        return None
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):
        return None
    if not inputs:
        return None
    structure = getattr(model, "_nested_inputs", None)
    if structure is not None:
        return structure
    return inputs[0] if len(inputs) == 1 else inputs


def _named(specs: Any) -> Any:
    """Specs with the batch free, and names as tf.keras gives them."""
    flat = nest.flatten(specs)
    names = [f"input_{i + 1}" for i in range(len(flat))]
    if isinstance(specs, dict):
        names = [str(key) for key in sorted(specs)]
    found = []
    for spec, name in zip(flat, names, strict=True):
        if isinstance(spec, CompositeSpec):
            found.append(spec._unbatch()._batch(None))
            continue
        shape = as_shape(spec.shape)
        if shape.rank:
            shape = TensorShape([None]).concatenate(shape[1:])
        found.append(TensorSpec(shape, spec.dtype, name))
    return nest.pack_sequence_as(specs, found)


def call_function(model: Any) -> Function:
    """The model's call, traced in both modes; the same one each time."""
    found = _calls.get(model)
    if found is None:
        alive: Any = weakref.ref(model)

        def call(inputs: Any, training: Any = False) -> Any:
            return alive()(inputs, training=training)

        found = _calls[model] = Function(call, "call", autograph=False)
    specs = input_specs(model)
    for training in (False, True):
        found.get_concrete_function(specs, training=training)
    return found


def serving_function(obj: Any, first_output: int = 0) -> Any:
    """The function that serves a Keras model; None for other objects.

    Args:
        obj: the object.
        first_output: the number that a subclassed model's outputs are counted from.
    """
    if not is_model(obj) or not _is_built(obj):
        return None
    specs = input_specs(obj)
    names = list(obj.output_names or ()) if obj._begins_known else []

    def serve(*inputs: Any) -> Any:
        found = obj(_whole(specs, inputs), training=False)
        flat = nest.flatten(found)
        if isinstance(found, dict):
            return {str(k): found[k] for k in found}
        keys = names
        if len(keys) != len(flat):
            keys = [f"output_{i + first_output}" for i in range(len(flat))]
        return dict(zip(keys, flat, strict=True))

    signature = _tensor_specs(specs)
    function = Function(
        serve, "serving_default", input_signature=signature, autograph=False
    )
    return function.get_concrete_function()


def _tensor_specs(specs: Any) -> list[TensorSpec]:
    """The specs of all tensors in inputs; with composites named as tf.keras does."""
    flat = nest.flatten(specs)
    if not any(isinstance(spec, CompositeSpec) for spec in flat):
        return flat
    found: list[TensorSpec] = []
    for spec in flat:
        parts = [spec]
        if isinstance(spec, CompositeSpec):
            parts = list(spec._component_specs)
        for part in parts:
            name = f"args_0_{len(found)}" if found else "args_0"
            found.append(TensorSpec(part.shape, part.dtype, name))
    return found


def _whole(specs: Any, tensors: Iterable[Any]) -> Any:
    """Tensors as the inputs that they are parts of."""
    given = iter(tensors)
    values = [
        spec._from_tensors([next(given) for _ in spec._component_specs])
        if isinstance(spec, CompositeSpec)
        else next(given)
        for spec in nest.flatten(specs)
    ]
    return nest.pack_sequence_as(specs, values)


def _is_built(model: Any) -> bool:
    return _declared(model) is not None or "_saved_inputs" in model.__dict__


def keras_functions(obj: Any) -> dict[str, Any] | None:
    """The functions of a Keras object by name; None for other objects."""
    if not is_layer(obj):
        return None
    if not is_model(obj) or not _is_built(obj):
        return {}
    return {"__call__": call_function(obj), "keras_api": _Api(obj)}


class _Api:
    """What tf.keras looks for where it does not know a model's class."""

    def __init__(self, model: Any) -> None:
        def call_and_return_conditional_losses(
            inputs: Any, training: Any = False
        ) -> Any:
            return model(inputs, training=training), []

        name = "call_and_return_conditional_losses"
        function = Function(call_and_return_conditional_losses, name, autograph=False)
        specs = input_specs(model)
        for training in (False, True):
            function.get_concrete_function(specs, training=training)
        self.call_and_return_conditional_losses = function

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {}
