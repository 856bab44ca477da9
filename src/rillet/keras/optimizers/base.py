"""The optimizer: gradients and variables in, the variables' next values out.

`apply_gradients` clips, decays, updates and constrains; what an optimizer does with one
gradient is its own. Everything is computed before anything is assigned, so a step that
fails leaves variables and optimizer as they were. `Model.train_step` and users' loops
call it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from rillet.autodiff.tape import GradientTape
from rillet.core import context
from rillet.core.dtypes import float32
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.optimizers import schedules
from rillet.keras.optimizers.accumulating import Accumulator
from rillet.keras.optimizers.gradients import clipped, present
from rillet.keras.optimizers.state import OptimizerState
from rillet.ops.compare import equal
from rillet.ops.elementwise import cast
from rillet.ops.mask import where

_state = context.state
Pairs = Iterable[tuple[Any, Variable]]


class Optimizer(OptimizerState):
    """Changes variables by their gradients, `tf.keras.optimizers.Optimizer`.

    Subclasses call `super().__init__`, set `self._learning_rate` from
    `self._build_learning_rate`, make their slots in `build` and change one variable in
    `update_step`.

    Args:
        name: the optimizer's name.
        weight_decay: the part of each variable that a step takes off, times the rate.
        clipnorm: the greatest norm of each gradient.
        clipvalue: the greatest magnitude of a gradient's elements.
        global_clipnorm: the greatest norm of all gradients together.
        use_ema: whether to keep moving averages of the variables.
        ema_momentum: the part of an average that stays at each step.
        ema_overwrite_frequency: after how many steps the averages replace the
            variables; only at the end of training where None.
        jit_compile: ignored; a compiled step decides.
        **kwargs: `lr` and `decay` of older programs; `gradient_accumulation_steps`, of
            how many steps the gradients are averaged before the variables change.

    Raises:
        ValueError: where a setting is out of its range.
        TypeError: where an argument is unknown.
    """

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make what the optimizer keeps for each variable.

        Args:
            var_list: the variables that will be updated.
        """
        variables = list(var_list)
        self._trained = variables
        self._index_dict = {id(v._cell): i for i, v in enumerate(variables)}
        if self.use_ema:
            averages = self._model_variables_moving_average
            for variable in variables[len(averages) :]:
                averages.append(
                    self.add_variable_from_reference(
                        variable, "average", initial_value=variable
                    )
                )

    def _var_key(self, variable: Variable) -> int:
        """What a variable is known by in `self._index_dict`."""
        return id(variable._cell)

    def update_step(self, gradient: Any, variable: Variable) -> None:
        """Change one variable by its gradient; subclasses define it."""
        raise NotImplementedError(
            house_message(
                type(self).__name__, "an optimizer must implement `update_step`"
            )
        )

    def compute_gradients(
        self, loss: Any, var_list: Any, tape: GradientTape | None = None
    ) -> list[tuple[Any, Variable]]:
        """The gradients of a loss, each with its variable.

        Args:
            loss: a function of no arguments that gives the loss; or the loss, with the
                tape that saw it computed.
            var_list: the variables, or a function that gives them.
            tape: the tape.

        Raises:
            ValueError: where the loss is a tensor and there is no tape.
        """
        if not callable(loss) and tape is None:
            raise ValueError(
                house_message(
                    f"{type(self).__name__}.minimize",
                    "`tape` is required when a `Tensor` loss is passed",
                    f"loss={loss}, tape=None",
                    "Pass tape=, or a function that computes the loss",
                )
            )
        tape = tape or GradientTape()
        if callable(loss):
            with tape:
                if not callable(var_list):
                    tape.watch(var_list)
                loss = loss()
        variables = list(var_list() if callable(var_list) else var_list)
        return list(zip(tape.gradient(loss, variables), variables, strict=True))

    def minimize(
        self,
        loss: Any,
        var_list: Any,
        tape: GradientTape | None = None,
        name: Any = None,
    ) -> Any:
        """Compute gradients and apply them; arguments as of `compute_gradients`."""
        return self.apply_gradients(self.compute_gradients(loss, var_list, tape))

    def apply_gradients(
        self,
        grads_and_vars: Pairs,
        name: str | None = None,
        skip_gradients_aggregation: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Make one step.

        Args:
            grads_and_vars: pairs of a gradient and its variable; a gradient that is
                None leaves its variable alone.
            name: ignored when eager.
            skip_gradients_aggregation: ignored; there is one replica.
            **kwargs: `experimental_aggregate_gradients`, ignored.

        Returns:
            The number of steps, `iterations`.

        Raises:
            ValueError: where no variable has a gradient.
            InvalidArgumentError: where a gradient has another shape.
        """
        for key in kwargs:
            if key != "experimental_aggregate_gradients":
                raise TypeError(
                    house_message(
                        "apply_gradients", "unexpected keyword argument", repr(key)
                    )
                )
        pairs = list(grads_and_vars)
        if not pairs:
            return self._iterations
        grads, variables = present(pairs)
        given = [v for _, v in pairs]
        steps = self.gradient_accumulation_steps
        if not steps:
            return self._apply(grads, variables, given)
        self._met(variables, given)
        if self._accumulator is None:
            self._accumulator = Accumulator(self, steps)
        self._accumulator.step(grads, variables, given)
        return self._iterations

    def _met(self, variables: list[Variable], given: list[Variable]) -> None:
        index = self._index_dict
        for variable in variables:
            if id(variable._cell) not in index:
                self._scope = f"{self.name}/"
                try:
                    with init_scope():
                        self._meet(variables, given)
                finally:
                    del self._scope
                break

    def _apply(
        self, grads: list[Any], variables: list[Variable], given: list[Variable]
    ) -> Any:
        """Clip and update; nothing changes where that fails."""
        self._met(variables, given)
        if self._clips:
            grads = clipped(grads, self.clipnorm, self.clipvalue, self.global_clipnorm)
        constrained = [v for v in variables if v._constraint is not None]
        if not constrained and self._is_plain():
            self._update(grads, variables)
            self._count()
            return self._iterations
        held = [(v._cell, v._cell.tensor) for v in (*variables, *self._state())]
        try:
            self._step(grads, variables, constrained)
        except BaseException:
            if _state.tracer is None:
                for cell, tensor in held:
                    cell.tensor = tensor
            raise
        return self._iterations

    def _is_plain(self) -> bool:
        """Whether a step is an update and no more, and leaves nothing half done."""
        return False

    def _state(self) -> list[Variable]:
        """What a step may change beside the variables."""
        rate = self.__dict__.get("_current_learning_rate")
        return self._variables if rate is None else [*self._variables, rate]

    def _meet(self, variables: list[Variable], all_given: list[Variable]) -> None:
        """Make slots for variables at the first step."""
        if not self._index_dict:
            self.build(all_given)
            for i, variable in enumerate(all_given):
                self._index_dict.setdefault(id(variable._cell), i)
            return
        for variable in variables:
            if id(variable._cell) not in self._index_dict:
                raise KeyError(
                    f"The optimizer cannot recognize variable {variable.name}. This"
                    " usually means you are trying to call the optimizer to update"
                    " different parts of the model separately. Please call"
                    " `optimizer.build(variables)` with the full list of trainable"
                    " variables before the training loop."
                )

    def _step(
        self,
        grads: list[Any],
        variables: list[Variable],
        constrained: list[Variable],
    ) -> None:
        """Everything that one step changes, in Keras's order."""
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            self._current_learning_rate.assign(
                cast(self._learning_rate(self._iterations), float32)
            )
        if self.weight_decay:
            self._decay_weights(variables)
        self._update(grads, variables)
        if self.use_ema:
            self._average(variables)
        self._count()
        for variable in constrained:
            if variable._constraint is not None:
                variable.assign(variable._constraint(variable))

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        """Change the variables, one after the other."""
        for grad, variable in zip(grads, variables, strict=True):
            self.update_step(grad, variable)

    def _count(self) -> None:
        if _state.tracer is not None:
            self._iterations.assign_add(1)
        else:
            cell = self._iterations._cell
            cell.tensor = Tensor(np.asarray(cell.tensor._array + 1))

    def _decay_weights(self, variables: list[Variable]) -> None:
        for variable in variables:
            if self._use_weight_decay(variable):
                kind = variable.dtype
                rate = cast(self.learning_rate, kind)
                part = cast(self.weight_decay, kind)
                variable.assign_sub(variable * part * rate, read_value=False)

    def _average(self, variables: list[Variable]) -> None:
        """Move the averages, and put them in the variables' place where it is time."""
        self._update_model_variables_moving_average(variables)
        every = self.ema_overwrite_frequency
        if not every:
            return
        if _state.tracer is None:
            if (int(self._iterations) + 1) % every == 0:
                self._overwrite_model_variables_with_average_value(variables)
            return
        due = equal((self._iterations + 1) % every, 0)
        for variable, average in self._averages(variables):
            variable.assign(where(due, average.read_value(), variable.read_value()))

    def _averages(self, variables: Iterable[Variable]) -> Any:
        for variable in variables:
            at = self._index_dict[id(variable._cell)]
            yield variable, self._model_variables_moving_average[at]

    def _update_model_variables_moving_average(
        self, var_list: Iterable[Variable]
    ) -> None:
        for variable, average in self._averages(var_list):
            kept = self.ema_momentum
            average.assign(kept * average + (1 - kept) * variable)

    def _overwrite_model_variables_with_average_value(
        self, var_list: Iterable[Variable]
    ) -> None:
        for variable, average in self._averages(var_list):
            variable.assign(average.read_value())

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Put the moving averages in the variables' place, at the end of training."""
        if self.use_ema and self._index_dict:
            known = [v for v in var_list if id(v._cell) in self._index_dict]
            self._overwrite_model_variables_with_average_value(known)

    def aggregate_gradients(self, grads_and_vars: Pairs) -> list[Any]:
        """The pairs as they are: there is one replica."""
        return list(grads_and_vars)

    def exclude_from_weight_decay(
        self, var_list: Any = None, var_names: Any = None
    ) -> None:
        """Name variables that `weight_decay` leaves alone; before the first step.

        Args:
            var_list: variables.
            var_names: regular expressions of names.

        Raises:
            ValueError: where the optimizer is built already.
        """
        if self._trained:
            raise ValueError(
                house_message(
                    "exclude_from_weight_decay",
                    "can only be configured before the optimizer is built",
                )
            )
        self._exclude(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return self._shared_config()

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """An optimizer from what `get_config` gave."""
        given = dict(config)
        if isinstance(given.get("learning_rate"), dict):
            given["learning_rate"] = schedules.deserialize(
                given["learning_rate"], custom_objects
            )
        return cls(**given)

    def __getstate__(self) -> dict[str, Any]:
        kept = dict(self.__dict__)
        kept["_index_dict"] = None
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._index_dict = {id(v._cell): i for i, v in enumerate(self._trained)}
