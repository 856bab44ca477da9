"""What a layer holds and says of itself: weights, losses, types, shapes, settings.

`base_layer.Layer` adds the call to it. In: constructor arguments and what `add_weight`,
`add_loss` and `add_metric` are given. Out: lists of weights, losses and metrics.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from rillet.keras import initializers, regularizers
from rillet.keras.call_context import calls, in_call
from rillet.keras.input_spec import InputSpec
from rillet.keras.naming import snake_case, unique_name
from rillet.keras.policy import AutoCastVariable, Policy, as_policy
from rillet.keras.settings import floatx
from rillet.keras.tracking import Tracked, once_each

_ARGUMENTS = (
    "input_dim",
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "weights",
    "activity_regularizer",
    "autocast",
    "implementation",
)
_WEIGHT_ARGUMENTS = (
    "collections",
    "experimental_autocast",
    "caching_device",
    "getter",
    "layout",
    "experimental_enable_variable_lifting",
)


class _Said:
    """Losses and metrics that the last call gave."""

    __slots__ = ("losses", "losses_of", "token")

    def __init__(self) -> None:
        self.token = 0
        self.losses: list[Any] = []
        self.losses_of = 0


class LayerState(Tracked):
    """The state of a layer; see `Layer` for the arguments."""

    _compute_type: DType | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        self.__dict__["_hot"] = None
        self.__dict__["_made_with"] = (args, kwargs)
        return self

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        dynamic: bool = False,
        **kwargs: Any,
    ) -> None:
        for key in kwargs:
            if key not in _ARGUMENTS:
                raise _unknown_argument(type(self).__name__, key)
        if not isinstance(trainable, bool | np.bool_ | int):
            raise TypeError(
                house_message(
                    type(self).__name__,
                    "Expected `trainable` argument to be a boolean",
                    f"got {trainable!r}",
                )
            )
        space = self.__dict__
        space["_said"] = _Said()
        space["_losses_made"] = []
        space["_metrics_made"] = []
        space["_trainable"] = bool(trainable)
        space["_dynamic"] = bool(dynamic)
        space["_stateful"] = False
        space["built"] = False
        space["_input_spec"] = None
        space["_build_input_shape"] = None
        space["_supports_masking"] = not _overrides(self, "compute_mask")
        space["_autocast"] = kwargs.get("autocast", True) is not False
        if name is not None and not isinstance(name, str):
            raise TypeError(
                house_message(
                    type(self).__name__, "`name` must be a string", f"got {name!r}"
                )
            )
        space["_name"] = name or unique_name(snake_case(type(self).__name__))
        self._set_policy(dtype)
        regularizer = kwargs.get("activity_regularizer")
        space["_activity_regularizer"] = regularizers.get(regularizer)
        space["_initial_weights"] = kwargs.get("weights")
        shape = _shape_from(type(self).__name__, kwargs)
        if shape is not None:
            space["_batch_input_shape"] = shape
        space["_made"] = True

    def _set_policy(self, dtype: Any) -> None:
        policy = as_policy(dtype)
        self.__dict__["_dtype_policy"] = policy
        name = policy.compute_dtype
        self.__dict__["_compute_type"] = None if name is None else as_dtype(name)

    def _untracked(self) -> tuple[str, ...]:
        return ("_initial_weights", "_batch_input_shape", "_build_input_shape")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("call", "compute_mask", "supports_masking"):
            self.__dict__["_hot"] = None
        Tracked.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """The layer's name."""
        return self._name

    @property
    def dtype(self) -> str | None:
        """The type that weights are kept in."""
        return self._dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str | None:
        """The same as `dtype`."""
        return self._dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str | None:
        """The type that the layer computes in."""
        return self._dtype_policy.compute_dtype

    @property
    def dtype_policy(self) -> Policy:
        """The policy that says both."""
        return self._dtype_policy

    @property
    def _compute_dtype(self) -> str | None:
        return self._dtype_policy.compute_dtype

    @property
    def dynamic(self) -> bool:
        """Whether `call` must run as Python."""
        return any(getattr(part, "_dynamic", False) for part in self._flatten())

    @property
    def stateful(self) -> bool:
        """Whether the layer keeps state from batch to batch."""
        return any(getattr(part, "_stateful", False) for part in self._flatten())

    @stateful.setter
    def stateful(self, value: bool) -> None:
        self._stateful = value

    @property
    def supports_masking(self) -> bool:
        """Whether the layer passes masks on."""
        return self._supports_masking

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        self.__dict__["_supports_masking"] = value

    @property
    def input_spec(self) -> Any:
        """What the layer asks of its inputs: an `InputSpec`, a nest, or None."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        for spec in value if isinstance(value, list | tuple) else [value]:
            if spec is not None and not isinstance(spec, InputSpec):
                raise TypeError(
                    house_message(
                        "Layer.input_spec",
                        "Layer input_spec must be an instance of InputSpec",
                        f"got {spec!r}",
                    )
                )
        self.__dict__["_hot"] = None
        self.__dict__["_input_spec"] = value

    @property
    def activity_regularizer(self) -> Any:
        """The function that penalises outputs, or None."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None:
        self.__dict__["_hot"] = None
        self.__dict__["_activity_regularizer"] = value

    @property
    def trainable(self) -> bool:
        """Whether the weights are to be trained."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for part in self._flatten():
            if isinstance(part, LayerState):
                part.__dict__["_trainable"] = bool(value)

    def add_weight(
        self,
        name: str | None = None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        **kwargs: Any,
    ) -> Variable:
        """Make a weight of this layer.

        Args:
            name: its name.
            shape: its shape; a scalar where None.
            dtype: its type; the layer's where None.
            initializer: what gives the first value; Glorot's uniform for floats and
                zeros for integers where None.
            regularizer: a function whose value on the weight is added to the losses.
            trainable: whether optimizers change it; true where None.
            constraint: a function applied after an optimizer's update.
            use_resource: ignored.
            synchronization: kept for distributed programs.
            aggregation: kept for distributed programs.
            **kwargs: further arguments of older programs.

        Returns:
            The variable.

        Raises:
            TypeError: where an argument is unknown.
            ValueError: where there is no default initializer for the type.
        """
        for key in kwargs:
            if key not in _WEIGHT_ARGUMENTS:
                raise TypeError(
                    house_message("add_weight", "Unknown keyword argument", repr(key))
                )
        sizes = () if shape is None else as_shape(_sizes(shape)).as_list()
        kind = as_dtype(dtype or self.dtype or floatx())
        if self._dtype_policy.variable_dtype is None:
            self._set_policy(kind.name)
        initial = _initializer_for(name, kind, initializer)
        trains = _trains(trainable, synchronization)
        cast_later = (
            kwargs.get("experimental_autocast", True)
            and kind.is_floating
            and self._dtype_policy.compute_dtype != self._dtype_policy.variable_dtype
        )
        make = AutoCastVariable if cast_later else Variable
        variable = make(
            lambda: initial(TensorShape(sizes), dtype=kind),
            trainable=trains,
            name=name,
            dtype=kind,
            constraint=constraint,
            synchronization=synchronization,
            aggregation=aggregation,
        )
        if regularizer is not None:
            self._regularize(variable, regularizers.get(regularizer))
        self._note_variable(variable)
        return variable

    def _regularize(self, variable: Variable, regularizer: Any) -> None:
        self.__dict__["_losses_made"].append(lambda: regularizer(variable))

    def add_loss(self, losses: Any, **kwargs: Any) -> None:
        """Add to what training minimises.

        Args:
            losses: a scalar tensor, a function of no arguments that gives one, or a
                list of them. Tensors given inside `call` count for that call.
            **kwargs: `inputs`, ignored.
        """
        kwargs.pop("inputs", None)
        if kwargs:
            raise TypeError(
                house_message("add_loss", "Unknown keyword arguments", repr([*kwargs]))
            )
        said = self._said
        for loss in losses if isinstance(losses, list | tuple) else [losses]:
            if callable(loss):
                self.__dict__["_losses_made"].append(loss)
            elif loss is not None:
                if in_call() and said.losses_of != calls.token:
                    said.losses, said.losses_of = [], calls.token
                said.losses.append(to_tensor(loss, hint=self._compute_type))

    def _clear_losses(self) -> None:
        """Forget the losses of earlier calls."""
        for part in self._flatten():
            if isinstance(part, LayerState):
                part._said.losses = []

    @property
    def losses(self) -> list[Any]:
        """The penalties of weights and those that the last call added."""
        found: list[Any] = []
        oldest = self._said.token
        for part in self._flatten():
            if not isinstance(part, LayerState):
                continue
            if part._said.losses_of >= oldest:
                found += part._said.losses
            for make in part._losses_made:
                loss = make()
                if loss is not None:
                    found.append(to_tensor(loss))
        return found

    @property
    def updates(self) -> list[Any]:
        """Always empty: updates run as they are called."""
        return []

    def add_metric(self, value: Any, name: str | None = None, **kwargs: Any) -> None:
        """Add a value to the metrics that training shows.

        Args:
            value: a tensor, whose mean over the epoch is shown.
            name: the metric's name; needed unless `value` comes from a metric.
            **kwargs: `aggregation`, ``"mean"`` or None; `inputs`, ignored.
        """
        for key in kwargs:
            if key not in ("aggregation", "inputs"):
                raise TypeError(
                    house_message("add_metric", "Unknown keyword argument", repr(key))
                )
        if name is None:
            raise ValueError(
                house_message(
                    "add_metric",
                    "Please provide a name for your metric",
                    "name is None",
                    "Write self.add_metric(value, name='mean_activation')",
                )
            )
        for metric in self._metrics_made:
            if metric.name == name:
                metric.update_state(value)
                return
        mean = context.service("keras.mean_metric")
        if mean is None:
            raise RuntimeError("add_metric: metrics come with rillet.keras")
        metric = mean(name=name, dtype=self.dtype)
        self._metrics_made.append(metric)
        self.__dict__["_tracked"].setdefault("_metrics_made", self._metrics_made)
        metric.update_state(value)

    @property
    def metrics(self) -> list[Any]:
        """The metrics of this layer and those below it."""
        found: list[Any] = []
        for part in self._flatten(include_self=False):
            if getattr(part, "_is_metric", False):
                found.append(part)
        return once_each(found)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes, this layer's first."""
        if not self._trainable:
            return []
        found = self._own_variables(True)
        for child in self._children():
            found += child.trainable_variables
        return once_each(found)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        own = self._own_variables(False)
        if self._trainable:
            for child in self._children():
                own += _fixed_of(child)
            return once_each(own)
        found = self._own_variables(True) + own
        for child in self._children():
            found += child.variables
        return once_each(found)

    @property
    def weights(self) -> list[Variable]:
        """All weights, trainable ones first."""
        return once_each(self.trainable_weights + self.non_trainable_weights)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def variables(self) -> list[Variable]:
        """The same as `weights`."""
        return self.weights

    @property
    def submodules(self) -> tuple[Any, ...]:
        """Every layer and module below this one."""
        return tuple(self._flatten(include_self=False))

    def _flatten_layers(self, recursive: bool = True, include_self: bool = True) -> Any:
        """The layers below this one, metrics among them."""
        if recursive:
            parts: Any = self._flatten(include_self)
        else:
            parts = [*([self] if include_self else []), *self._children()]
        return [p for p in parts if isinstance(p, LayerState)]

    def get_weights(self) -> list[Any]:
        """The values of all weights as NumPy arrays."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Give all weights new values.

        Args:
            weights: arrays in the order and shapes of `get_weights`.

        Raises:
            ValueError: where number or shapes differ; nothing is changed then.
        """
        mine = self.weights
        given = list(weights)
        if len(mine) != len(given):
            raise ValueError(
                f"You called `set_weights(weights)` on layer \"{self._name}\" with a"
                f" weight list of length {len(given)}, but the layer was expecting"
                f" {len(mine)} weights. Provided weights: {str(given)[:50]}..."
            )
        for variable, value in zip(mine, given, strict=True):
            shape = tuple(np.shape(value))
            if not variable.shape.is_compatible_with(shape):
                raise ValueError(
                    f"Layer {self._name} weight shape {variable.shape} is not"
                    f" compatible with provided weight shape {shape}."
                )
        values = [
            np.asarray(value, variable.dtype.numpy_dtype)
            for variable, value in zip(mine, given, strict=True)
        ]
        for variable, value in zip(mine, values, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            ValueError: where the layer is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer {self._name}, but the layer"
                f" isn't built. You can build it manually via:"
                f" `{self._name}.build(batch_input_shape)`."
            )
        return sum(w.shape.num_elements() or 0 for w in self.weights)

    def finalize_state(self) -> None:
        """Settle state that is made from data, before training."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data.

        Raises:
            NotImplementedError: where the constructor took what is no plain data.
        """
        config: dict[str, Any] = {"name": self._name, "trainable": self._trainable}
        policy = self._dtype_policy
        config["dtype"] = policy.name
        shape = self.__dict__.get("_batch_input_shape")
        if shape is not None:
            config["batch_input_shape"] = shape
        if _overrides(self, "get_config"):
            return config
        return self._own_config(config)

    def _own_config(self, config: dict[str, Any]) -> dict[str, Any]:
        """A configuration from what the constructor was called with."""
        args, kwargs = self._made_with
        signature = inspect.signature(type(self).__init__)
        bound = signature.bind(self, *args, **kwargs).arguments
        bound.pop("self", None)
        names = list(signature.parameters)
        last = list(signature.parameters.values())[-1]
        given: dict[str, Any] = {}
        for key, value in bound.items():
            kind = signature.parameters[key].kind
            given.update(value if kind is inspect.Parameter.VAR_KEYWORD else {key: value})
        for key, value in given.items():
            if not _is_plain(value):
                raise NotImplementedError(
                    house_message(
                        f"{type(self).__name__}.get_config",
                        f"Layer {self._name} was created by passing non-serializable"
                        f" argument values in `__init__()`, and therefore the layer must"
                        " override `get_config()` in order to be serializable",
                        f"{key}={value!r}",
                    )
                )
        if not (last.kind is last.VAR_KEYWORD and last.name == "kwargs"):
            config = {k: v for k, v in config.items() if k in names}
        return {**config, **given}

    def get_build_config(self) -> dict[str, Any]:
        """What `build_from_config` needs to make the weights anew."""
        shape = self._build_input_shape
        return {} if shape is None else {"input_shape": shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make the weights for the shape in a build configuration."""
        if config.get("input_shape") is not None:
            self.build(config["input_shape"])  # type: ignore[attr-defined]

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs, where the layer stands in a model that knows it.

        Raises:
            AttributeError: where it does not.
        """
        raise AttributeError(
            f'The layer "{self._name}" has never been called and thus has no defined'
            " input shape. Note that the `input_shape` property is only available for"
            " Functional and Sequential models."
        )

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs; raises as `input_shape` does."""
        found = self.__dict__.get("_output_shape_known")
        if found is None:
            raise AttributeError(
                f'The layer "{self._name}" has never been called and thus has no'
                " defined output shape."
            )
        return found

    @property
    def input(self) -> Any:
        """The placeholder that the layer was called on."""
        raise AttributeError(
            f"Layer {self._name} is not connected, no input to return."
        )

    @property
    def output(self) -> Any:
        """The placeholder that the layer gave."""
        raise AttributeError(f"Layer {self._name} has no inbound nodes.")

    def __getstate__(self) -> dict[str, Any]:
        kept = dict(self.__dict__)
        kept["_hot"] = None
        return kept


def _overrides(layer: Any, method: str) -> bool:
    """Whether a class outside this storey's base defines a method anew."""
    for cls in type(layer).__mro__:
        if method in cls.__dict__:
            return cls.__name__ not in ("Layer", "LayerState") or not (
                cls.__module__.startswith("rillet.keras.")
            )
    return False


def _unknown_argument(owner: str, name: str) -> TypeError:
    known = [*_ARGUMENTS, "trainable", "name", "dtype", "dynamic", "activation", "units"]
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return TypeError(
        house_message(
            owner,
            "Keyword argument not understood",
            repr(name),
            f"Did you mean {near[0]}?" if near else "",
        )
    )


def _shape_from(owner: str, kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """The batch shape that the constructor's arguments name, or None."""
    if kwargs.get("batch_input_shape") is not None:
        return tuple(as_shape(kwargs["batch_input_shape"]).as_list())
    shape = kwargs.get("input_shape")
    if shape is None and kwargs.get("input_dim") is not None:
        shape = (kwargs["input_dim"],)
    if shape is None:
        return None
    if isinstance(shape, int | np.integer):
        raise TypeError(
            house_message(
                owner,
                "`input_shape` must be a tuple of sizes without the batch",
                f"got {shape!r}",
                f"Write input_shape=({shape},)",
            )
        )
    return (kwargs.get("batch_size"), *as_shape(shape).as_list())


def _sizes(shape: Any) -> Any:
    return (shape,) if isinstance(shape, int | np.integer) else shape


def _initializer_for(name: Any, kind: DType, initializer: Any) -> Any:
    if initializer is not None:
        return initializers.get(initializer)
    if kind.is_floating:
        return initializers.get("glorot_uniform")
    if kind.is_integer or kind.is_bool:
        return initializers.get("zeros")
    raise ValueError(
        house_message(
            "add_weight",
            "An initializer for the variable is required for its dtype",
            f"name={name!r}, dtype={kind.name}",
        )
    )


def _trains(trainable: bool | None, synchronization: Any) -> bool:
    if synchronization is VariableSynchronization.ON_READ:
        if trainable:
            raise ValueError(
                house_message(
                    "add_weight",
                    "Synchronization value can be set to VariableSynchronization.ON_READ"
                    " only for non-trainable variables",
                    "trainable=True",
                )
            )
        return False
    return True if trainable is None else bool(trainable)


def _fixed_of(child: Any) -> list[Variable]:
    found = getattr(child, "non_trainable_variables", None)
    if found is not None:
        return list(found)
    trains = {id(v) for v in child.trainable_variables}
    return [v for v in child.variables if id(v) not in trains]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(v) for v in value)
    if isinstance(value, dict):
        return all(_is_plain(v) for v in value.values())
    return value is None or isinstance(
        value, bool | int | float | str | bytes | np.generic | DType
    )
