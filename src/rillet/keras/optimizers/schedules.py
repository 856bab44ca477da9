"""Learning rates that follow the number of the step, `tf.keras.optimizers.schedules`.

In: the optimizer's `iterations`. Out: the learning rate of that step. Optimizers call a
schedule once a step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.lookup import described, found
from rillet.keras.serialization import builtin
from rillet.ops.compare import equal, less, less_equal
from rillet.ops.elementwise import cast, floordiv, log, minimum, pow
from rillet.ops.mask import where
from rillet.ops.transcendental import cos

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule:
    """A learning rate that depends on the step; subclasses define `__call__`.

    Example:
        >>> import rillet as tf
        >>> class Halving(tf.keras.optimizers.schedules.LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 * 0.5 ** tf.cast(step, tf.float32)
        >>> opt = tf.keras.optimizers.SGD(Halving())
        >>> round(float(opt.learning_rate), 3)
        0.1
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step.

        Args:
            step: a scalar integer tensor; 0 is the first.

        Raises:
            NotImplementedError: where a subclass does not define it.
        """
        raise NotImplementedError(
            house_message(
                type(self).__name__, "learning rate schedule must override `__call__`"
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data.

        Raises:
            NotImplementedError: where a subclass does not define it.
        """
        raise NotImplementedError(
            house_message(
                type(self).__name__,
                "learning rate schedule must override `get_config` in order to be"
                " serializable",
            )
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A schedule from what `get_config` gave."""
        return cls(**config)


class _Kept(LearningRateSchedule):
    """A schedule whose attributes are its constructor's arguments."""

    _arguments: tuple[str, ...] = ()
    initial_learning_rate: Any

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {name: getattr(self, name) for name in self._arguments}

    def _start(self) -> tuple[Tensor, Any]:
        """The first rate as a tensor, and its type."""
        initial = to_tensor(self.initial_learning_rate)
        return initial, initial.dtype


def _whole(x: Any) -> Any:
    return floordiv(x, 1.0)


@builtin("schedule")
class ExponentialDecay(_Kept):
    """initial · rate^(step / steps).

    Args:
        initial_learning_rate: the first rate.
        decay_steps: how many steps lie between two factors of `decay_rate`.
        decay_rate: the factor.
        staircase: whether the exponent is rounded down.
        name: ignored when eager.

    Example:
        >>> import rillet as tf
        >>> make = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
        >>> round(float(make(20)), 4)
        0.025
    """

    _arguments = (
        "initial_learning_rate",
        "decay_steps",
        "decay_rate",
        "staircase",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        decay_rate: Any,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """The learning rate of a step."""
        initial, kind = self._start()
        p = cast(step, kind) / cast(self.decay_steps, kind)
        if self.staircase:
            p = _whole(p)
        return initial * pow(cast(self.decay_rate, kind), p)


@builtin("schedule")
class InverseTimeDecay(_Kept):
    """initial / (1 + rate · step / steps); arguments as those of `ExponentialDecay`."""

    _arguments = ExponentialDecay._arguments

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        decay_rate: Any,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """The learning rate of a step."""
        initial, kind = self._start()
        p = cast(step, kind) / cast(self.decay_steps, kind)
        if self.staircase:
            p = _whole(p)
        return initial / (1.0 + cast(self.decay_rate, kind) * p)


@builtin("schedule")
class PiecewiseConstantDecay(_Kept):
    """One rate up to each boundary, and a last one after.

    Args:
        boundaries: steps, ascending; a boundary itself has the rate before it.
        values: rates, one more than boundaries.
        name: ignored when eager.

    Raises:
        ValueError: where the numbers do not fit.

    Example:
        >>> import rillet as tf
        >>> make = tf.keras.optimizers.schedules.PiecewiseConstantDecay([2], [1., .5])
        >>> [float(make(step)) for step in (1, 2, 3)]
        [1.0, 1.0, 0.5]
    """

    _arguments = ("boundaries", "values", "name")

    def __init__(self, boundaries: Any, values: Any, name: str | None = None) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                house_message(
                    "PiecewiseConstantDecay",
                    "The length of boundaries should be 1 less than the length of"
                    " values",
                    f"Received: boundaries={boundaries} of length {len(boundaries)},"
                    f" and values={values} of length {len(values)}",
                )
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """The learning rate of a step."""
        step = to_tensor(step)
        values = [to_tensor(v) for v in self.values]
        kind = values[0].dtype
        rate = cast(values[-1], kind)
        for bound, value in reversed(
            list(zip(self.boundaries, values[:-1], strict=True))
        ):
            limit = to_tensor(bound)
            before = less_equal(cast(step, limit.dtype), limit)
            rate = where(before, cast(value, kind), rate)
        return rate


@builtin("schedule")
class PolynomialDecay(_Kept):
    """From the first rate to the last along (1 - step / steps)^power.

    Args:
        initial_learning_rate: the first rate.
        decay_steps: after how many steps the last rate is reached.
        end_learning_rate: the last rate.
        power: the exponent; 1 is a straight line.
        cycle: whether to stretch the steps by whole factors and go on.
        name: ignored when eager.
    """

    _arguments = (
        "initial_learning_rate",
        "decay_steps",
        "end_learning_rate",
        "power",
        "cycle",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        end_learning_rate: Any = 0.0001,
        power: Any = 1.0,
        cycle: bool = False,
        name: str | None = None,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """The learning rate of a step."""
        initial, kind = self._start()
        end, at = cast(self.end_learning_rate, kind), cast(step, kind)
        steps = cast(self.decay_steps, kind)
        if self.cycle:
            rounds = -_whole(-(at / steps))
            one = cast(1.0, kind)
            steps = steps * where(equal(at, cast(0.0, kind)), one, rounds)
        else:
            at = minimum(at, steps)
        left = 1.0 - at / steps
        return (initial - end) * pow(left, cast(self.power, kind)) + end


@builtin("schedule")
class CosineDecay(_Kept):
    """Half a cosine from the first rate down, after a warm-up where one is wanted.

    Source: Loshchilov and Hutter, 2016.

    Args:
        initial_learning_rate: the first rate.
        decay_steps: the length of the half wave in steps.
        alpha: the last rate as a part of the first.
        name: ignored when eager.
        warmup_target: the rate that a straight line reaches first; none where None.
        warmup_steps: the length of that line in steps.
    """

    _arguments = (
        "initial_learning_rate",
        "decay_steps",
        "alpha",
        "name",
        "warmup_target",
        "warmup_steps",
    )

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        alpha: Any = 0.0,
        name: str | None = None,
        warmup_target: Any = None,
        warmup_steps: Any = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def _wave(self, top: Any, at: Any, steps: Any) -> Any:
        half = 0.5 * (1.0 + cos(math.pi * (minimum(at, steps) / steps)))
        return top * ((1.0 - self.alpha) * half + self.alpha)

    def __call__(self, step: Any) -> Tensor:
        """The learning rate of a step."""
        initial, kind = self._start()
        steps, at = cast(self.decay_steps, kind), cast(step, kind)
        if self.warmup_target is None:
            return self._wave(initial, at, steps)
        target, warm = cast(self.warmup_target, kind), cast(self.warmup_steps, kind)
        rising = (target - initial) * (at / warm) + initial
        return where(less(at, warm), rising, self._wave(target, at - warm, steps))


@builtin("schedule")
class CosineDecayRestarts(_Kept):
    """Half cosines one after another, each longer and lower by a factor.

    Source: Loshchilov and Hutter, 2016.

    Args:
        initial_learning_rate: the first rate.
        first_decay_steps: the length of the first half wave in steps.
        t_mul: the factor from one length to the next.
        m_mul: the factor from one height to the next.
        alpha: the lowest rate as a part of the first.
        name: ignored when eager.
    """

    _arguments = (
        "initial_learning_rate",
        "first_decay_steps",
        "t_mul",
        "m_mul",
        "alpha",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: Any,
        first_decay_steps: Any,
        t_mul: Any = 2.0,
        m_mul: Any = 1.0,
        alpha: Any = 0.0,
        name: str | None = None,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """The learning rate of a step."""
        initial, kind = self._start()
        done = cast(step, kind) / cast(self.first_decay_steps, kind)
        if self.t_mul == 1.0:
            wave = _whole(done)
            done = done - wave
        else:
            grow = cast(self.t_mul, kind)
            wave = _whole(log(1.0 - done * (1.0 - grow)) / log(grow))
            factor = pow(grow, wave)
            done = (done - (1.0 - factor) / (1.0 - grow)) / factor
        height = pow(cast(self.m_mul, kind), wave)
        half = 0.5 * height * (1.0 + cos(math.pi * done))
        return initial * ((1.0 - self.alpha) * half + self.alpha)


def serialize(learning_rate_schedule: Any, use_legacy_format: bool = False) -> Any:
    """A schedule's configuration as plain data."""
    module = "keras.optimizers.schedules"
    return described(learning_rate_schedule, module, use_legacy_format)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The schedule that `serialize` described."""
    return found("schedule", config, custom_objects)
