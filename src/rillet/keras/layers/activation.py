"""Activations that are layers: ReLU and its kin, Softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras import constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.serialization import builtin
from rillet.ops.activations import elu, leaky_relu_op, relu_op
from rillet.ops.clip import clip_by_value
from rillet.ops.compare import greater_op
from rillet.ops.elementwise import cast, exp
from rillet.ops.mask import where
from rillet.ops.softmax import softmax
from rillet.ops.statistics import reduce_logsumexp


class _SameShape(Layer):
    """A layer whose outputs have the inputs' shape, and masks pass through it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)


def _number(owner: str, name: str, value: Any, least: float | None = 0.0) -> float:
    """A constructor's argument as a float.

    Raises:
        ValueError: where it is None or below `least`.
    """
    if value is None or (least is not None and value < least):
        raise ValueError(
            house_message(
                owner,
                f"`{name}` must be a number of {least} or more"
                if least is not None
                else f"`{name}` must be a number",
                f"got {value!r}",
            )
        )
    return float(value)


@builtin("layer")
class ReLU(_SameShape):
    """The larger of 0 and x, with a ceiling, a slope below and a threshold.

    ``max_value`` where x is above it; x from ``threshold`` up; else
    ``negative_slope * (x - threshold)``.

    Args:
        max_value: the ceiling; none where None.
        negative_slope: the slope below the threshold.
        threshold: where the slope changes.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is negative or no number.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.ReLU(max_value=1)(tf.constant([-3., .5, 2.])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """

    _leaf = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        top = None if max_value is None else _number("ReLU", "max_value", max_value)
        slope = _number("ReLU", "negative_slope", negative_slope)
        turn = _number("ReLU", "threshold", threshold)
        # In float32, as tf.keras keeps them and writes them to files.
        self.max_value = None if top is None else np.float32(top).item()
        self.negative_slope = np.float32(slope).item()
        self.threshold = np.float32(turn).item()

    def call(self, inputs: Any) -> Any:
        """The function's values."""
        if self.max_value is None and not self.threshold:
            if self.negative_slope:
                return leaky_relu_op.run(inputs, alpha=self.negative_slope)
            return relu_op.run(inputs)
        return _bent(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


def _bent(x: Any, slope: float, top: float | None, threshold: float) -> Any:
    """ReLU in its general form."""
    below = 0.0
    if slope:
        below = slope * relu_op.run(threshold - x)
    kept = x * cast(greater_op.run(x, threshold), x.dtype) if threshold else None
    y = relu_op.run(x) if kept is None else kept
    if top is not None:
        y = clip_by_value(y, 0.0, top)
    return y - below if slope else y


@builtin("layer")
class LeakyReLU(_SameShape):
    """x where it is positive, ``alpha * x`` elsewhere.

    Args:
        alpha: the slope below 0; Keras 3's `negative_slope` is accepted.
        **kwargs: as for `Layer`.
    """

    _leaf = True

    def __init__(self, alpha: float = 0.3, **kwargs: Any) -> None:
        alpha = kwargs.pop("negative_slope", alpha)
        super().__init__(**kwargs)
        self.alpha = np.float32(_number("LeakyReLU", "alpha", alpha, None)).item()

    def call(self, inputs: Any) -> Any:
        """The function's values."""
        return leaky_relu_op.run(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha}


@builtin("layer")
class ELU(_SameShape):
    """x where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Args:
        alpha: the limit below 0.
        **kwargs: as for `Layer`.
    """

    _leaf = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = np.float32(_number("ELU", "alpha", alpha, None)).item()

    def call(self, inputs: Any) -> Any:
        """The function's values."""
        y = elu(inputs)
        if self.alpha == 1:
            return y
        return where(greater_op.run(inputs, 0.0), y, self.alpha * y)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha}


@builtin("layer")
class ThresholdedReLU(_SameShape):
    """x where it is above `theta`, 0 elsewhere.

    Args:
        theta: the threshold.
        **kwargs: as for `Layer`.
    """

    _leaf = True

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = np.float32(_number("ThresholdedReLU", "theta", theta)).item()

    def call(self, inputs: Any) -> Any:
        """The function's values."""
        return inputs * cast(greater_op.run(inputs, self.theta), inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "theta": self.theta}


@builtin("layer")
class PReLU(_SameShape):
    """x where it is positive, ``alpha * x`` elsewhere, with `alpha` learned.

    Args:
        alpha_initializer: what gives the slopes.
        alpha_regularizer: a penalty of the slopes.
        alpha_constraint: applied to the slopes after each update.
        shared_axes: axes (from 1) along which slopes are shared.
        **kwargs: as for `Layer`.
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape: Any) -> None:
        """Make the slopes; see `Layer.build`."""
        sizes = as_shape(input_shape).as_list()
        shape = sizes[1:]
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape=shape,
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        free = self.shared_axes or ()
        axes = {i: d for i, d in enumerate(sizes) if i and i not in free}
        self.input_spec = InputSpec(ndim=len(sizes), axes=axes)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The function's values."""
        return relu_op.run(inputs) - self.alpha * relu_op.run(-inputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


@builtin("layer")
class Softmax(_SameShape):
    """Positive numbers that add up to 1, in the order of the inputs.

    Args:
        axis: the axis, or axes, that they add up along.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Softmax()(tf.constant([[1., 1.]])).numpy().tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The shares; 0 where `mask` is false."""
        if mask is not None:
            lowest = as_dtype(inputs.dtype).min if inputs.dtype.size == 2 else -1e9
            inputs = inputs + (1.0 - cast(mask, inputs.dtype)) * float(lowest)
        if isinstance(self.axis, list | tuple):
            if len(self.axis) > 1:
                total = reduce_logsumexp(inputs, axis=self.axis, keepdims=True)
                return exp(inputs - total)
            return softmax(inputs, axis=self.axis[0])
        return softmax(inputs, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
