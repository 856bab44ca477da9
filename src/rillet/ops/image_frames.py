"""Images cut, padded, flipped and turned: their pixels stay as they are.

In flow images of 3 or 4 dimensions, or more for turns; `tf.image` shows these.
"""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.extents import known, larger, smaller
from rillet.ops.host import integer, plain
from rillet.ops.image_rules import batched, image_tensor, refused
from rillet.ops.rearrange import reverse
from rillet.ops.shaping import static_dims
from rillet.ops.strided import slice_
from rillet.ops.tiling import pad
from rillet.ops.transposes import transpose as permuted


def flip_left_right(image: Any) -> Tensor:
    """Images mirrored left to right.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.

    Returns:
        Images in the same shape.

    Raises:
        ValueError: where there are fewer than three dimensions.

    Example:
        >>> import rillet as tf
        >>> tf.image.flip_left_right([[[1.], [2.]]]).numpy().ravel().tolist()
        [2.0, 1.0]
    """
    image = image_tensor("image.flip_left_right", image)
    return reverse(image, [-2])


def flip_up_down(image: Any) -> Tensor:
    """Images mirrored top to bottom; see `flip_left_right`."""
    image = image_tensor("image.flip_up_down", image)
    return reverse(image, [-3])


def transpose(image: Any, name: str | None = None) -> Tensor:
    """Images with rows and columns exchanged.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        name: ignored when eager.

    Returns:
        Images ``(…, width, height, channels)``.

    Example:
        >>> import rillet as tf
        >>> tf.image.transpose(tf.zeros([2, 3, 1])).shape
        TensorShape([3, 2, 1])
    """
    image = image_tensor("image.transpose", image)
    rank = image.shape.rank
    return permuted(image, [*range(rank - 3), rank - 2, rank - 3, rank - 1])


