"""Boxes on images: the best of overlapping ones, frames drawn around them.

A box is ``(y1, x1, y2, x2)``. In flow boxes and scores; out flow indices, or images
with frames. `tf.image` shows these functions.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import FLOATING, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import integer, plain
from rillet.ops.image_rules import typed
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]

_FLOATS: Final = type_set(dtypes.float16, dtypes.float32)
# Yellow, blue, red, lime, purple, olive, maroon, navy, aqua, fuchsia: TensorFlow's.
_COLORS: Final = np.array(
    [
        [1, 1, 0, 1],
        [0, 0, 1, 1],
        [1, 0, 0, 1],
        [0, 1, 0, 1],
        [0.5, 0, 0.5, 1],
        [0.5, 0.5, 0, 1],
        [0.5, 0, 0, 1],
        [0, 0, 0.5, 1],
        [0, 1, 1, 1],
        [1, 0, 1, 1],
    ],
    np.float32,
)


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def pairwise_overlap(boxes: Array) -> Callable[[int, int], float]:
    """The part of two boxes' union that both cover, by their numbers."""
    low = np.minimum(boxes[:, :2], boxes[:, 2:])
    high = np.maximum(boxes[:, :2], boxes[:, 2:])
    areas = np.prod(high - low, axis=1)

    def overlap(i: int, j: int) -> float:
        if areas[i] <= 0 or areas[j] <= 0:
            return 0.0
        sides = np.minimum(high[i], high[j]) - np.maximum(low[i], low[j])
        both = float(np.prod(np.maximum(sides, 0)))
        return both / float(areas[i] + areas[j] - both)

    return overlap


def select(
    scores: Array,
    overlap: Callable[[int, int], float],
    most: int,
    threshold: float,
    least: float,
    sigma: float = 0.0,
) -> tuple[list[int], list[float]]:
    """The best boxes and their scores, each lowered by those it overlaps.

    Without `sigma` a box that overlaps a better one by more than `threshold` is left
    out. N. Bodla and others, "Soft-NMS" (ICCV 2017), lower its score instead.
    """
    scale = -0.5 / sigma if sigma > 0 else 0.0
    waiting = [(-float(s), i, 0) for i, s in enumerate(scores) if s > least]
    heapq.heapify(waiting)
    chosen: list[int] = []
    kept: list[float] = []
    while len(chosen) < most and waiting:
        negative, i, seen = heapq.heappop(waiting)
        before = score = -negative
        suppressed = False
        for j in reversed(chosen[seen:]):
            shared = overlap(i, j)
            if sigma > 0:
                score *= math.exp(scale * shared * shared)
            elif shared > threshold:
                suppressed = True
                break
            if score <= least:
                break
        if suppressed:
            continue
        if score == before:
            chosen.append(i)
            kept.append(score)
        elif score > least:
            heapq.heappush(waiting, (-score, i, len(chosen)))
    return chosen, kept


