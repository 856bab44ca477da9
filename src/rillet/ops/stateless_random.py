"""The stateless random ops: the same seed pair always gives the same numbers.

In: shapes, parameters and a seed of two integers. Out: tensors. The ops of the second
generation take a key and a counter, which `key_counter` mixes from the seed; those of
the first mix the seed themselves. `generator` calls the former with its own state.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY, FLOATING, INDEX, DType, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import choices, philox, random_loops, samplers, truncated
from rillet.ops import random_rules as rules
from rillet.ops import stateful_random as stateful
from rillet.ops.host import integer
from rillet.ops.philox import Stream
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]

_KEY = type_set(dtypes.uint64)
_WORDS = type_set(dtypes.int32, dtypes.int64, dtypes.uint32, dtypes.uint64)
UNIFORM_TYPES = (*rules.UNIFORM_TYPES, dtypes.uint32, dtypes.uint64)


class Algorithm(enum.Enum):
    """An algorithm for random numbers, `tf.random.Algorithm`."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def algorithm_number(alg: Any) -> int:
    """Return the number of an algorithm given by number, name or `Algorithm`.

    Raises:
        ValueError: for an unknown one.
        TypeError: for a value of another type.
    """
    number: int | None = None
    if isinstance(alg, Algorithm):
        return int(alg.value)
    if isinstance(alg, str):
        name = alg.strip().lower().replace("-", "").replace("_", "")
        number = {"philox": 1, "threefry": 2, "autoselect": 3}.get(name)
    elif isinstance(alg, Tensor | int | np.integer):
        number = integer("random.Algorithm", "alg", alg)
    else:
        raise TypeError(
            f"Can't convert argument `alg` (of value {alg} and type {type(alg)}) to"
            " int."
        )
    if number not in (1, 2, 3):
        raise ValueError(
            f"Argument `alg` got unsupported value {alg}. Supported values are philox"
            " (1) for the Philox algorithm, threefry (2) for the ThreeFry algorithm,"
            " and auto_select (3) for auto-selection."
        )
    return number


def _stream(op: str, key: Array, counter: Array) -> Stream:
    if key.shape != (1,):
        raise rules.refusal(op, f"key must have shape [1], not {list(key.shape)}")
    if counter.ndim != 1 or len(counter) < 2:
        raise rules.refusal(
            op,
            "counter must be a vector with length at least 2; got shape:"
            f" {list(counter.shape)}",
            fix="Use alg='philox': the ThreeFry algorithm needs a TPU",
        )
    return philox.from_state(np.concatenate([counter[:2], key]))


def _seed_stream(op: str, seed: Array) -> Stream:
    return philox.scramble(rules.checked_seed(op, seed))


def _get_key_counter(seed: Array) -> tuple[Array, Array]:
    stream = _seed_stream("random.stateless", seed)
    counter = [stream.counter & (2**64 - 1), stream.counter >> 64]
    return np.array([stream.key], np.uint64), np.array(counter, np.uint64)


get_key_counter_op = define(
    "StatelessRandomGetKeyCounter",
    types=(INDEX,),
    kernel=_get_key_counter,
    infer=lambda seed: (Spec((1,), dtypes.uint64), Spec((2,), dtypes.uint64)),
    outputs=2,
    lower=random_loops.key_counter,
)


def key_counter(seed: Any, alg: Any) -> tuple[Any, Any, int]:
    """Return key, counter and algorithm for the ops that take those.

    Args:
        seed: two integers.
        alg: see `algorithm_number`; None selects automatically.

    Returns:
        Key, uint64 of shape (1,); counter, uint64 of shape (2,); the number.
    """
    number = algorithm_number(Algorithm.AUTO_SELECT if alg is None else alg)
    if number == Algorithm.THREEFRY.value:
        raise InvalidArgumentError(
            house_message(
                "random.stateless",
                "the ThreeFry algorithm needs a device of its own (TPU)",
                f"alg={alg}",
                "Use alg='philox' or alg='auto_select'",
            )
        )
    key, counter = get_key_counter_op(seed)
    return key, counter, number


def _filler(op: str, fill: Any) -> Any:
    def kernel(
        shape: tuple[int, ...],
        key: Array,
        counter: Array,
        alg: int = 1,
        dtype: DType = dtypes.float32,
    ) -> Array:
        size = rules.checked_size(op, shape)
        values: Array = fill(_stream(op, key, counter), size, dtype.numpy_dtype)
        return values.reshape(shape)

    return kernel


