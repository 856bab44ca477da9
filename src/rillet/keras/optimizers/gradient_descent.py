"""SGD: gradient descent, with momentum where wanted."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.keras.optimizers.ruled import Groups, Ruled
from rillet.keras.serialization import builtin
from rillet.ops.registry import Op
from rillet.ops.updates import descend_op, momentum_op


@builtin("optimizer", "sgd")
class SGD(Ruled):
    """Gradient descent: w - rate · g, or with momentum m: v = m · v - rate · g, w + v.

    Args:
        learning_rate: a number or a schedule.
        momentum: the part of the last change that stays, in [0, 1].
        nesterov: whether to look ahead along the momentum (Sutskever et al., 2013).
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.

    Raises:
        ValueError: where momentum is out of range.

    Example:
        >>> import rillet as tf
        >>> opt = tf.keras.optimizers.SGD(learning_rate=0.1)
        >>> var = tf.Variable(1.0)
        >>> step = opt.minimize(lambda: (var ** 2) / 2.0, [var])
        >>> round(float(var), 6)
        0.9
    """

    _slot_groups: Groups = ((("m", "momentums"),),)

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "SGD",
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
        if not 0 <= momentum <= 1:
            raise ValueError(
                house_message(
                    "SGD", "`momentum` must be between [0, 1]", f"got {momentum}"
                )
            )
        self.momentum = momentum
        self.nesterov = nesterov
        # Without momentum rows that have no gradient stay as they are.
        self._by_rows = not momentum
        self._slots_used = 1 if momentum else 0

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        if not self.momentum:
            return descend_op, {}
        return momentum_op, {"momentum": self.momentum, "nesterov": self.nesterov}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
