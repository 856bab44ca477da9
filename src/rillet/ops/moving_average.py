"""`tf.train.ExponentialMovingAverage`: averages of variables over the steps of a loop.

In: variables, after each step. Out: further variables with their averages. Programs
with loops of their own call it; Keras's optimizers keep theirs by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.variable import Variable
from rillet.ops.elementwise import cast, minimum


class ExponentialMovingAverage:
    """Keeps a = decay · a + (1 - decay) · value for variables.

    Args:
        decay: the part of an average that stays, near 1.
        num_updates: the number of the step, a number or variable: the decay is then at
            most (1 + n) / (10 + n), so that averages move faster at first.
        zero_debias: ignored: averages begin with the variables' values.
        name: the averages' names end in it.

    Example:
        >>> import rillet as tf
        >>> v = tf.Variable(1.0)
        >>> ema = tf.train.ExponentialMovingAverage(decay=0.5)
        >>> ema.apply([v])
        >>> step = v.assign(3.0)
        >>> ema.apply([v])
        >>> float(ema.average(v))
        2.0
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._name = name
        self._averages: dict[int, tuple[Variable, Variable]] = {}

    @property
    def name(self) -> str:
        """What the averages' names end in."""
        return self._name

    def apply(self, var_list: Iterable[Variable] | None = None) -> None:
        """Move the averages, making those that there are not yet.

        Args:
            var_list: float variables.

        Raises:
            ValueError: where there is no list.
            TypeError: where something in it is no float variable.
        """
        if var_list is None:
            raise ValueError(
                house_message(
                    "ExponentialMovingAverage.apply",
                    "variables are not collected anywhere",
                    "var_list=None",
                    "Give the variables, such as model.trainable_variables",
                )
            )
        for variable in list(var_list):
            self._move(variable)

    def _move(self, variable: Any) -> None:
        if not isinstance(variable, Variable) or not variable.dtype.is_floating:
            raise TypeError(
                house_message(
                    "ExponentialMovingAverage.apply",
                    "The variables must be half, float, or double",
                    f"got {variable!r}",
                )
            )
        known = self._averages.get(id(variable._cell))
        if known is None:
            with init_scope():
                made = Variable(
                    variable.read_value(),
                    trainable=False,
                    name=f"{variable._name}/{self._name}",
                    dtype=variable.dtype,
                )
            known = self._averages[id(variable._cell)] = (variable, made)
        average = known[1]
        decay = cast(to_tensor(self._decay), variable.dtype)
        if self._num_updates is not None:
            count = cast(to_tensor(self._num_updates), variable.dtype)
            decay = minimum(decay, (1.0 + count) / (10.0 + count))
        average.assign_sub((1.0 - decay) * (average - variable), read_value=False)

    def average(self, var: Variable) -> Variable | None:
        """The average of a variable; None where there is none yet."""
        known = self._averages.get(id(var._cell))
        return None if known is None else known[1]

    def average_name(self, var: Variable) -> str:
        """The name of a variable's average."""
        return f"{var._name}/{self._name}"

    def variables_to_restore(
        self, moving_avg_variables: Iterable[Variable] | None = None
    ) -> dict[str, Variable]:
        """The variables by the names of their averages, to load these in their place.

        Args:
            moving_avg_variables: the variables; those with averages where None.
        """
        given = moving_avg_variables
        held = [v for v, _ in self._averages.values()] if given is None else list(given)
        return {self.average_name(v): v for v in held}
