"""The model: a layer that can be trained, evaluated and asked for predictions.

Users subclass `Model` or use `Sequential`. Training stands in `training` and `loops`,
the table of layers in `summary`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Self

from rillet.core import context, nest
from rillet.core.composite import CompositeTensor
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.base_layer import Layer
from rillet.keras.call_form import form_of
from rillet.keras.model_methods import ModelFiles
from rillet.keras.serialization import serialize_keras_object
from rillet.keras.shape_probe import is_shape, map_shapes, run_on_zeros
from rillet.keras.summary import print_summary
from rillet.keras.tracking import fixed_of, is_module, once_each

_ARGUMENTS = ("trainable", "name", "dtype", "dynamic", "autocast")


class Model(ModelFiles):
    """A network of layers to subclass: layers in `__init__`, computation in `call`.

    Args:
        *args: `inputs` and `outputs`, placeholders that layers were called on and those
            that came out; the model then runs the layers between. None in a subclass
            that defines `call`.
        **kwargs: the same by name; `name`, `trainable`, `dtype`, `dynamic`.

    Raises:
        TypeError: where an argument is unknown.

    Example:
        >>> import rillet as tf
        >>> class Line(tf.keras.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = tf.keras.layers.Dense(1)
        ...     def call(self, x):
        ...         return self.dense(x)
        >>> Line()(tf.ones([3, 2])).shape
        TensorShape([3, 1])
    """

    #: What only models of a known input have.
    inputs: Any = None
    outputs: Any = None
    output_names: Any = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            make = context.service("keras.functional")
            if make is not None:
                cls = make()
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs):
            make = context.service("keras.functional")
            functional = None if make is None else make()
            if functional is not None and not isinstance(self, functional):
                # A subclass that hands its parent inputs and outputs is one of these.
                _become(type(self), functional)
                functional.__init__(self, *args, **kwargs)
                return
        if len(args) == 1 and args[0] is self:
            args = ()  # super().__init__(self), as programs have it
        if args and not _is_functional(args, kwargs):
            raise TypeError(
                house_message(
                    type(self).__name__,
                    "a model takes inputs and outputs, or keyword arguments only",
                    f"got {args!r}",
                    "Write Model(inputs=..., outputs=...), or a name as name=",
                )
            )
        for key in kwargs:
            if key not in _ARGUMENTS:
                raise TypeError(
                    house_message(
                        type(self).__name__,
                        "The following keyword arguments passed to `Model` aren't"
                        " supported",
                        repr({key: kwargs[key]}),
                    )
                )
        super().__init__(**kwargs)
        self._init_training()

    def __setattr__(self, name: str, value: Any) -> None:
        if "_made" not in self.__dict__:
            parts = nest.flatten(value)
            if all(is_module(p) or isinstance(p, Variable) for p in parts):
                raise RuntimeError(
                    house_message(
                        type(self).__name__,
                        "It looks like you are subclassing `Model` and you forgot to"
                        " call `super().__init__()`",
                        f"the attribute {name!r} is set before it",
                        "Always start with that line",
                    )
                )
        super().__setattr__(name, value)

    @property
    def _begins_known(self) -> bool:
        """Whether the model has input layers of its own."""
        return False

    def _untracked(self) -> tuple[str, ...]:
        return (*super()._untracked(), *self._training_attributes())

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs; subclasses define it."""
        raise NotImplementedError(
            house_message(
                type(self).__name__,
                "Unimplemented `tf.keras.Model.call()`",
                fix="Subclass `Model` with an overridden `call()` method",
            )
        )

    def _build_scoped(self, shapes: Any) -> None:
        if type(self).build is Model.build:
            # The layers inside build themselves while `call` runs.
            self._build_input_shape = shapes
            self.built = True
            return
        super()._build_scoped(shapes)

    def build(self, input_shape: Any) -> None:
        """Make the weights of all layers for inputs of a shape.

        Args:
            input_shape: the shape with the batch (None for any), or a nest of shapes.

        Raises:
            ValueError: where the shape is missing, or `call` fails on zeros.
        """
        if input_shape is None:
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.build",
                    "Input shape must be defined when calling `build()` on a `Model`"
                    " subclass network",
                )
            )
        if not isinstance(input_shape, list | tuple | dict) and not is_shape(
            input_shape
        ):
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.build",
                    "Specified input shape is not one of the valid types. Please"
                    " specify a batch input shape of type tuple or list of input"
                    " shapes",
                    f"User provided input type: {type(input_shape)}",
                )
            )
        self.__dict__["_nameless"] = True
        try:
            run_on_zeros(self, input_shape, 1)
        except Exception as error:
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.build",
                    "You cannot build your model by calling `build` if your layers do"
                    " not support float type inputs",
                    f"The actual error from `call` is: {error}",
                    "Call your model on real tensor data (of the correct dtype)",
                )
            ) from error
        finally:
            self.__dict__["_nameless"] = False
        self._build_input_shape = map_shapes(lambda s: s, input_shape)
        self.built = True

    def _note_shapes(self, inputs: Any, outputs: Any) -> None:
        """Remember what the model was first called on, for saving it with its call."""
        if "_saved_inputs" not in self.__dict__:
            flat = nest.flatten(inputs)
            if flat and all(isinstance(x, Tensor | CompositeTensor) for x in flat):
                self.__dict__["_saved_inputs"] = nest.map_structure(_noted, inputs)

    def _advice(self, inputs: Any) -> str:
        known, given = self._shape_taken(), getattr(inputs, "shape", None)
        if known is None or given is None or as_shape(given).rank != len(known) - 1:
            return ""
        return (
            f" The model takes a batch of inputs, of shape {known}, but x has shape"
            f" {tuple(given)}: give a single example as x[tf.newaxis]."
        )

    def _shape_taken(self) -> Any:
        """The shape of the one input, where it is known, with any batch; or None."""
        shape = self._build_input_shape
        if not is_shape(shape) or not as_shape(shape).rank:
            return None
        return (None, *as_shape(shape).as_list()[1:])

    def _scope_name(self) -> str:
        # Weights that `build` makes go without the model's name in Keras.
        return "" if self.__dict__.get("_nameless") else self._name

    @property
    def layers(self) -> list[Layer]:
        """The layers directly in this model, metrics aside."""
        return once_each(self._direct_layers())

    def _direct_layers(self) -> list[Layer]:
        return [
            child
            for child in self._children()
            if isinstance(child, Layer) and not getattr(child, "_is_metric", False)
        ]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """One layer, by name or place.

        Args:
            name: the layer's name.
            index: its place in `layers`.

        Returns:
            The layer.

        Raises:
            ValueError: where there is none, or both or neither are given.
        """
        layers = self.layers
        if index is not None and name is not None:
            raise ValueError(
                house_message(
                    "get_layer",
                    "Provide only a layer name or a layer index",
                    f"index={index}, name={name}",
                )
            )
        if index is not None:
            if len(layers) <= index:
                raise ValueError(
                    house_message(
                        "get_layer",
                        f"Was asked to retrieve layer at index {index} but model only"
                        f" has {len(layers)} layers",
                        str([layer.name for layer in layers]),
                    )
                )
            return layers[index]
        if name is None:
            raise ValueError(
                house_message(
                    "get_layer",
                    "Provide either a layer name or layer index at `get_layer`",
                    "got neither",
                )
            )
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            house_message(
                "get_layer",
                f"No such layer: {name}. Existing layers are",
                f"{[layer.name for layer in layers]}",
            )
        )

    def _need_weights(self) -> None:
        """Raise where the class makes its weights in `build`, which has not run."""
        if not self.built and self._makes_weights_in_build():
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.weights",
                    f"Weights for model '{self._name}' have not yet been created",
                    "the shape of its inputs is not known",
                    "Weights are created when the model is first called on inputs or"
                    " `build()` is called with an `input_shape`",
                )
            )

    def _makes_weights_in_build(self) -> bool:
        # A class that leaves `build` to its parents shows the weights it has so far.
        own = type(self) is not Model and "build" in type(self).__dict__
        return own and not self._dynamic

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes, the layers' before the model's own."""
        self._need_weights()
        if not self._trainable:
            return []
        found: list[Variable] = []
        for part in self._parts():
            found += part.trainable_variables
        return once_each(found + self._own_variables(True))

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        self._need_weights()
        found: list[Variable] = []
        for part in self._parts():
            found += fixed_of(part) if self._trainable else part.variables
        if not self._trainable:
            found += self._own_variables(True)
        return once_each(found + self._own_variables(False))

    @property
    def weights(self) -> list[Variable]:
        """All weights, in the order of the attributes that hold them."""
        self._need_weights()
        found: list[Variable] = []
        for part in self._parts():
            found += part.variables
        return once_each(found + self._own_variables(True) + self._own_variables(False))

    def count_params(self) -> int:
        """The number of elements of all weights; see `Layer.count_params`."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self._name}, but the layer isn't"
                f" built. You can build it manually via:"
                f" `{self._name}.build(batch_input_shape)`."
            )
        return sum(w.shape.num_elements() or 0 for w in self.weights)

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list[str] | tuple[str, str] | None = None,
    ) -> None:
        """Print a table of the layers.

        Args:
            line_length: the width.
            positions: where columns end: shares of the width, or characters.
            print_fn: called with each line; prints where None.
            expand_nested: also list the layers of models inside.
            show_trainable: add a column that says which layers are trained.
            layer_range: the names (or patterns) of the first and last layer to list.

        Raises:
            ValueError: where the model is not built yet.
        """
        if not self.built:
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.summary",
                    "This model has not yet been built",
                    "the shape of its inputs is not known",
                    "Build the model first by calling `build()` or by calling the model"
                    " on a batch of data",
                )
            )
        print_summary(
            self,
            line_length,
            positions,
            print_fn,
            expand_nested,
            show_trainable,
            layer_range,
        )

    def to_json(self, **kwargs: Any) -> str:
        """The model's class and configuration as JSON.

        Args:
            **kwargs: for `json.dumps`.
        """
        config = {
            "class_name": type(self).__name__,
            "config": self.get_config(),
            "keras_version": "2.15.0",
            "backend": "tensorflow",
        }
        return json.dumps(config, default=_jsonable, **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """A new model like the one whose configuration this is."""
        make = context.service("keras.functional")
        if make is not None and {"layers", "input_layers", "output_layers"} <= {
            *config
        }:
            # a subclass without a constructor of its own is made anew as such
            made = make().from_config.__func__
            own = cls if cls.__init__ is Model.__init__ else make()
            found: Self = made(own, config, custom_objects)
            return found
        return super().from_config(config)

    def reset_states(self) -> None:
        """Forget what stateful layers remember from batch to batch."""
        for layer in self.layers:
            if hasattr(layer, "reset_states") and getattr(layer, "_stateful", False):
                layer.reset_states()

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs; see `Layer.compute_output_shape`."""
        if not self.built:
            self.build(input_shape)
        return super().compute_output_shape(input_shape)

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs; numbered where the model does not say."""
        return [form_of(self).first or "input_1"]

    @property
    def state_updates(self) -> list[Any]:
        """Always empty: updates run as they are called."""
        return []


def _noted(x: Any) -> Any:
    """The spec of an input."""
    if isinstance(x, CompositeTensor):
        return x._type_spec
    return TensorSpec(x.shape, x.dtype)


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a model is given inputs and outputs."""
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    )


def _become(cls: type, functional: type) -> None:
    """Put the class of functional models in the place of `Model` among the parents."""
    if cls is object or issubclass(cls, functional):
        return
    if Model in cls.__bases__:
        cls.__bases__ = tuple(functional if b is Model else b for b in cls.__bases__)
        return
    for base in cls.__bases__:
        if issubclass(base, Model):
            _become(base, functional)


def _jsonable(value: Any) -> Any:
    if hasattr(value, "get_config"):
        return serialize_keras_object(value)
    if isinstance(value, Tensor):
        return value.numpy().tolist()
    if hasattr(value, "as_list"):
        return as_shape(value).as_list()
    if hasattr(value, "tolist"):
        return value.tolist()
    if callable(value):
        return value.__name__
    return str(value)
