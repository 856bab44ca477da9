"""The records of the stateful random ops: each kernel owns a Philox stream.

In: shapes and parameters, and the seed attributes that name a stream. Out: arrays drawn
from where that stream stands. An attribute ``_instance`` brings the stream, as every
node of a graph and every unseeded eager call does; else eager mode finds it by the op's
name and attributes. The public functions stand in `random`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY, FLOATING, INDEX, DType, type_set
from rillet.core.spec import Spec
from rillet.ops import choices, philox, random_loops, samplers, seeds
from rillet.ops import random_rules as rules
from rillet.ops.elementwise import mul_op
from rillet.ops.gamma_gradient import gamma_sample_gradient
from rillet.ops.registry import Op, define
from rillet.ops.seeds import Instance
from rillet.ops.shape_rules import broadcast
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]
_SEEDS = {"seed": 0, "seed2": 0}
#: The floats that gamma is drawn in, and the types that rates of Poisson may have.
GAMMA = type_set(dtypes.float16, dtypes.float32, dtypes.float64)
RATE = GAMMA | INDEX


def kernel_stream(
    op: str, held: Instance | None, seed: int, seed2: int, *rest: Any
) -> Instance:
    """Return a kernel's stream: the one it was given, or eager mode's."""
    return held if held is not None else seeds.instance(op, seed, seed2, *rest)


def _filler(op: str, fill: Any) -> Any:
    """Make the kernel of an op that fills a shape with values of one distribution."""

    def kernel(
        shape: tuple[int, ...],
        dtype: DType = dtypes.float32,
        seed: int = 0,
        seed2: int = 0,
        T: str = "int32",
        _instance: Instance | None = None,
    ) -> Array:
        size = rules.checked_size(op, shape)
        held = kernel_stream(op, _instance, seed, seed2, dtype, T)
        values: Array = fill(held.reserve_outputs(size), size, dtype.numpy_dtype)
        return values.reshape(shape)

    return kernel


def _fill_op(name: str, fill: Any, lower: Any = None) -> Op:
    return define(
        name,
        types=(None,),
        kernel=_filler(name, fill),
        infer=lambda shape, dtype=dtypes.float32, **attrs: rules.shape_spec(
            shape, dtype
        ),
        attrs={"dtype": None, "T": "int32", **_SEEDS},
        effects="random",
        lower=lower,
    )


random_uniform_op = _fill_op("RandomUniform", philox.uniform, random_loops.uniform)
random_normal_op = _fill_op(
    "RandomStandardNormal", philox.normal, random_loops.normal
)
truncated_normal_op = _fill_op("TruncatedNormal", philox.truncated_normal)


def _uniform_int(
    shape: tuple[int, ...],
    minval: Array,
    maxval: Array,
    seed: int = 0,
    seed2: int = 0,
    T: str = "int32",
    _instance: Instance | None = None,
) -> Array:
    size = rules.checked_size("random.uniform", shape)
    dtype = minval.dtype
    if size == 0:
        return np.empty(shape, dtype)
    low, high = rules.checked_limits("random.uniform", minval, maxval)
    held = kernel_stream("RandomUniformInt", _instance, seed, seed2, dtype.name, T)
    stream = held.reserve_outputs(size)
    return philox.uniform_int(stream, size, low, high, dtype).reshape(shape)


random_uniform_int_op = define(
    "RandomUniformInt",
    types=(None, INDEX, 1),
    kernel=_uniform_int,
    infer=lambda shape, low, high, **attrs: rules.shape_spec(shape, low.dtype),
    attrs={"T": "int32", **_SEEDS},
    effects="random",
    lower=random_loops.uniform_int,
)


def _multinomial(
    logits: Array,
    num_samples: int,
    output_dtype: DType = dtypes.int64,
    seed: int = 0,
    seed2: int = 0,
    _instance: Instance | None = None,
) -> Array:
    samples = checked_categories("random.categorical", logits, num_samples)
    held = kernel_stream(
        "Multinomial", _instance, seed, seed2, output_dtype, logits.dtype.name
    )
    dtype = output_dtype.numpy_dtype
    if logits.shape[0] * samples == 0:
        return np.empty((logits.shape[0], samples), dtype)
    stream = held.reserve_outputs(logits.shape[0] * -(-samples // 4) * 4 * 2)
    return choices.categorical(stream, logits, samples, dtype)


def checked_categories(op: str, logits: Array, num_samples: int) -> int:
    """Return `num_samples`, once it and the logits' shape are found fit."""
    if logits.ndim != 2:
        raise rules.refusal(
            op,
            f"logits should be a matrix, got shape {list(logits.shape)}",
            fix="Use tf.reshape(logits, [1, -1])" if logits.ndim == 1 else "",
        )
    if num_samples < 0:
        rule = f"num_samples should be non-negative, got {num_samples}"
        raise rules.refusal(op, rule)
    if logits.shape[1] == 0:
        raise rules.refusal(op, "num_classes should be positive, got 0")
    return num_samples


