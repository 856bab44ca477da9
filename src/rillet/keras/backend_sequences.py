"""Sequences in `tf.keras.backend`: loops over time, and labels of frames (CTC).

In: batches of sequences. Out: what a step function makes of them; losses and decodings
of frames. Users' own layers and models of speech and writing call them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.keras.layers.time_loop import masks_by_step, walk, walk_graph
from rillet.keras.settings import epsilon
from rillet.ops.array import stack, unstack
from rillet.ops.ctc import ctc_loss
from rillet.ops.ctc_decoding import ctc_beam_search_decoder, ctc_greedy_decoder
from rillet.ops.elementwise import cast, log
from rillet.ops.gather_nd import gather_nd
from rillet.ops.host_functions import numpy_function
from rillet.ops.mask import where
from rillet.ops.one_hot import sequence_mask
from rillet.ops.rearrange import expand_dims, squeeze
from rillet.ops.shaping import static_dims
from rillet.ops.sparse.dense import to_dense
from rillet.ops.transposes import transpose

Array = np.ndarray[Any, Any]


def rnn(
    step_function: Callable[..., Any],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, tuple[Any, ...]]:
    """Run a step after the other over time.

    Args:
        step_function: takes the input of a step and a list of states (then of
            constants), gives the output and the next states.
        inputs: ``(batch, time, ...)``, or a nest of such tensors.
        initial_states: the first states, a list.
        go_backwards: begin with the last step.
        mask: ``(batch, time)``: where false, states stay as they are and the output is
            that of the step before.
        constants: what each step gets after the states.
        unroll: ignored: steps are unrolled where their number is known.
        input_length: ignored; the inputs tell.
        time_major: whether time comes before the batch.
        zero_output_for_mask: give zeros where the mask is false.
        return_all_outputs: give the outputs of all steps, not the last alone.

    Returns:
        The last output, the outputs in the order they were made, the last states.

    Raises:
        ValueError: where nests of inputs of unknown length are given.
    """
    fixed = list(constants or ())

    def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        out, after = step_function(x, list(states) + fixed)
        return out, list(after)

    axis = 0 if time_major else 1
    leaves = [to_tensor(x) for x in nest.flatten(inputs)]
    count = leaves[0].shape[axis]
    states = list(initial_states)
    if count is None:
        return _unknown(
            step, inputs, leaves, states, mask, axis, go_backwards,
            zero_output_for_mask, return_all_outputs,
        )  # fmt: skip
    columns = [unstack(x, axis=axis) for x in leaves]
    by_step = [
        nest.pack_sequence_as(inputs, list(parts))
        for parts in zip(*columns, strict=True)
    ]
    masks = None if mask is None else masks_by_step(to_tensor(mask), axis)
    if go_backwards:
        by_step.reverse()
        if masks is not None:
            masks.reverse()
    found, states = walk(step, by_step, states, masks, zero_output_for_mask)
    shown = found if return_all_outputs else found[-1:]
    outputs = nest.map_structure(lambda *parts: stack(parts, axis=axis), *shown)
    return found[-1], outputs, tuple(states)


def _unknown(
    step: Any,
    inputs: Any,
    leaves: list[Any],
    states: list[Any],
    mask: Any,
    axis: int,
    backwards: bool,
    zeros: bool,
    every: bool,
) -> tuple[Any, Any, tuple[Any, ...]]:
    """The loop where a graph does not know the number of steps."""
    if len(leaves) != 1 or nest.is_nested(inputs):
        raise ValueError(
            house_message(
                "backend.rnn",
                "nests of inputs need a known number of steps",
                f"got {len(leaves)} inputs",
                "Give the inputs a static size along time",
            )
        )
    x = leaves[0]
    major = x if axis == 0 else _swapped(x)
    seen = None
    if mask is not None:
        seen = cast(to_tensor(mask), dtypes.bool_)
        seen = seen if axis == 0 else _swapped(seen)
    count = to_tensor(static_dims(major)[0])
    whole, last, after = walk_graph(step, major, count, states, seen, zeros, backwards)
    outputs = whole if every else expand_dims(last, 0)
    return last, outputs if axis == 0 else _swapped(outputs), tuple(after)


def _swapped(x: Any) -> Any:
    return transpose(x, (1, 0, *range(2, len(x.shape))))


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> SparseTensor:
    """Padded labels as a sparse tensor.

    Args:
        labels: integers ``(batch, longest)``.
        label_lengths: how many of each row count ``(batch,)``.
    """
    dense = to_tensor(labels)
    counts = sequence_mask(to_tensor(label_lengths), dense.shape[1])
    places = cast(where(counts), dtypes.int64)
    shape = cast(to_tensor(static_dims(dense)), dtypes.int64)
    return SparseTensor(places, gather_nd(dense, places), shape)


def ctc_batch_cost(
    y_true: Any, y_pred: Any, input_length: Any, label_length: Any
) -> Any:
    """-log of the chance that frames spell labels, for each example.

    Args:
        y_true: labels ``(batch, longest)``; the last class is the blank.
        y_pred: chances ``(batch, frames, classes)``, as softmax gives them.
        input_length: frames of each example ``(batch, 1)``.
        label_length: labels of each example ``(batch, 1)``.

    Returns:
        ``(batch, 1)``.
    """
    labels = cast(to_tensor(y_true), dtypes.int32)
    frames = cast(squeeze(to_tensor(input_length), -1), dtypes.int32)
    lengths = cast(squeeze(to_tensor(label_length), -1), dtypes.int32)
    logits = log(_swapped(to_tensor(y_pred)) + epsilon())
    found = ctc_loss(labels, logits, lengths, frames, blank_index=-1)
    return expand_dims(found, 1)


def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
) -> tuple[list[Any], Any]:
    """The labels that frames spell.

    Args:
        y_pred: chances ``(batch, frames, classes)``, as softmax gives them; the last
            class is the blank.
        input_length: frames of each example ``(batch,)``.
        greedy: take the likeliest class of each frame; else search.
        beam_width: how many beginnings the search keeps (Graves, 2012, chapter 7).
        top_paths: how many decodings the search gives, the likeliest first.

    Returns:
        The decodings, each ``(batch, frames)`` and -1 where a row has ended; and
        ``(batch, top_paths)``: the logarithms of their chances, or for the greedy one
        its negative.
    """
    chances = to_tensor(y_pred)
    batch, frames = static_dims(chances)[:2]
    logits = log(_swapped(chances) + epsilon())
    lengths = cast(to_tensor(input_length), dtypes.int32)
    if greedy:
        found, scores = ctc_greedy_decoder(logits, lengths)
    else:
        found, scores = ctc_beam_search_decoder(logits, lengths, beam_width, top_paths)
    shape = cast(to_tensor([batch, frames]), dtypes.int64)
    rows = [SparseTensor(x.indices, x.values, shape) for x in found]
    dense = [to_dense(row, default_value=-1) for row in rows]
    if not greedy:
        # as TensorFlow 1's decoder, which tf.keras calls
        dense = [numpy_function(_without_repeats, [row], dtypes.int64) for row in dense]
        for row in dense:
            row.set_shape(chances.shape[:2])
    return dense, scores


def _without_repeats(rows: Array) -> Array:
    """Labels of which none equals the one before; -1 at the end."""
    out = np.full_like(rows, -1)
    for at, row in enumerate(rows):
        kept = row[np.r_[True, row[1:] != row[:-1]] & (row >= 0)]
        out[at, : len(kept)] = kept
    return out
