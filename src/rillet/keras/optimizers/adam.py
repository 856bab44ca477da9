"""Adam and AdamW: steps along the mean gradient, divided by the root of its square."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.keras.optimizers.ruled import Ruled
from rillet.keras.serialization import builtin
from rillet.ops.adam_updates import adam_op, amsgrad_op
from rillet.ops.registry import Op


@builtin("optimizer", "adam")
class Adam(Ruled):
    """w - rate · m̂ / (sqrt(v̂) + ε) with moving means m of g and v of g².

    The hats correct for means that began at zero. Source: Kingma and Ba, 2014.

    Args:
        learning_rate: a number or a schedule.
        beta_1: the part of m that stays.
        beta_2: the part of v that stays.
        epsilon: keeps the divisor from zero.
        amsgrad: whether to divide by the greatest v so far (Reddi et al., 2018).
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.

    Example:
        >>> import rillet as tf
        >>> opt = tf.keras.optimizers.Adam(learning_rate=0.1)
        >>> var = tf.Variable(10.0)
        >>> step = opt.minimize(lambda: (var ** 2) / 2.0, [var])
        >>> round(float(var), 4)
        9.9
    """

    _counts = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Adam",
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
        self.amsgrad = amsgrad
        moments = (("m", "_momentums"), ("v", "_velocities"))
        self._slot_groups = (moments,)
        if amsgrad:
            self._slot_groups = (moments, (("vhat", "_velocity_hats"),))

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        attrs = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
        return (amsgrad_op if self.amsgrad else adam_op), attrs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


@builtin("optimizer", "adamw")
class AdamW(Adam):
    """Adam that takes a part off each weight, apart from the gradient.

    Source: Loshchilov and Hutter, 2017. Arguments as of `Adam`; `weight_decay` must
    be given a number.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "AdamW",
        **kwargs: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError(
                house_message(
                    "AdamW",
                    "Missing value of `weight_decay` which is required and must be a"
                    " float value",
                )
            )
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
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
