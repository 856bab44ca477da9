"""From the scores of frames to labels: greedy and beam search for CTC.

Source: A. Graves, «Supervised sequence labelling with recurrent neural networks»
(2012), section 7.5: prefix search, here over a beam of prefixes.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, INDEX, int64
from rillet.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    house_message,
)
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import cast
from rillet.ops.registry import Op, define
from rillet.ops.sparse.operators import SparseTensor
from rillet.ops.sparse.places import made

Array = np.ndarray[Any, Any]
_NONE = -np.inf


def _check(op: str, scores: Array, lengths: Array) -> None:
    if scores.ndim != 3 or lengths.shape != scores.shape[1:2]:
        raise InvalidArgumentError(
            house_message(
                op,
                "inputs are (frames, batch, classes), sequence_length (batch,)",
                f"their shapes are {list(scores.shape)} and {list(lengths.shape)}",
            )
        )
    for row, length in enumerate(lengths.tolist()):
        if not 0 <= length <= len(scores):
            raise FailedPreconditionError(
                house_message(
                    op,
                    f"sequence_length({row}) <= {len(scores)}",
                    f"it is {length}",
                )
            )


def _packed(rows: list[list[int]]) -> tuple[Array, Array, Array]:
    """Rows of labels as a sparse tensor's components."""
    places = [(i, k) for i, row in enumerate(rows) for k in range(len(row))]
    indices = np.array(places, np.int64).reshape(-1, 2)
    values = np.array([label for row in rows for label in row], np.int64)
    return indices, values, np.array([len(rows), max(map(len, rows), default=0)])


def _greedy(
    scores: Array, lengths: Array, merge_repeated: bool = False, blank_index: int = -1
) -> tuple[Array, ...]:
    _check("nn.ctc_greedy_decoder", scores, lengths)
    classes = scores.shape[2]
    blank = blank_index + classes if blank_index < 0 else blank_index
    if not 0 <= blank < classes:
        raise InvalidArgumentError(
            house_message(
                "nn.ctc_greedy_decoder",
                f"blank_index is in [{-classes}, {classes})",
                f"it is {blank_index}",
            )
        )
    rows, total = [], np.zeros((scores.shape[1], 1), scores.dtype)
    for i, length in enumerate(lengths.tolist()):
        best = scores[:length, i].argmax(axis=1)
        total[i, 0] = -scores[np.arange(length), i, best].sum()
        kept = best != blank
        if merge_repeated:
            kept[1:] &= best[1:] != best[:-1]
        rows.append(best[kept].tolist())
    return (*_packed(rows), total)


def _beams(scores: Array, width: int, paths: int) -> list[tuple[float, list[int]]]:
    """The most likely prefixes of one example, best first.

    Args:
        scores: logarithms of chances (frames, classes), the blank last.
        width: how many prefixes are kept after each frame.
        paths: how many are wanted.
    """
    prefixes: list[tuple[int, ...]] = [()]
    blank, label = np.zeros(1), np.full(1, _NONE)
    for frame in scores:
        total = np.logaddexp(blank, label)
        last = np.array([p[-1] if p else -1 for p in prefixes])
        grown = total[:, None] + frame[None, :-1]
        again = np.flatnonzero(last >= 0)
        grown[again, last[again]] = blank[again] + frame[last[again]]
        stay_blank = total + frame[-1]
        stay = np.full(len(prefixes), _NONE)
        stay[again] = label[again] + frame[last[again]]
        where = {prefix: k for k, prefix in enumerate(prefixes)}
        for k in again.tolist():
            parent = where.get(prefixes[k][:-1])
            if parent is not None:
                ending = prefixes[k][-1]
                stay[k] = np.logaddexp(stay[k], grown[parent, ending])
                grown[parent, ending] = _NONE
        own = np.logaddexp(stay_blank, stay)
        whole = np.concatenate([own, grown.reshape(-1)])
        order = np.argsort(-whole, kind="stable")[:width]
        order = order[whole[order] > _NONE]
        count = len(prefixes)
        found: list[tuple[int, ...]] = []
        for k in order.tolist():
            if k < count:
                found.append(prefixes[k])
            else:
                parent, ending = divmod(k - count, grown.shape[1])
                found.append((*prefixes[parent], ending))
        is_old = order < count
        old = np.where(is_old, order, 0)
        blank = np.where(is_old, stay_blank[old], _NONE)
        label = np.where(is_old, stay[old], whole[order])
        prefixes = found
    total = np.logaddexp(blank, label)
    order = np.argsort(-total, kind="stable")[:paths]
    return [(float(total[k]), list(prefixes[k])) for k in order.tolist()]


