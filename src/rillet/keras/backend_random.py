"""The random part of `tf.keras.backend`.

In: shapes, and seeds or None, in which case NumPy's global generator gives one, as
`keras.utils.set_random_seed` settles. Out: tensors and variables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.variable import Variable
from rillet.keras.settings import floatx
from rillet.ops import random
from rillet.ops.dropout import dropout as _dropout
from rillet.ops.filling import ones, zeros
from rillet.ops.mask import where


def _seed(seed: int | None, below: int = 10_000_000) -> int:
    return int(np.random.randint(below)) if seed is None else seed


def random_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Any:
    """Normal numbers."""
    return random.normal(shape, mean, stddev, dtype or floatx(), _seed(seed))


def random_uniform(
    shape: Any,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Any:
    """Uniform numbers."""
    return random.uniform(shape, minval, maxval, dtype or floatx(), _seed(seed))


def truncated_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Any:
    """Normal numbers within two standard deviations of the mean."""
    return random.truncated_normal(shape, mean, stddev, dtype or floatx(), _seed(seed))


def random_bernoulli(
    shape: Any, p: float = 0.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """Ones with probability `p`, else zeros."""
    kind = dtype or floatx()
    drawn = random.uniform(shape, dtype=kind, seed=_seed(seed))
    return where(drawn <= p, ones(shape, kind), zeros(shape, kind))


def random_binomial(
    shape: Any, p: float = 0.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """The same as `random_bernoulli`, for older programs."""
    return random_bernoulli(shape, p, dtype, seed)


def random_uniform_variable(
    shape: Any,
    low: float,
    high: float,
    dtype: Any = None,
    name: Any = None,
    seed: int | None = None,
) -> Variable:
    """A variable of uniform numbers."""
    kind = dtype or floatx()
    value = random.uniform(shape, low, high, kind, _seed(seed, 1_000_000_000))
    return Variable(value, dtype=kind, name=name)


def random_normal_variable(
    shape: Any,
    mean: float,
    scale: float,
    dtype: Any = None,
    name: Any = None,
    seed: int | None = None,
) -> Variable:
    """A variable of normal numbers."""
    kind = dtype or floatx()
    value = random.normal(shape, mean, scale, kind, _seed(seed, 1_000_000_000))
    return Variable(value, dtype=kind, name=name)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """A tensor with a share `level` of its elements zero, the others scaled up."""
    return _dropout(x, level, noise_shape, _seed(seed))
