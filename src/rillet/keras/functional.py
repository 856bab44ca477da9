"""Models of inputs and outputs: `keras.Model(inputs, outputs)`.

In: placeholders that layers were called on, and those that came out. Out: a model that
runs the layers in between. `network` puts them in order, `functional_config` writes
them down.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any, Self

from rillet.core import context, nest
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor
from rillet.keras.added_layers import AddLoss, AddMetric
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import mask_of, set_mask
from rillet.keras.functional_config import network_config, network_of
from rillet.keras.functional_copies import cut, ends_beside, read, written
from rillet.keras.input_spec import InputSpec
from rillet.keras.keras_tensor import KerasTensor
from rillet.keras.model import Model
from rillet.keras.naming import unique_name
from rillet.keras.network import Network
from rillet.keras.nodes import shapes_of
from rillet.keras.op_layers import forget_calls
from rillet.keras.serialization import builtin
from rillet.keras.shape_probe import map_shapes
from rillet.keras.symbolic import Scratch, check_history
from rillet.ops.elementwise import cast
from rillet.ops.rearrange import expand_dims, squeeze


@builtin("layer", "Model")
class Functional(Model):
    """A model of inputs and outputs; `keras.Model(inputs, outputs)` makes one.

    Args:
        inputs: a placeholder, or a list or dictionary of them.
        outputs: what came of them: a placeholder, or a nest of them.
        name: a name.
        trainable: whether the weights are to be trained.
        **kwargs: `dtype`, ignored.

    Raises:
        ValueError: where the outputs need other inputs too, or are no placeholders.

    Example:
        >>> import rillet as tf
        >>> x = tf.keras.Input((3,))
        >>> y = tf.keras.layers.Dense(2)(x) * 2.0
        >>> tf.keras.Model(x, y)(tf.ones([4, 3])).shape
        TensorShape([4, 2])
    """

    _starts_scope = True
    #: What `callbacks.TensorBoard` asks, and programs.
    _is_graph_network = True
    _layer_list = "_network_layers"
    _network_layers: list[Layer]
    _network: Network
    _nested_inputs: Any
    _nested_outputs: Any

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        trainable: bool = True,
        **kwargs: Any,
    ) -> None:
        if "_network" in self.__dict__:
            return
        if name is None and type(self) is Functional:
            name = unique_name("model")
        Model.__init__(self, name=name, trainable=trainable, **kwargs)
        self._set_network(inputs, outputs)
        if not trainable:
            self.trainable = False

    def _set_network(self, inputs: Any, outputs: Any) -> None:
        forget_calls()
        inputs, outputs = _unwrapped(inputs), _unwrapped(outputs)
        check_history(nest.flatten(inputs), "inputs")
        check_history(nest.flatten(outputs), "outputs")
        flat = nest.flatten(inputs)
        if len({id(t) for t in flat}) < len(flat):
            raise ValueError(
                house_message(
                    "Model",
                    "The list of inputs passed to the model contains the same input"
                    " multiple times. All inputs should only appear once",
                    f"Received inputs={inputs}",
                )
            )
        if not all(t.node.is_input for t in flat):
            inputs, outputs = cut(inputs, outputs)
        network = Network(nest.flatten(inputs), nest.flatten(outputs))
        space = self.__dict__
        space["_network"] = network
        space["_nested_inputs"], space["_nested_outputs"] = inputs, outputs
        space["inputs"], space["outputs"] = network.inputs, network.outputs
        space["_autocast"] = False
        space["_supports_masking"] = True
        space["output_names"] = _numbered([t.layer.name for t in network.outputs])
        self._network_layers = list(network.layers)
        self._build_input_shape = map_shapes(lambda s: s, shapes_of(inputs))
        self.__dict__["_input_spec"] = self._own_spec()
        self.built = True

    def _own_spec(self) -> Any:
        """What the model asks of its inputs."""
        nested = self._nested_inputs
        if isinstance(nested, dict):
            names = sorted(nested)
        elif nest.is_nested(nested) and any(nest.is_nested(v) for v in nested):
            return None
        else:
            names = [t.layer.name for t in self.inputs]
        specs = []
        for name, tensor in zip(names, self.inputs, strict=True):
            shape = tensor.shape
            whole = None if shape.rank is None else (None, *shape[1:])
            specs.append(
                InputSpec(shape=whole, allow_last_axis_squeeze=True, name=name)
            )
        return specs[0] if len(specs) == 1 else specs

    @property
    def _begins_known(self) -> bool:
        return True

    def _untracked(self) -> tuple[str, ...]:
        return (*super()._untracked(), "inputs", "outputs", "output_names")

    @property
    def input(self) -> Any:
        """The placeholders of the inputs, as they were given."""
        return self._nested_inputs

    @property
    def output(self) -> Any:
        """The placeholders of the outputs, as they were given."""
        return self._nested_outputs

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs, batch included."""
        return shapes_of(self._nested_inputs)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs, batch included."""
        return shapes_of(self._nested_outputs)

    @property
    def input_names(self) -> list[str]:
        """The names of the input layers."""
        return [t.layer.name for t in self.inputs]

    def build(self, input_shape: Any) -> None:
        """Nothing is left to build."""
        self.built = True

    def _build_scoped(self, shapes: Any) -> None:
        self.built = True

    def _shape_taken(self) -> Any:
        shape = self._nested_inputs
        if not isinstance(shape, KerasTensor) or not shape.shape.rank:
            return None
        return (None, *shape.shape.as_list()[1:])

    def _scope_name(self) -> str:
        return ""

    def _makes_weights_in_build(self) -> bool:
        return False

    def add_loss(self, losses: Any, **kwargs: Any) -> None:
        """Add to what training minimises; see `Layer.add_loss`.

        Args:
            losses: what `Layer.add_loss` takes, or placeholders computed from those of
                the model.
            **kwargs: `inputs`, ignored.
        """
        given = losses if isinstance(losses, list | tuple) else [losses]
        for loss in given:
            if isinstance(loss, KerasTensor):
                self._add_end(AddLoss()(loss))
        rest = [loss for loss in given if not isinstance(loss, KerasTensor)]
        if rest:
            super().add_loss(rest, **kwargs)

    def add_metric(self, value: Any, name: str | None = None, **kwargs: Any) -> None:
        """Add a value to the metrics that training shows; see `Layer.add_metric`.

        Args:
            value: what `Layer.add_metric` takes, or a placeholder computed from those
                of the model.
            name: the metric's name.
            **kwargs: `aggregation`, ``"mean"`` or None.
        """
        if not isinstance(value, KerasTensor):
            super().add_metric(value, name, **kwargs)
            return
        layer = AddMetric(kwargs.get("aggregation"), name)
        self._add_end(layer(value))

    def _add_end(self, *tensors: KerasTensor) -> None:
        """Compute further placeholders whenever the model runs."""
        if not tensors:
            return
        old = self._network
        beside = [*old.beside, *tensors]
        network = Network(old.inputs, old.outputs, beside)
        self.__dict__["_network"] = network
        known = {id(layer) for layer in self._network_layers}
        new = [layer for layer in network.layers if id(layer) not in known]
        self._network_layers = [*self._network_layers, *new]
        self.__dict__["_hot"] = None
        self._forget_functions()

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Run the layers between the inputs and the outputs."""
        network = self._network
        if type(inputs) is Tensor and mask is None and len(network.inputs) == 1:
            like = network.inputs[0]
            if inputs.dtype is like.dtype and inputs.ndim == like.ndim:
                found = network.run([inputs])
                return self._packed(found)
        given = self._inputs_in_order(inputs)
        values = [
            _conformed(x, like) for x, like in zip(given, self.inputs, strict=True)
        ]
        if mask is not None:
            for x, m in zip(values, self._inputs_in_order(mask), strict=True):
                if m is not None and isinstance(x, Tensor):
                    set_mask(x, m)
        return self._packed(network.run(values))

    def _packed(self, found: list[Any]) -> Any:
        """Results in the structure of the outputs."""
        if isinstance(self._nested_outputs, KerasTensor):
            return found[0]
        return nest.pack_sequence_as(self._nested_outputs, found)

    def _inputs_in_order(self, tensors: Any) -> list[Any]:
        """Values in the order of the inputs; dictionaries are read by name."""
        if not isinstance(tensors, dict):
            return nest.flatten(tensors)
        nested = self._nested_inputs
        names = sorted(nested) if isinstance(nested, dict) else self.input_names
        if not all(name in tensors for name in names):
            return nest.flatten(tensors)
        if len(tensors) > len(names):
            get_logger().warning(
                "Input dict contained keys %s which did not match any model input."
                " They will be ignored by the model.",
                [key for key in tensors if key not in names],
            )
        return [tensors[name] for name in names]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks of the outputs."""
        if inputs is None:
            return None
        found = self.call(inputs, mask=mask)
        return nest.map_structure(mask_of, found)

    def _makes_masks(self) -> bool:
        # The layers have attached masks to the outputs already.
        return False

    def _mask_outputs(self, inputs: Any, outputs: Any, masks: Any) -> None:
        return

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs for inputs of some shapes."""
        shapes: list[TensorShape] = []
        map_shapes(lambda s: shapes.append(as_shape(s)), input_shape)
        scratch = Scratch(f"{self._name}_shapes")
        with scratch.tracer:
            given = [
                scratch.stand_in(KerasTensor(shape, like.dtype))
                for shape, like in zip(shapes, self.inputs, strict=True)
            ]
            found = [as_shape(y.shape) for y in self._network.run(given)]
        return self._packed(found)

    def get_config(self) -> dict[str, Any]:
        """The name, the layers' configurations and how they are connected.

        A subclass with a constructor of its own, of plain data, gives that instead.
        """
        own = takewhile(lambda c: c is not Functional, type(self).__mro__)
        if any("__init__" in vars(c) for c in own):
            return self._own_config({})
        config = {"name": self._name, "trainable": self._trainable}
        return {**config, **network_config(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """A new model like the one whose configuration this is."""
        if "layers" not in config or "input_layers" not in config:
            return super(Model, cls).from_config(config)
        inputs, outputs, layers = network_of(config, custom_objects)
        made: Any = cls if cls is not Model else Functional
        model: Self = made(inputs=inputs, outputs=outputs, name=config.get("name"))
        model._add_end(*ends_beside(model, layers))
        if config.get("trainable") is False:
            model.trainable = False
        return model

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        network = kept.pop("_network")
        if type(self) is Functional:
            kept["_made_with"] = ((), {})
        for key in ("inputs", "outputs", "_nested_inputs", "_nested_outputs"):
            kept.pop(key)
        kept["_network_state"] = written(network, self)
        return kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        inputs, outputs, beside = read(state.pop("_network_state"))
        self.__dict__.update(state)
        network = Network(nest.flatten(inputs), nest.flatten(outputs), beside)
        self.__dict__["_network"] = network
        self.__dict__["_nested_inputs"] = inputs
        self.__dict__["_nested_outputs"] = outputs
        self.__dict__["inputs"] = network.inputs
        self.__dict__["outputs"] = network.outputs


def _unwrapped(structure: Any) -> Any:
    """A list of one placeholder as that placeholder, as Keras has it."""
    if isinstance(structure, list) and len(structure) == 1:
        return structure[0] if not nest.is_nested(structure[0]) else structure
    return structure


def _conformed(x: Any, like: KerasTensor) -> Any:
    """A value in the type of an input, with or without a last axis of size 1."""
    if not isinstance(x, Tensor):
        return x
    shape = like.spec.shape
    if shape is not None:
        rank = x.shape.rank
        if rank == len(shape) + 1 and x.shape[-1] == 1:
            x = squeeze(x, -1)
        elif rank == len(shape) - 1 and shape[-1] == 1:
            x = expand_dims(x, -1)
    if x.dtype is not like.dtype:
        mask = mask_of(x)
        x = cast(x, like.dtype)
        if mask is not None:
            set_mask(x, mask)
    return x


def _numbered(names: list[str]) -> list[str]:
    """Names that each occur once: the second of a kind gets a number."""
    counts: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        number = counts.get(name, 0)
        counts[name] = number + 1
        found.append(f"{name}_{number}" if number else name)
    return found


def functional_class() -> type[Model]:
    """The class of models of inputs and outputs; `Model` asks for it."""
    return Functional


context.register_service("keras.functional", functional_class)
