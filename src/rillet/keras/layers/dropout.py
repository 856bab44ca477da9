"""Dropout: inputs set to 0 at random while training."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import mode
from rillet.keras.composites import is_ragged
from rillet.keras.random_source import RandomGenerator
from rillet.keras.serialization import builtin
from rillet.ops import random
from rillet.ops.compare import greater_equal_op
from rillet.ops.mask import where
from rillet.ops.shaping import static_dims


@builtin("layer")
class Dropout(Layer):
    """Sets each input to 0 with a probability while training, and scales the rest.

    What is kept is divided by ``1 - rate``, so sums stay as large on average. Outside
    training the inputs pass unchanged.

    Args:
        rate: the probability, from 0 to 1.
        noise_shape: the shape of the mask, where examples or steps are to share it;
            None in it for the input's own size.
        seed: a seed of the layer's own.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `rate` is no probability.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Dropout(0.5)(tf.ones([1, 3]), training=False).numpy()
        array([[1., 1., 1.]], dtype=float32)
    """

    _leaf = True

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise ValueError(
                house_message(
                    "Dropout",
                    f"Invalid value {rate} received for `rate`, expected a value"
                    " between 0 and 1",
                    f"rate={rate!r}",
                )
            )
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed
        self.supports_masking = True
        self._random_generator = RandomGenerator(seed, rng_type="legacy_stateful")

    def _noise_shape(self, inputs: Any) -> Any:
        """The shape of the mask for these inputs."""
        sizes = list(static_dims(inputs))
        if self.noise_shape is None:
            return sizes
        pairs = zip(self.noise_shape, sizes, strict=False)
        return [own if given is None else given for given, own in pairs]

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The inputs, some set to 0 where `training` is true."""
        if training is None:
            training = mode.phase or False
        if not training or self.rate == 0:
            return inputs
        if is_ragged(inputs):
            return inputs._with_flat(self.call(inputs.flat_values, training))
        inputs = to_tensor(inputs)
        if self.rate == 1:
            return inputs * 0.0
        seed = self._random_generator.make_legacy_seed()
        draws = random.uniform(self._noise_shape(inputs), dtype=inputs.dtype, seed=seed)
        kept = greater_equal_op.run(draws, self.rate)
        return where(kept, inputs * (1.0 / (1.0 - self.rate)), 0.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "noise_shape": self.noise_shape,
            "seed": self.seed,
        }
