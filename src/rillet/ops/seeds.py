"""TensorFlow's seed rules: which numbers a stateful random op draws next.

In: the global seed of `set_seed` and an op's own ``seed=``. Out: the pair of seed
attributes that names an op's Philox stream, and the place that stream has reached.
Called by the public functions of `random` and by their kernels.

A stateful kernel owns one stream. In eager mode TensorFlow keeps kernels by op name
and attributes, so calls with the same seeds go on in one stream; `set_seed` forgets
them all. In a graph every node owns its kernel: whoever builds the graph gives each
node an `Instance` of its own, as the attribute ``_instance``.
"""

from __future__ import annotations

import operator
import os
import random
import threading
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rillet.core import context
from rillet.core.errors import house_message
from rillet.ops import philox
from rillet.ops.philox import Stream

#: The global half of a seed pair where only the op has a seed.
DEFAULT_GRAPH_SEED = 87654321
_MAX_INT32 = 2**31 - 1


def fresh_word() -> int:
    """Return 64 bits of the system's entropy."""
    return int.from_bytes(os.urandom(8), "little")


class Instance:
    """The stream of one kernel, handed out piece by piece; safe between threads.

    Args:
        seed: first seed attribute.
        seed2: second one; with both 0 the stream starts from fresh entropy.
    """

    __slots__ = ("_lock", "_stream", "memory")

    def __init__(self, seed: int, seed2: int) -> None:
        if seed == 0 and seed2 == 0:
            seed, seed2 = fresh_word(), fresh_word()
        self._stream = philox.from_seeds(seed, seed2)
        self._lock = threading.Lock()
        #: What a kernel keeps between calls besides its stream (learned weights).
        self.memory: Any = None

    def reserve(self, blocks: int) -> Stream:
        """Return the stream as it stands and move it on by `blocks`."""
        here = _aside.get()
        if here is not None:
            stream = here.streams.get(self, self._stream)
            here.streams[self] = stream.skip(blocks)
            return stream
        with self._lock:
            stream = self._stream
            self._stream = stream.skip(blocks)
            return stream

    def reserve_outputs(self, count: int) -> Stream:
        """Reserve what `count` outputs may need at most."""
        return self.reserve(count * philox.RESERVED_PER_OUTPUT)


class _Seeds:
    """The eager context's seed, its source of op seeds, and its kernels."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seed: int | None = None
        self.source = random.Random()
        self.instances: dict[Hashable, Instance] = {}
        self.deterministic = False
        self.traced: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


class _Aside(_Seeds):
    """Streams that move while those of the program stand still."""

    def __init__(self) -> None:
        super().__init__()
        self.seed = 0
        self.source = random.Random(0)
        #: Where kernels of the program would be by now.
        self.streams: dict[Instance, Stream] = {}
        #: And its generators: by their ids themselves and their states.
        self.states: dict[int, tuple[Any, Any]] = {}


_seeds = _Seeds()
_aside: ContextVar[_Aside | None] = ContextVar("rillet_seeds_aside", default=None)


def _here() -> _Seeds:
    return _aside.get() or _seeds


def is_aside() -> bool:
    """Whether random numbers of this thread move nothing of the program's now."""
    return _aside.get() is not None


def set_seed(seed: Any) -> None:
    """Set the global seed: from here on unseeded ops draw reproducible numbers.

    Args:
        seed: an integer; None takes the seed away again.

    Raises:
        TypeError: where `seed` is no integer.

    Example:
        >>> import rillet as tf
        >>> tf.random.set_seed(1)
        >>> first = tf.random.uniform([2])
        >>> tf.random.set_seed(1)
        >>> bool(tf.reduce_all(first == tf.random.uniform([2])))
        True
    """
    value = None if seed is None else _integer("random.set_seed", seed)
    held = _here()
    with held.lock:
        held.seed = value
        held.source = random.Random(value)
        held.instances = {}


