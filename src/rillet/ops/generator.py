"""`tf.random.Generator`: a stream of random numbers whose state is a variable.

In: a seed or a state, then shapes and parameters. Out: tensors; every draw moves the
state on. Checkpoints save the variable; `tf.random.get_global_generator` keeps one.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops import philox, seeds
from rillet.ops import random_rules as rules
from rillet.ops import stateless_random as records
from rillet.ops.array import stack
from rillet.ops.elementwise import add_op, cast, mul_op, sub_op
from rillet.ops.host import integers, is_symbolic
from rillet.ops.reduce import reduce_prod
from rillet.ops.registry import Op, define
from rillet.ops.stateful_random import RATE
from rillet.ops.stateless_random import Algorithm, algorithm_number

Array = np.ndarray[Any, Any]

# One for all generators, because several may share a variable.
_state_lock = threading.RLock()
_STATE_SIZES = {1: 3, 2: 2, 3: 3}
_MASK64 = 2**64 - 1
_STATE = dtypes.type_set(dtypes.int64)


def _advance(state: Array, blocks: int) -> Array:
    return _words(philox.from_state(state).skip(blocks))


def _words(stream: philox.Stream) -> Array:
    words = [stream.counter & _MASK64, stream.counter >> 64, stream.key]
    return np.array(words, np.uint64).view(np.int64)


#: The pure half of TensorFlow's RngReadAndSkip: a state that many blocks further on.
advance_op = define(
    "RilletRngAdvance",
    types=(_STATE, None),
    kernel=_advance,
    infer=lambda state, blocks: state,
)
#: The pure half of TensorFlow's StatefulRandomBinomial.
binomial_op = define(
    "RilletRngBinomial",
    types=(_STATE, None, RATE, 2),
    kernel=lambda state, shape, counts, probs, dtype: records.draw_binomial(
        philox.from_state(state), shape, counts, probs, dtype
    ),
    infer=lambda state, shape, counts, probs, dtype: rules.shape_spec(shape, dtype),
    attrs={"dtype": dtypes.int32},
)
#: Splits a state into the key and the counter that stateless ops take.
split_state_op = define(
    "RilletRngKeyCounter",
    types=(_STATE,),
    kernel=lambda state: (state[2:3].view(np.uint64), state[:2].view(np.uint64)),
    infer=lambda state: (Spec((1,), dtypes.uint64), Spec((2,), dtypes.uint64)),
    outputs=2,
)


def _signed(value: Any) -> Any:
    """Return nested integers with those of 64 unsigned bits as signed ones."""
    if isinstance(value, list | tuple):
        return [_signed(item) for item in value]
    if isinstance(value, int) and value >= 2**63:
        return value - 2**64
    return value


def _state_tensor(value: Any) -> Tensor:
    if isinstance(value, Variable | Tensor):
        value = value.numpy()
    array = np.asarray(_signed(value))
    return to_tensor(array.astype(np.int64))


def create_rng_state(seed: Any, alg: Any) -> Tensor:
    """Make the state of a generator of a seed.

    Args:
        seed: an integer of any size, or a vector of up to the state's length, which is
            filled up in front with zeros.
        alg: "philox" or "threefry".

    Returns:
        shape (3,) for Philox, (2,) for ThreeFry, int64.

    Example:
        >>> import rillet as tf
        >>> tf.random.create_rng_state(1, "philox").numpy().tolist()
        [1, 0, 0]
    """
    size = _STATE_SIZES[algorithm_number(alg)]
    if isinstance(seed, int):
        words = [seed >> 64 * i & _MASK64 for i in range(size)]
        return _state_tensor(words)
    vector = _state_tensor(seed).numpy().reshape(-1)[:size]
    filled = np.zeros(size, np.int64)
    filled[size - len(vector) :] = vector
    return to_tensor(filled)


def _fits(value: Any, dims: list[int]) -> Tensor:
    tensor = _state_tensor(value)
    TensorShape(tensor.shape).assert_is_compatible_with(TensorShape(dims))
    return tensor


class Generator:
    """A source of random numbers with a state of its own.

    Args:
        copy_from: a generator to start as a copy of.
        state: a state vector, or a variable to use as it is.
        alg: the algorithm that `state` belongs to.

    Example:
        >>> import rillet as tf
        >>> g = tf.random.Generator.from_seed(1)
        >>> print(g.normal([2]).numpy().round(4))
        [ 0.4384 -0.5344]
    """

    def __init__(
        self,
        copy_from: Generator | None = None,
        state: Any = None,
        alg: Any = None,
    ) -> None:
        if copy_from is not None:
            if alg is not None or state is not None:
                raise ValueError(
                    "random.Generator: `copy_from` goes alone: it brings its own state"
                    " and alg."
                )
            self._alg = copy_from.algorithm
            state = copy_from.state.numpy()
        elif alg is None or state is None:
            raise ValueError(
                "random.Generator: needs `state` and `alg`, or `copy_from`. Use"
                " tf.random.Generator.from_seed(1)."
            )
        else:
            self._alg = algorithm_number(alg)
        size = _STATE_SIZES[self._alg]
        if isinstance(state, Variable):
            TensorShape(state.shape).assert_is_compatible_with(TensorShape([size]))
            self._state_var = state
        else:
            self._state_var = Variable(
                _fits(state, [size]), trainable=False, name="StateVar"
            )

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a checkpoint keeps of a generator."""
        return {"_state_var": self._state_var}

    @classmethod
    def from_state(cls, state: Any, alg: Any) -> Generator:
        """Make a generator that goes on from `state`."""
        return cls(alg=alg, state=state)

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """Make a generator of a seed: an integer, or see `create_rng_state`."""
        number = algorithm_number(Algorithm.PHILOX if alg is None else alg)
        return cls(state=create_rng_state(seed, number), alg=number)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """Make a generator that starts from the system's entropy."""
        if seeds.is_op_determinism_enabled():
            raise RuntimeError(
                '"from_non_deterministic_state" cannot be called when determinism is'
                " enabled."
            )
        number = algorithm_number(Algorithm.PHILOX if alg is None else alg)
        words = [seeds.fresh_word() for _ in range(_STATE_SIZES[number])]
        return cls(state=words, alg=number)

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: Any) -> Generator:
        """Make a generator of a key (a scalar) and a counter (a vector)."""
        number = algorithm_number(alg)
        return cls(state=_joined(key, counter, number), alg=number)

    def reset(self, state: Any) -> None:
        """Go on from another state."""
        with _state_lock:
            self._state_var.assign(_fits(state, [_STATE_SIZES[self._alg]]))

    def reset_from_seed(self, seed: Any) -> None:
        """Go on as a generator of `seed` would."""
        with _state_lock:
            self._state_var.assign(create_rng_state(seed, self._alg))

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Go on from a key and a counter."""
        with _state_lock:
            self._state_var.assign(_joined(key, counter, self._alg))

    @property
    def state(self) -> Variable:
        """The state: counter, then key."""
        return self._state_var

    @property
    def algorithm(self) -> int:
        """The number of the algorithm."""
        return self._alg

    @property
    def key(self) -> Tensor:
        """The key, the last word of the state."""
        key: Tensor = to_tensor(self._state_var)[-1]
        return key

    def skip(self, delta: Any) -> Tensor:
        """Pass over `delta` values; return the state before."""
        return self._move(_count(delta) * philox.RESERVED_PER_OUTPUT)

    def _move(self, blocks: Any) -> Tensor:
        if self._alg == Algorithm.THREEFRY.value:
            raise UnimplementedError(
                "random.Generator: Non-XLA devices don't support the ThreeFry"
                " algorithm. Use alg='philox'."
            )
        moved = seeds.moved_aside()
        if moved is not None and context.state.tracer is None:
            held, known = moved.get(id(self)), to_tensor(self._state_var)
            before: Tensor = known if held is None else held[1]
            moved[id(self)] = (self, advance_op(before, blocks))
            return before
        with _state_lock:
            before = to_tensor(self._state_var)
            self._state_var.assign(advance_op(before, blocks))
        return before

    def _draw(self, record: Op, shape: Any, *inputs: Any, **attrs: Any) -> Tensor:
        sizes = rules.shape_argument("random.Generator", shape)
        if is_symbolic(sizes):
            count = reduce_prod(cast(sizes, dtypes.int64))
            before = self._move(count * philox.RESERVED_PER_OUTPUT)
        else:
            before = self.skip(rules.checked_size("random.Generator", sizes))
        key, counter = split_state_op(before)
        drawn: Tensor = record(sizes, key, counter, self._alg, *inputs, **attrs)
        return drawn

    def _scaled(
        self, record: Op, shape: Any, mean: Any, stddev: Any, dtype: Any
    ) -> Tensor:
        wanted = as_dtype(dtype)
        rules.checked_float("random.Generator", wanted)
        centre, deviation = to_tensor(mean, wanted), to_tensor(stddev, wanted)
        drawn = self._draw(record, shape, dtype=wanted)
        return add_op(mul_op(drawn, deviation), centre)

    def normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = dtypes.float32,
        name: str | None = None,
    ) -> Tensor:
        """Draw normals; see `tf.random.normal`."""
        return self._scaled(records.normal_op, shape, mean, stddev, dtype)

    def truncated_normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = dtypes.float32,
        name: str | None = None,
    ) -> Tensor:
        """Draw normals within two deviations; see `tf.random.truncated_normal`."""
        return self._scaled(records.truncated_normal_op, shape, mean, stddev, dtype)

    def uniform(
        self,
        shape: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = dtypes.float32,
        name: str | None = None,
    ) -> Tensor:
        """Draw uniforms; see `tf.random.stateless_uniform`."""
        wanted = as_dtype(dtype)
        if wanted.is_integer:
            if (minval is None) != (maxval is None):
                raise ValueError(
                    house_message(
                        "random.Generator.uniform",
                        f"For integer dtype {wanted!r}, minval and maxval must be both"
                        " `None` or both non-`None`",
                        f"got minval={minval} and maxval={maxval}",
                    )
                )
            if minval is None:
                return self.uniform_full_int(shape, wanted)
            low, high = to_tensor(minval, wanted), to_tensor(maxval, wanted)
            return self._draw(records.uniform_int_op, shape, low, high)
        low = to_tensor(minval, wanted)
        high = to_tensor(1 if maxval is None else maxval, wanted)
        drawn = self._draw(records.uniform_op, shape, dtype=wanted)
        return add_op(mul_op(drawn, sub_op(high, low)), low)

    def uniform_full_int(
        self, shape: Any, dtype: Any = dtypes.uint64, name: str | None = None
    ) -> Tensor:
        """Draw integers over the whole range of a 32- or 64-bit type."""
        wanted = rules.checked_type(
            "random.Generator.uniform_full_int", dtype, FULL_INTEGERS
        )
        return self._draw(records.full_int_op, shape, dtype=wanted)

    def binomial(
        self,
        shape: Any,
        counts: Any,
        probs: Any,
        dtype: Any = dtypes.int32,
        name: str | None = None,
    ) -> Tensor:
        """Draw binomials; see `tf.random.stateless_binomial`."""
        op = "random.Generator.binomial"
        wanted = rules.checked_type(op, dtype, rules.COUNT_TYPES)
        sizes = rules.shape_argument(op, shape)
        trials, chance = to_tensor(counts), to_tensor(probs)
        inner = rules.pair_dims(op, trials, chance)
        samples = rules.samples_for(op, sizes, inner)
        batches = int(np.prod(inner, dtype=np.int64))
        # What TensorFlow reserves, its rounding included.
        reserved = batches * 2 * 100 * (samples + 3) // 4
        state = self._move(reserved * philox.RESERVED_PER_OUTPUT)
        drawn: Tensor = binomial_op(state, sizes, trials, chance, dtype=wanted)
        return drawn

    def make_seeds(self, count: int = 1) -> Tensor:
        """Draw seeds for stateless ops: shape (2, count), the second row zero."""
        keys = self.uniform_full_int([count], dtypes.int64)
        return stack([keys, mul_op(keys, to_tensor(0, dtypes.int64))])

    def split(self, count: int = 1) -> list[Generator]:
        """Make independent generators, `count` of them."""
        keys = self.uniform_full_int([count], dtypes.int64).numpy()
        front = [0] * (_STATE_SIZES[self._alg] - 1)
        return [Generator(state=[*front, int(k)], alg=self._alg) for k in keys]


FULL_INTEGERS: tuple[DType, ...] = (
    dtypes.int32,
    dtypes.int64,
    dtypes.uint32,
    dtypes.uint64,
)


def _count(delta: Any) -> int:
    (count,) = integers("random.Generator.skip", "delta", delta)
    return int(count)


def _joined(key: Any, counter: Any, alg: int) -> Tensor:
    front = _fits(counter, [_STATE_SIZES[alg] - 1]).numpy()
    last = _fits(key, []).numpy()
    return to_tensor(np.concatenate([front, last.reshape(1)]))


_global: dict[str, Generator] = {}
_global_lock = threading.Lock()


def get_global_generator() -> Generator:
    """Return the program's generator, made of the system's entropy at first use.

    Returns:
        The generator that `set_global_generator` set, if it did.

    Example:
        >>> import rillet as tf
        >>> tf.random.get_global_generator().uniform([2]).shape
        TensorShape([2])
    """
    with _global_lock:
        if "generator" not in _global:
            if seeds.is_op_determinism_enabled():
                raise RuntimeError(
                    '"get_global_generator" cannot be called if determinism is enabled,'
                    ' unless "set_global_generator" has already been called. Please'
                    ' call "set_global_generator" first.'
                )
            _global["generator"] = Generator.from_non_deterministic_state()
        return _global["generator"]


def set_global_generator(generator: Generator) -> None:
    """Make `generator` the program's; code that kept the former one keeps it."""
    with _global_lock:
        _global["generator"] = generator
