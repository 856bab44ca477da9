"""Adamax and Nadam, Adam's two relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.dtypes import float32
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.optimizers.ruled import Groups, Ruled
from rillet.keras.serialization import builtin
from rillet.ops.adam_updates import adamax_op, nadam_op, nadam_schedule
from rillet.ops.elementwise import cast, pow
from rillet.ops.registry import Op


@builtin("optimizer", "adamax")
class Adamax(Ruled):
    """Adam with the greatest recent gradient instead of its root mean square.

    Source: Kingma and Ba, 2014, section 7.1. Arguments as of `Adam`.
    """

    _counts = True
    _slot_groups: Groups = ((("m", "_m"), ("u", "_u")),)
    _op = adamax_op

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Adamax",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name=name,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            jit_compile=jit_compile,
            **kwargs,
        )
        self._learning_rate = self._build_learning_rate(learning_rate)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        attrs = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
        return self._op, attrs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


@builtin("optimizer", "nadam")
class Nadam(Adamax):
    """Adam with Nesterov's momentum (Dozat, 2015). Arguments as of `Adam`."""

    _slot_groups: Groups = ((("m", "_momentums"), ("v", "_velocities")),)
    _op = nadam_op
    #: How fast the momentum's schedule comes to its end.
    _schedule_decay = 1.0

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Nadam",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            jit_compile,
            name,
            **kwargs,
        )
        # The product of the momentum schedule over all steps so far.
        self._u_product = Variable(1.0, trainable=False, dtype=float32)

    def _state(self) -> list[Variable]:
        return [*super()._state(), self._u_product]

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        op, attrs = super()._rule()
        return op, {**attrs, "decay": self._schedule_decay}

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        # Once a step, however many variables there are.
        cell = self._u_product._cell
        if context.state.tracer is not None:
            step = cast(self._iterations + 1, float32)
            slow = pow(cast(0.96, float32), step * self._schedule_decay)
            self._u_product.assign(self._u_product * self.beta_1 * (1.0 - 0.5 * slow))
        else:
            step_now = self._iterations._cell.tensor._array + 1
            decay = self._schedule_decay
            now = nadam_schedule(np.float32, self.beta_1, step_now, decay)
            cell.tensor = Tensor(np.asarray(cell.tensor._array * now))
        super()._update(grads, variables)

    def _extras(self, dtype: Any) -> tuple[Any, ...]:
        product = self._u_product._cell.tensor._array
        return (*super()._extras(dtype), np.asarray(product, dtype))

    def _symbolic_extras(self, dtype: Any) -> tuple[Any, ...]:
        return (*super()._symbolic_extras(dtype), cast(self._u_product, dtype))
