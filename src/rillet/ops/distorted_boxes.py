"""Windows of an image chosen at random so that they show enough of an object.

In flow an image's sizes and the boxes of objects, out where to cut. Draws are
TensorFlow's, so one seed gives one window in both. `tf.image` shows these functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import INDEX, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import philox, seeds
from rillet.ops.image_rules import typed
from rillet.ops.registry import Op, define
from rillet.ops.seeds import Instance
from rillet.ops.stateful_random import kernel_stream

Array = np.ndarray[Any, Any]
Rectangle = tuple[int, int, int, int]

_F: Final = np.float32
_SIZES: Final = type_set(
    dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64
)
_SETTINGS: Final = {
    "aspect_ratio_range": (0.75, 1.33),
    "area_range": (0.05, 1.0),
    "max_attempts": 100,
    "use_image_if_no_bounding_boxes": False,
}


class Window(NamedTuple):
    """What is chosen: `begin` and `size` for `tf.slice`, the window as a box."""

    begin: Tensor
    size: Tensor
    bboxes: Tensor


def _refused(rule: str, values: str = "") -> InvalidArgumentError:
    op = "image.sample_distorted_bounding_box"
    return InvalidArgumentError(house_message(op, rule, values))


class _Words:
    """A stream read word by word."""

    def __init__(self, stream: philox.Stream) -> None:
        self._stream = stream
        self._words: list[int] = []
        self._next = 0

    def word(self) -> int:
        """The next 32 bits."""
        if not self._words:
            found = philox.blocks(self._stream.skip(self._next), 4)
            self._words = found.reshape(-1).tolist()[::-1]
            self._next += 4
        return self._words.pop()

    def real(self) -> np.float32:
        """A float from 0 to 1."""
        bits = np.array([self.word() & 0x7FFFFF | 0x3F800000], np.uint32)
        return _F(bits.view(np.float32)[0] - _F(1))

    def below(self, n: int) -> int:
        """An integer below `n`, each as likely."""
        if n & (n - 1) == 0:
            return 0 if n == 0 else self.word() & (n - 1)
        rest = 0xFFFFFFFF % n + 1
        while True:
            word = self.word()
            if word >= rest:
                return word % n


def _whole(value: Any) -> int:
    """The nearest integer; the even one of two."""
    return round(float(value))


def _crop(
    height: int, width: int, areas: Sequence[float], ratio: np.float32, words: _Words
) -> Rectangle | None:
    """One window of a shape, with an area between two; None where none fits."""
    least, most = (_F(_F(_F(a) * _F(width)) * _F(height)) for a in areas)
    tall = _whole(np.sqrt(_F(least / ratio)))
    tallest = _whole(np.sqrt(_F(most / ratio)))
    if _whole(_F(tallest) * ratio) > width:
        tallest = int(_F((width + 0.5 - 1e-7) / float(ratio)))
        if _whole(_F(tallest) * ratio) > width:
            tallest -= 1
    tallest = min(tallest, height)
    tall = min(tall, tallest)
    if tall < tallest:
        tall += words.below(tallest - tall + 1)
    wide = _whole(_F(tall) * ratio)
    if tall * wide < least:
        tall += 1
        wide = _whole(_F(tall) * ratio)
    if tall * wide > most:
        tall -= 1
        wide = _whole(_F(tall) * ratio)
    if not least <= tall * wide <= most:
        return None
    if wide > width or tall > height or wide <= 0 or tall <= 0:
        return None
    top = words.below(height - tall) if tall < height else 0
    left = words.below(width - wide) if wide < width else 0
    return top, left, top + tall, left + wide


def _shows(crop: Rectangle, boxes: list[Rectangle], least: float) -> bool:
    """Whether a window shows enough of one of the boxes."""
    for box in boxes:
        area = (box[2] - box[0]) * (box[3] - box[1])
        if area < 1:
            continue
        tall = min(crop[2], box[2]) - max(crop[0], box[0])
        wide = min(crop[3], box[3]) - max(crop[1], box[1])
        if _F(max(tall, 0) * max(wide, 0)) / _F(area) >= _F(least):
            return True
    return False


def _checked(size: Array, boxes: Array, attrs: dict[str, Any]) -> list[Rectangle]:
    if size.shape != (3,):
        raise _refused("image_size must contain 3 elements", f"{list(size.shape)}")
    if boxes.ndim != 3 or boxes.shape[2] != 4:
        raise _refused(
            "bounding boxes must have shape [batch, num_boxes, 4]", f"{boxes.shape}"
        )
    height, width = int(size[0]), int(size[1])
    if height <= 0 or width <= 0:
        raise _refused("image height and width must be positive", f"{height}x{width}")
    if attrs["max_attempts"] <= 0:
        raise _refused("max_attempts must be positive", f"{attrs['max_attempts']}")
    for name in ("aspect_ratio_range", "area_range"):
        low, high = attrs[name]
        if not (0 < low <= high and math.isfinite(high)):
            raise _refused(f"{name} must be positive and ascending", f"{attrs[name]}")
    if attrs["area_range"][1] > 1:
        raise _refused("area_range must end at 1 or before", f"{attrs['area_range']}")
    found = []
    for top, left, bottom, right in boxes.reshape(-1, 4):
        for value in (top, left, bottom, right):
            if not 0 <= value <= 1:
                raise _refused(
                    "All bounding box coordinates must be in [0.0, 1.0]", f"{value}"
                )
        found.append(
            (
                int(top * _F(height)),
                int(left * _F(width)),
                int(bottom * _F(height)),
                int(right * _F(width)),
            )
        )
    if not found:
        if not attrs["use_image_if_no_bounding_boxes"]:
            raise _refused(
                "No bounding boxes provided as input. One must enable"
                " use_image_if_no_bounding_boxes if you wish to not provide any"
                " bounding boxes"
            )
        found = [(0, 0, height, width)]
    return found


def _chosen(
    size: Array, boxes: Array, covered: Array, stream: philox.Stream, attrs: Any
) -> tuple[Array, Array, Array]:
    """Begin, size and box of the first window that shows enough, else of the image."""
    objects = _checked(size, boxes, attrs)
    least = float(covered)
    if least < 0:
        raise _refused("min_object_covered must be non-negative", f"{least}")
    height, width = int(size[0]), int(size[1])
    words = _Words(stream)
    low, high = (_F(r) for r in attrs["aspect_ratio_range"])
    crop: Rectangle = (0, 0, height, width)
    for _ in range(attrs["max_attempts"]):
        ratio = _F(_F(words.real() * _F(high - low)) + low)
        found = _crop(height, width, attrs["area_range"], ratio, words)
        if found is not None and _shows(found, objects, least):
            crop = found
            break
    top, left, bottom, right = crop
    sides = np.array([height, width, height, width], np.float32)
    return (
        np.array([top, left, 0], size.dtype),
        np.array([bottom - top, right - left, -1], size.dtype),
        (np.array(crop, np.float32) / sides).reshape(1, 1, 4),
    )


def _infer(size: Spec, *rest: Any, **attrs: Any) -> tuple[Spec, Spec, Spec]:
    three = Spec((3,), size.dtype)
    return three, three, Spec((1, 1, 4), dtypes.float32)


def _stateful(
    size: Array,
    boxes: Array,
    covered: Array,
    seed: int = 0,
    seed2: int = 0,
    _instance: Instance | None = None,
    **attrs: Any,
) -> tuple[Array, Array, Array]:
    name = "SampleDistortedBoundingBoxV2"
    held = kernel_stream(name, _instance, seed, seed2, *map(str, attrs.values()))
    # A generator reserves 32-bit samples in blocks of four, four for each attempt.
    stream = held.reserve(attrs["max_attempts"])
    return _chosen(size, boxes, covered, stream, attrs)


stateful_op: Op = define(
    "SampleDistortedBoundingBoxV2",
    types=(_SIZES, type_set(dtypes.float32), type_set(dtypes.float32)),
    kernel=_stateful,
    infer=_infer,
    attrs={"seed": 0, "seed2": 0, **_SETTINGS},
    outputs=3,
    effects="random",
)


def _stateless(
    size: Array, boxes: Array, covered: Array, seed: Array, **attrs: Any
) -> tuple[Array, Array, Array]:
    if seed.shape != (2,):
        raise _refused("seed must have shape [2]", f"not {list(seed.shape)}")
    return _chosen(size, boxes, covered, philox.scramble(seed), attrs)


stateless_op: Op = define(
    "StatelessSampleDistortedBoundingBox",
    types=(_SIZES, type_set(dtypes.float32), type_set(dtypes.float32), INDEX),
    kernel=_stateless,
    infer=_infer,
    attrs=dict(_SETTINGS),
    outputs=3,
)


def _settings(
    aspect_ratio_range: Any, area_range: Any, max_attempts: Any, use_image: Any
) -> dict[str, Any]:
    ratios = (0.75, 1.33) if aspect_ratio_range is None else aspect_ratio_range
    areas = (0.05, 1.0) if area_range is None else area_range
    return {
        "aspect_ratio_range": tuple(float(r) for r in ratios),
        "area_range": tuple(float(a) for a in areas),
        "max_attempts": 100 if max_attempts is None else int(max_attempts),
        "use_image_if_no_bounding_boxes": bool(use_image),
    }


def _inputs(image_size: Any, boxes: Any, covered: Any) -> tuple[Any, Any, Any]:
    return (
        typed(image_size, dtypes.int32),
        typed(boxes, dtypes.float32),
        typed(covered, dtypes.float32),
    )


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = 0,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Window:
    """A window of an image, at random, that shows enough of an object.

    Args:
        image_size: ``[height, width, channels]``, integers.
        bounding_boxes: ``(batch, boxes, 4)``, each ``(y1, x1, y2, x2)`` from 0 to 1.
        seed: the op's own seed, beside `tf.random.set_seed`'s; 0 or None for chance.
        min_object_covered: how much of one box the window has to show.
        aspect_ratio_range: width by height, from and to; 0.75 and 1.33 where None.
        area_range: the window's part of the image, from and to; 0.05 and 1 where None.
        max_attempts: how often to try before the whole image is taken; 100 where None.
        use_image_if_no_bounding_boxes: without boxes, let the image be the object.
        name: ignored when eager.

    Returns:
        `begin` and `size` for `tf.slice`, and the window, ``(1, 1, 4)``, as a box.

    Raises:
        InvalidArgumentError: for boxes outside the image, or none.

    Example:
        >>> import rillet as tf
        >>> begin, size, _ = tf.image.sample_distorted_bounding_box(
        ...     [8, 8, 3], [[[0.0, 0.0, 1.0, 1.0]]], min_object_covered=0.5)
        >>> tf.slice(tf.zeros([8, 8, 3]), begin, size).shape[2]
        3
    """
    given = seeds.op_attributes(seed) if seed else {"seed": 0, "seed2": 0}
    more = _settings(
        aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes
    )
    inputs = _inputs(image_size, bounding_boxes, min_object_covered)
    return Window(*stateful_op(*inputs, **given, **more))


def stateless_sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: Any,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Window:
    """`sample_distorted_bounding_box` that `seed`, two integers, alone decides."""
    more = _settings(
        aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes
    )
    inputs = _inputs(image_size, bounding_boxes, min_object_covered)
    return Window(*stateless_op(*inputs, typed(seed, dtypes.int32), **more))
