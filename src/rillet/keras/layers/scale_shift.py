"""What normalising layers have in common: standardising, a scale and a shift.

In: constructor arguments and tensors. Out: weights `gamma` and `beta`, and tensors of
mean 0 and variance 1 over chosen axes. The normalising layers stand on it.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.variable import Variable
from rillet.keras import constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.ops.elementwise import add_op, cast_op, mul_op, square_op, sub_op
from rillet.ops.reduce import mean_op
from rillet.ops.transcendental import rsqrt_op

_NARROW = ("float16", "bfloat16")


class ScaleShift(Layer):
    """A layer whose last step is ``gamma · x + beta``; abstract.

    Args:
        epsilon: what is added to a variance before its root.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer: what gives `beta`.
        gamma_initializer: what gives `gamma`.
        beta_regularizer: a penalty of `beta`.
        gamma_regularizer: a penalty of `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.
        **kwargs: as for `Layer`.
    """

    gamma: Variable | None
    beta: Variable | None

    def __init__(
        self,
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
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True
        self.gamma = self.beta = None

    @property
    def _weight_dtype(self) -> str:
        """The type of the weights: 16-bit layers keep theirs in float32."""
        own = self.dtype or "float32"
        return "float32" if own in _NARROW else own

    def _add_scale_and_shift(self, shape: Any) -> None:
        """Make `gamma` and `beta` where they are asked for."""
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                shape=shape,
                dtype=self._weight_dtype,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                trainable=True,
                experimental_autocast=False,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta",
                shape=shape,
                dtype=self._weight_dtype,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                trainable=True,
                experimental_autocast=False,
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return TensorShape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


def widened(x: Any) -> Any:
    """A 16-bit tensor in float32, in which moments are computed; others as they are."""
    if x.dtype.name in _NARROW:
        return cast_op(x, DstT=as_dtype("float32"))
    return x


def moments_about(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """``x`` less its mean, the mean and the variance, reduced axes kept with size 1."""
    mean = mean_op(x, axes, keep_dims=True)
    centred = sub_op.run(x, mean)
    return centred, mean, mean_op(square_op.run(centred), axes, keep_dims=True)


def inverse_deviation(variance: Any, epsilon: float) -> Any:
    """1 / √(variance + ε)."""
    return rsqrt_op(add_op.run(variance, epsilon))


def scaled_and_shifted(x: Any, inverse: Any, gamma: Any, beta: Any) -> Any:
    """``x · inverse · gamma + beta``, what is None left out."""
    factor = inverse if gamma is None else mul_op.run(inverse, gamma)
    out = mul_op.run(x, factor)
    return out if beta is None else add_op.run(out, beta)


def checked_axes(owner: str, axis: Any, rank: int) -> list[int]:
    """Axes counted from the front.

    Raises:
        ValueError: where one lies outside, or stands twice.
    """
    given = list(axis) if isinstance(axis, list | tuple) else [axis]
    found = [a + rank if a < 0 else a for a in given]
    if any(not 0 <= a < rank for a in found):
        raise ValueError(
            house_message(
                owner,
                "Invalid value for `axis` argument: each axis lies within the input's",
                f"axis={axis!r}, the input has {rank} axes",
            )
        )
    if len(set(found)) != len(found):
        raise ValueError(
            house_message(
                owner, "Duplicate axis: each may stand once", f"axis={axis!r}"
            )
        )
    return found


def known_sizes(owner: str, shape: TensorShape, axes: list[int]) -> list[int]:
    """The sizes of a shape along axes.

    Raises:
        ValueError: where one is unknown.
    """
    sizes = [d for d in (shape[a] for a in axes) if d is not None]
    if len(sizes) < len(axes):
        raise ValueError(
            house_message(
                owner,
                "the size of each axis that is normalised or has weights must be known",
                f"Input has undefined `axis` dimension: shape={shape}, axes={axes}",
            )
        )
    return sizes
