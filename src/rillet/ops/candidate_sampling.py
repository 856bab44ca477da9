"""Candidate sampling: a few classes out of very many, for sampled losses.

In: the true classes and how many others to draw. Out: drawn classes with the number of
times each, and each true class, was to be expected. Called by users and by sampled
losses. Each kernel owns a stream, as in `random`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import type_set
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import candidates, seeds
from rillet.ops.candidates import Sampler
from rillet.ops.registry import Op, define
from rillet.ops.seeds import Instance
from rillet.ops.stateful_random import kernel_stream

Array = np.ndarray[Any, Any]

Sampled = tuple[Tensor, Tensor, Tensor]


def _infer(true_classes: Spec, **attrs: Any) -> tuple[Spec, Spec, Spec]:
    sampled = attrs["num_sampled"]
    return (
        Spec((sampled,), dtypes.int64),
        Spec(true_classes.shape, dtypes.float32),
        Spec((sampled,), dtypes.float32),
    )


#: What every call says.
_NEEDED: dict[str, Any] = {"num_true": None, "num_sampled": None, "unique": None}
#: How the weights of classes are given.
_WEIGHTS: dict[str, Any] = {
    "vocab_file": "",
    "distortion": 1.0,
    "num_reserved_ids": 0,
    "num_shards": 1,
    "shard": 0,
    "unigrams": (),
}


def _define(
    name: str, sampler: Callable[[int, Instance, Any], Any], more: Any = None
) -> Op:
    def kernel(
        true_classes: Array,
        num_true: int,
        num_sampled: int,
        unique: bool,
        range_max: int = 0,
        seed: int = 0,
        seed2: int = 0,
        _instance: Instance | None = None,
        **rest: Any,
    ) -> tuple[Array, Array, Array]:
        sizes = (num_true, num_sampled, unique, range_max)
        candidates.check(name, true_classes, *sizes)
        held = kernel_stream(
            name, _instance, seed, seed2, *sizes, *map(str, rest.values())
        )
        rule = sampler(range_max, held, rest)
        result = candidates.sample(name, true_classes, rule, held, sizes)
        if isinstance(held.memory, candidates.Learned):
            held.memory.learn(true_classes)
        return result

    return define(
        name,
        types=(type_set(dtypes.int64),),
        kernel=kernel,
        infer=_infer,
        outputs=3,
        attrs={**_NEEDED, "range_max": 0, "seed": 0, "seed2": 0, **(more or {})},
        effects="random",
    )


def _learned(range_max: int, held: Instance, rest: Any) -> Sampler:
    if held.memory is None:
        held.memory = candidates.Learned(range_max)
    learned: candidates.Learned = held.memory
    return learned.sampler()


def _fixed_of(range_max: int, held: Instance, rest: Any) -> Sampler:
    if held.memory is None:
        held.memory = candidates.fixed(candidates.weights_of(range_max, rest))
    rule: Sampler = held.memory
    return rule


uniform_op = _define(
    "UniformCandidateSampler", lambda n, held, rest: candidates.uniform(n)
)
log_uniform_op = _define(
    "LogUniformCandidateSampler", lambda n, held, rest: candidates.log_uniform(n)
)
learned_unigram_op = _define("LearnedUnigramCandidateSampler", _learned)
fixed_unigram_op = _define("FixedUnigramCandidateSampler", _fixed_of, _WEIGHTS)


def _all(
    true_classes: Array,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int = 0,
    seed2: int = 0,
    _instance: Instance | None = None,
) -> tuple[Array, Array, Array]:
    sizes = (num_true, num_sampled, unique, num_sampled)
    candidates.check("AllCandidateSampler", true_classes, *sizes)
    ones = np.ones(num_sampled, np.float32)
    return np.arange(num_sampled), np.ones(true_classes.shape, np.float32), ones


all_op = define(
    "AllCandidateSampler",
    types=(type_set(dtypes.int64),),
    kernel=_all,
    infer=_infer,
    outputs=3,
    attrs={**_NEEDED, "seed": 0, "seed2": 0},
)


def _call(
    op: Op, true_classes: Any, sizes: tuple[Any, ...], seed: Any, **rest: Any
) -> Sampled:
    num_true, num_sampled, unique = sizes
    attrs = {
        "num_true": int(num_true),
        "num_sampled": int(num_sampled),
        "unique": bool(unique),
        **rest,
        **seeds.op_attributes(seed),
    }
    result: Sampled = op(true_classes, **attrs)
    return result


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Draw classes, each as likely as the other.

    Args:
        true_classes: shape (batch, num_true), int64.
        num_true: true classes an example.
        num_sampled: how many classes to draw.
        unique: whether no class is drawn twice.
        range_max: the number of classes.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        Drawn classes, shape (num_sampled,), int64; expected counts of the true classes,
        their shape, float32; expected counts of the drawn ones, (num_sampled,).

    Raises:
        InvalidArgumentError: for true classes out of range, or a range too small.

    Example:
        >>> import rillet as tf
        >>> drawn, *_ = tf.random.uniform_candidate_sampler(
        ...     tf.constant([[1], [2]], tf.int64), 1, 3, True, 3)
        >>> sorted(drawn.numpy().tolist())
        [0, 1, 2]
    """
    sizes = (num_true, num_sampled, unique)
    return _call(uniform_op, true_classes, sizes, seed, range_max=int(range_max))


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Draw classes by Zipf's law, the first the likeliest.

    Arguments and results as for `uniform_candidate_sampler`; class k is drawn with
    chance ``log((k + 2) / (k + 1)) / log(range_max + 1)``.
    """
    sizes = (num_true, num_sampled, unique)
    return _call(log_uniform_op, true_classes, sizes, seed, range_max=int(range_max))


def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Draw classes by how often they were true in earlier calls.

    Arguments and results as for `uniform_candidate_sampler`. Calls with the same
    arguments and op seed learn together.
    """
    op, sizes = learned_unigram_op, (num_true, num_sampled, unique)
    return _call(op, true_classes, sizes, seed, range_max=int(range_max))


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Any = (),
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Draw classes by given weights.

    Other arguments and the results as for `uniform_candidate_sampler`.

    Args:
        vocab_file: a file with a class a line, its weight behind the last comma.
        distortion: power that the weights are raised to.
        num_reserved_ids: classes in front that are never drawn.
        num_shards: how many samplers share the classes.
        shard: which of them this one is.
        unigrams: the weights, where there is no file.
    """
    return _call(
        fixed_unigram_op,
        true_classes,
        (num_true, num_sampled, unique),
        seed,
        range_max=int(range_max),
        vocab_file=vocab_file,
        distortion=float(distortion),
        num_reserved_ids=int(num_reserved_ids),
        num_shards=int(num_shards),
        shard=int(shard),
        unigrams=tuple(unigrams),
    )


def all_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Give every class, for exact losses in place of sampled ones.

    Arguments and results as for `uniform_candidate_sampler`, with `num_sampled` the
    number of classes; every count is 1.
    """
    return _call(all_op, true_classes, (num_true, num_sampled, unique), seed)
