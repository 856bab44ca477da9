"""`tf.keras.activations`: functions that layers put after their sums.

In: a tensor. Out: a tensor of the same shape. Layers call `get`. Sigmoid and softmax
leave their input on their result, so that a cross-entropy can be computed from it: that
is quicker, and does not lose what rounding to 0 or 1 loses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.lookup import found
from rillet.keras.serialization import (
    builtin,
    get_registered_name,
    serialize_keras_object,
)
from rillet.ops import activations as ops
from rillet.ops import softmax as softmax_ops
from rillet.ops import transcendental
from rillet.ops.clip import clip_by_value
from rillet.ops.compare import greater
from rillet.ops.elementwise import cast, exp, minimum, pow
from rillet.ops.error_functions import erf
from rillet.ops.mask import where

__all__ = [
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]


def _with_logits(output: Tensor, logits: Tensor) -> Tensor:
    output._keras_logits = logits
    return output


@builtin("activation")
def softmax(x: Any, axis: int = -1) -> Tensor:
    """Positive numbers that add up to 1 along an axis.

    Args:
        x: a float tensor of rank 2 or more.
        axis: the axis of the sum.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: where `x` has one axis only.

    Example:
        >>> import rillet as tf
        >>> tf.keras.activations.softmax(tf.zeros((1, 2))).numpy().tolist()
        [[0.5, 0.5]]
    """
    x = to_tensor(x)
    if len(x.shape) <= 1:
        raise ValueError(
            house_message(
                "activations.softmax",
                "Cannot apply softmax to a tensor that is 1D",
                f"x has shape {x.shape}",
                "Use tf.nn.softmax, or add a batch dimension",
            )
        )
    return _with_logits(softmax_ops.softmax(x, axis), x)


@builtin("activation")
def sigmoid(x: Any) -> Tensor:
    """1 / (1 + e^-x): between 0 and 1."""
    x = to_tensor(x)
    return _with_logits(transcendental.sigmoid_op.run(x), x)


@builtin("activation")
def relu(
    x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """x above a threshold and up to a maximum, alpha · (x - threshold) below.

    Args:
        x: a tensor.
        alpha: the slope below the threshold.
        max_value: the greatest value; none where None.
        threshold: where the slope begins.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rillet as tf
        >>> tf.keras.activations.relu([-10., 5., 20.], max_value=6.).numpy().tolist()
        [0.0, 5.0, 6.0]
    """
    if alpha == 0.0 and threshold == 0.0 and max_value is None:
        return ops.relu_op.run(x)
    x = to_tensor(x)
    if alpha == 0.0 and threshold == 0.0 and max_value == 6.0:
        return ops.relu6(x)
    if threshold == 0.0 and max_value is None:
        return ops.leaky_relu(x, alpha)
    limit = cast(threshold, x.dtype)
    kept = x * cast(greater(x, limit), x.dtype) if threshold else ops.relu(x)
    if max_value is not None:
        kept = minimum(kept, cast(max_value, x.dtype))
    if alpha != 0.0:
        kept = kept - cast(alpha, x.dtype) * ops.relu(limit - x)
    return kept


@builtin("activation")
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where it is positive, alpha · (e^x - 1) elsewhere."""
    x = to_tensor(x)
    y = ops.elu(x)
    return y if alpha == 1 else where(greater(x, cast(0.0, x.dtype)), y, alpha * y)


@builtin("activation")
def selu(x: Any) -> Tensor:
    """The scaled elu that keeps mean 0 and variance 1; wants `lecun_normal` weights."""
    return ops.selu(x)


@builtin("activation")
def softplus(x: Any) -> Tensor:
    """log(1 + e^x)."""
    return transcendental.softplus(x)


@builtin("activation")
def softsign(x: Any) -> Tensor:
    """x / (1 + |x|)."""
    return ops.softsign(x)


@builtin("activation", "silu")
def swish(x: Any) -> Tensor:
    """x · sigmoid(x)."""
    return ops.silu(x)


silu = swish


@builtin("activation")
def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent."""
    return transcendental.tanh_op.run(x)


@builtin("activation")
def exponential(x: Any) -> Tensor:
    """e^x."""
    return exp(x)


@builtin("activation")
def hard_sigmoid(x: Any) -> Tensor:
    """0.2 x + 0.5, clipped to the range from 0 to 1."""
    x = to_tensor(x)
    return clip_by_value(cast(0.2, x.dtype) * x + cast(0.5, x.dtype), 0.0, 1.0)


@builtin("activation")
def linear(x: Any) -> Any:
    """x itself."""
    return x


@builtin("activation")
def mish(x: Any) -> Tensor:
    """x · tanh(softplus(x)) (Misra, 2019)."""
    x = to_tensor(x)
    return x * transcendental.tanh(transcendental.softplus(x))


@builtin("activation")
def gelu(x: Any, approximate: bool = False) -> Tensor:
    """x times the probability that a standard normal is below x.

    Source: Hendrycks and Gimpel, 2016.

    Args:
        x: a float tensor.
        approximate: whether to use the paper's formula with tanh.

    Returns:
        A tensor of the same shape.
    """
    x = to_tensor(x)
    if approximate:
        inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * pow(x, 3))
        return 0.5 * x * (1.0 + transcendental.tanh(inner))
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


@builtin("activation")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where it is positive, negative_slope · x elsewhere; Keras 3's name."""
    return ops.leaky_relu(x, negative_slope)


@builtin("activation")
def relu6(x: Any) -> Tensor:
    """min(max(x, 0), 6); Keras 3's name."""
    return ops.relu6(x)


def get(identifier: Any) -> Callable[..., Any]:
    """The function that `identifier` stands for.

    Args:
        identifier: a name such as ``"relu"``, a function, or None for `linear`.

    Returns:
        A function of a tensor.

    Raises:
        ValueError: where nothing has that name.
        TypeError: where `identifier` is of another sort.

    Example:
        >>> get("tanh") is tanh, get(None) is linear
        (True, True)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str | dict):
        return deserialize(identifier)
    if callable(identifier):
        return identifier
    raise TypeError(
        house_message(
            "activations.get",
            "Could not interpret activation function identifier",
            f"{identifier!r} of type {type(identifier).__name__}",
            "Give a name such as 'relu', or a function",
        )
    )


def serialize(activation: Any, use_legacy_format: bool = False) -> Any:
    """A function's name; the configuration of one with settings.

    Raises:
        ValueError: where the function has no name that could be read back.
    """
    if hasattr(activation, "get_config"):
        return serialize_keras_object(activation, "keras.activations")
    name = getattr(activation, "__name__", None)
    if name is None or name == "<lambda>":
        raise ValueError(
            house_message(
                "activations.serialize",
                "Unknown activation function cannot be serialized",
                f"{activation!r}",
                "Use a named function and keras.saving.register_keras_serializable",
            )
        )
    return get_registered_name(activation)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The function that `serialize` named."""
    if isinstance(config, dict) and config.get("class_name") == "function":
        config = config["config"]
    return found("activation", config, custom_objects)
