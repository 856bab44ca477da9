"""What images differ in: gradients, edges, variation, PSNR and SSIM.

In flow images ``(…, height, width, channels)``; out flow numbers for each image, or
images of differences. `tf.image` shows these functions.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.tensor import Tensor
from rillet.ops.activations import relu
from rillet.ops.arithmetic import squared_difference
from rillet.ops.array import stack
from rillet.ops.casting import cast
from rillet.ops.convolutions import depthwise_conv2d
from rillet.ops.elementwise import abs as absolute
from rillet.ops.elementwise import log
from rillet.ops.extents import known
from rillet.ops.image_rules import refused
from rillet.ops.image_types import convert_image_dtype
from rillet.ops.pool_functions import avg_pool2d
from rillet.ops.reduce import reduce_mean, reduce_prod
from rillet.ops.shaping import could_match, reduce_sum, reshape, static_dims
from rillet.ops.tiling import pad, tile

_SOBEL: Final = ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0))
_MSSSIM_WEIGHTS: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """How far each pixel is from the one below and from the one to its right.

    Args:
        image: ``(batch, height, width, channels)``.

    Returns:
        Two tensors of that shape; the last row, the last column are 0.

    Raises:
        ValueError: where there are other than 4 dimensions.

    Example:
        >>> import rillet as tf
        >>> down, right = tf.image.image_gradients([[[[1.0], [4.0]]]])
        >>> right.numpy().ravel().tolist()
        [3.0, 0.0]
    """
    image = to_tensor(image)
    if image.shape.rank != 4:
        raise refused(
            "image.image_gradients",
            "image_gradients expects a 4D tensor [batch_size, h, w, d]",
            f"not {image.shape}",
        )
    down = image[:, 1:] - image[:, :-1]
    right = image[:, :, 1:] - image[:, :, :-1]
    none = [0, 0]
    return (
        pad(down, [none, [0, 1], none, none]),
        pad(right, [none, none, [0, 1], none]),
    )


def sobel_edges(image: Any) -> Tensor:
    """The slopes of images by Sobel's filters.

    Args:
        image: ``(batch, height, width, channels)``, floats.

    Returns:
        ``(batch, height, width, channels, 2)``: down and to the right.

    Example:
        >>> import rillet as tf
        >>> tf.image.sobel_edges(tf.ones([1, 4, 5, 3])).shape
        TensorShape([1, 4, 5, 3, 2])
    """
    image = to_tensor(image)
    dims = static_dims(image)
    down = np.array(_SOBEL)
    filters = cast(np.stack([down, down.T], -1)[:, :, None], image.dtype)
    kernel = tile(filters, [1, 1, dims[-1], 1])
    none = [0, 0]
    padded = pad(image, [none, [1, 1], [1, 1], none], mode="REFLECT")
    slopes = depthwise_conv2d(padded, kernel, [1, 1, 1, 1], "VALID")
    return reshape(slopes, [*dims, 2])


def total_variation(images: Any, name: str | None = None) -> Tensor:
    """The sum of distances between neighbouring pixels: how noisy images are.

    Args:
        images: ``(batch, height, width, channels)``, or one image without the batch.
        name: ignored when eager.

    Returns:
        A number for each image.

    Raises:
        ValueError: where there are neither 3 nor 4 dimensions.

    Example:
        >>> import rillet as tf
        >>> tf.image.total_variation([[[1.0], [4.0], [2.0]]]).numpy()
        np.float32(5.0)
    """
    images = to_tensor(images)
    rank = images.shape.rank
    if rank not in (3, 4):
        raise refused(
            "image.total_variation",
            "'images' must be either 3 or 4-dimensional",
            f"shape is {images.shape}",
        )
    down = images[..., 1:, :, :] - images[..., :-1, :, :]
    right = images[..., :, 1:, :] - images[..., :, :-1, :]
    axes = [-3, -2, -1] if rank == 4 else None
    return reduce_sum(absolute(down), axes) + reduce_sum(absolute(right), axes)


def _pair(op: str, a: Any, b: Any, max_val: Any) -> tuple[Any, Any, Any]:
    """Two images and the largest value, in floats from 0 to 1."""
    a, b = to_tensor(a), to_tensor(b)
    first, second = tuple(a.shape.as_list()), tuple(b.shape.as_list())
    if min(len(first), len(second)) < 3 or not could_match(first[-3:], second[-3:]):
        raise refused(
            op,
            f"Shapes {a.shape} and {b.shape} are incompatible",
            "height, width and channels must be the same, and 3 dimensions at least",
        )
    try:
        broadcast_dims(op, first[:-3], second[:-3])
    except InvalidArgumentError:
        raise refused(
            op,
            "Two images are not compatible",
            f"shapes are {a.shape} and {b.shape}",
        ) from None
    most = convert_image_dtype(cast(max_val, a.dtype), dtypes.float32)
    one = convert_image_dtype(a, dtypes.float32)
    return one, convert_image_dtype(b, dtypes.float32), most


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """The peak signal to noise ratio between images, in decibels.

    Args:
        a: images of three dimensions or more.
        b: images whose shape broadcasts with that of `a`.
        max_val: the largest value that pixels can have.
        name: ignored when eager.

    Returns:
        A float32 for each image; infinite where they are the same.

    Raises:
        ValueError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> float(tf.image.psnr(tf.zeros([2, 2, 1]), tf.ones([2, 2, 1]), 10.0))
        20.0
    """
    one, other, most = _pair("image.psnr", a, b, max_val)
    error = reduce_mean(squared_difference(one, other), [-3, -2, -1])
    ten = math.log(10.0)
    return 20 * log(most) / ten - np.float32(10 / ten) * log(error)


def _gauss(size: int, sigma: float) -> Any:
    """A square window of Gauss's bell whose weights add up to 1."""
    x = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    power = -0.5 * np.square(x) / np.float32(sigma**2)
    bell = np.exp(power[None, :] + power[:, None])
    return (bell / bell.sum()).astype(np.float32)


