"""Losses over sampled classes: noise contrast and sampled softmax; Poisson's loss.

Sources: Gutmann and Hyvärinen, «Noise-contrastive estimation» (2010); Jean et al., «On
using very large target vocabulary for neural machine translation» (2015).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import type_set
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import concat, slice_op
from rillet.ops.candidate_sampling import log_uniform_candidate_sampler
from rillet.ops.compare import (
    equal_op,
    greater_equal_op,
    less_equal_op,
    logical_and_op,
)
from rillet.ops.elementwise import (
    add_op,
    cast,
    div_op,
    exp_op,
    log_op,
    mul_op,
    sub_op,
    zeros_scalar,
)
from rillet.ops.embedding import embedding_lookup
from rillet.ops.filling import ones_like, zeros_like
from rillet.ops.host import is_symbolic
from rillet.ops.identity import stop_gradient
from rillet.ops.mask import where
from rillet.ops.matrix_rules import number
from rillet.ops.products import matmul
from rillet.ops.reduce import reduce_any
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims, sum_op
from rillet.ops.sigmoid_losses import sigmoid_cross_entropy_with_logits
from rillet.ops.softmax import softmax_cross_entropy_with_logits

Array = np.ndarray[Any, Any]

_INT64 = type_set(dtypes.int64)


def _hits(
    true_classes: Array,
    sampled_candidates: Array,
    num_true: int,
    seed: int = 0,
    seed2: int = 0,
) -> tuple[Array, Array, Array]:
    """Where a class was drawn that is true in a row: row, place, and -max float."""
    if true_classes.ndim != 2 or true_classes.shape[1] != num_true:
        raise ValueError("true_classes must be a matrix of num_true columns")
    # A class drawn again counts where it was drawn last, as in TensorFlow.
    kept, back = np.unique(sampled_candidates[::-1], return_index=True)
    last = sampled_candidates.size - 1 - back
    rows, _, which = np.nonzero(true_classes[:, :, None] == kept)
    places = last[which]
    weights = np.full(rows.shape, -np.finfo(np.float32).max, np.float32)
    return rows.astype(np.int32), places.astype(np.int64), weights


accidental_hits_op: Op = define(
    "ComputeAccidentalHits",
    types=(_INT64, 0),
    kernel=_hits,
    infer=lambda true, sampled, num_true, seed=0, seed2=0: (
        Spec((None,), dtypes.int32),
        Spec((None,), dtypes.int64),
        Spec((None,), dtypes.float32),
    ),
    attrs={"num_true": 1, "seed": 0, "seed2": 0},
    outputs=3,
    quiet=False,
)


def compute_accidental_hits(
    true_classes: Any,
    sampled_candidates: Any,
    num_true: int,
    seed: int | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Where sampled classes happen to be true ones.

    Args:
        true_classes: int64 classes ``(batch, num_true)``.
        sampled_candidates: int64 classes ``(sampled,)``.
        num_true: how many true classes an example has.
        seed: ignored.
        name: ignored when eager.

    Returns:
        Row numbers (int32), places among the sampled classes (int64), and for each the
        lowest float32, which a logit is to be lowered by.
    """
    rows, places, weights = accidental_hits_op(
        cast(true_classes, "int64"),
        cast(sampled_candidates, "int64"),
        num_true=int(num_true),
    )
    return rows, places, weights


def _logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    sizes: tuple[int, int, int],
    sampled_values: Any,
    remove_accidental_hits: bool,
    seed: int | None,
) -> tuple[Any, Any]:
    """Logits of the true and of the sampled classes, less the logs of their chances."""
    num_sampled, num_classes, num_true = sizes
    x = to_tensor(inputs)
    true = cast(to_tensor(labels), "int64")
    if sampled_values is None:
        sampled_values = log_uniform_candidate_sampler(
            true, num_true, num_sampled, True, num_classes, seed
        )
    sampled, true_count, sampled_count = [stop_gradient(v) for v in sampled_values]
    sampled = cast(sampled, "int64")
    flat = reshape_op(true, (-1,))
    every = concat([flat, sampled], 0)
    rows = _converted(embedding_lookup(weights, every), x)
    shift = _converted(embedding_lookup(biases, every), x)
    count, width = static_dims(flat)[0], static_dims(rows)[1]
    drawn = static_dims(rows)[0] - count
    true_rows = slice_op(rows, (0, 0), (count, width))
    sampled_rows = slice_op(rows, (count, 0), (drawn, width))
    pairs = reshape_op(true_rows, (-1, num_true, width))
    products = mul_op(reshape_op(x, (-1, 1, width)), pairs)
    true_shift = reshape_op(slice_op(shift, (0,), (count,)), (-1, num_true))
    true_logits = add_op(sum_op(products, 2), true_shift)
    sampled_logits = add_op(
        matmul(x, sampled_rows, transpose_b=True), slice_op(shift, (count,), (drawn,))
    )
    if remove_accidental_hits:
        sampled_logits = _without_hits(sampled_logits, true, sampled, num_true)
    true_logits = sub_op(true_logits, log_op(cast(true_count, x.dtype)))
    return true_logits, sub_op(sampled_logits, log_op(cast(sampled_count, x.dtype)))