def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Images turned by quarters, counter-clockwise.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        k: how many quarters; negative for clockwise.
        name: ignored when eager.

    Returns:
        Images; height and width are exchanged where `k` is odd.

    Example:
        >>> import rillet as tf
        >>> tf.image.rot90([[[1.], [2.]]]).numpy().ravel().tolist()
        [2.0, 1.0]
    """
    image = image_tensor("image.rot90", image)
    rows = image.shape.rank - 3
    turns = integer("image.rot90", "k", k) % 4
    if turns == 1:
        return reverse(transpose(image), [rows])
    if turns == 2:
        return reverse(image, [rows, rows + 1])
    if turns == 3:
        return reverse(transpose(image), [rows + 1])
    return image


def crop_to_bounding_box(
    image: Any,
    offset_height: Any,
    offset_width: Any,
    target_height: Any,
    target_width: Any,
) -> Tensor:
    """A part of images.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        offset_height: the first row.
        offset_width: the first column.
        target_height: how many rows.
        target_width: how many columns.

    Returns:
        Images of that size.

    Raises:
        ValueError: where the part reaches outside.

    Example:
        >>> import rillet as tf
        >>> tf.image.crop_to_bounding_box(tf.ones([5, 5, 3]), 1, 1, 2, 3).shape
        TensorShape([2, 3, 3])
    """
    op = "image.crop_to_bounding_box"
    top, left = integer(op, "top", offset_height), integer(op, "left", offset_width)
    height = integer(op, "target_height", target_height)
    width = integer(op, "target_width", target_width)

    def change(batch: Any) -> Any:
        dims = static_dims(batch)
        for label, start, size, old in (
            ("height", top, height, dims[1]),
            ("width", left, width, dims[2]),
        ):
            if known(start) and start < 0:
                raise refused(op, f"offset_{label} must be >= 0", f"it is {start}")
            if known(size) and size <= 0:
                raise refused(op, f"target_{label} must be > 0", f"it is {size}")
            if known(start, size, old) and start + size > old:
                raise refused(
                    op,
                    f"{label} must be >= target + offset",
                    f"{label} is {old}, target {size}, offset {start}",
                )
        return slice_(batch, [0, top, left, 0], [-1, height, width, -1])

    return batched(op, image, change, "image")


def pad_to_bounding_box(
    image: Any,
    offset_height: Any,
    offset_width: Any,
    target_height: Any,
    target_width: Any,
) -> Tensor:
    """Images with zeros around.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        offset_height: how many rows of zeros stand above.
        offset_width: how many columns of zeros stand left.
        target_height: the new height.
        target_width: the new width.

    Returns:
        Images of that size.

    Raises:
        ValueError: where the images do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.image.pad_to_bounding_box(tf.ones([1, 1, 3]), 1, 1, 3, 3).shape
        TensorShape([3, 3, 3])
    """
    op = "image.pad_to_bounding_box"
    top, left = integer(op, "top", offset_height), integer(op, "left", offset_width)
    height = integer(op, "target_height", target_height)
    width = integer(op, "target_width", target_width)

    def change(batch: Any) -> Any:
        around = []
        dims = static_dims(batch)
        for label, start, size, old in (
            ("height", top, height, dims[1]),
            ("width", left, width, dims[2]),
        ):
            if known(start) and start < 0:
                raise refused(op, f"offset_{label} must be >= 0", f"it is {start}")
            if known(start, size, old) and size - start < old:
                raise refused(
                    op,
                    f"{label} must be <= target - offset",
                    f"{label} is {old}, target {size}, offset {start}",
                )
            around.append([start, size - start - old])
        sides = known(*around[0], *around[1])
        if sides and not any(map(any, around)):
            return batch
        padded = pad(batch, [[0, 0], *around, [0, 0]])
        return padded if sides else _of_size(padded, batch.shape, height, width)

    return batched(op, image, change, "image")


def _of_size(images: Any, old: Any, height: Any, width: Any) -> Any:
    """Padded images whose size a graph cannot see by itself."""
    sizes = [size if known(size) else None for size in (height, width)]
    images.set_shape([old[0], *sizes, old[3]])
    return images


def resize_with_crop_or_pad(
    image: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Images cut or padded with zeros, evenly on both sides, to a size.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        target_height: the new height.
        target_width: the new width.

    Returns:
        Images of that size.

    Raises:
        ValueError: where a size is not positive.

    Example:
        >>> import rillet as tf
        >>> tf.image.resize_with_crop_or_pad(tf.ones([2, 6, 1]), 4, 4).shape
        TensorShape([4, 4, 1])
    """
    op = "image.resize_with_crop_or_pad"
    height = integer(op, "target_height", target_height)
    width = integer(op, "target_width", target_width)
    for label, size in (("target_height", height), ("target_width", width)):
        if known(size) and size <= 0:
            raise refused(op, f"{label} must be > 0", f"it is {size}")

    def change(batch: Any) -> Any:
        old = static_dims(batch)[1:3]
        # half of what is missing or too much; odd rests go to the end
        lack = height - old[0], width - old[1]
        cut = [larger(-d, 0) // 2 for d in lack]
        add = [larger(d, 0) // 2 for d in lack]
        kept = smaller(height, old[0]), smaller(width, old[1])
        inner = crop_to_bounding_box(batch, cut[0], cut[1], kept[0], kept[1])
        return pad_to_bounding_box(inner, add[0], add[1], height, width)

    return batched(op, image, change, "image")


def _outside(size: Any, fraction: float) -> Any:
    """How many pixels lie before the middle part."""
    if known(size):
        return int((size - size * fraction) / 2)
    whole = cast(size, dtypes.float64)
    return cast((whole - whole * fraction) / 2, dtypes.int32)


def central_crop(image: Any, central_fraction: Any) -> Tensor:
    """The middle of images.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        central_fraction: how much of height and width to keep, more than 0, at most 1.

    Returns:
        Smaller images; the very same where the fraction is 1.

    Raises:
        ValueError: where the fraction is no such number.

    Example:
        >>> import rillet as tf
        >>> tf.image.central_crop(tf.ones([4, 8, 3]), 0.5).shape
        TensorShape([2, 4, 3])
    """
    fraction = float(plain(central_fraction))
    if not 0.0 < fraction <= 1.0:
        raise refused(
            "image.central_crop",
            "central_fraction must be within (0, 1]",
            f"it is {fraction}",
        )

    def change(batch: Any) -> Any:
        if fraction == 1.0:
            return batch
        old = static_dims(batch)[1:3]
        starts = [_outside(d, fraction) for d in old]
        sizes = [d - 2 * s for d, s in zip(old, starts, strict=True)]
        return slice_(batch, [0, *starts, 0], [-1, *sizes, -1])

    return batched("image.central_crop", image, change, "image")
