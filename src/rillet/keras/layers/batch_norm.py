"""BatchNormalization: each feature at mean 0 and variance 1 over the batch."""

from __future__ import annotations

import math
from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras import initializers
from rillet.keras.call_context import mode
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.scale_shift import (
    ScaleShift,
    checked_axes,
    inverse_deviation,
    known_sizes,
    moments_about,
    scaled_and_shifted,
    widened,
)
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import (
    cast,
    cast_op,
    div_op,
    maximum_op,
    mul_op,
    sub_op,
)
from rillet.ops.normalisation import weighted_moments
from rillet.ops.rearrange import expand_dims
from rillet.ops.shaping import reshape_op, static_dims


@builtin("layer", "BatchNormalizationV2")
class BatchNormalization(ScaleShift):
    """Brings each feature to mean 0 and variance 1, then scales and shifts it.

    While training, mean and variance are those of the batch, and moving averages of
    them are kept; otherwise those averages are used. A layer that is not `trainable`
    uses the averages even while training. Source: Ioffe & Szegedy (2015).

    Args:
        axis: the axis of the features, or several; each feature has its own moments.
        momentum: how much of a moving average stays at each step.
        epsilon: what is added to the variance.
        center: whether a `beta` is added.
        scale: whether there is a factor `gamma`.
        beta_initializer: what gives `beta`.
        gamma_initializer: what gives `gamma`.
        moving_mean_initializer: what gives the moving mean.
        moving_variance_initializer: what gives the moving variance.
        beta_regularizer: a penalty of `beta`.
        gamma_regularizer: a penalty of `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.
        synchronized: take moments over the batches of all replicas.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `renorm` or `virtual_batch_size` of TensorFlow 1 is asked for.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.BatchNormalization(epsilon=0.)
        >>> layer(tf.constant([[1.], [3.]]), training=True).numpy().tolist()
        [[-1.0], [1.0]]
    """

    _leaf = True

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        for old in ("renorm", "virtual_batch_size", "adjustment"):
            if kwargs.pop(old, None):
                raise ValueError(
                    house_message(
                        "BatchNormalization",
                        f"`{old}` belongs to TensorFlow 1 and is not supported",
                        f"{old} was given",
                        f"Leave {old} out",
                    )
                )
        self._fused_wish = kwargs.pop("fused", None)
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        if not isinstance(axis, int | list | tuple):
            raise TypeError(
                house_message(
                    "BatchNormalization",
                    "Expected an int or a list/tuple of ints for the argument 'axis'",
                    f"received {axis!r}",
                )
            )
        self.momentum = momentum
        self.synchronized = synchronized
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta and the moving averages; see `Layer.build`."""
        shape = as_shape(input_shape)
        rank = len(shape)
        self.axis = checked_axes("BatchNormalization", self.axis, rank)
        sizes = known_sizes("BatchNormalization", shape, self.axis)
        self.input_spec = InputSpec(
            ndim=rank, axes=dict(zip(self.axis, sizes, strict=True))
        )
        self._over = tuple(a for a in range(rank) if a not in self.axis)
        # The shape in which weights meet the inputs.
        self._faced = tuple(
            sizes[self.axis.index(a)] if a in self.axis else 1 for a in range(rank)
        )
        # What TensorFlow's fused kernel takes has its variance over n - 1.
        self.fused = (
            not self.synchronized
            and self._fused_wish is not False
            and (rank, *self.axis) in ((4, 1), (4, 3), (5, 1), (5, 4))
        )
        if len(self.axis) == 1:
            own: Any = (sizes[0],)
            self._aligned = self.axis[0] == rank - 1
        else:
            own, self._aligned = self._faced, True
        self._add_scale_and_shift(own)
        self.moving_mean = self._average("moving_mean", own)
        self.moving_variance = self._average("moving_variance", own)
        self.built = True

    def _average(self, name: str, shape: Any) -> Any:
        initial: Any = getattr(self, f"{name}_initializer")
        return self.add_weight(
            name,
            shape=shape,
            dtype=self._weight_dtype,
            initializer=initial,
            trainable=False,
            experimental_autocast=False,
        )

    def _face(self, weight: Any) -> Any:
        """A weight in a shape that broadcasts against the inputs."""
        if weight is None:
            return None
        value = weight._dense_tensor()
        return value if self._aligned else reshape_op.run(value, self._faced)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The normalised inputs, of the same shape."""
        if training is None:
            training = mode.phase or False
        x = widened(inputs)
        gamma, beta = self._face(self.gamma), self._face(self.beta)
        if training and self._trainable:
            centred, mean, variance = self._moments(x, mask)
            self._keep(mean, variance, x)
            inverse = inverse_deviation(variance, self.epsilon)
            out = scaled_and_shifted(centred, inverse, gamma, beta)
        else:
            variance = self._face(self.moving_variance)
            factor = inverse_deviation(variance, self.epsilon)
            if gamma is not None:
                factor = mul_op.run(factor, gamma)
            shift = mul_op.run(self._face(self.moving_mean), factor)
            if beta is None:
                out = sub_op.run(mul_op.run(x, factor), shift)
            else:
                out = mul_op.run(x, factor) + sub_op.run(beta, shift)
        return out if x is inputs else cast_op(out, DstT=inputs.dtype)

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any, Any]:
        """``x`` less its mean, the mean and the variance; masked steps not counted."""
        if mask is None:
            return moments_about(x, self._over)
        counts = cast(mask, x.dtype)
        while len(counts.shape) < len(x.shape):
            counts = expand_dims(counts, -1)
        mean, variance = weighted_moments(x, self._over, counts, keepdims=True)
        return sub_op.run(x, mean), mean, variance

    def _keep(self, mean: Any, variance: Any, x: Any) -> None:
        """Let the moving averages follow the moments of a batch."""
        with context.recording_stopped():
            if self.fused:
                variance = mul_op.run(variance, self._unbiased(x, variance.dtype))
            part = 1.0 - self.momentum
            for moving, value in (
                (self.moving_mean, mean),
                (self.moving_variance, variance),
            ):
                sizes = tuple(moving.shape)
                gap = sub_op.run(moving._dense_tensor(), reshape_op.run(value, sizes))
                moving.assign_sub(mul_op.run(gap, part), read_value=False)

    def _unbiased(self, x: Any, kind: Any) -> Any:
        """What turns a biased variance into an unbiased one."""
        sizes = [static_dims(x)[a] for a in self._over]
        if all(isinstance(size, int) for size in sizes):
            count = math.prod(sizes)
            return to_tensor(count / max(count - 1, 1), kind)
        seen, one = cast(math.prod(sizes), kind), to_tensor(1.0, kind)
        return div_op.run(seen, maximum_op.run(sub_op.run(seen, one), one))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(
                self.moving_mean_initializer
            ),
            "moving_variance_initializer": initializers.serialize(
                self.moving_variance_initializer
            ),
        }