def _fill_op(name: str, fill: Any, lower: Any = None) -> Op:
    return define(
        name,
        types=(None, _KEY, _KEY, None),
        kernel=_filler(name, fill),
        infer=lambda shape, key, counter, alg=1, dtype=dtypes.float32: rules.shape_spec(
            shape, dtype
        ),
        attrs={"dtype": dtypes.float32},
        lower=lower,
    )


uniform_op = _fill_op(
    "StatelessRandomUniformV2", philox.uniform, random_loops.stateless_uniform
)
normal_op = _fill_op(
    "StatelessRandomNormalV2", philox.normal, random_loops.stateless_normal
)
truncated_normal_op = _fill_op("StatelessTruncatedNormalV2", philox.truncated_normal)
full_int_op = _fill_op(
    "StatelessRandomUniformFullIntV2",
    philox.full_int,
    random_loops.stateless_full_int,
)


def _uniform_int(
    shape: tuple[int, ...],
    key: Array,
    counter: Array,
    alg: int,
    minval: Array,
    maxval: Array,
) -> Array:
    size = rules.checked_size("random.stateless_uniform", shape)
    stream = _stream("random.stateless_uniform", key, counter)
    if size == 0:
        return np.empty(shape, minval.dtype)
    low, high = rules.checked_limits("random.stateless_uniform", minval, maxval)
    return philox.uniform_int(stream, size, low, high, minval.dtype).reshape(shape)


uniform_int_op = define(
    "StatelessRandomUniformIntV2",
    types=(None, _KEY, _KEY, None, INDEX, 4),
    kernel=_uniform_int,
    infer=lambda shape, key, counter, alg, low, high: rules.shape_spec(
        shape, low.dtype
    ),
    lower=random_loops.stateless_uniform_int,
)


def _gamma(
    shape: tuple[int, ...], key: Array, counter: Array, alg: int, alpha: Array
) -> Array:
    samples = rules.samples_for("random.stateless_gamma", shape, alpha.shape)
    stream = _stream("random.stateless_gamma", key, counter)
    if samples * alpha.size == 0:
        return np.empty(shape, alpha.dtype)
    return samplers.gamma(stream, samples, alpha.reshape(-1)).reshape(shape)


gamma_op = define(
    "StatelessRandomGammaV3",
    types=(None, _KEY, _KEY, None, stateful.GAMMA),
    kernel=_gamma,
    infer=lambda shape, key, counter, alg, alpha: rules.shape_spec(shape, alpha.dtype),
    grad=(
        None,
        None,
        None,
        None,
        lambda g, y, shape, key, counter, alg, alpha: stateful.gamma_alpha_gradient(
            g, y, alpha
        ),
    ),
)


def _shuffle(value: Array, key: Array, counter: Array, alg: int = 1) -> Array:
    stream = _stream("random.experimental.stateless_shuffle", key, counter)
    if value.size <= 1 or value.shape[0] <= 1:
        return value
    return value[choices.permutation(stream, value.shape[0])]


shuffle_op = define(
    "StatelessShuffle",
    types=(ANY, _KEY, _KEY, None),
    kernel=_shuffle,
    infer=lambda value, key, counter, alg=1: value,
)


def _multinomial(
    logits: Array, num_samples: int, seed: Array, output_dtype: DType = dtypes.int64
) -> Array:
    name = "random.stateless_categorical"
    samples = stateful.checked_categories(name, logits, num_samples)
    stream = _seed_stream(name, seed)
    return choices.categorical(stream, logits, samples, output_dtype.numpy_dtype)


multinomial_op = define(
    "StatelessMultinomial",
    types=(FLOATING, None, INDEX),
    kernel=_multinomial,
    infer=stateful.infer_categories,
    attrs={"output_dtype": dtypes.int64},
    lower=random_loops.stateless_categorical,
)


def _poisson(
    shape: tuple[int, ...], seed: Array, lam: Array, dtype: DType = dtypes.int32
) -> Array:
    samples = rules.samples_for("random.stateless_poisson", shape, lam.shape)
    stream = _seed_stream("random.stateless_poisson", seed)
    if samples * lam.size == 0:
        return np.empty(shape, dtype.numpy_dtype)
    flat = lam.reshape(-1)
    return samplers.poisson(stream, samples, flat, dtype.numpy_dtype).reshape(shape)