def infer_categories(logits: Spec, num_samples: Any, *rest: Any, **attrs: Any) -> Spec:
    """Return the spec of drawn categories: (batch, num_samples)."""
    batch = None if logits.shape is None else logits.shape[0]
    known = num_samples if isinstance(num_samples, int) else None
    return Spec((batch, known), attrs.get("output_dtype", dtypes.int64))


multinomial_op = define(
    "Multinomial",
    types=(FLOATING, None),
    kernel=_multinomial,
    infer=infer_categories,
    attrs={"output_dtype": dtypes.int64, **_SEEDS},
    effects="random",
    lower=random_loops.categorical,
)


def _gamma(
    shape: tuple[int, ...],
    alpha: Array,
    seed: int = 0,
    seed2: int = 0,
    _instance: Instance | None = None,
) -> Array:
    samples = rules.checked_size("random.gamma", shape)
    out_shape = (*shape, *alpha.shape)
    if samples * alpha.size == 0:
        return np.empty(out_shape, alpha.dtype)
    held = kernel_stream("RandomGamma", _instance, seed, seed2, alpha.dtype.name)
    stream = held.reserve_outputs(samples * alpha.size)
    return samplers.gamma(stream, samples, alpha.reshape(-1)).reshape(out_shape)


def gamma_alpha_gradient(g: Any, y: Any, alpha: Any) -> Any:
    """Return the gradient for alpha of draws whose shape ends with alpha's."""
    return sum_to(mul_op(g, gamma_grad_op(alpha, y)), alpha)


random_gamma_op = define(
    "RandomGamma",
    types=(None, GAMMA),
    kernel=_gamma,
    infer=lambda shape, alpha, **attrs: rules.joined_spec(shape, alpha, alpha.dtype),
    grad=(None, lambda g, y, shape, alpha, **attrs: gamma_alpha_gradient(g, y, alpha)),
    attrs=dict(_SEEDS),
    effects="random",
)
gamma_grad_op = define(
    "RandomGammaGrad",
    types=(GAMMA, 0),
    kernel=gamma_sample_gradient,
    infer=broadcast("RandomGammaGrad"),
)


def _poisson(
    shape: tuple[int, ...],
    rate: Array,
    dtype: DType = dtypes.int64,
    seed: int = 0,
    seed2: int = 0,
    _instance: Instance | None = None,
) -> Array:
    samples = rules.checked_size("random.poisson", shape)
    out_shape = (*shape, *rate.shape)
    if samples * rate.size == 0:
        return np.empty(out_shape, dtype.numpy_dtype)
    held = kernel_stream(
        "RandomPoissonV2", _instance, seed, seed2, dtype, rate.dtype.name
    )
    stream = held.reserve_outputs(samples * rate.size)
    flat = rate.reshape(-1)
    return samplers.poisson(stream, samples, flat, dtype.numpy_dtype).reshape(out_shape)


random_poisson_op = define(
    "RandomPoissonV2",
    types=(None, RATE),
    kernel=_poisson,
    infer=lambda shape, rate, dtype=dtypes.int64, **attrs: rules.joined_spec(
        shape, rate, dtype
    ),
    attrs={"dtype": dtypes.int64, **_SEEDS},
    effects="random",
)


def _shuffle(
    value: Array, seed: int = 0, seed2: int = 0, _instance: Instance | None = None
) -> Array:
    if value.size <= 1 or value.shape[0] <= 1:
        return value
    held = kernel_stream("RandomShuffle", _instance, seed, seed2, value.dtype.name)
    stream = held.reserve(-(-(value.shape[0] - 1) // 4))
    return value[choices.permutation(stream, value.shape[0])]


random_shuffle_op = define(
    "RandomShuffle",
    types=(ANY,),
    kernel=_shuffle,
    infer=lambda value, **attrs: value,
    attrs=dict(_SEEDS),
    effects="random",
)
