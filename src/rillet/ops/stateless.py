"""The public stateless random functions, `tf.random.stateless_uniform` and its kin.

In: shapes, parameters and a seed of two integers as users pass them. Out: tensors that
depend on nothing else. The records stand in `stateless_random`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.tensor import Tensor
from rillet.ops import random_rules as rules
from rillet.ops import stateless_random as records
from rillet.ops.array import concat, stack
from rillet.ops.elementwise import add_op, div_op, maximum, mul_op, sub_op
from rillet.ops.host import integer
from rillet.ops.registry import Op
from rillet.ops.shaping import static_dims


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Draw uniforms on [minval, maxval) that only `seed` decides.

    Args:
        shape: of the result.
        seed: two integers.
        minval: lower limit; None with `maxval` None: an integer type's whole range.
        maxval: upper limit, not reached; 1 for floats.
        dtype: a float type, int32, int64, or without limits uint32 or uint64.
        name: ignored when eager.
        alg: "philox" or "auto_select".

    Returns:
        A tensor of `shape` and `dtype`.

    Raises:
        ValueError: for another type, or limits that do not suit it.
        InvalidArgumentError: for a seed that is no pair, or limits without a value.

    Example:
        >>> import rillet as tf
        >>> print(tf.random.stateless_uniform([2], seed=[1, 2]))
        tf.Tensor([0.8440604  0.19204533], shape=(2,), dtype=float32)
    """
    op = "random.stateless_uniform"
    wanted = rules.checked_type(op, dtype, records.UNIFORM_TYPES)
    if wanted.is_integer:
        if (minval is None) != (maxval is None):
            raise ValueError(
                f"{op}: For integer `dtype` argument {wanted!r}, argument `minval` and"
                f" `maxval` must be both None or not None: minval={minval},"
                f" maxval={maxval}."
            )
        if minval is not None and wanted in (dtypes.uint32, dtypes.uint64):
            raise ValueError(
                f"{op}: Argument `dtype` got invalid value {wanted!r} when argument"
                " `minval` is not None: unsigned integers come only over their whole"
                " range. Use minval=None, maxval=None."
            )
    elif maxval is None:
        maxval = 1
    sizes = rules.shape_argument(op, shape)
    source = records.key_counter(seed, alg)
    if wanted.is_integer and minval is None:
        return records.full_int_op(sizes, *source, dtype=wanted)
    low, high = to_tensor(minval, wanted), to_tensor(maxval, wanted)
    if wanted.is_integer:
        return records.uniform_int_op(sizes, *source, low, high)
    drawn = records.uniform_op(sizes, *source, dtype=wanted)
    return add_op(mul_op(drawn, sub_op(high, low)), low)


def _scaled(
    record: Op,
    op: str,
    shape: Any,
    seed: Any,
    mean: Any,
    stddev: Any,
    dtype: Any,
    alg: Any,
) -> Tensor:
    wanted = as_dtype(dtype)
    sizes = rules.shape_argument(op, shape)
    centre, deviation = to_tensor(mean, wanted), to_tensor(stddev, wanted)
    rules.checked_float(op, wanted)
    drawn = record(sizes, *records.key_counter(seed, alg), dtype=wanted)
    return add_op(mul_op(drawn, deviation), centre)


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Draw normals that only `seed` decides.

    Args:
        shape: of the result.
        seed: two integers.
        mean: anything that broadcasts to `shape`.
        stddev: likewise.
        dtype: a float type.
        name: ignored when eager.
        alg: "philox" or "auto_select".

    Returns:
        A tensor of `shape` and `dtype`.

    Example:
        >>> import rillet as tf
        >>> tf.random.stateless_normal([2], seed=[1, 2]).shape
        TensorShape([2])
    """
    op = "random.stateless_normal"
    return _scaled(records.normal_op, op, shape, seed, mean, stddev, dtype, alg)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Draw normals within two deviations of their mean that only `seed` decides.

    Args:
        shape: of the result.
        seed: two integers.
        mean: anything that broadcasts to `shape`.
        stddev: likewise, before the cut.
        dtype: a float type.
        name: ignored when eager.
        alg: "philox" or "auto_select".

    Returns:
        A tensor of `shape` and `dtype`.
    """
    op, record = "random.stateless_truncated_normal", records.truncated_normal_op
    return _scaled(record, op, shape, seed, mean, stddev, dtype, alg)


