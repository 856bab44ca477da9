"""Models made anew like others: `keras.models.clone_model`.

In: a model, and perhaps a function that makes a layer of a layer. Out: a model of new
layers with weights of their own, connected in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.keras.functional import Functional
from rillet.keras.functional_config import network_config, network_of
from rillet.keras.functional_copies import ends_beside
from rillet.keras.input_layer import Input, InputLayer
from rillet.keras.keras_tensor import KerasTensor
from rillet.keras.layers.core import Lambda
from rillet.keras.model import Model
from rillet.keras.sequential import Sequential


def clone_layer(layer: Any) -> Any:
    """A new layer of the same class and configuration.

    Args:
        layer: the layer.
    """
    if isinstance(layer, Lambda):
        # The function itself goes over, not its code.
        return _copied(layer)
    return type(layer).from_config(layer.get_config())


def _copied(layer: Any) -> Any:
    return type(layer)(
        layer.function,
        layer._output_shape,
        layer.mask,
        dict(layer.arguments),
        name=layer.name,
        dtype=layer.dtype_policy.name,
        trainable=layer.trainable,
    )


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
) -> Any:
    """A model of new layers, connected like those of another.

    Args:
        model: the model.
        input_tensors: placeholders to build on; new ones where None.
        clone_function: what makes a new layer of each layer, input layers aside; from
            the configurations where None.

    Returns:
        The new model, whose weights begin anew.

    Raises:
        ValueError: where a subclassed model is to be cloned with `clone_function` or
            `input_tensors`.

    Example:
        >>> import rillet as tf
        >>> x = tf.keras.Input((3,))
        >>> model = tf.keras.Model(x, tf.keras.layers.Dense(2)(x))
        >>> clone_model(model).output_shape
        (None, 2)
    """
    if isinstance(model, type) or not isinstance(model, Model):
        raise ValueError(
            house_message(
                "clone_model",
                "Expected `model` argument to be a `Model` instance",
                f"got {model!r}",
            )
        )
    make = clone_function or clone_layer
    if isinstance(model, Sequential):
        return _sequential(model, input_tensors, make)
    if isinstance(model, Functional):
        return _functional(model, input_tensors, make)
    if clone_function is not None or input_tensors is not None:
        raise ValueError(
            house_message(
                "clone_model",
                "Expected `model` argument to be a functional `Model` instance, but got"
                " a subclassed model instead",
                f"got a {type(model).__name__} with clone_function or input_tensors",
                "Make a new instance of the class",
            )
        )
    return clone_layer(model)


def _sequential(model: Any, input_tensors: Any, make: Callable[[Any], Any]) -> Any:
    layers = [make(layer) for layer in model._stack]
    begin: list[Any] = []
    if input_tensors is not None:
        given = nest.flatten(input_tensors)
        if len(given) != 1:
            raise ValueError(
                house_message(
                    "clone_model",
                    "To clone a `Sequential` model, we expect at most one tensor as"
                    " part of `input_tensors`",
                    f"got {len(given)}",
                )
            )
        begin = [_input_for(given[0], None)]
    elif model._entry is not None:
        begin = [InputLayer(**model._entry.get_config())]
    return Sequential([*begin, *layers], name=model.name)


def _functional(model: Any, input_tensors: Any, make: Callable[[Any], Any]) -> Any:
    made: dict[str, Any] = {}
    if input_tensors is not None:
        given = nest.flatten(input_tensors)
        for old, tensor in zip(model.inputs, given, strict=True):
            made[old.layer.name] = _input_for(tensor, old)
    for layer in model._network.layers:
        if layer.name in made:
            continue
        if isinstance(layer, InputLayer):
            made[layer.name] = InputLayer.from_config(layer.get_config())
        else:
            made[layer.name] = make(layer)
    config = network_config(model, lambda layer: {"config": {"name": layer.name}})
    inputs, outputs, layers = network_of(config, None, made)
    if isinstance(model._nested_inputs, KerasTensor):
        inputs = nest.flatten(inputs)[0]
    clone = Functional(inputs, outputs, name=model.name)
    clone._add_end(*ends_beside(clone, layers))
    return clone


def _input_for(tensor: Any, old: Any) -> Any:
    """The input layer behind a placeholder, or a new one for a tensor of its shape."""
    if isinstance(tensor, KerasTensor) and isinstance(tensor.layer, InputLayer):
        return tensor.layer
    name = None if old is None else old.layer.name
    return Input(tensor=tensor, name=name).layer
