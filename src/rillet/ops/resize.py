"""`tf.image.resize` and its kin: images in another size.

In flow images of 3 or 4 dimensions; out flow images, float32 save for the nearest
neighbour. The arithmetic stands in `ops.resize_kernels`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops.array import stack
from rillet.ops.casting import cast
from rillet.ops.elementwise import minimum
from rillet.ops.extents import known, larger
from rillet.ops.host import integer, integers, is_symbolic, plain
from rillet.ops.image_frames import pad_to_bounding_box
from rillet.ops.image_rules import batched, refused
from rillet.ops.resize_kernels import (
    area_op,
    bicubic_op,
    bilinear_op,
    nearest_op,
    scale_op,
)
from rillet.ops.rounding import floor
from rillet.ops.rounding import round as round_
from rillet.ops.shaping import static_dims


class ResizeMethod:
    """The names of the ways to resize an image."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


#: Methods whose kernel widens where `antialias` is set, and all that know no other way.
_WIDENING: Final = {"bilinear": "triangle", "bicubic": "keyscubic"}
_SAMPLED: Final = ("lanczos3", "lanczos5", "gaussian", "mitchellcubic")


def _size(op: str, size: Any) -> Any:
    """Height and width, two integers; a vector where a graph does not know them."""
    parts = size if isinstance(size, list | tuple) else [size]
    if any(is_symbolic(part) for part in parts):
        return integers(op, "size", size)
    array = np.asarray(plain(size) if hasattr(size, "dtype") else size)
    if array.shape != (2,):
        raise refused(
            op,
            "'size' must be a 1-D Tensor of 2 elements: new_height, new_width",
            f"got {size!r}",
        )
    if array.dtype.kind not in "iu":
        raise refused(op, "'size' must be a 1-D int32 Tensor", f"got {size!r}")
    return int(array[0]), int(array[1])


def _scales(images: Any, size: Any) -> list[Any]:
    """New pixels an old one, down and to the right, in float32."""
    new, old = [size[0], size[1]], static_dims(images)[1:3]
    if known(*new, *old):
        return [np.float32(new[i]) / np.float32(old[i]) for i in range(2)]
    kind = dtypes.float32
    return [cast(new[i], kind) / cast(old[i], kind) for i in range(2)]


def _fitted(images: Any, size: Any) -> Any:
    """The largest size with the images' proportions inside `size`."""
    old, scales = static_dims(images)[1:3], _scales(images, size)
    if isinstance(scales[0], np.float32):
        # halves to even, as tf.round does
        scale = min(scales)
        height, width = (int(np.rint(scale * np.float32(old[i]))) for i in range(2))
        return height, width
    scale = minimum(*scales)
    parts = [round_(scale * cast(old[i], dtypes.float32)) for i in range(2)]
    return cast(stack(parts), dtypes.int32)


def _resized(images: Any, size: Any, method: str, antialias: bool) -> Any:
    if isinstance(size, tuple) and (images.shape[1], images.shape[2]) == size:
        return images if method == "nearest" else cast(images, dtypes.float32)
    if method == "nearest":
        return nearest_op.run(images, size, half_pixel_centers=True)
    if method == "area":
        return area_op.run(images, size)
    if method in _SAMPLED or antialias:
        scales = _scales(images, size)
        fixed = isinstance(scales[0], np.float32)
        return scale_op.run(
            images,
            size,
            tuple(map(float, scales)) if fixed else stack(scales),
            (0.0, 0.0),
            kernel_type=_WIDENING.get(method, method),
            antialias=antialias,
        )
    op = bilinear_op if method == "bilinear" else bicubic_op
    return op.run(images, size, half_pixel_centers=True)


def resize(
    images: Any,
    size: Any,
    method: str = ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Tensor:
    """Images in another size.

    Args:
        images: ``(batch, height, width, channels)``, or one image without the batch.
        size: the new height and width.
        method: ``"bilinear"``, ``"nearest"``, ``"bicubic"``, ``"area"``,
            ``"lanczos3"``, ``"lanczos5"``, ``"gaussian"`` or ``"mitchellcubic"``.
        preserve_aspect_ratio: keep the proportions; `size` is then the most.
        antialias: widen the kernel when making images smaller. ``"nearest"`` and
            ``"area"`` take no notice of it.
        name: ignored when eager.

    Returns:
        Images in float32; in their own type for ``"nearest"``.

    Raises:
        ValueError: where `images`, `size` or `method` is none.
        InvalidArgumentError: where a size is not positive.

    Example:
        >>> import rillet as tf
        >>> tf.image.resize([[[0.], [1.]]], [1, 4]).numpy().ravel().tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    if method not in _WIDENING and method not in ("nearest", "area", *_SAMPLED):
        raise refused(
            "image.resize",
            f"Resize method is not implemented: {method}",
            "it is one of bilinear, nearest, bicubic, area, " + ", ".join(_SAMPLED),
        )
    wanted = _size("image.resize", size)

    def change(batch: Any) -> Any:
        new = _fitted(batch, wanted) if preserve_aspect_ratio else wanted
        return _resized(batch, new, method, bool(antialias))

    return batched("image.resize", images, change, "images")


def resize_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: str = ResizeMethod.BILINEAR,
    antialias: bool = False,
) -> Tensor:
    """Images in another size, their proportions kept, zeros around.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        target_height: the new height.
        target_width: the new width.
        method: as in `resize`.
        antialias: as in `resize`.

    Returns:
        Images of that size, in float32 save for the nearest neighbour.

    Raises:
        ValueError: where a size is not positive.

    Example:
        >>> import rillet as tf
        >>> tf.image.resize_with_pad(tf.ones([2, 4, 3]), 4, 4).shape
        TensorShape([4, 4, 3])
    """
    op = "image.resize_with_pad"
    height = integer(op, "target_height", target_height)
    width = integer(op, "target_width", target_width)
    for label, value in (("target_height", height), ("target_width", width)):
        if known(value) and value <= 0:
            raise refused(op, f"{label} must be > 0", f"it is {value}")

    def change(batch: Any) -> Any:
        old, new = static_dims(batch)[1:3], (height, width)
        if known(*old, *new):
            ratio = max(old[1] / width, old[0] / height)
            parts = [side / ratio for side in old]
            inner = int(np.floor(parts[0])), int(np.floor(parts[1]))
            lack = [int(np.floor((new[i] - parts[i]) / 2)) for i in range(2)]
        else:
            wide = [cast(side, dtypes.float64) for side in old]
            ends = [cast(side, dtypes.float64) for side in new]
            ratio = larger(wide[1] / ends[1], wide[0] / ends[0])
            parts = [side / ratio for side in wide]
            inner = cast(floor(stack(parts)), dtypes.int32)
            lack = [
                cast(floor((ends[i] - parts[i]) / 2), dtypes.int32) for i in range(2)
            ]
        top, left = larger(0, lack[0]), larger(0, lack[1])
        small = resize(batch, inner, method, antialias=antialias)
        return pad_to_bounding_box(small, top, left, height, width)

    return batched(op, to_tensor(image), change, "image")
