"""What a layer says of itself: name, types, shapes, what it asks, its configuration.

In: constructor arguments. Out: properties, and `get_config`. `layer_weights` adds
weights to it, `layer_losses` losses and metrics, `base_layer` the call.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rillet.core import context
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras import regularizers
from rillet.keras.absent import absent
from rillet.keras.call_context import mode
from rillet.keras.input_spec import InputSpec
from rillet.keras.naming import snake_case, unique_name
from rillet.keras.nodes import LayerNodes
from rillet.keras.policy import Policy, as_policy
from rillet.keras.tracking import Tracked

#: Where `Layer`'s own methods stand.
_BASES = ("rillet.keras.base_layer", "rillet.keras.layer_settings")
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


class Said:
    """Losses and metrics that the last call gave."""

    __slots__ = ("losses", "losses_of", "token")

    def __init__(self) -> None:
        self.token = 0
        self.losses: list[Any] = []
        self.losses_of = 0


class LayerSettings(LayerNodes):
    """The settings of a layer; see `Layer` for the arguments."""

    _name: str
    _trainable: bool
    _dynamic: bool
    _stateful: bool
    _autocast: bool
    _supports_masking: bool
    _input_spec: Any
    _build_input_shape: Any
    _activity_regularizer: Any
    _dtype_policy: Policy
    _compute_type: DType | None
    _made_with: tuple[tuple[Any, ...], dict[str, Any]]
    _said: Said
    _losses_made: list[Callable[[], Any]]
    _metrics_made: list[Any]
    _hot: Any
    _batch_input_shape: Any
    built: bool

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
        if context.state.tracer is not None:
            context.state.tracer.owner_born()
        space = self.__dict__
        space["_said"] = Said()
        space["_losses_made"] = []
        space["_metrics_made"] = []
        space["_trainable"] = bool(trainable)
        space["_dynamic"] = bool(dynamic)
        space["_stateful"] = False
        space["built"] = False
        space["_input_spec"] = None
        space["_build_input_shape"] = None
        space["_supports_masking"] = _overrides(self, "compute_mask")
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
        if name in ("built", "call", "compute_mask"):
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
        self.__dict__["_hot"] = None
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
        mode.trainable_set += 1
        for part in self._flatten():
            if isinstance(part, LayerSettings):
                part.__dict__["_trainable"] = bool(value)

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
        names = list(signature.parameters)
        bound.pop(names[0], None)
        last = list(signature.parameters.values())[-1]
        given: dict[str, Any] = {}
        for key, value in bound.items():
            kind = signature.parameters[key].kind
            given.update(
                value if kind is inspect.Parameter.VAR_KEYWORD else {key: value}
            )
        for key, value in given.items():
            if not _is_plain(value):
                raise NotImplementedError(
                    house_message(
                        f"{type(self).__name__}.get_config",
                        f"Layer {self._name} was created by passing non-serializable"
                        " argument values in `__init__()`, and therefore the layer"
                        " must override `get_config()` in order to be serializable",
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

    if not TYPE_CHECKING:
        # A checker that saw it would take every attribute for granted.

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(
                    f"{type(self).__name__!r} object has no attribute {name!r}"
                )
            if hasattr(type(self), name):
                # A property that raised: its own words are the better ones.
                return object.__getattribute__(self, name)
            raise absent(self, name)

    def __getstate__(self) -> dict[str, Any]:
        kept = dict(self.__dict__)
        kept["_hot"] = None
        for key in ("_home", "_calls_in", "_calls_out"):
            kept.pop(key, None)
        return kept


def _overrides(layer: Any, method: str) -> bool:
    """Whether a class below `Layer` defines a method anew."""
    for cls in type(layer).__mro__:
        if method in cls.__dict__:
            return cls.__module__ not in _BASES
    return False


def _unknown_argument(owner: str, name: str) -> TypeError:
    known = [
        *_ARGUMENTS,
        "trainable",
        "name",
        "dtype",
        "dynamic",
        "activation",
        "units",
    ]
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


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(v) for v in value)
    if isinstance(value, dict):
        return all(_is_plain(v) for v in value.values())
    return value is None or isinstance(
        value, bool | int | float | str | bytes | np.generic | DType
    )