def _search(
    scores: Array,
    lengths: Array,
    beam_width: int,
    top_paths: int,
    merge_repeated: bool = False,
) -> list[Array]:
    op = "nn.ctc_beam_search_decoder"
    _check(op, scores, lengths)
    if top_paths > beam_width:
        raise InvalidArgumentError(
            house_message(
                op,
                "requested more paths than the beam width",
                f"top_paths={top_paths}, beam_width={beam_width}",
            )
        )
    shifted = scores.astype(np.float64)
    shifted = shifted - shifted.max(axis=2, keepdims=True, initial=_NONE)
    logs = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    found = []
    for i, length in enumerate(lengths.tolist()):
        paths = _beams(logs[:length, i], beam_width, top_paths)
        if len(paths) < top_paths:
            raise InvalidArgumentError(
                house_message(
                    op,
                    "Less leaves in the beam search than requested",
                    f"example {i} has {len(paths)}, top_paths={top_paths}",
                )
            )
        found.append(paths)
    tables = []
    for k in range(top_paths):
        rows = [paths[k][1] for paths in found]
        if merge_repeated:
            rows = [[label for label, _ in groupby(row)] for row in rows]
        tables.append(_packed(rows))
    chances = np.array([[p[0] for p in paths] for paths in found], scores.dtype)
    out = [table[k] for k in range(3) for table in tables]
    return [*out, chances.reshape(len(found), top_paths)]


def _specs(scores: Spec, paths: int) -> list[Spec]:
    batch = scores.shape[1] if scores.shape is not None else None
    out = [Spec((None, 2), int64)] * paths + [Spec((None,), int64)] * paths
    return [*out, *[Spec((2,), int64)] * paths, Spec((batch, paths), scores.dtype)]


greedy_op: Op = define(
    "CTCGreedyDecoder",
    types=(FLOATING, INDEX),
    kernel=_greedy,
    infer=lambda scores, lengths, **attrs: _specs(scores, 1),
    attrs={"merge_repeated": False, "blank_index": -1},
    outputs=4,
)
search_op: Op = define(
    "CTCBeamSearchDecoder",
    types=(FLOATING, INDEX),
    kernel=_search,
    infer=lambda scores, lengths, beam_width, top_paths, **more: _specs(
        scores, top_paths
    ),
    attrs={"beam_width": 100, "top_paths": 1, "merge_repeated": False},
    outputs=-1,
)


def ctc_greedy_decoder(
    inputs: Any,
    sequence_length: Any,
    merge_repeated: bool = True,
    blank_index: int | None = None,
) -> tuple[list[SparseTensor], Tensor]:
    """The labels of the best class of each frame.

    Args:
        inputs: scores ``(frames, batch, classes)``.
        sequence_length: how many frames of each example count ``(batch,)``.
        merge_repeated: whether equal labels one after another become one.
        blank_index: the class that stands for no label; the last one where None.

    Returns:
        A list of one sparse tensor of labels, int64, and for each example minus the sum
        of the best scores ``(batch, 1)``.

    Raises:
        FailedPreconditionError: where there are not so many frames.

    Example:
        >>> import rillet as tf
        >>> scores = tf.one_hot([[0], [0], [2], [0], [1]], 3)
        >>> (labels,), total = tf.nn.ctc_greedy_decoder(scores, [5])
        >>> labels.values.numpy().tolist()
        [0, 0, 1]
    """
    found = greedy_op.run(
        to_tensor(inputs),
        cast(to_tensor(sequence_length), "int32"),
        merge_repeated=merge_repeated,
        blank_index=-1 if blank_index is None else int(blank_index),
    )
    return [made(found[:3], TensorShape([None, None]))], found[3]


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[SparseTensor], Tensor]:
    """The most likely sequences of labels, over all ways to spell them.

    Args:
        inputs: scores ``(frames, batch, classes)``; the last class is the blank.
        sequence_length: how many frames of each example count ``(batch,)``.
        beam_width: how many beginnings are followed.
        top_paths: how many sequences are wanted.

    Returns:
        A list of `top_paths` sparse tensors of labels, int64, and the logarithms of
        their chances ``(batch, top_paths)``.

    Raises:
        InvalidArgumentError: where more sequences are wanted than are followed.
        FailedPreconditionError: where there are not so many frames.

    Example:
        >>> import rillet as tf
        >>> scores = 9 * tf.one_hot([[0], [0], [2], [0], [1]], 3)
        >>> (labels,), _ = tf.nn.ctc_beam_search_decoder(scores, [5])
        >>> labels.values.numpy().tolist()
        [0, 0, 1]
    """
    count = int(top_paths)
    found = search_op.run(
        to_tensor(inputs),
        cast(to_tensor(sequence_length), "int32"),
        beam_width=int(beam_width),
        top_paths=count,
    )
    open_ = TensorShape([None, None])
    return [made(found[i : 3 * count : count], open_) for i in range(count)], found[-1]