def _converted(rows: Any, x: Any) -> Any:
    return rows if rows.dtype is x.dtype else cast(rows, x.dtype)


def _without_hits(logits: Any, true: Any, sampled: Any, num_true: int) -> Any:
    """Logits lowered to nothing where the sampled class is a true one."""
    if is_symbolic(logits):
        pairs = equal_op.run(
            reshape_op(true, (-1, num_true, 1)), reshape_op(sampled, (1, 1, -1))
        )
        hits = cast(reduce_any(pairs, 1), logits.dtype)
        least = np.finfo(logits.dtype.numpy_dtype).min
        return add_op(logits, mul_op(hits, Tensor(np.asarray(least))))
    hit = np.zeros(static_dims(logits), logits.dtype.numpy_dtype)
    rows, places, weights = compute_accidental_hits(true, sampled, num_true)
    np.add.at(hit, (np.asarray(rows), np.asarray(places)), np.asarray(weights))
    return add_op(logits, Tensor(hit))


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    name: str = "nce_loss",
) -> Tensor:
    """The loss of telling true classes from sampled ones, a class at a time.

    Args:
        weights: a row a class ``(num_classes, dim)``, or a list of tables.
        biases: a number a class ``(num_classes,)``.
        labels: the true classes ``(batch, num_true)``.
        inputs: activations ``(batch, dim)``.
        num_sampled: how many classes to draw for the batch.
        num_classes: how many classes there are.
        num_true: true classes an example.
        sampled_values: drawn classes with the expected counts of true and drawn ones,
            from a candidate sampler; by the log-uniform sampler where None.
        remove_accidental_hits: leave out drawn classes that are true.
        name: ignored when eager.

    Returns:
        A loss an example ``(batch,)``.

    Raises:
        InvalidArgumentError: where a class lies outside, or shapes do not fit.
    """
    true, sampled = _logits(
        weights,
        biases,
        labels,
        inputs,
        (num_sampled, num_classes, num_true),
        sampled_values,
        remove_accidental_hits,
        None,
    )
    logits = concat([true, sampled], 1)
    targets = concat(
        [div_op(ones_like(true), number(true, num_true)), zeros_like(sampled)], 1
    )
    return sum_op(sigmoid_cross_entropy_with_logits(targets, logits), 1)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    seed: int | None = None,
    name: str = "sampled_softmax_loss",
) -> Tensor:
    """Softmax cross-entropy over the true classes and a few that are drawn.

    Args:
        weights: a row a class ``(num_classes, dim)``, or a list of tables.
        biases: a number a class ``(num_classes,)``.
        labels: the true classes ``(batch, num_true)``.
        inputs: activations ``(batch, dim)``.
        num_sampled: how many classes to draw for the batch.
        num_classes: how many classes there are.
        num_true: true classes an example.
        sampled_values: as with `tf.nn.nce_loss`.
        remove_accidental_hits: leave out drawn classes that are true.
        seed: the sampler's own seed.
        name: ignored when eager.

    Returns:
        A loss an example ``(batch,)``.

    Raises:
        InvalidArgumentError: where a class lies outside, or shapes do not fit.
    """
    true, sampled = _logits(
        weights,
        biases,
        labels,
        inputs,
        (num_sampled, num_classes, num_true),
        sampled_values,
        remove_accidental_hits,
        seed,
    )
    targets = concat(
        [div_op(ones_like(true), number(true, num_true)), zeros_like(sampled)], 1
    )
    return softmax_cross_entropy_with_logits(
        stop_gradient(targets), concat([true, sampled], 1)
    )


def log_poisson_loss(
    targets: Any,
    log_input: Any,
    compute_full_loss: bool = False,
    name: str | None = None,
) -> Tensor:
    """e^c - z · c: Poisson's loss of counts z and logarithms c of expected counts.

    Args:
        targets: counts z, of the shape and type of `log_input`.
        log_input: a float tensor c.
        compute_full_loss: add Stirling's approximation of log z!, where z exceeds 1.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: where the shapes differ.

    Example:
        >>> import rillet as tf
        >>> float(tf.nn.log_poisson_loss([1.], [0.])[0])
        1.0
    """
    c = to_tensor(log_input)
    z = to_tensor(targets, hint=c.dtype)
    if static_dims(c) != static_dims(z):
        raise ValueError(
            house_message(
                "log_poisson_loss",
                "`log_input` and `targets` must have the same shape",
                f"received ({c.shape} vs {z.shape})",
            )
        )
    loss = sub_op(exp_op(c), mul_op(c, z))
    if not compute_full_loss:
        return loss
    stirling = sub_op(mul_op(z, log_op(z)), z)
    tail = mul_op(number(z, 0.5), log_op(mul_op(number(z, 2 * math.pi), z)))
    small = logical_and_op(
        greater_equal_op(z, zeros_scalar(z)), less_equal_op(z, number(z, 1))
    )
    return add_op(loss, where(small, zeros_like(z), add_op(stirling, tail)))