def global_seed() -> int | None:
    """Return the global seed, or None where none was set."""
    return _here().seed


@contextmanager
def aside() -> Iterator[None]:
    """A ``with`` block whose random numbers come from streams of its own.

    Other threads draw meanwhile as they would without it.
    """
    token = _aside.set(_Aside())
    try:
        yield
    finally:
        _aside.reset(token)


def moved_aside() -> dict[int, tuple[Any, Any]] | None:
    """Return the states of generators inside of a block `aside`; None outside."""
    here = _aside.get()
    return None if here is None else here.states


def word_aside() -> int:
    """Return a number below 2**31 inside of a block `aside`."""
    return _internal_seed()


def _integer(op: str, seed: Any) -> int:
    if hasattr(seed, "numpy"):
        seed = seed.numpy()
    if getattr(seed, "shape", None) == ():
        seed = seed.item()
    try:
        return operator.index(seed)
    except TypeError:
        raise TypeError(
            house_message(
                op,
                "the seed must be an integer",
                f"got {seed!r} of type {type(seed).__name__}",
            )
        ) from None


def _internal_seed() -> int:
    held = _here()
    with held.lock:
        return held.source.randint(0, _MAX_INT32)


def _traced_seed(tracer: Any) -> int:
    """Number the unseeded random ops of a graph under construction from 0 on."""
    with _seeds.lock:
        number = _seeds.traced.get(tracer, 0)
        _seeds.traced[tracer] = number + 1
        return number


def get_seed(op_seed: Any) -> tuple[int | None, int | None]:
    """Return the two seed attributes of an op.

    Args:
        op_seed: the op's own seed, or None.

    Returns:
        The pair, or (None, None) where neither the program nor the op has a seed.

    Raises:
        RuntimeError: where determinism was asked for and there is no seed.
    """
    op_value = None if op_seed is None else _integer("get_seed", op_seed)
    seed = _here().seed
    if seed is None:
        if op_value is None:
            if _seeds.deterministic:
                raise RuntimeError(
                    "Random ops require a seed to be set when determinism is enabled."
                    " Please set a seed before running the op, e.g. by calling"
                    " tf.random.set_seed(1)."
                )
            return None, None
        seed = DEFAULT_GRAPH_SEED
    elif op_value is None:
        tracer = context.state.tracer
        op_value = _internal_seed() if tracer is None else _traced_seed(tracer)
    pair = seed % _MAX_INT32, op_value % _MAX_INT32
    # (0, 0) would mean fresh entropy.
    return (0, _MAX_INT32) if pair == (0, 0) else pair


def op_attributes(op_seed: Any) -> dict[str, Any]:
    """Return the seed attributes to call a stateful random op with.

    Where the program has a seed and the op has none, the op seed is never met again,
    so the call brings its own `Instance` instead of leaving one behind for ever.
    """
    seed, seed2 = get_seed(op_seed)
    attrs: dict[str, Any] = {"seed": seed or 0, "seed2": seed2 or 0}
    if op_seed is None and seed is not None and context.state.tracer is None:
        attrs["_instance"] = Instance(attrs["seed"], attrs["seed2"])
    return attrs


def instance(op: str, seed: int, seed2: int, *rest: Hashable) -> Instance:
    """Return the eager kernel of an op with these attributes, made where new."""
    key = (op, seed, seed2, *rest)
    held = _here()
    with held.lock:
        found = held.instances.get(key)
        if found is None:
            found = held.instances[key] = Instance(seed, seed2)
        return found


def enable_op_determinism() -> None:
    """Refuse random ops without a seed (`tf.config.experimental`)."""
    _seeds.deterministic = True


def disable_op_determinism() -> None:
    """Allow random ops without a seed again."""
    _seeds.deterministic = False


def is_op_determinism_enabled() -> bool:
    """Whether random ops without a seed are refused."""
    return _seeds.deterministic