poisson_op = define(
    "StatelessRandomPoisson",
    types=(None, INDEX, stateful.RATE),
    kernel=_poisson,
    infer=lambda shape, seed, lam, dtype=dtypes.int32: rules.shape_spec(shape, dtype),
    attrs={"dtype": dtypes.int32},
)


def draw_binomial(
    stream: Stream, shape: tuple[int, ...], counts: Array, probs: Array, dtype: DType
) -> Array:
    """Return binomial draws of `shape` for parameters that broadcast."""
    name = "random.stateless_binomial"
    inner = tuple(d or 0 for d in broadcast_dims(name, counts.shape, probs.shape))
    samples = rules.samples_for(name, shape, inner)
    trials = np.broadcast_to(counts, inner).reshape(-1)
    chance = np.broadcast_to(probs, inner).reshape(-1)
    if samples * trials.size == 0:
        return np.empty(shape, dtype.numpy_dtype)
    drawn = samplers.binomial(stream, samples, trials, chance, dtype.numpy_dtype)
    return drawn.reshape(shape)


def _binomial(
    shape: tuple[int, ...],
    seed: Array,
    counts: Array,
    probs: Array,
    dtype: DType = dtypes.int32,
) -> Array:
    stream = _seed_stream("random.stateless_binomial", seed)
    return draw_binomial(stream, shape, counts, probs, dtype)


binomial_op = define(
    "StatelessRandomBinomial",
    types=(None, INDEX, stateful.RATE, 2),
    kernel=_binomial,
    infer=lambda shape, seed, counts, probs, dtype=dtypes.int32: rules.shape_spec(
        shape, dtype
    ),
    attrs={"dtype": dtypes.int32},
)


def _parameterized(shape: tuple[int, ...], seed: Array, *parameters: Array) -> Array:
    name = "random.stateless_parameterized_truncated_normal"
    dims = broadcast_dims(name, *[p.shape for p in parameters])
    inner = tuple(d or 0 for d in dims)
    samples = rules.samples_for(name, shape, inner)
    stream = _seed_stream(name, seed)
    flat = [np.broadcast_to(p, inner).reshape(-1) for p in parameters]
    if samples * flat[0].size == 0:
        return np.empty(shape, flat[0].dtype)
    means, stddevs, low, high = flat
    drawn = truncated.parameterized_truncated_normal(
        stream, samples, means, stddevs, low, high
    )
    return drawn.reshape(shape)


parameterized_truncated_normal_op = define(
    "StatelessParameterizedTruncatedNormal",
    types=(None, INDEX, stateful.GAMMA, 2, 2, 2),
    kernel=_parameterized,
    infer=lambda shape, seed, means, *rest: rules.shape_spec(shape, means.dtype),
)


def _index_shuffle(
    index: Array, seed: Array, max_index: Array, rounds: int = 4
) -> Array:
    name = "random.experimental.index_shuffle"
    outputs = max(index.size, max_index.size, seed.size // 3)
    if seed.shape not in ((3,), (outputs, 3)):
        raise rules.refusal(
            name,
            "Seed must be a vector of size [3] or a matrix of size"
            f" [{outputs}, 3] but got {list(seed.shape)}",
        )
    for label, value in (("index", index), ("max_index", max_index)):
        if value.ndim > 1 or (value.ndim == 1 and len(value) != outputs):
            raise rules.refusal(
                name,
                f"`{label}` must be a scalar or a vector of size {outputs}",
                f"its shape is {list(value.shape)}",
            )
    low, high = np.broadcast_arrays(index, max_index)
    if (high < low).any():
        at = np.unravel_index(int(np.argmax(high < low)), low.shape)
        raise rules.refusal(
            name, f"max_index must be >= index, but {high[at]} < {low[at]}"
        )
    wide = [
        np.broadcast_to(v, (outputs,)).astype(np.uint64) for v in (index, max_index)
    ]
    keys = np.broadcast_to(seed.astype(np.uint32), (outputs, 3))
    result = choices.index_shuffle(wide[0], keys, wide[1], rounds).astype(index.dtype)
    plain = index.ndim == 0 and max_index.ndim == 0 and seed.ndim == 1
    return result.reshape(()) if plain else result


index_shuffle_op = define(
    "RandomIndexShuffle",
    types=(_WORDS, _WORDS, 0),
    kernel=_index_shuffle,
    infer=lambda index, seed, max_index, rounds=4: Spec(
        index.shape if index.shape and index.shape != () else max_index.shape,
        index.dtype,
    ),
    attrs={"rounds": 4},
)
