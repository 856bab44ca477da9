"""TensorFlow's own initializers, `tf.random_normal_initializer` and its kin.

They differ from Keras's in one point: without a seed each call draws other numbers,
from the streams that `tf.random.set_seed` names.
"""

from __future__ import annotations

from typing import Any

from rillet.core.tensor import Tensor
from rillet.keras.initializers import drawn, fixed
from rillet.keras.random_source import RandomGenerator


class zeros_initializer(fixed.Zeros):
    """Zeros; see `tf.keras.initializers.Zeros`."""


class ones_initializer(fixed.Ones):
    """Ones; see `tf.keras.initializers.Ones`."""


class constant_initializer(fixed.Constant):
    """One value everywhere, or given values; see `tf.keras.initializers.Constant`.

    Args:
        value: a number, or as many values as the shape has elements.
        support_partition: ignored.
    """

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        super().__init__(value)


def _restless(make: drawn.Drawn) -> None:
    if make.seed is None:
        make._random_generator = RandomGenerator(None, rng_type="legacy_stateful")


class random_normal_initializer(drawn.RandomNormal):
    """Normal numbers.

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: an integer, or None.

    Example:
        >>> import rillet as tf
        >>> make = tf.random_normal_initializer(seed=1)
        >>> make((2, 3)).shape
        TensorShape([2, 3])
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(mean, stddev, seed)
        _restless(self)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`, a float type."""
        self._called = False
        return super().__call__(shape, dtype or "float32", **kwargs)


class random_uniform_initializer(drawn.RandomUniform):
    """Uniform numbers on [minval, maxval).

    Args:
        minval: the lower limit.
        maxval: the upper limit.
        seed: an integer, or None.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(minval, maxval, seed)
        _restless(self)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`."""
        self._called = False
        return super().__call__(shape, dtype or "float32", **kwargs)