def _check(op: str, boxes: Array, scores: Array, threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise _refused(op, "iou_threshold must be in [0, 1]", f"it is {threshold}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise _refused(op, "boxes must have shape (n, 4)", f"shape is {boxes.shape}")
    if scores.shape != boxes.shape[:1]:
        raise _refused(
            op,
            "there must be a score for each box",
            f"boxes have shape {boxes.shape}, scores {scores.shape}",
        )


def _suppressed(
    boxes: Array,
    scores: Array,
    max_output_size: int,
    iou_threshold: float,
    score_threshold: float,
) -> Array:
    _check("image.non_max_suppression", boxes, scores, iou_threshold)
    wide = boxes.astype(np.float32)
    chosen, _ = select(
        scores, pairwise_overlap(wide), max_output_size, iou_threshold, score_threshold
    )
    return np.array(chosen, np.int32)


suppression_op: Op = define(
    "NonMaxSuppressionV3",
    types=(_FLOATS, 0, None, None, None),
    kernel=_suppressed,
    infer=lambda *inputs: Spec((None,), dtypes.int32),
)


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Tensor:
    """The best boxes, without those that overlap a better one.

    Args:
        boxes: ``(n, 4)``, each by two opposite corners ``(y1, x1, y2, x2)``.
        scores: how good each is, ``(n,)``.
        max_output_size: how many to choose at most.
        iou_threshold: how much of their union two chosen ones may share.
        score_threshold: boxes with this score or less do not count.
        name: ignored when eager.

    Returns:
        The numbers of the chosen boxes, int32, best first.

    Raises:
        InvalidArgumentError: where shapes do not fit, or a threshold is out of range.

    Example:
        >>> import rillet as tf
        >>> boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [2.0, 2.0, 3.0, 3.0]]
        >>> tf.image.non_max_suppression(boxes, [0.9, 0.8, 0.7], 3).numpy().tolist()
        [0, 2]
    """
    count = integer("image.non_max_suppression", "max_output_size", max_output_size)
    return suppression_op.run(
        boxes, scores, count, float(plain(iou_threshold)), float(plain(score_threshold))
    )


def _soft(
    boxes: Array,
    scores: Array,
    max_output_size: int,
    iou_threshold: float,
    score_threshold: float,
    soft_nms_sigma: float,
    pad_to_max_output_size: bool = False,
) -> tuple[Array, Array, Array]:
    op = "image.non_max_suppression_with_scores"
    _check(op, boxes, scores, iou_threshold)
    if soft_nms_sigma < 0:
        raise _refused(op, "soft_nms_sigma must be >= 0", f"it is {soft_nms_sigma}")
    wide = boxes.astype(np.float32)
    chosen, kept = select(
        scores,
        pairwise_overlap(wide),
        max_output_size,
        iou_threshold,
        score_threshold,
        soft_nms_sigma,
    )
    valid = len(chosen)
    if pad_to_max_output_size:
        chosen += [0] * (max_output_size - valid)
        kept += [0.0] * (max_output_size - valid)
    return (
        np.array(chosen, np.int32),
        np.array(kept, scores.dtype),
        np.array(valid, np.int32),
    )


soft_suppression_op: Op = define(
    "NonMaxSuppressionV5",
    types=(_FLOATS, 0, None, None, None, None),
    kernel=_soft,
    infer=lambda boxes, *rest, **attrs: (
        Spec((None,), dtypes.int32),
        Spec((None,), boxes.dtype),
        Spec((), dtypes.int32),
    ),
    attrs={"pad_to_max_output_size": False},
    outputs=3,
)


def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    soft_nms_sigma: Any = 0.0,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The best boxes and their scores, lowered where boxes overlap.

    Args:
        boxes: as in `non_max_suppression`.
        scores: as in `non_max_suppression`.
        max_output_size: as in `non_max_suppression`.
        iou_threshold: as in `non_max_suppression`; 1 to lower scores only.
        score_threshold: boxes with this score or less do not count.
        soft_nms_sigma: how gently scores are lowered; 0 to leave boxes out instead.
        name: ignored when eager.

    Returns:
        The numbers of the chosen boxes, int32, and their scores.

    Raises:
        InvalidArgumentError: as in `non_max_suppression`.
    """
    op = "image.non_max_suppression_with_scores"
    chosen, kept, _ = soft_suppression_op.run(
        boxes,
        scores,
        integer(op, "max_output_size", max_output_size),
        float(plain(iou_threshold)),
        float(plain(score_threshold)),
        float(plain(soft_nms_sigma)),
        pad_to_max_output_size=False,
    )
    return chosen, kept


def _by_overlaps(
    overlaps: Array,
    scores: Array,
    max_output_size: int,
    overlap_threshold: float,
    score_threshold: float,
) -> Array:
    if overlaps.shape != (scores.size, scores.size):
        raise _refused(
            "image.non_max_suppression_overlaps",
            "overlaps must be square, with a row for each score",
            f"overlaps have shape {overlaps.shape}, scores {scores.shape}",
        )
    chosen, _ = select(
        scores,
        lambda i, j: float(overlaps[i, j]),
        max_output_size,
        overlap_threshold,
        score_threshold,
    )
    return np.array(chosen, np.int32)


overlaps_op: Op = define(
    "NonMaxSuppressionWithOverlaps",
    types=(type_set(dtypes.float32), 0, None, None, None),
    kernel=_by_overlaps,
    infer=lambda *inputs: Spec((None,), dtypes.int32),
)


def non_max_suppression_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Tensor:
    """`non_max_suppression` of boxes whose overlaps, ``(n, n)``, are given."""
    op = "image.non_max_suppression_overlaps"
    return overlaps_op.run(
        overlaps,
        scores,
        integer(op, "max_output_size", max_output_size),
        float(plain(overlap_threshold)),
        float(plain(score_threshold)),
    )


def _draw(images: Array, boxes: Array, colors: Array) -> Array:
    op = "image.draw_bounding_boxes"
    depth = images.shape[-1] if images.ndim == 4 else 0
    if depth not in (1, 3, 4):
        raise _refused(
            op,
            "images must have 4 dimensions, and 1, 3 or 4 channels",
            f"shape is {images.shape}",
        )
    if boxes.ndim != 3 or boxes.shape[::2] != (len(images), 4):
        raise _refused(
            op,
            "boxes must have shape (batch, boxes, 4)",
            f"shape is {boxes.shape}, there are {len(images)} images",
        )
    if colors.size and colors.shape[-1] < depth:
        raise _refused(
            op,
            f"colors must have {depth} channels at least",
            f"shape is {colors.shape}",
        )
    table = colors if colors.size else _COLORS.copy()
    if not colors.size and depth == 1:
        table[:, 0] = 1
    out = images.copy()
    for image, frames in zip(out, boxes, strict=True):
        for number, box in enumerate(frames.tolist()):
            color = table[number % len(table), :depth].astype(out.dtype)
            _frame(image, box, color)
    return out


def _frame(image: Array, box: list[float], color: Array) -> None:
    """Draw one frame, as far as it lies on the image."""
    height, width = image.shape[:2]
    top, left, bottom, right = (
        int(side * (size - 1))
        for side, size in zip(box, (height, width, height, width), strict=True)
    )
    if top > bottom or left > right or bottom < 0 or right < 0:
        return
    if top >= height or left >= width:
        return
    rows = slice(max(top, 0), min(bottom, height - 1) + 1)
    columns = slice(max(left, 0), min(right, width - 1) + 1)
    for row in (top, bottom):
        if 0 <= row < height:
            image[row, columns] = color
    for column in (left, right):
        if 0 <= column < width:
            image[rows, column] = color


draw_op: Op = define(
    "DrawBoundingBoxesV2",
    types=(FLOATING, type_set(dtypes.float32), type_set(dtypes.float32)),
    kernel=_draw,
    infer=lambda images, boxes, colors: images,
)


def draw_bounding_boxes(
    images: Any, boxes: Any, colors: Any, name: str | None = None
) -> Tensor:
    """Images with frames drawn on them.

    Args:
        images: ``(batch, height, width, channels)``, floats, 1, 3 or 4 channels.
        boxes: ``(batch, boxes, 4)``, sides as parts of height and width.
        colors: a colour for each box, used in turn; None for a list of ten.
        name: ignored when eager.

    Returns:
        Images in the same shape and type.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> drawn = tf.image.draw_bounding_boxes(
        ...     tf.zeros([1, 3, 3, 1]), [[[0.0, 0.0, 1.0, 1.0]]], [[1.0]])
        >>> drawn.numpy()[0, :, :, 0].tolist()
        [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    """
    table = np.zeros((0, 0), np.float32) if colors is None else colors
    return draw_op.run(
        images, typed(boxes, dtypes.float32), typed(table, dtypes.float32)
    )