def stateless_gamma(
    shape: Any,
    seed: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Draw from gamma distributions; differentiable by `alpha` and `beta`.

    Args:
        shape: of the result; it ends with the shape of the parameters.
        seed: two integers.
        alpha: shape parameters, above 0.
        beta: rates, which broadcast with `alpha`; 1 where None.
        dtype: float16, float32 or float64.
        name: ignored when eager.

    Returns:
        A tensor of `shape` and `dtype`.
    """
    op, wanted = "random.stateless_gamma", as_dtype(dtype)
    sizes = rules.shape_argument(op, shape)
    concentration = to_tensor(alpha, wanted)
    rate = to_tensor(1 if beta is None else beta, wanted)
    spread = rules.broadcast_pair(op, concentration, rate)
    drawn = records.gamma_op(sizes, *records.key_counter(seed, None), spread)
    return maximum(rules.smallest(wanted), div_op(drawn, rate))


def stateless_poisson(
    shape: Any,
    seed: Any,
    lam: Any,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Draw from Poisson distributions.

    Args:
        shape: of the result; it ends with the shape of `lam`.
        seed: two integers.
        lam: rates.
        dtype: of the result: a float type, int32 or int64.
        name: ignored when eager.

    Returns:
        A tensor of `shape` and `dtype`.
    """
    op = "random.stateless_poisson"
    wanted = rules.checked_type(op, dtype, rules.COUNT_TYPES)
    sizes = rules.shape_argument(op, shape)
    return records.poisson_op(sizes, seed, to_tensor(lam), dtype=wanted)


def stateless_binomial(
    shape: Any,
    seed: Any,
    counts: Any,
    probs: Any,
    output_dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Draw from binomial distributions.

    Args:
        shape: of the result; it ends with the shape of the parameters.
        seed: two integers.
        counts: numbers of trials.
        probs: chances of success, which broadcast with `counts`.
        output_dtype: of the result: a float type, int32 or int64.
        name: ignored when eager.

    Returns:
        A tensor of `shape` and `output_dtype`.
    """
    op = "random.stateless_binomial"
    wanted = rules.checked_type(op, output_dtype, rules.COUNT_TYPES)
    sizes = rules.shape_argument(op, shape)
    chance = to_tensor(probs, hint=dtypes.float32)
    trials = to_tensor(counts, hint=chance.dtype)
    return records.binomial_op(sizes, seed, trials, chance, dtype=wanted)


def stateless_categorical(
    logits: Any,
    num_samples: Any,
    seed: Any,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Draw classes by unnormalised log-probabilities.

    Args:
        logits: shape (batch, classes), float.
        num_samples: draws a row.
        seed: two integers.
        dtype: int32 or int64.
        name: ignored when eager.

    Returns:
        shape (batch, num_samples): indices of classes.
    """
    op = "random.stateless_categorical"
    kinds = (dtypes.int32, dtypes.int64)
    wanted = rules.checked_type(op, dtype or dtypes.int64, kinds)
    count = integer(op, "num_samples", num_samples)
    return records.multinomial_op(to_tensor(logits), count, seed, output_dtype=wanted)


def stateless_parameterized_truncated_normal(
    shape: Any,
    seed: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    name: str | None = None,
) -> Tensor:
    """Draw from normals cut off at bounds of their own.

    Args:
        shape: of the result; it ends with the broadcast shape of the parameters.
        seed: two integers.
        means: before the cut; float16, float32 or float64, like the others.
        stddevs: before the cut, above 0.
        minvals: lower bounds.
        maxvals: upper bounds.
        name: ignored when eager.

    Returns:
        A tensor of `shape`, of the type of `means`.

    Raises:
        InvalidArgumentError: for a deviation or bounds out of order.
    """
    op = "random.stateless_parameterized_truncated_normal"
    sizes = rules.shape_argument(op, shape)
    record = records.parameterized_truncated_normal_op
    parameters = [to_tensor(v) for v in (means, stddevs, minvals, maxvals)]
    return record(sizes, seed, *parameters)


def split(seed: Any, num: int = 2, alg: Any = "auto_select") -> Tensor:
    """Make several seeds of one.

    Args:
        seed: two integers.
        num: how many.
        alg: "philox" or "auto_select".

    Returns:
        shape (num, 2): one seed a row.

    Example:
        >>> import rillet as tf
        >>> tf.random.split([1, 2], num=3).shape
        TensorShape([3, 2])
    """
    source = to_tensor(seed)
    return stateless_uniform([num, 2], source, None, None, source.dtype, alg=alg)


def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Tensor:
    """Make a seed of a seed and a number.

    Args:
        seed: two integers.
        data: an integer to fold in, such as a step or a replica.
        alg: "philox" or "auto_select".

    Returns:
        shape (2,), the type of `data`.

    Example:
        >>> import rillet as tf
        >>> tf.random.fold_in([1, 2], 3).numpy().tolist()
        [1105988140, 3]
    """
    number = to_tensor(data)
    mixed = stateless_uniform([], seed, None, None, number.dtype, alg=alg)
    return stack([mixed, number])


def stateless_shuffle(
    value: Any, seed: Any, alg: Any = "auto_select", name: str | None = None
) -> Tensor:
    """Put a tensor's rows into an order that only `seed` decides.

    Args:
        value: any tensor; it is shuffled along its first axis.
        seed: two integers.
        alg: "philox" or "auto_select".
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.
    """
    return records.shuffle_op(to_tensor(value), *records.key_counter(seed, alg))


def index_shuffle(index: Any, seed: Any, max_index: Any) -> Tensor:
    """Return where an index stands in a random order of ``0 … max_index``.

    Args:
        index: an integer or a vector of them, each at most `max_index`.
        seed: two integers, or a row of two for each index.
        max_index: the largest index.

    Returns:
        The shape and type of `index`.

    Example:
        >>> import rillet as tf
        >>> order = [int(tf.random.experimental.index_shuffle(i, [7, 3], 4))
        ...          for i in range(5)]
        >>> sorted(order)
        [0, 1, 2, 3, 4]
    """
    key = to_tensor(seed)
    # TensorFlow itself puts a row, not a column, before a matrix of seeds, so that
    # only matrices of three columns pass there; the column is what it documents.
    front = np.full((*static_dims(key)[:-1], 1), _INDEX_SHUFFLE_WORD)
    front = to_tensor(front.astype(key.dtype.numpy_dtype))
    key = concat([front, key], axis=-1)
    return records.index_shuffle_op(index, key, max_index, rounds=4)


_INDEX_SHUFFLE_WORD = 498247692
