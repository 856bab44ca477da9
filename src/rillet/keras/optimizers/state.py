"""What an optimizer holds: the learning rate, the number of steps, the slots.

`base.Optimizer` adds the step to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.checkpoint.waiting import attend, waiting
from rillet.core.describe import describe
from rillet.core.dtypes import as_dtype, float32
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras import initializers
from rillet.keras.checkpoint_parts import optimizer_parts
from rillet.keras.optimizers import schedules
from rillet.keras.optimizers.settings import Settings
from rillet.ops.elementwise import cast
from rillet.ops.filling import zeros


class CallableList(list[Any]):
    """A list that may be called as well: `optimizer.variables()` of older programs."""

    def __call__(self) -> CallableList:
        return self


class OptimizerState(Settings):
    """The state of an optimizer; see `Optimizer` for the arguments."""

    #: What stands before slots' names: the optimizer's, where a step makes them.
    _scope = ""

    def _build_learning_rate(self, learning_rate: Any) -> Any:
        """A schedule as it is; a number as a variable."""
        if self._given_rate is not None:
            learning_rate = self._given_rate
        if isinstance(learning_rate, dict):
            learning_rate = schedules.deserialize(learning_rate)
        if isinstance(learning_rate, schedules.LearningRateSchedule):
            self._current_learning_rate = Variable(
                cast(learning_rate(self._iterations), float32),
                trainable=False,
                name="current_learning_rate",
            )
            return learning_rate
        if isinstance(learning_rate, Variable):
            return learning_rate
        try:
            value = learning_rate() if callable(learning_rate) else learning_rate
            if isinstance(value, str | bytes):
                raise TypeError
            return Variable(
                np.float32(value), trainable=False, name="learning_rate", dtype=float32
            )
        except (TypeError, ValueError):
            raise TypeError(
                house_message(
                    type(self).__name__,
                    "`learning_rate` must be a number or a LearningRateSchedule",
                    f"got {describe(learning_rate)}",
                )
            ) from None

    @property
    def iterations(self) -> Variable:
        """The number of steps so far, an int64 variable."""
        return self._iterations

    @iterations.setter
    def iterations(self, variable: Variable) -> None:
        if self._trained:
            raise RuntimeError(
                house_message(
                    type(self).__name__,
                    "Cannot set `iterations` to a new Variable after the Optimizer"
                    " weights have been created",
                    f"got {variable!r}",
                    "Use optimizer.iterations.assign(...)",
                )
            )
        self._variables[0] = variable
        self._iterations = variable

    @property
    def learning_rate(self) -> Any:
        """The learning rate, a variable; with a schedule, that of the last step."""
        rate = self.__dict__.get("_learning_rate")
        if rate is None:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "Missing learning rate, please set self.learning_rate at optimizer"
                    " creation time",
                )
            )
        if isinstance(rate, schedules.LearningRateSchedule):
            return self._current_learning_rate
        return rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        held = self.__dict__.get("_learning_rate")
        if held is None or isinstance(value, schedules.LearningRateSchedule):
            self._given_rate = None
            self._learning_rate = self._build_learning_rate(value)
            return
        if isinstance(held, schedules.LearningRateSchedule):
            raise TypeError(
                house_message(
                    type(self).__name__,
                    "This optimizer was created with a `LearningRateSchedule` object as"
                    " its `learning_rate` constructor argument, hence its learning rate"
                    " is not settable",
                    f"got {value!r}",
                    "If you need the learning rate to be settable, create the optimizer"
                    " with a float `learning_rate`",
                )
            )
        if isinstance(value, Variable | Tensor):
            held.assign(cast(value, float32))
        else:
            held.assign(np.float32(value))

    @property
    def lr(self) -> Any:
        """The same as `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    @property
    def variables(self) -> CallableList:
        """The number of steps and all slots."""
        return CallableList(self._variables)

    @property
    def weights(self) -> list[Variable]:
        """The same as `variables`."""
        return list(self._variables)

    def get_weights(self) -> list[Any]:
        """The values of `variables` as NumPy arrays."""
        return [v.numpy() for v in self._variables]

    def set_weights(self, weights: Any) -> None:
        """Give `variables` new values.

        Args:
            weights: arrays in the order and shapes of `get_weights`.

        Raises:
            ValueError: where there are no slots yet, or shapes differ; nothing is
                changed then.
        """
        given = [np.asarray(w) for w in weights]
        mine = self._variables
        if len(given) != len(mine) or any(
            tuple(v.shape) != w.shape for v, w in zip(mine, given, strict=False)
        ):
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.set_weights",
                    "the weights have the number and shapes of `variables`",
                    f"expected {[tuple(v.shape) for v in mine]}, got"
                    f" {[w.shape for w in given]}",
                    "" if self._trained else "Call optimizer.build(variables) first",
                )
            )
        for variable, value in zip(mine, given, strict=True):
            variable.assign(value.astype(variable.dtype.numpy_dtype))

    def add_variable(
        self,
        shape: Any,
        dtype: Any = None,
        initializer: Any = "zeros",
        name: Any = None,
    ) -> Variable:
        """Make a variable of the optimizer's own."""
        kind = as_dtype(dtype or float32)
        value = initializers.get(initializer)(shape, dtype=kind)
        variable = Variable(value, trainable=False, name=name)
        self._keep(variable)
        return variable

    def _keep(self, variable: Variable) -> None:
        """List a variable; a checkpoint may hold its value already."""
        self._variables.append(variable)
        if waiting:
            attend()

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a checkpoint follows from here, by tf.keras's names."""
        return optimizer_parts(self)

    def add_variable_from_reference(
        self,
        model_variable: Variable,
        variable_name: str,
        shape: Any = None,
        initial_value: Any = None,
    ) -> Variable:
        """Make a slot: a variable like one of the model's.

        Args:
            model_variable: what the slot belongs to.
            variable_name: what the slot is called.
            shape: its shape; the model variable's where None.
            initial_value: its first value; zeros where None.

        Returns:
            The slot, which `variables` lists from now on.
        """
        if initial_value is None:
            dims = model_variable.shape if shape is None else shape
            initial_value = zeros(dims, model_variable.dtype)
        elif isinstance(initial_value, Variable):
            initial_value = initial_value.read_value()
        slot = Variable(
            initial_value,
            trainable=False,
            name=f"{self._scope}{variable_name}/{model_variable._name}",
            dtype=model_variable.dtype,
        )
        self._keep(slot)
        return slot

    def _serialize_hyperparameter(self, value: Any) -> Any:
        """A setting as plain data: a variable's value, a schedule's configuration."""
        if isinstance(value, schedules.LearningRateSchedule):
            return schedules.serialize(value)
        if isinstance(value, Variable | Tensor):
            return value.numpy()
        return value

    def save_own_variables(self, store: Any) -> None:
        """Write the values of `variables` into a mapping, by their numbers."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        if len(store.keys()) != len(self._variables):
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.load_own_variables",
                    "the store holds another number of variables",
                    f"expected {len(self._variables)}, got {len(store.keys())}",
                    "Call optimizer.build(variables) first",
                )
            )
        self.set_weights([np.asarray(store[str(i)]) for i in range(len(store.keys()))])
