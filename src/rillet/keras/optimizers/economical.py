"""Lion and Adafactor: optimizers that keep less than Adam does.

In: gradients and variables. Out: the variables' next values. Lion is one record as
other optimizers are; Adafactor's step looks at whole rows and columns, and is written
in ops.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.variable import Variable
from rillet.keras.optimizers.base import Optimizer
from rillet.keras.optimizers.ruled import Ruled
from rillet.keras.optimizers.schedules import LearningRateSchedule
from rillet.keras.serialization import builtin
from rillet.ops.adam_updates import lion_op
from rillet.ops.elementwise import cast, maximum, minimum, pow, sqrt, square
from rillet.ops.rearrange import expand_dims
from rillet.ops.reduce import reduce_mean
from rillet.ops.registry import Op
from rillet.ops.transcendental import rsqrt_op as inverse_root


@builtin("optimizer", "lion")
class Lion(Ruled):
    """w - rate · sign(β₁ m + (1 - β₁) g), then m = β₂ m + (1 - β₂) g.

    Every weight moves by the same amount, so rates are smaller than Adam's, by 3 to 10
    times, and weight decays larger (Chen et al., 2023, arxiv.org/abs/2302.06675).

    Args:
        learning_rate: a number or a schedule.
        beta_1: the momentum's part in a step, in (0, 1].
        beta_2: the part of the momentum that stays.
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.

    Raises:
        ValueError: where `beta_1` is out of range.

    Example:
        >>> import rillet as tf
        >>> opt, var = tf.keras.optimizers.Lion(learning_rate=0.1), tf.Variable(10.0)
        >>> step = opt.minimize(lambda: (var ** 2) / 2.0, [var])
        >>> round(float(var), 6)
        9.9
    """

    _slot_groups = ((("m", "momentums"),),)

    def __init__(
        self,
        learning_rate: Any = 0.0001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Lion",
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
        if not 0 < beta_1 <= 1:
            raise ValueError(
                house_message(
                    "Lion",
                    f"`beta_1`={beta_1} must be between ]0, 1]. Otherwise, the"
                    " optimizer degenerates to SignSGD",
                )
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        return lion_op, {"beta_1": self.beta_1, "beta_2": self.beta_2}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }


@builtin("optimizer", "adafactor")
class Adafactor(Optimizer):
    """Adam whose second moments are products of rows' and columns' (Shazeer and Stern).

    Steps are relative to the size of the weights. Source: Shazeer and Stern, 2018,
    arxiv.org/abs/1804.04235, algorithms 4 to 6.

    Args:
        learning_rate: a number or a schedule.
        beta_2_decay: the exponent of the second moments' decay, negative.
        epsilon_1: keeps squares of gradients from zero.
        epsilon_2: the least size of weights that steps are relative to.
        clip_threshold: the greatest root mean square of a step before it is scaled.
        relative_step: whether the rate falls with the root of the step's number, where
            it is no schedule.
        weight_decay: as of `Optimizer`, like the arguments after it.
        name: the optimizer's name.

    Example:
        >>> import rillet as tf
        >>> opt, var = tf.keras.optimizers.Adafactor(0.1), tf.Variable([1.0, 2.0])
        >>> step = opt.minimize(lambda: tf.reduce_sum(var ** 2), [var])
        >>> [round(float(v), 4) for v in var.numpy()]
        [0.8419, 1.8419]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        name: str = "Adafactor",
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step
        self._r: list[Variable] = []
        self._c: list[Variable] = []
        self._v: list[Variable] = []

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make rows', columns' and whole second moments of each variable."""
        variables = list(var_list)
        if self._trained:
            return
        super().build(variables)
        for variable in variables:
            dims = list(variable.shape)
            kind, name = variable.dtype, variable._name
            if len(dims) >= 2:
                rows = self.add_variable(dims[:-1], kind, name=f"r/{name}")
                columns = self.add_variable(
                    [*dims[:-2], dims[-1]], kind, name=f"c/{name}"
                )
            else:  # checkpoints hold a zero in their places
                rows = Variable(0, trainable=False, name=f"r/{name}")
                columns = Variable(0, trainable=False, name=f"c/{name}")
            self._r.append(rows)
            self._c.append(columns)
            self._v.append(self.add_variable_from_reference(variable, "v"))

    def update_step(self, gradient: Any, variable: Variable) -> None:
        """Change one variable by its gradient."""
        if isinstance(gradient, IndexedSlices):
            gradient = gradient._dense_tensor()
        kind = variable.dtype
        place = self._index_dict[self._var_key(variable)]
        step = cast(self.iterations + 1, kind)
        rate = cast(self.learning_rate, kind)
        fixed = not isinstance(self._learning_rate, LearningRateSchedule)
        if fixed and self.relative_step:
            rate = minimum(rate, inverse_root(step))
        rate = minimum(rate, inverse_root(step))
        value = variable.read_value()
        alpha = maximum(to_tensor(self.epsilon_2, kind), _size(value)) * rate
        keep = 1.0 - pow(step, to_tensor(self.beta_2_decay, kind))
        moment = self._moment(place, square(gradient) + self.epsilon_1, keep)
        change = gradient * inverse_root(moment)
        one = to_tensor(1.0, kind)
        change = change / maximum(one, _size(change) / self.clip_threshold)
        variable.assign_add(-alpha * change, read_value=False)

    def _moment(self, place: int, squares: Any, keep: Any) -> Any:
        """The second moments after this step, from squared gradients."""
        rows, columns, whole = self._r[place], self._c[place], self._v[place]
        if len(squares.shape) < 2:
            found = keep * whole + (1.0 - keep) * squares
        else:
            row = keep * rows + (1.0 - keep) * reduce_mean(squares, axis=-1)
            column = keep * columns + (1.0 - keep) * reduce_mean(squares, axis=-2)
            rows.assign(row, read_value=False)
            columns.assign(column, read_value=False)
            part = row / reduce_mean(row, axis=-1, keepdims=True)
            found = expand_dims(part, -1) * expand_dims(column, -2)
        whole.assign(found, read_value=False)
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _size(x: Any) -> Any:
    """The root of the mean square."""
    return sqrt(reduce_mean(square(x)))
