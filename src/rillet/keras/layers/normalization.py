"""Normalisation of each example by itself: by layer, by group, to unit length."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
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
from rillet.ops.arithmetic import l2_normalize
from rillet.ops.elementwise import cast, cast_op, sub_op
from rillet.ops.normalisation import weighted_moments
from rillet.ops.shaping import broadcast_to, reshape_op, static_dims


@builtin("layer")
class LayerNormalization(ScaleShift):
    """Brings each example to mean 0 and variance 1 over its features.

    Source: Ba, Kiros & Hinton (2016).

    Args:
        axis: the axis to normalise over, or several.
        epsilon: what is added to the variance.
        center: whether a `beta` is added.
        scale: whether there is a factor `gamma`.
        beta_initializer: what gives `beta`.
        gamma_initializer: what gives `gamma`.
        beta_regularizer: a penalty of `beta`.
        gamma_regularizer: a penalty of `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.LayerNormalization(epsilon=0.)
        >>> layer(tf.constant([[1., 3.], [20., 10.]])).numpy().tolist()
        [[-1.0, 1.0], [1.0, -1.0]]
    """

    _leaf = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
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
        if not isinstance(axis, int | list | tuple):
            raise TypeError(
                house_message(
                    "LayerNormalization",
                    "Expected an int or a list/tuple of ints for the argument 'axis'",
                    f"received {axis!r}",
                )
            )
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta; see `Layer.build`."""
        shape = as_shape(input_shape)
        rank = len(shape)
        self.axis = checked_axes("LayerNormalization", self.axis, rank)
        sizes = known_sizes("LayerNormalization", shape, self.axis)
        self._over = tuple(self.axis)
        self._faced = tuple(
            sizes[self.axis.index(a)] if a in self.axis else 1 for a in range(rank)
        )
        self._aligned = self.axis == list(range(rank - len(self.axis), rank))
        self._add_scale_and_shift(sizes)
        self.built = True

    def _face(self, weight: Any) -> Any:
        """A weight in a shape that broadcasts against the inputs."""
        if weight is None:
            return None
        value = weight._dense_tensor()
        return value if self._aligned else reshape_op.run(value, self._faced)

    def call(self, inputs: Any) -> Any:
        """The normalised inputs, of the same shape."""
        x = widened(inputs)
        centred, _, variance = moments_about(x, self._over)
        inverse = inverse_deviation(variance, self.epsilon)
        # The root is small beside x, so gamma meets the wide tensor only once.
        out = scaled_and_shifted(
            centred, inverse, self._face(self.gamma), self._face(self.beta)
        )
        return out if x is inputs else cast_op(out, DstT=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


@builtin("layer")
class GroupNormalization(ScaleShift):
    """Brings groups of channels of each example to mean 0 and variance 1.

    Source: Wu & He (2018).

    Args:
        groups: how many groups; -1 for one a channel.
        axis: the axis of the channels.
        epsilon: what is added to the variance.
        center: whether a `beta` is added.
        scale: whether there is a factor `gamma`.
        beta_initializer: what gives `beta`.
        gamma_initializer: what gives `gamma`.
        beta_regularizer: a penalty of `beta`.
        gamma_regularizer: a penalty of `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where the groups do not divide the channels.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.GroupNormalization(groups=2, epsilon=0.)
        >>> layer(tf.constant([[1., 3., 20., 10.]])).numpy().tolist()
        [[-1.0, 1.0, 1.0, -1.0]]
    """

    _leaf = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
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
        self.groups = groups
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta; see `Layer.build`."""
        shape = as_shape(input_shape)
        rank = len(shape)
        (at,) = checked_axes("GroupNormalization", self.axis, rank)
        (size,) = known_sizes("GroupNormalization", shape, [at])
        if self.groups == -1:
            self.groups = size
        if self.groups < 1 or size % self.groups:
            raise ValueError(
                house_message(
                    "GroupNormalization",
                    f"Number of groups ({self.groups}) must divide the number of"
                    f" channels ({size})",
                    f"the input has shape {shape}",
                )
            )
        self.input_spec = InputSpec(ndim=rank, axes={at: size})
        self._at = at
        # The channels' axis as groups and the channels of each.
        self._over = tuple(a for a in range(1, rank + 1) if a != at)
        self._faced = tuple(
            d
            for a in range(rank)
            for d in ((self.groups, size // self.groups) if a == at else (1,))
        )
        self._add_scale_and_shift((size,))
        self.built = True

    def _face(self, weight: Any) -> Any:
        """A weight in a shape that broadcasts against the grouped inputs."""
        if weight is None:
            return None
        return reshape_op.run(weight._dense_tensor(), self._faced)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The normalised inputs, of the same shape."""
        x = widened(inputs)
        dims, at = static_dims(x), self._at
        apart = (*dims[:at], self.groups, dims[at] // self.groups, *dims[at + 1 :])
        grouped = reshape_op.run(x, apart)
        if mask is None:
            centred, _, variance = moments_about(grouped, self._over)
        else:
            counts = reshape_op(broadcast_to(cast(mask, x.dtype), dims), apart)
            mean, variance = weighted_moments(grouped, self._over, counts, True)
            centred = sub_op.run(grouped, mean)
        inverse = inverse_deviation(variance, self.epsilon)
        out = scaled_and_shifted(
            centred, inverse, self._face(self.gamma), self._face(self.beta)
        )
        out = reshape_op.run(out, dims)
        return out if x is inputs else cast_op(out, DstT=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


@builtin("layer")
class UnitNormalization(Layer):
    """Divides each example by its Euclidean length, so that the length is 1.

    Args:
        axis: the axis over which the length is taken, or several.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.UnitNormalization()(tf.constant([[3., 4.]])).numpy()
        array([[0.6, 0.8]], dtype=float32)
    """

    _leaf = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axis, int | list | tuple):
            raise TypeError(
                house_message(
                    "UnitNormalization",
                    "Invalid value for `axis` argument: expected an int or a list/tuple"
                    " of ints",
                    f"received axis={axis!r}",
                )
            )
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Look whether the axes fit; see `Layer.build`."""
        checked_axes("UnitNormalization", self.axis, len(as_shape(input_shape)))
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The inputs over their lengths."""
        x = cast(inputs, self._compute_type)
        return l2_normalize(x, axis=self.axis, epsilon=1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return TensorShape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
