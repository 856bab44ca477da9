"""`Sequential`: layers one after the other."""

from __future__ import annotations

import weakref
from typing import Any, Self

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import calls
from rillet.keras.call_form import form_of
from rillet.keras.call_values import lone
from rillet.keras.input_layer import InputLayer
from rillet.keras.input_spec import InputSpec, check_inputs
from rillet.keras.keras_tensor import KerasTensor
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.model import Model
from rillet.keras.serialization import builtin
from rillet.keras.shape_probe import probed_with
from rillet.keras.stack_chain import Chain
from rillet.ops.rearrange import expand_dims, squeeze


@builtin("layer")
class Sequential(Model):
    """A stack of layers, each fed with what the one before gives.

    Where the first layer knows its input shape (`input_shape=`, or a `keras.Input`
    before it), weights are made as layers are added; else on the first call.

    Args:
        layers: the layers, in order.
        name: a name.

    Raises:
        TypeError: where something else than a layer is given.
        ValueError: where two layers have one name, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
        >>> model.output_shape, model.count_params()
        ((None, 2), 8)
    """

    _starts_scope = True
    _layer_list = "_stack"
    _entry: InputLayer | None
    _entry_shape: TensorShape | None

    def __init__(self, layers: Any = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self.supports_masking = True
        self._stack: list[Layer] = []
        self.__dict__["_entry"] = None
        self.__dict__["_entry_shape"] = None
        if layers is not None:
            for layer in layers if isinstance(layers, list | tuple) else [layers]:
                self.add(layer)

    def _direct_layers(self) -> list[Layer]:
        return list(self._stack)

    @property
    def _begins_known(self) -> bool:
        return self._entry_shape is not None

    def add(self, layer: Any) -> None:
        """Put a layer on top.

        Args:
            layer: a layer, a model, or a `keras.Input`.

        Raises:
            TypeError: where it is none.
            ValueError: where its name is taken, or it does not fit what is below.
        """
        if isinstance(layer, KerasTensor) and isinstance(layer.layer, InputLayer):
            layer = layer.layer
        if not isinstance(layer, Layer):
            raise TypeError(
                house_message(
                    "Sequential.add",
                    "The added layer must be an instance of class Layer",
                    f"Received: layer={layer} of type {type(layer)}",
                )
            )
        if any(k.name == layer.name and k is not layer for k in self._stack):
            raise ValueError(
                house_message(
                    "Sequential.add",
                    "All layers added to a Sequential model should have unique names",
                    f'Name "{layer.name}" is already the name of a layer in this model',
                    "Update the `name` argument to pass a unique name",
                )
            )
        if isinstance(layer, InputLayer) and not self._stack:
            self._begin(layer)
            return
        if not self._stack and self._entry_shape is None:
            shape = _own_input_shape(layer)
            if shape is not None:
                self._begin(
                    InputLayer(
                        batch_input_shape=shape,
                        dtype=_own_input_dtype(layer),
                        name=f"{layer.name}_input",
                    )
                )
        if self._entry is not None:
            self._fit_on_top(layer)
        self._stack.append(layer)
        layer.__dict__["_home"] = weakref.ref(self)
        self._stack_changed()

    def _begin(self, entry: InputLayer) -> None:
        shape = as_shape(entry._batch_input_shape)
        self.__dict__["_entry"] = entry
        self.__dict__["_entry_shape"] = shape
        if shape.rank:
            whole = (None, *shape[1:])
            self.input_spec = InputSpec(
                shape=whole, allow_last_axis_squeeze=True, name=entry.name
            )

    def _fit_on_top(self, layer: Layer) -> None:
        """Build a layer for what the stack below gives, and note its shapes."""
        below = self._top_shape()
        check_inputs(layer.input_spec, _Shaped(below), layer.name, type(layer).__name__)
        if not layer.built:
            if isinstance(layer, Model):
                layer.build(below)
            else:
                layer._build_scoped(below)
        kind = None if self._stack or self._entry is None else self._entry.dtype
        with probed_with(layer, kind):
            above = layer.compute_output_shape(below)
        layer.__dict__["_input_shape_known"] = _plain(below)
        layer.__dict__["_output_shape_known"] = _plain(above)

    def _top_shape(self) -> TensorShape:
        if not self._stack:
            return as_shape(self._entry_shape)
        return as_shape(self._stack[-1].__dict__["_output_shape_known"])

    def _stack_changed(self) -> None:
        self.__dict__["_hot"] = None
        self.__dict__["_shapes_for"] = None
        self._forget_functions()
        self.built = self._entry is not None and bool(self._stack)

    def pop(self) -> None:
        """Take the layer on top away.

        Raises:
            TypeError: where there is none.
        """
        if not self._stack:
            raise TypeError(
                house_message("Sequential.pop", "There are no layers in the model")
            )
        self._stack.pop()
        built = self.built and bool(self._stack)
        self._stack_changed()
        self.built = built

    def build(self, input_shape: Any = None) -> None:
        """Make the weights of all layers; see `Model.build`."""
        if self._entry is not None:
            self.built = True
            return
        if input_shape is None:
            raise ValueError(
                house_message(
                    "Sequential.build",
                    "You must provide an `input_shape` argument",
                )
            )
        shape = as_shape(input_shape)
        if not self._stack:
            self._build_input_shape = shape
            return
        self._settle_shapes(shape)
        self._build_input_shape = shape
        self.built = True

    def _settle_shapes(self, shape: TensorShape) -> None:
        """Note what each layer takes and gives where the model takes `shape`."""
        layers = list(self._stack)
        self.__dict__["_entry_shape"] = shape
        self._stack.clear()
        try:
            for layer in layers:
                self._fit_on_top(layer)
                self._stack.append(layer)
        finally:
            self._stack[:] = layers
        self.__dict__["_shapes_for"] = shape

    def _build_scoped(self, shapes: Any) -> None:
        # Layers build themselves as the first call goes through them.
        self._build_input_shape = shapes
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Feed the inputs through all layers."""
        x = inputs
        if self._entry is not None:
            x = self._conformed(lone(x, self._entry.name))
        if mask is not None and self._stack and form_of(self._stack[0]).mask:
            x = self._stack[0](x, mask=mask)
            for layer in self._stack[1:]:
                x = layer(x)
            return x
        for layer in self._stack:
            x = layer(x)
        return x

    def _conformed(self, x: Any) -> Any:
        """The inputs with or without a last axis of size 1, as was announced."""
        shape = self._entry_shape
        if (
            not isinstance(x, Tensor)
            or shape is None
            or shape.rank is None
            or x.ndim == shape.rank
        ):
            return x
        if x.ndim == shape.rank - 1 and shape[-1] == 1:
            return expand_dims(x, -1)
        if x.ndim == shape.rank + 1 and x.shape[-1] == 1:
            return squeeze(x, -1)
        return x

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask that the last layer gave."""
        outputs = self.call(inputs, mask=mask)
        return getattr(outputs, "_keras_mask", None)

    def _makes_masks(self) -> bool:
        # The last layer has attached its mask to the outputs already.
        return False

    def _mask_outputs(self, inputs: Any, outputs: Any, masks: Any) -> None:
        return

    def _scope_name(self) -> str:
        return ""

    def _advice(self, inputs: Any) -> str:
        if isinstance(inputs, dict) and inputs:
            return (
                f"\nA stack takes one tensor, but x is a dictionary of {list(inputs)}:"
                f" give x[{next(iter(inputs))!r}]."
            )
        return super()._advice(inputs)

    def _shape_taken(self) -> Any:
        known = self._entry_shape
        return (None, *known[1:].as_list()) if known and known.rank else None

    def _makes_weights_in_build(self) -> bool:
        return self._entry is None and super()._makes_weights_in_build()

    def _note_shapes(self, inputs: Any, outputs: Any) -> None:
        """Remember the input's shape; sizes that differ from before are free."""
        super()._note_shapes(inputs, outputs)
        if self._entry is not None or not isinstance(inputs, Tensor):
            return
        shape = as_shape(inputs.shape)
        if calls.free_batch and shape.rank:
            shape = TensorShape([None]).concatenate(shape[1:])
        known = self._entry_shape
        if known is not None and known.rank == shape.rank:
            shape = known.most_specific_compatible_shape(shape)
        if known is None or shape != known:
            self.__dict__["_entry_shape"] = shape
            self.__dict__["_shapes_for"] = None
        self.__dict__["_entry_dtype"] = inputs.dtype

    def _free_batch(self) -> None:
        """Let the batch's size vary from now on, where only calls have told it."""
        known = self._entry_shape
        if self._entry is None and known is not None and known.rank:
            shape = TensorShape([None]).concatenate(known[1:])
            if shape != known:
                self.__dict__["_entry_shape"] = shape
                self.__dict__["_shapes_for"] = None

    def _refresh_shapes(self) -> None:
        """Work the layers' shapes out where only the input's is known."""
        if self._entry is None and self._entry_shape is not None:
            if self.__dict__.get("_shapes_for") is None:
                self._settle_shapes(self._entry_shape)

    def _describe_stack(self) -> None:
        """Call the layers on placeholders, one after the other, where none did yet."""
        self._refresh_shapes()
        shape = self._entry_shape
        if shape is None or not self._stack:
            return
        chain: Chain | None = self.__dict__.get("_chain")
        if chain is None or chain.shape != shape:
            if chain is not None:
                chain.undo()
            entry = self._entry or InputLayer(
                batch_input_shape=shape,
                dtype=self.__dict__.get("_entry_dtype", "float32"),
                name=f"{self._stack[0].name}_input",
            )
            chain = self.__dict__["_chain"] = Chain(entry, shape)
        chain.follow(self._stack)

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        kept.pop("_chain", None)
        return kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for layer in self._stack:
            layer.__dict__["_home"] = weakref.ref(self)

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs, batch included.

        Raises:
            AttributeError: where it is not known yet.
        """
        if self._entry_shape is None:
            raise AttributeError(
                f'The layer "{self._name}" has never been called and thus has no'
                " defined input shape. Note that the `input_shape` property is only"
                " available for Functional and Sequential models."
            )
        return _plain(self._entry_shape)

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs; raises as `input_shape` does."""
        if self._entry_shape is None:
            raise AttributeError(
                f'The layer "{self._name}" has never been called and thus has no'
                " defined output shape."
            )
        self._refresh_shapes()
        return _plain(self._top_shape())

    @property
    def inputs(self) -> Any:
        """The placeholder of the input, in a list; None where it is not known yet."""
        if self._entry is not None:
            return [self._entry.output]
        self._describe_stack()
        chain = self.__dict__.get("_chain")
        return None if chain is None else [chain.entry.output]

    @property
    def outputs(self) -> Any:
        """The placeholder of the output, in a list; None where it is not known yet."""
        self._describe_stack()
        chain = self.__dict__.get("_chain")
        return None if chain is None else nest.flatten(chain.top)

    @property
    def input(self) -> Any:
        """The placeholder of the input."""
        found = self.inputs
        return super().input if found is None else found[0]

    @property
    def output(self) -> Any:
        """The placeholder of the output."""
        found = self.outputs
        if found is None:
            return super().output
        return found[0] if len(found) == 1 else found

    @property
    def output_names(self) -> list[str]:
        """The name of the last layer."""
        return [layer.name for layer in self._stack[-1:]]

    @property
    def input_names(self) -> list[str]:
        """The name of the input layer."""
        return [i.layer.name for i in self.inputs or ()]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the layers make of a shape, one after the other."""
        shape = input_shape
        for layer in self._stack:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """The name, and the layers' configurations."""
        layers = [serialize(layer) for layer in self._stack]
        entry = self._entry
        if entry is None and self._entry_shape is not None and self._stack:
            entry = InputLayer(
                batch_input_shape=self._entry_shape,
                dtype=self.__dict__.get("_entry_dtype", "float32"),
                name=f"{self._stack[0].name}_input",
            )
        if entry is not None:
            layers.insert(0, serialize(entry))
        config: dict[str, Any] = {"name": self._name, "layers": layers}
        if entry is None and self._build_input_shape is not None:
            config["build_input_shape"] = _plain(self._build_input_shape)
        return config

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Self:
        """A new model like the one whose configuration this is."""
        name = config.get("name") if isinstance(config, dict) else None
        found = config["layers"] if isinstance(config, dict) else config
        shape = config.get("build_input_shape") if isinstance(config, dict) else None
        model = cls(name=name)
        made: dict[str, Any] = {}
        for one in found:
            # A layer that stands in the stack twice is described twice.
            key = repr(one)
            made[key] = made.get(key) or deserialize(one, custom_objects)
            model.add(made[key])
        if shape is not None and not model.inputs:
            model.build(shape)
        return model


class _Shaped:
    """A stand-in with a shape, for checks before there is a tensor."""

    def __init__(self, shape: TensorShape) -> None:
        self.shape = shape


def _own_input_shape(layer: Layer) -> Any:
    """The input shape that a first layer was made with, or None."""
    found = layer.__dict__.get("_batch_input_shape")
    if found is None and isinstance(layer, Sequential):
        return layer._entry_shape
    if found is None and isinstance(layer, Model) and layer.inputs:
        return layer.inputs[0].shape if len(layer.inputs) == 1 else None
    return found


def _own_input_dtype(layer: Layer) -> Any:
    if isinstance(layer, Sequential) and layer._entry_shape is not None:
        if layer._entry is not None:
            return layer._entry._placeholder.dtype
        return layer.__dict__.get("_entry_dtype", "float32")
    if isinstance(layer, Model) and layer.inputs:
        return layer.inputs[0].dtype
    return layer.compute_dtype or layer.dtype


def _plain(shape: Any) -> Any:
    if isinstance(shape, TensorShape):
        return None if shape.rank is None else tuple(shape.as_list())
    if isinstance(shape, dict):
        return {k: _plain(v) for k, v in shape.items()}
    if isinstance(shape, list):
        return [_plain(s) for s in shape]
    return shape
