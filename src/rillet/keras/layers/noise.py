"""Layers that add noise while training, and ActivityRegularization."""

from __future__ import annotations

import math
from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import mode
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.dropout import Dropout
from rillet.keras.random_source import RandomGenerator
from rillet.keras.regularizers import L1L2
from rillet.keras.serialization import builtin
from rillet.keras.settings import LAYOUTS, image_data_format
from rillet.ops.compare import greater_equal_op
from rillet.ops.elementwise import cast, mul_op
from rillet.ops.shaping import static_dims

#: Where SELU's outputs saturate: minus its scale times its alpha.
_SELU_FLOOR = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


class _Noise(Layer):
    """A layer that changes its inputs only while training; abstract."""

    _leaf = True

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.supports_masking = True
        self._random_generator = RandomGenerator(seed, rng_type="legacy_stateful")

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The inputs, with noise where training."""
        if training is None:
            training = mode.phase or False
        return self._noisy(inputs) if training else inputs

    def _noisy(self, inputs: Any) -> Any:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)


def _checked_rate(owner: str, rate: Any) -> Any:
    if not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise ValueError(
            house_message(
                owner,
                f"Invalid value {rate!r} received for `rate`, expected a value between"
                " 0 and 1",
                f"rate={rate!r}",
            )
        )
    return rate


@builtin("layer")
class GaussianNoise(_Noise):
    """Adds normal noise of mean 0 while training.

    Args:
        stddev: the deviation of the noise.
        seed: a seed of the layer's own.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.GaussianNoise(0.5)(tf.ones([1, 2])).numpy().tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = stddev

    def _noisy(self, inputs: Any) -> Any:
        return inputs + self._random_generator.random_normal(
            shape=static_dims(inputs), mean=0.0, stddev=self.stddev, dtype=inputs.dtype
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


@builtin("layer")
class GaussianDropout(_Noise):
    """Multiplies with normal noise of mean 1 while training.

    Args:
        rate: the deviation is √(rate / (1 - rate)), as that of dropout.
        seed: a seed of the layer's own.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `rate` lies outside 0 to 1.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = _checked_rate("GaussianDropout", rate)

    def _noisy(self, inputs: Any) -> Any:
        if not 0 < self.rate < 1:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        noise = self._random_generator.random_normal(
            shape=static_dims(inputs), mean=1.0, stddev=stddev, dtype=inputs.dtype
        )
        return mul_op.run(inputs, noise)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@builtin("layer")
class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance, for networks of SELU units.

    What is dropped takes the value at which SELU saturates; then all is scaled and
    shifted. Source: Klambauer et al. (2017).

    Args:
        rate: the probability to drop, from 0 to 1.
        noise_shape: the shape of the mask, where inputs are to share it.
        seed: a seed of the layer's own.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `rate` lies outside 0 to 1.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = _checked_rate("AlphaDropout", rate)
        self.noise_shape = noise_shape

    def _noisy(self, inputs: Any) -> Any:
        if not 0 < self.rate < 1:
            return inputs
        shape = static_dims(inputs) if self.noise_shape is None else self.noise_shape
        draws = self._random_generator.random_uniform(shape=shape)
        kept = cast(greater_equal_op.run(draws, self.rate), inputs.dtype)
        a = ((1 - self.rate) * (1 + self.rate * _SELU_FLOOR**2)) ** -0.5
        b = -a * _SELU_FLOOR * self.rate
        mixed = inputs * kept + _SELU_FLOOR * (1 - kept)
        return a * mixed + b

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments but `noise_shape`, which Keras leaves out."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class _SpatialDropout(Dropout):
    """Drops whole channels; abstract."""

    _axes = 1

    def __init__(
        self, rate: float, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, **kwargs)
        own = type(self).__name__
        self.data_format = image_data_format() if data_format is None else data_format
        if self.data_format not in LAYOUTS:
            raise ValueError(
                house_message(
                    own,
                    '`data_format` must be "channels_last" or "channels_first"',
                    f"Received: data_format={data_format}",
                )
            )
        self.input_spec = InputSpec(ndim=self._axes + 2)

    def _noise_shape(self, inputs: Any) -> Any:
        batch, *rest = static_dims(inputs)
        ones = [1] * self._axes
        if self.data_format == "channels_first":
            return [batch, rest[0], *ones]
        return [batch, *ones, rest[-1]]


@builtin("layer")
class SpatialDropout1D(_SpatialDropout):
    """Drops whole features of sequences ``(batch, steps, features)``.

    Args:
        rate: the probability, from 0 to 1.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.SpatialDropout1D(0.5)
        >>> y = layer(tf.ones([1, 5, 3]), training=True).numpy()
        >>> bool((y == y[:, :1]).all())
        True
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(rate, "channels_last", **kwargs)


@builtin("layer")
class SpatialDropout2D(_SpatialDropout):
    """Drops whole channels of images.

    Args:
        rate: the probability, from 0 to 1.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.
    """

    _axes = 2


@builtin("layer")
class SpatialDropout3D(_SpatialDropout):
    """Drops whole channels of volumes.

    Args:
        rate: the probability, from 0 to 1.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.
    """

    _axes = 3


@builtin("layer")
class ActivityRegularization(Layer):
    """Adds a penalty of its inputs to the loss, and passes them on.

    Args:
        l1: the factor of the sum of absolute values.
        l2: the factor of the sum of squares.
        **kwargs: as for `Layer`.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}
