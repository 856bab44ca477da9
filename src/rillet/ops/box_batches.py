"""The best boxes of batches of images: padded to one number, or class by class.

A box is ``(y1, x1, y2, x2)``. In flow boxes and scores; out boxes, scores, classes, and
how many count. `tf.image` shows these functions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.boxes import pairwise_overlap, select
from rillet.ops.host import integer, plain
from rillet.ops.image_rules import refused, typed
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]

_FLOAT = type_set(dtypes.float32)


class CombinedNonMaxSuppression(NamedTuple):
    """What `combined_non_max_suppression` gives."""

    nmsed_boxes: Tensor
    nmsed_scores: Tensor
    nmsed_classes: Tensor
    valid_detections: Tensor


def _wrong(op: str, rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _padded(
    boxes: Array, scores: Array, most: int, iou_threshold: float, least: float
) -> tuple[Array, Array]:
    op = "image.non_max_suppression_padded"
    if boxes.shape[:-1] != scores.shape or boxes.shape[-1] != 4:
        raise _wrong(
            op,
            "boxes must have shape (..., n, 4), scores (..., n)",
            f"they have {boxes.shape} and {scores.shape}",
        )
    lead = boxes.shape[:-2]
    count = int(np.prod(lead, dtype=np.int64))
    flat = boxes.reshape(count, *boxes.shape[-2:])
    chosen = np.zeros((count, most), np.int32)
    valid = np.zeros(count, np.int32)
    for k, row in enumerate(scores.reshape(count, -1)):
        found, _ = select(row, pairwise_overlap(flat[k]), most, iou_threshold, least)
        chosen[k, : len(found)] = found
        valid[k] = len(found)
    return chosen.reshape(*lead, most), valid.reshape(lead)


padded_op: Op = define(
    "RilletPaddedSuppression",
    types=(_FLOAT, _FLOAT, None, None, None),
    kernel=_padded,
    infer=lambda boxes, scores, most, *rest: (
        Spec(
            None
            if scores.shape is None
            else (*scores.shape[:-1], most if isinstance(most, int) else None),
            dtypes.int32,
        ),
        Spec(None if scores.shape is None else scores.shape[:-1], dtypes.int32),
    ),
    outputs=2,
)


def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: str | None = None,
    sorted_input: bool = False,
    canonicalized_coordinates: bool = False,
    tile_size: int = 512,
) -> tuple[Tensor, Tensor]:
    """The best boxes, for one image or many, as many numbers for each.

    Args:
        boxes: ``(..., n, 4)``, float32.
        scores: how good each is, ``(..., n)``.
        max_output_size: how many to choose at most.
        iou_threshold: how much of their union two chosen ones may share.
        score_threshold: boxes with this score or less do not count.
        pad_to_max_output_size: whether zeros fill what is not chosen; needed for many.
        name: ignored when eager.
        sorted_input: accepted; the result is the same.
        canonicalized_coordinates: accepted.
        tile_size: accepted.

    Returns:
        The numbers of the chosen boxes, ``(..., max_output_size)``, int32, best first,
        and how many they are.

    Raises:
        ValueError: for many images without padding.

    Example:
        >>> import rillet as tf
        >>> boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [2.0, 2.0, 3.0, 3.0]]
        >>> found, count = tf.image.non_max_suppression_padded(
        ...     boxes, [0.9, 0.8, 0.7], 3, pad_to_max_output_size=True)
        >>> found.numpy().tolist(), int(count)
        ([0, 2, 0], 2)
    """
    op = "image.non_max_suppression_padded"
    boxes, scores = typed(boxes, dtypes.float32), typed(scores, dtypes.float32)
    rank = boxes.shape.rank
    if not pad_to_max_output_size and rank is not None and rank > 2:
        raise refused(
            op,
            "'pad_to_max_output_size' (value False) must be True for batched input",
            f"boxes have shape {boxes.shape}",
        )
    chosen, valid = padded_op(
        boxes,
        scores,
        integer(op, "max_output_size", max_output_size),
        float(plain(iou_threshold)),
        float(plain(score_threshold)),
    )
    return (chosen if pad_to_max_output_size else chosen[:valid]), valid


def _check(boxes: Any, scores: Any) -> None:
    op = "image.combined_non_max_suppression"
    if boxes.shape is None or scores.shape is None:
        return
    if len(boxes.shape) != 4 or boxes.shape[3] not in (4, None):
        raise _wrong(op, "boxes must have shape (batch, n, q, 4)", f"{boxes.shape}")
    if len(scores.shape) != 3:
        raise _wrong(op, "scores must have 3 dimensions", f"{scores.shape}")
    q, classes = boxes.shape[2], scores.shape[2]
    if None not in (q, classes) and q not in (1, classes):
        raise _wrong(
            op, "third dimension of boxes must be either 1 or num classes", f"{q}"
        )


def _size(most: Any, each: Any, classes: Any, pad_per_class: bool) -> int | None:
    if not isinstance(most, int) or not isinstance(each, int):
        return None
    if not pad_per_class:
        return most
    return None if classes is None else min(most, each * classes)


def _infer_combined(
    boxes: Spec,
    scores: Spec,
    each: Any,
    most: Any,
    *rest: Any,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
) -> tuple[Spec, ...]:
    _check(boxes, scores)
    batch = None if boxes.shape is None else boxes.shape[0]
    classes = None if scores.shape is None else scores.shape[2]
    size = _size(most, each, classes, pad_per_class)
    return (
        Spec((batch, size, 4), dtypes.float32),
        Spec((batch, size), dtypes.float32),
        Spec((batch, size), dtypes.float32),
        Spec((batch,), dtypes.int32),
    )


def _combined(
    boxes: Array,
    scores: Array,
    each: int,
    most: int,
    iou_threshold: float,
    least: float,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
) -> tuple[Array, Array, Array, Array]:
    _check(boxes, scores)
    op = "image.combined_non_max_suppression"
    if not 0 <= iou_threshold <= 1:
        raise _wrong(op, "iou_threshold must be in [0, 1]", f"it is {iou_threshold}")
    if each <= 0 or most <= 0:
        raise _wrong(op, "output sizes must be positive", f"{each} and {most}")
    batch, classes = len(boxes), scores.shape[2]
    size = _size(most, each, classes, pad_per_class) or 0
    out = np.zeros((batch, size, 4), np.float32)
    kept = np.zeros((batch, size), np.float32)
    kinds = np.zeros((batch, size), np.float32)
    valid = np.zeros(batch, np.int32)
    for k in range(batch):
        found: list[tuple[float, int, int]] = []
        for c in range(classes):
            own = boxes[k, :, c if boxes.shape[2] > 1 else 0]
            row = scores[k, :, c]
            chosen, marks = select(
                row, pairwise_overlap(own), each, iou_threshold, least
            )
            found += [(-m, c, i) for i, m in zip(chosen, marks, strict=True)]
        found.sort(key=lambda entry: entry[0])
        for place, (negative, c, i) in enumerate(found[:size]):
            out[k, place] = boxes[k, i, c if boxes.shape[2] > 1 else 0]
            kept[k, place] = -negative
            kinds[k, place] = c
        valid[k] = min(len(found), size)
    return (np.clip(out, 0, 1) if clip_boxes else out), kept, kinds, valid


combined_op: Op = define(
    "CombinedNonMaxSuppression",
    types=(_FLOAT, _FLOAT, None, None, None, None),
    kernel=_combined,
    infer=_infer_combined,
    attrs={"pad_per_class": False, "clip_boxes": True},
    outputs=4,
)


def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> CombinedNonMaxSuppression:
    """The best boxes of each class, then the best of all, for each image.

    Args:
        boxes: ``(batch, n, q, 4)``; q is 1 where classes share boxes,
            else the number of classes.
        scores: ``(batch, n, classes)``.
        max_output_size_per_class: how many to choose of a class at most.
        max_total_size: how many to choose for an image at most.
        iou_threshold: how much of their union two chosen ones of a class may share.
        score_threshold: boxes with this score or less do not count.
        pad_per_class: whether results are shorter where all classes together cannot
            fill them.
        clip_boxes: whether sides are cut to lie from 0 to 1.
        name: ignored when eager.

    Returns:
        Boxes ``(batch, size, 4)``, scores and classes ``(batch, size)``, float32,
        zeros at their ends, and how many count, ``(batch,)``, int32.

    Raises:
        InvalidArgumentError: where shapes do not fit.
    """
    op = "image.combined_non_max_suppression"
    found = combined_op(
        to_tensor(boxes, dtypes.float32),
        to_tensor(scores, dtypes.float32),
        integer(op, "max_output_size_per_class", max_output_size_per_class),
        integer(op, "max_total_size", max_total_size),
        float(plain(iou_threshold)),
        float(plain(score_threshold)),
        pad_per_class=bool(pad_per_class),
        clip_boxes=bool(clip_boxes),
    )
    return CombinedNonMaxSuppression(*found)
