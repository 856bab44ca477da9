"""Images turned, moved, sheared and zoomed: one affine map for all of it.

In: arrays of images. Out: arrays. `image_generator` and `keras.preprocessing.image`
call these functions; what they compute is what SciPy's `ndimage.affine_transform` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.images import array_to_img, img_to_array
from rillet.keras.splines import at_places

Array = np.ndarray[Any, Any]


def _refused(op: str, rule: str, values: str) -> ValueError:
    return ValueError(house_message(op, rule, values))


def _product(a: Array, b: Array) -> Array:
    """Two small matrices multiplied."""
    return np.asarray((a[:, :, None] * b[None]).sum(1))


def _matrix(
    theta: float, tx: float, ty: float, shear: float, zx: float, zy: float
) -> Array | None:
    """The map from a place in the new image to one in the old; None for the same."""
    found: Array | None = None
    parts: list[list[list[float]]] = []
    if theta != 0:
        angle = np.deg2rad(theta)
        c, s = float(np.cos(angle)), float(np.sin(angle))
        parts.append([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    if tx != 0 or ty != 0:
        parts.append([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear != 0:
        angle = np.deg2rad(shear)
        c, s = float(np.cos(angle)), float(np.sin(angle))
        parts.append([[1, -s, 0], [0, c, 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        parts.append([[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    for part in parts:
        matrix = np.array(part, np.float64)
        found = matrix if found is None else _product(found, matrix)
    return found


def _centred(matrix: Array, height: int, width: int) -> Array:
    """The same map, about the middle of an image."""
    y, x = height / 2 - 0.5, width / 2 - 0.5
    there = np.array([[1, 0, y], [0, 1, x], [0, 0, 1]])
    back = np.array([[1, 0, -y], [0, 1, -x], [0, 0, 1]])
    return _product(_product(there, matrix), back)


def _indices(place: Array, size: int, mode: str) -> Array:
    """Whole places brought into the image."""
    if mode == "reflect":
        place = place % (2 * size)
        return np.minimum(place, 2 * size - 1 - place)
    return np.clip(place, 0, size - 1)


def _coordinates(place: Array, size: int, mode: str) -> tuple[Array, Array]:
    """Places brought into the image, and which of them lie in it."""
    last = size - 1
    inside = (place >= 0) & (place <= last)
    if mode == "nearest":
        return np.clip(place, 0, last), np.ones_like(inside)
    if mode == "wrap":
        return (place if last < 1 else np.where(inside, place, place % last)), (
            np.ones_like(inside)
        )
    if mode == "reflect":
        return place, np.ones_like(inside)
    return np.where(inside, place, 0), inside


def _sampled(
    image: Array, rows: Array, columns: Array, order: int, mode: str, cval: float
) -> Array:
    """``(height, width, channels)`` at places between pixels."""
    height, width = image.shape[:2]
    wanted = rows, columns
    rows, in_rows = _coordinates(rows, height, mode)
    columns, in_columns = _coordinates(columns, width, mode)
    wide = image.astype(np.float64)

    def at(y: Array, x: Array) -> Array:
        own_y = _indices(y.astype(np.int64), height, mode)
        own_x = _indices(x.astype(np.int64), width, mode)
        return np.asarray(wide[own_y, own_x])

    if order == 0:
        found = at(np.floor(rows + 0.5), np.floor(columns + 0.5))
    elif order > 1:
        # edges that go on do so before the spline is laid through all pixels
        rows, columns = wanted if mode == "nearest" else (rows, columns)
        found = at_places(wide, rows, columns, order, mode)
    else:
        top, left = np.floor(rows), np.floor(columns)
        down, right = (rows - top)[..., None], (columns - left)[..., None]
        upper = at(top, left) * (1 - right) + at(top, left + 1) * right
        lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
        found = upper * (1 - down) + lower * down
    inside = (in_rows & in_columns)[..., None]
    found = np.where(inside, found, cval)
    if np.issubdtype(image.dtype, np.integer):
        found = np.floor(found + 0.5)
    return found.astype(image.dtype)


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Any:
    """An image turned, moved, sheared and zoomed about its middle.

    Args:
        x: one image, three axes.
        theta: how far to turn, in degrees.
        tx: how far to move to the left, in pixels.
        ty: how far to move up.
        shear: how far to shear, in degrees.
        zx: the part of the width that is shown.
        zy: the part of the height that is shown.
        row_axis: the axis of rows.
        col_axis: the axis of columns.
        channel_axis: the axis of channels.
        fill_mode: ``"constant"``, ``"nearest"``, ``"reflect"`` or ``"wrap"``.
        cval: what stands outside the image with ``"constant"``.
        order: 0 for the nearest pixel, 1 for a mean of four, 2 to 5 for splines.

    Returns:
        The image in the same shape and type.

    Raises:
        ValueError: for axes or modes that do not fit.
        RuntimeError: for another order.

    Example:
        >>> import numpy as np
        >>> x = np.arange(4.0).reshape(2, 2, 1)
        >>> apply_affine_transform(
        ...     x, tx=1, row_axis=0, col_axis=1, channel_axis=2)[..., 0].tolist()
        [[1.0, 1.0], [3.0, 3.0]]
    """
    op = "apply_affine_transform"
    if fill_mode not in ("constant", "nearest", "reflect", "wrap"):
        raise _refused(op, "fill_mode is unknown", f"fill_mode={fill_mode!r}")
    if len({row_axis, col_axis, channel_axis}) != 3:
        raise _refused(
            op,
            "'row_axis', 'col_axis', and 'channel_axis' must be distinct",
            f"{(row_axis, col_axis, channel_axis)}",
        )
    if {row_axis % 3, col_axis % 3, channel_axis % 3} != {0, 1, 2} or x.ndim != 3:
        raise _refused(op, "Input arrays must be multi-channel 2D images", f"{x.shape}")
    if order not in range(6):
        raise RuntimeError(
            house_message(op, "spline order not supported: 0 to 5", f"order={order}")
        )
    matrix = _matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    axes = (row_axis, col_axis, channel_axis)
    image = np.transpose(x, axes)
    height, width = image.shape[:2]
    matrix = _centred(matrix, height, width)
    if col_axis > row_axis:  # its first coordinate is the horizontal one
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    down, right = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    rows = matrix[0, 0] * down + matrix[0, 1] * right + matrix[0, 2]
    columns = matrix[1, 0] * down + matrix[1, 1] * right + matrix[1, 2]
    found = _sampled(image, rows, columns, order, fill_mode, cval)
    return np.transpose(found, np.argsort(axes))


def flip_axis(x: Any, axis: int) -> Any:
    """An array mirrored along an axis."""
    return np.flip(np.asarray(x), axis)


def random_rotation(
    x: Any,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Any:
    """An image turned at random by up to `rg` degrees; see `apply_affine_transform`."""
    more = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(x, theta, 0, 0, 0, 1, 1, *more)


def random_shift(
    x: Any,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Any:
    """An image moved at random by up to parts of its width and height."""
    more = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(x, 0, tx, ty, 0, 1, 1, *more)


def random_shear(
    x: Any,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Any:
    """An image sheared at random by up to `intensity` degrees."""
    more = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(x, 0, 0, 0, shear, 1, 1, *more)


def random_zoom(
    x: Any,
    zoom_range: Any,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> Any:
    """An image zoomed at random, height and width each by a factor of its own.

    Raises:
        ValueError: where `zoom_range` is not two numbers.
    """
    if len(zoom_range) != 2:
        raise _refused(
            "random_zoom",
            "`zoom_range` should be a tuple or list of two floats",
            f"{zoom_range}",
        )
    more = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    zx: float = 1
    zy: float = 1
    if zoom_range[0] != 1 or zoom_range[1] != 1:
        zx, zy = np.random.uniform(zoom_range[0], zoom_range[1], 2)
    return apply_affine_transform(x, 0, 0, 0, 0, zx, zy, *more)


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> Any:
    """Channels made larger by a number, cut off at what the image had."""
    return np.clip(x + intensity, np.min(x), np.max(x)).astype(x.dtype, copy=False)


def random_channel_shift(x: Any, intensity_range: float, channel_axis: int = 0) -> Any:
    """Channels made larger or smaller at random by up to `intensity_range`."""
    shift = np.random.uniform(-intensity_range, intensity_range)
    return apply_channel_shift(x, shift, channel_axis)


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> Any:
    """An image made brighter or darker by a factor; Pillow does it, in bytes.

    Args:
        x: one image.
        brightness: the factor.
        scale: whether to bring values to 0 to 255 first.
    """
    from PIL import ImageEnhance

    least, most = np.min(x), np.max(x)
    outside = bool(least < 0 or most > 255)
    image = array_to_img(x, scale=outside or scale)
    found = img_to_array(ImageEnhance.Brightness(image).enhance(brightness))
    if not scale and outside:
        found = found / 255 * (most - least) + least
    return found


def random_brightness(x: Any, brightness_range: Any, scale: bool = True) -> Any:
    """An image made brighter or darker by a random factor.

    Raises:
        ValueError: where `brightness_range` is not two numbers.
    """
    if len(brightness_range) != 2:
        raise _refused(
            "random_brightness",
            "`brightness_range` should be tuple or list of two floats",
            f"{brightness_range}",
        )
    factor = np.random.uniform(brightness_range[0], brightness_range[1])
    return apply_brightness_shift(x, factor, scale)
