"""The weights of a layer: made, listed, read and written.

In: what `add_weight` and attributes are given. Out: variables, and lists of them that
follow `trainable`. `layer_losses` and `base_layer` stand on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rillet.checkpoint.waiting import attend, waiting
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from rillet.keras import initializers, regularizers
from rillet.keras.forged import take_room
from rillet.keras.layer_settings import LayerSettings
from rillet.keras.policy import AutoCastVariable
from rillet.keras.settings import floatx
from rillet.keras.tracking import fixed_of, once_each

_WEIGHT_ARGUMENTS = (
    "collections",
    "experimental_autocast",
    "caching_device",
    "getter",
    "layout",
    "experimental_enable_variable_lifting",
)


class LayerWeights(LayerSettings):
    """The weights of a layer; see `Layer` for the arguments."""

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
        if name is not None and not isinstance(name, str):
            # Keras 3 takes the shape first.
            name, shape = shape if isinstance(shape, str) else None, name
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
        take_room(self, name, sizes)
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
        if name is not None:
            self.__dict__.setdefault("_named_weights", {})[name] = variable
        if waiting:
            attend()
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Variable:
        """The same as `add_weight`."""
        made: Variable = self.add_weight(*args, **kwargs)
        return made

    def save_own_variables(self, store: Any) -> None:
        """Write the values of this layer's own weights; override it to write others.

        Args:
            store: a mapping of names to arrays, part of a file.
        """
        for number, variable in enumerate(self._all_own()):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote; override it with that.

        Args:
            store: a mapping of names to arrays.

        Raises:
            ValueError: where there is another number of arrays.
        """
        mine = self._all_own()
        if len(store.keys()) != len(mine):
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.load_own_variables",
                    f"Layer '{self._name}' expected {len(mine)} variables",
                    f"received {len(store.keys())} variables during loading",
                    "" if self.built else "Build the layer first",
                )
            )
        for number, variable in enumerate(mine):
            variable.assign(store[str(number)])

    # Files hold these in a way of their own, see `weight_tree`.
    save_own_variables._usual = True  # type: ignore[attr-defined]
    load_own_variables._usual = True  # type: ignore[attr-defined]

    def _all_own(self) -> list[Variable]:
        return [*self._own_variables(True), *self._own_variables(False)]

    def _regularize(self, variable: Variable, regularizer: Any) -> None:
        # A partial and no lambda: copies of the layer then penalise their own weights.
        self.__dict__["_losses_made"].append(partial(regularizer, variable))

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
                own += fixed_of(child)
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
        return [p for p in parts if isinstance(p, LayerSettings)]

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
                house_message(
                    f"{type(self).__name__}.set_weights",
                    f'You called `set_weights(weights)` on layer "{self._name}" with a'
                    f" weight list of length {len(given)}, but the layer was expecting"
                    f" {len(mine)} weights",
                    f"the shapes given are {[np.shape(value) for value in given]}, its"
                    f" own {[tuple(variable.shape) for variable in mine]}",
                    "" if mine else "Build it first: layer.build(input_shape)",
                )
            )
        for variable, value in zip(mine, given, strict=True):
            shape = tuple(np.shape(value))
            if not variable.shape.is_compatible_with(shape):
                raise ValueError(
                    house_message(
                        f"{type(self).__name__}.set_weights",
                        f"Layer {self._name} weight shape {variable.shape} is not"
                        f" compatible with provided weight shape {shape}",
                        f"the weight is '{variable.name}'; no weight was changed",
                    )
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
                    "Synchronization value can be set to"
                    " VariableSynchronization.ON_READ only for non-trainable variables",
                    "trainable=True",
                )
            )
        return False
    return True if trainable is None else bool(trainable)
