"""The public stateful random functions, `tf.random.uniform` and its kin.

In: shapes and parameters as users pass them. Out: tensors drawn from the streams that
`seeds` names. The records stand in `stateful_random`.
"""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.tensor import Tensor
from rillet.ops import random_rules as rules
from rillet.ops import seeds
from rillet.ops import stateful_random as records
from rillet.ops.elementwise import add_op, div_op, maximum, mul_op, sub_op
from rillet.ops.host import integer
from rillet.ops.registry import Op


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from the uniform distribution on [minval, maxval).

    Args:
        shape: of the result.
        minval: lower limit; for floats anything that broadcasts to `shape`.
        maxval: upper limit, not reached; 1 for floats, needed for integers.
        dtype: float16, bfloat16, float32, float64, int32 or int64.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of `shape` and `dtype`.

    Raises:
        ValueError: for another type, or integers without `maxval`.
        InvalidArgumentError: for a shape that is none, or limits without a value.

    Example:
        >>> import rillet as tf
        >>> tf.random.set_seed(1)
        >>> print(tf.random.uniform([3]))
        tf.Tensor([0.16513085 0.9014813  0.6309742 ], shape=(3,), dtype=float32)
    """
    wanted = rules.checked_type("random.uniform", dtype, rules.UNIFORM_TYPES)
    if maxval is None:
        if wanted.is_integer:
            raise ValueError(
                f"random.uniform: Must specify maxval for integer dtype {wanted!r}."
            )
        maxval = 1
    sizes, T = rules.shape_argument("random.uniform", shape), rules.shape_type(shape)
    from_zero = isinstance(minval, int) and minval == 0
    to_one = isinstance(maxval, int) and maxval == 1
    if wanted.is_integer:
        low, high = to_tensor(minval, wanted), to_tensor(maxval, wanted)
        return records.random_uniform_int_op(
            sizes, low, high, T=T, **seeds.op_attributes(seed)
        )
    if not (from_zero and to_one):
        minval, maxval = to_tensor(minval, wanted), to_tensor(maxval, wanted)
    drawn = records.random_uniform_op(
        sizes, dtype=wanted, T=T, **seeds.op_attributes(seed)
    )
    if not from_zero:
        return add_op(mul_op(drawn, sub_op(maxval, minval)), minval)
    return drawn if to_one else mul_op(drawn, maxval)


def _scaled(
    op: Op, name: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: Any
) -> Tensor:
    wanted = as_dtype(dtype)
    sizes, T = rules.shape_argument(name, shape), rules.shape_type(shape)
    rules.checked_float(name, wanted)
    centre, deviation = to_tensor(mean, wanted), to_tensor(stddev, wanted)
    drawn = op(sizes, dtype=wanted, T=T, **seeds.op_attributes(seed))
    return add_op(mul_op(drawn, deviation), centre)


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from normal distributions.

    Args:
        shape: of the result.
        mean: anything that broadcasts to `shape`.
        stddev: likewise.
        dtype: a float type.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of `shape` and `dtype`.

    Example:
        >>> import rillet as tf
        >>> tf.random.set_seed(5)
        >>> print(tf.random.normal([4]).numpy().round(3))
        [-0.18  -0.95  -0.04  -0.743]
    """
    return _scaled(
        records.random_normal_op, "random.normal", shape, mean, stddev, dtype, seed
    )


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from normal distributions; what lies beyond two deviations is redrawn.

    Args:
        shape: of the result.
        mean: anything that broadcasts to `shape`.
        stddev: likewise, before the cut.
        dtype: a float type.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of `shape` and `dtype`.

    Example:
        >>> import rillet as tf
        >>> float(tf.reduce_max(tf.abs(tf.random.truncated_normal([1000])))) <= 2.0
        True
    """
    op = records.truncated_normal_op
    return _scaled(op, "random.truncated_normal", shape, mean, stddev, dtype, seed)


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw classes by unnormalised log-probabilities.

    Args:
        logits: shape (batch, classes), float.
        num_samples: draws a row.
        dtype: int32 or int64 (the default).
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        shape (batch, num_samples): indices of classes.

    Example:
        >>> import rillet as tf
        >>> tf.random.categorical([[0., -1e9]], 3).numpy().tolist()
        [[0, 0, 0]]
    """
    kind = rules.checked_type(
        "random.categorical", dtype or dtypes.int64, (dtypes.int32, dtypes.int64)
    )
    count = integer("random.categorical", "num_samples", num_samples)
    attrs = seeds.op_attributes(seed)
    return records.multinomial_op(to_tensor(logits), count, output_dtype=kind, **attrs)


def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from gamma distributions; differentiable by `alpha` and `beta`.

    Args:
        shape: of the samples for each pair of parameters.
        alpha: shape parameters, above 0.
        beta: rates, which broadcast with `alpha`; 1 where None.
        dtype: float16, float32 or float64.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of shape ``shape + broadcast(alpha, beta).shape``.

    Example:
        >>> import rillet as tf
        >>> tf.random.gamma([10], [0.5, 1.5]).shape
        TensorShape([10, 2])
    """
    wanted = as_dtype(dtype)
    sizes = rules.shape_argument("random.gamma", shape)
    concentration = to_tensor(alpha, wanted)
    rate = to_tensor(1 if beta is None else beta, wanted)
    spread = rules.broadcast_pair("random.gamma", concentration, rate)
    drawn = records.random_gamma_op(sizes, spread, **seeds.op_attributes(seed))
    return maximum(rules.smallest(wanted), div_op(drawn, rate))


def poisson(
    shape: Any,
    lam: Any,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from Poisson distributions.

    Args:
        shape: of the samples for each rate.
        lam: rates.
        dtype: of the result: a float type, int32 or int64.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of shape ``shape + lam.shape``.

    Example:
        >>> import rillet as tf
        >>> tf.random.poisson([10], [0.5, 1.5]).shape
        TensorShape([10, 2])
    """
    sizes = rules.shape_argument("random.poisson", shape)
    rate = to_tensor(lam, hint=dtypes.float64)
    wanted = rules.checked_type("random.poisson", dtype, rules.COUNT_TYPES)
    return records.random_poisson_op(
        sizes, rate, dtype=wanted, **seeds.op_attributes(seed)
    )


def shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Put a tensor's rows into random order.

    Args:
        value: any tensor; it is shuffled along its first axis.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> sorted(tf.random.shuffle([3, 1, 2]).numpy().tolist())
        [1, 2, 3]
    """
    return records.random_shuffle_op(to_tensor(value), **seeds.op_attributes(seed))
