"""Dropout: elements set to zero at random, the others scaled up."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.compare import greater_equal_op
from rillet.ops.dispatch import is_typed
from rillet.ops.elementwise import div_op, mul_op, sub_op, zeros_scalar
from rillet.ops.host import is_symbolic, plain
from rillet.ops.mask import select_op
from rillet.ops.random import uniform
from rillet.ops.shaping import static_dims
from rillet.ops.stateless import stateless_uniform

#: From the shape and type of numbers in [0, 1) to the numbers.
Sampler = Callable[[Any, DType], Tensor]


def _refused(rule: str, values: str, fix: str = "") -> ValueError:
    return ValueError(house_message("dropout", rule, values, fix))


def _checked_rate(rate: Any, x: Tensor) -> Any:
    """The rate as a Python number, or a scalar tensor of the type of `x`."""
    if isinstance(rate, numbers.Real):
        if not 0 <= float(rate) < 1:
            raise _refused(
                "`rate` must be a scalar tensor or a float in the range [0, 1)",
                f"Received: rate={rate}",
                "The rate is the part that is dropped",
            )
        return float(rate)
    if not is_typed(rate) and not isinstance(rate, np.ndarray):
        raise _refused("`rate` must be a scalar or scalar tensor", f"rate={rate!r}")
    tensor = to_tensor(rate)
    if len(tensor.shape):
        raise _refused(f"Shape {tensor.shape} must have rank 0", "rate is no scalar")
    if tensor.dtype is not x.dtype:
        raise _refused(
            "`x.dtype` must be compatible with `rate.dtype`",
            f"Received: x.dtype={x.dtype!r} and rate.dtype={tensor.dtype!r}",
        )
    return tensor


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    """The shape of the random numbers; None stands for the size of `x` there."""
    dims = static_dims(x)
    if noise_shape is None:
        return dims
    given = plain(noise_shape)
    if is_symbolic(given):
        return given
    sizes = list(given)
    if len(sizes) == len(dims):
        sizes = [d if s is None else s for s, d in zip(sizes, dims, strict=True)]
    return [s if isinstance(s, int) else int(plain(s)) for s in sizes]


def _dropped(x: Any, rate: Any, noise_shape: Any, sampler: Sampler) -> Tensor:
    x = to_tensor(x)
    if not x.dtype.is_floating:
        raise _refused(
            "`x.dtype` must be a floating point tensor as `x` will be scaled",
            f"Received: x_dtype={x.dtype!r}",
            "Convert it with tf.cast(x, tf.float32)",
        )
    part = _checked_rate(rate, x)
    if isinstance(part, float):
        if part == 0:
            return x
        scaled = mul_op.run(x, 1 / (1 - part))
    else:
        scaled = div_op.run(x, sub_op.run(1.0, part))
    drawn = sampler(_noise_shape(x, noise_shape), x.dtype)
    return select_op(greater_equal_op.run(drawn, part), scaled, zeros_scalar(x))


@dispatched
def dropout(
    x: Any,
    rate: Any,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Sets a part of the elements to 0 at random and scales the others up.

    The expected sum stays the same (Srivastava et al., 2014).

    Args:
        x: a float tensor.
        rate: the part that is dropped, 0 or more and below 1.
        noise_shape: the shape of the random numbers, broadcast to that of `x`: along
            sizes of 1 elements are dropped or kept together.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of the shape and type of `x`; kept elements are divided by 1 - rate.

    Raises:
        ValueError: where the rate lies outside, or `x` is not of a float type.

    Example:
        >>> import rillet as tf
        >>> y = tf.nn.dropout(tf.ones([1000]), rate=0.5, seed=1)
        >>> sorted(set(y.numpy().tolist()))
        [0.0, 2.0]
    """
    return _dropped(
        x, rate, noise_shape, lambda shape, dtype: uniform(shape, 0, 1, dtype, seed)
    )


@dispatched
def stateless_dropout(
    x: Any,
    rate: Any,
    seed: Any,
    rng_alg: Any = None,
    noise_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """Dropout that only `seed` decides.

    Args:
        x: a float tensor.
        rate: the part that is dropped.
        seed: two integers.
        rng_alg: "philox" or "auto_select", which is the same.
        noise_shape: as with `tf.nn.dropout`.
        name: ignored when eager.

    Returns:
        A tensor of the shape and type of `x`.

    Raises:
        ValueError: where the rate lies outside, or `x` is not of a float type.
    """
    algorithm = "auto_select" if rng_alg is None else rng_alg

    def sampler(shape: Any, dtype: DType) -> Tensor:
        return stateless_uniform(shape, seed, 0, 1, dtype, alg=algorithm)

    return _dropped(x, rate, noise_shape, sampler)


def general_dropout(
    x: Any,
    rate: Any,
    uniform_sampler: Any,
    noise_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """Dropout whose random numbers come from a function of the caller.

    Args:
        x: a float tensor.
        rate: the part that is dropped.
        uniform_sampler: called with ``shape=`` and ``dtype=``; gives numbers in [0, 1).
        noise_shape: as with `tf.nn.dropout`.
        name: ignored when eager.

    Returns:
        A tensor of the shape and type of `x`.

    Raises:
        ValueError: where the rate lies outside, or `x` is not of a float type.
    """
    return _dropped(
        x,
        rate,
        noise_shape,
        lambda shape, dtype: uniform_sampler(shape=shape, dtype=dtype),
    )