def _smoothed(x: Any, kernel: Any) -> Any:
    dims = static_dims(x)
    flat = reshape(x, [-1, *dims[-3:]])
    y = depthwise_conv2d(flat, kernel, [1, 1, 1, 1], "VALID")
    return reshape(y, [*dims[:-3], *static_dims(y)[1:]])


def _similarity(
    x: Any, y: Any, most: Any, size: int, sigma: float, k1: float, k2: float
) -> tuple[Any, Any]:
    """Maps of SSIM, and of its part for contrast and structure.

    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment:
    from error visibility to structural similarity", IEEE TIP 13 (2004).
    """
    height, width, channels = static_dims(x)[-3:]
    if any(known(side) and side < size for side in (height, width)):
        raise InvalidArgumentError(
            house_message(
                "image.ssim",
                "images must be as large as the filter",
                f"images are {height} by {width}, filter_size is {size}",
                "Give a smaller filter_size",
            )
        )
    kernel = tile(_gauss(size, sigma)[:, :, None, None], [1, 1, channels, 1])
    c1, c2 = (k1 * most) ** 2, (k2 * most) ** 2
    mean_x, mean_y = _smoothed(x, kernel), _smoothed(y, kernel)
    both, squares = mean_x * mean_y * 2.0, mean_x**2 + mean_y**2
    luminance = (both + c1) / (squares + c1)
    cross, power = _smoothed(x * y, kernel) * 2.0, _smoothed(x**2 + y**2, kernel)
    structure = (cross - both + c2) / (power - squares + c2)
    return luminance * structure, structure


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    return_index_map: bool = False,
) -> Tensor:
    """The structural similarity of images: 1 where they are the same.

    Args:
        img1: images of three dimensions or more.
        img2: images whose shape broadcasts with that of `img1`.
        max_val: the largest value that pixels can have.
        filter_size: the width of the window.
        filter_sigma: the deviation of its bell.
        k1: steadies the comparison of brightness.
        k2: steadies the comparison of contrast.
        return_index_map: give a number for each place instead of each image.

    Returns:
        Numbers from -1 to 1, float32.

    Raises:
        ValueError: where shapes do not fit.
        InvalidArgumentError: where images are smaller than the window.

    Example:
        >>> import rillet as tf
        >>> x = tf.ones([16, 16, 1])
        >>> float(tf.image.ssim(x, x, 1.0))
        1.0
    """
    x, y, most = _pair("image.ssim", img1, img2, max_val)
    found, _ = _similarity(x, y, most, filter_size, filter_sigma, k1, k2)
    if return_index_map:
        return reduce_mean(found, [-1])
    return reduce_mean(reduce_mean(found, [-3, -2]), [-1])


def _halved(x: Any) -> Any:
    """Images of half the size; an odd row or column is doubled first."""
    dims = static_dims(x)
    flat = reshape(x, [-1, *dims[-3:]])
    odd = [size % 2 for size in dims[-3:-1]]
    if not known(*odd) or any(odd):
        around = [[0, 0], [0, odd[0]], [0, odd[1]], [0, 0]]
        flat = pad(flat, around, mode="SYMMETRIC")
    small = avg_pool2d(flat, 2, 2, "VALID")
    return reshape(small, [*dims[:-3], *static_dims(small)[1:]])


def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Any = _MSSSIM_WEIGHTS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """The structural similarity of images over several scales.

    Args:
        img1: images of three dimensions or more.
        img2: images whose shape broadcasts with that of `img1`.
        max_val: the largest value that pixels can have.
        power_factors: how much each scale counts; each halves the images.
        filter_size: as in `ssim`.
        filter_sigma: as in `ssim`.
        k1: as in `ssim`.
        k2: as in `ssim`.

    Returns:
        Numbers from 0 to 1, float32. Z. Wang, E. P. Simoncelli, A. C. Bovik,
        "Multiscale structural similarity for image quality assessment" (2003).

    Raises:
        ValueError: where shapes do not fit.
        InvalidArgumentError: where images become smaller than the window.
    """
    x, y, most = _pair("image.ssim_multiscale", img1, img2, max_val)
    factors = [float(f) for f in power_factors]
    parts = []
    for k in range(len(factors)):
        if k:
            x, y = _halved(x), _halved(y)
        whole, structure = _similarity(x, y, most, filter_size, filter_sigma, k1, k2)
        last = k == len(factors) - 1
        parts.append(relu(reduce_mean(whole if last else structure, [-3, -2])))
    powers = stack(parts, axis=-1) ** np.array(factors, np.float32)
    return reduce_mean(reduce_prod(powers, [-1]), [-1])
