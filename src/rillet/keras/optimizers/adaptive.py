"""Adagrad, Adadelta and Ftrl: step sizes that follow each weight's own history."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.variable import Variable
from rillet.keras.optimizers.ruled import Groups, Ruled
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import cast
from rillet.ops.filling import fill
from rillet.ops.registry import Op
from rillet.ops.updates import adadelta_op, adagrad_op, ftrl_op


@builtin("optimizer", "adagrad")
class Adagrad(Ruled):
    """w - rate · g / sqrt(a + ε), where a is the sum of all g² (Duchi et al., 2011).

    Args:
        learning_rate: a number or a schedule.
        initial_accumulator_value: what the sums begin at, not negative.
        epsilon: keeps the divisor from zero.
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.
    """

    _slot_groups = ((("accumulator", "_accumulators"),),)
    _by_rows = True
    _epsilon_outside = False

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Adagrad",
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
        _not_negative("Adagrad", "initial_accumulator_value", initial_accumulator_value)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _first_value(self, slot: str, variable: Variable) -> Any:
        return _filled(variable, self.initial_accumulator_value)

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        outside = self._epsilon_outside
        return adagrad_op, {"epsilon": self.epsilon, "epsilon_outside": outside}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


@builtin("optimizer", "adadelta")
class Adadelta(Ruled):
    """Steps of the size of recent steps, in units of recent gradients (Zeiler, 2012).

    Args:
        learning_rate: a number or a schedule; 1.0 is the paper's.
        rho: the part of both averages that stays.
        epsilon: keeps roots from zero.
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.
    """

    _slot_groups: Groups = (
        (
            ("accumulated_grad", "_accumulated_grads"),
            ("accumulated_delta_var", "_accumulated_delta_vars"),
        ),
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Adadelta",
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
        self.epsilon = epsilon

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        return adadelta_op, {"rho": self.rho, "epsilon": self.epsilon}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "rho": self.rho,
            "epsilon": self.epsilon,
        }


@builtin("optimizer", "ftrl")
class Ftrl(Ruled):
    """Follow the regularized leader, for sparse linear models (McMahan et al., 2013).

    Args:
        learning_rate: a number or a schedule.
        learning_rate_power: how the rate falls, not positive.
        initial_accumulator_value: what the sums of squares begin at, not negative.
        l1_regularization_strength: pulls weights to exactly zero.
        l2_regularization_strength: pulls weights towards zero.
        l2_shrinkage_regularization_strength: a penalty of the weights' size.
        beta: smooths the rate's fall.
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.
    """

    _slot_groups = ((("accumulator", "_accumulators"), ("linear", "_linears")),)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Ftrl",
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
        for key, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            (
                "l2_shrinkage_regularization_strength",
                l2_shrinkage_regularization_strength,
            ),
        ):
            _not_negative("Ftrl", key, value)
        if learning_rate_power > 0.0:
            raise ValueError(
                house_message(
                    "Ftrl",
                    "`learning_rate_power` needs to be negative or zero",
                    f"got {learning_rate_power}",
                )
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def _first_value(self, slot: str, variable: Variable) -> Any:
        if slot == "linear":
            return None
        return _filled(variable, self.initial_accumulator_value)

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        return ftrl_op, {
            "power": self.learning_rate_power,
            "l1": self.l1_regularization_strength,
            "l2": self.l2_regularization_strength,
            "l2_shrinkage": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        names = (
            "learning_rate_power",
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
            "beta",
        )
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            **{name: getattr(self, name) for name in names},
        }


def _filled(variable: Variable, value: float) -> Any:
    return fill(variable.shape, cast(value, variable.dtype))


def _not_negative(owner: str, key: str, value: float) -> None:
    if value < 0.0:
        raise ValueError(
            house_message(
                owner, f"`{key}` needs to be positive or zero", f"got {value}"
            )
        )
