"""RMSprop: steps divided by the root of a moving average of squared gradients."""

from __future__ import annotations

from typing import Any

from rillet.keras.optimizers.ruled import Ruled
from rillet.keras.serialization import builtin
from rillet.ops.registry import Op
from rillet.ops.updates import rmsprop_both_op, rmsprop_one_more_op, rmsprop_op

_RECORDS = {1: rmsprop_op, 2: rmsprop_one_more_op, 3: rmsprop_both_op}


@builtin("optimizer", "rmsprop")
class RMSprop(Ruled):
    """w - rate · g / sqrt(v + ε) with v = rho · v + (1 - rho) · g² (Hinton, 2012).

    Args:
        learning_rate: a number or a schedule.
        rho: the part of the average that stays.
        momentum: the part of the last change that stays.
        epsilon: keeps the divisor from zero.
        centered: whether to take the square of the mean gradient off the average.
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.

    Example:
        >>> import rillet as tf
        >>> opt = tf.keras.optimizers.RMSprop(learning_rate=0.1)
        >>> var = tf.Variable(10.0)
        >>> step = opt.minimize(lambda: (var ** 2) / 2.0, [var])
        >>> round(float(var), 4)
        9.6838
    """

    _epsilon_outside = False

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = 100,
        jit_compile: bool = True,
        name: str = "RMSprop",
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
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        groups = [(("velocity", "_velocities"),)]
        if momentum > 0:
            groups.append((("momentum", "_momentums"),))
        if centered:
            groups.append((("average_gradient", "_average_gradients"),))
        self._slot_groups = tuple(groups)

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        attrs = {
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
            "epsilon_outside": self._epsilon_outside,
        }
        return _RECORDS[len(self._slot_groups)], attrs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
