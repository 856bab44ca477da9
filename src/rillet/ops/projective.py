"""ImageProjectiveTransformV3: images moved, turned, zoomed or seen from aside.

In flow images ``(batch, height, width, channels)`` and eight numbers a row that say
where an output's pixel comes from; out flow images of a given size. Keras's layers of
augmentation call it. Images enter linearly: the op and its gradient are each other's.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core import dtypes, threads
from rillet.core.dtypes import FLOATING, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims

Array = np.ndarray[Any, Any]

_OP: Final = "image_projective_transform"
FILL_MODES: Final = ("REFLECT", "WRAP", "CONSTANT", "NEAREST")
INTERPOLATIONS: Final = ("NEAREST", "BILINEAR")

#: Pixels of outputs that are found together: small images in groups.
_GROUP: Final = 1 << 16

#: A neighbour of every output: its place in an image's pixels counted through, and
#: whether that lies inside.
_Tap = tuple[Array, Array]
#: Four neighbours or one, and the weights: of the rows above and below, of the columns
#: before and behind; None for one neighbour.
_Taps = tuple[list[_Tap], tuple[Array, Array, Array, Array] | None]


def _reflected(at: Array, size: int) -> Array:
    """Places mirrored at the edges, which count twice: (c b a | a b c | c b a)."""
    if size <= 1:
        return np.zeros_like(at)
    within = np.mod(at, np.float32(2 * size))
    return np.where(within >= size, np.float32(2 * size - 1) - within, within)


def _wrapped(at: Array, size: int) -> Array:
    """Places that leave at one edge and come back at the other."""
    if size <= 1:
        return np.zeros_like(at)
    ahead = at + np.float32(size) * (np.trunc(-at / np.float32(size - 1)) + 1)
    behind = at - np.float32(size) * np.trunc(at / np.float32(size - 1))
    found: Array = np.where(at < 0, ahead, np.where(at > size - 1, behind, at))
    return found


def _mapped(at: Array, size: int, mode: str) -> Array:
    """Places outside brought inside, as the fill mode says."""
    if mode == "CONSTANT":
        return at
    if mode == "REFLECT":
        at = _reflected(at, size)
    elif mode == "WRAP":
        at = _wrapped(at, size)
    found: Array = np.clip(at, 0, np.float32(size - 1))
    return found


def _places(
    row: Array, sizes: tuple[int, int], space: tuple[int, int], mode: str
) -> tuple[Array, Array]:
    """Where the pixels of an output come from: rows and columns, in float32.

    Each of the eight numbers in `row` is one number, or one for each image, (n, 1, 1).
    """
    y = np.arange(sizes[0], dtype=np.float32)[:, None]
    x = np.arange(sizes[1], dtype=np.float32)
    depth = row[6] * x + row[7] * y + np.float32(1)
    left = (row[0] * x + row[1] * y + row[2]) / depth
    top = (row[3] * x + row[4] * y + row[5]) / depth
    found = _mapped(top, space[0], mode), _mapped(left, space[1], mode)
    # A pixel at infinity comes from nowhere.
    nowhere = depth == 0
    return np.where(nowhere, -9, found[0]), np.where(nowhere, -9, found[1])


def _taps(
    row: Array, sizes: Any, space: tuple[int, int], interpolation: str, mode: str
) -> _Taps:
    """The neighbours that each pixel of an output is a weighted sum of."""
    top, left = _places(row, sizes, space, mode)
    if interpolation == "NEAREST":
        # Halves away from zero, as C++ rounds.
        near = [np.trunc(at + np.copysign(np.float32(0.5), at)) for at in (top, left)]
        return [_tap(near[0], near[1], space)], None
    above, before = np.floor(top), np.floor(left)
    below, behind = above + np.float32(1), before + np.float32(1)
    corners = [(y, x) for y in (above, below) for x in (before, behind)]
    weights = below - top, top - above, behind - left, left - before
    return [_tap(y, x, space) for y, x in corners], weights


def _tap(y: Array, x: Array, space: tuple[int, int]) -> _Tap:
    inside = (y >= 0) & (y < space[0]) & (x >= 0) & (x < space[1])
    rows, columns = (np.where(inside, n, 0).astype(np.intp) for n in (y, x))
    return rows * space[1] + columns, inside


def _checked(transforms: Array, batch: int, rank: int) -> Array:
    if rank != 4:
        raise InvalidArgumentError(
            house_message(_OP, "images must have rank 4", f"their rank is {rank}")
        )
    if transforms.shape not in ((batch, 8), (1, 8)):
        raise InvalidArgumentError(
            house_message(
                _OP,
                "Input transform should be num_images x 8 or 1 x 8",
                f"its shape is {transforms.shape}, and there are {batch} images",
            )
        )
    return np.broadcast_to(transforms, (batch, 8))


def _transform(
    images: Array,
    transforms: Array,
    sizes: Any,
    fill_value: float,
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> Array:
    """The kernel of the transform."""
    rows = _checked(transforms, images.shape[0] if images.ndim else 0, images.ndim)
    batch, height, width, channels = images.shape
    out = np.empty((batch, *sizes, channels), images.dtype)
    fill = np.float32(fill_value)

    space = height, width
    group = max(1, _GROUP // max(sizes[0] * sizes[1], 1))

    def some(block: int) -> None:
        part = slice(block * group, min((block + 1) * group, batch))
        pixels = images[part].reshape(-1, channels).astype(np.float32, copy=False)
        numbers = rows[part].T[:, :, None, None]
        taps, weights = _taps(numbers, sizes, space, interpolation, fill_mode)
        first = np.arange(numbers.shape[1])[:, None, None] * (height * width)
        found = []
        for at, inside in taps:
            values = pixels[at + first]
            values[~inside] = fill
            found.append(values)
        if weights is None:
            out[part] = found[0].astype(images.dtype)
            return
        above, below, before, behind = (w[..., None] for w in weights)
        upper = before * found[0] + behind * found[1]
        lower = before * found[2] + behind * found[3]
        out[part] = (above * upper + below * lower).astype(images.dtype)

    if out.size and images.size:
        threads.parallel(some, -(-batch // group))
    else:
        out[...] = fill
    return out


def _transform_grad(
    g: Array,
    transforms: Array,
    space: Any,
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> Array:
    """The kernel of the gradient: each pixel gets what came of it."""
    rows = _checked(transforms, g.shape[0] if g.ndim else 0, g.ndim)
    batch, *sizes, channels = g.shape
    count = space[0] * space[1]
    out = np.zeros((batch, *space, channels), g.dtype)

    def one(number: int) -> None:
        spread = np.zeros((count, channels), np.float64)
        taps, weights = _taps(
            rows[number], sizes, tuple(space), interpolation, fill_mode
        )
        for corner, (at, inside) in enumerate(taps):
            places, values = at[inside], g[number][inside].astype(np.float64)
            if weights is not None:
                share = weights[corner // 2] * weights[2 + corner % 2]
                values *= share[inside][:, None]
            for c in range(channels):
                spread[:, c] += np.bincount(places, values[:, c], count)
        out[number] = spread.reshape(*space, channels)

    if out.size and g.size:
        threads.parallel(one, batch)
    return out


def _infer(
    images: Spec,
    transforms: Spec,
    sizes: Any,
    *rest: Any,
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> Spec:
    for name, value, known in (
        ("interpolation", interpolation, INTERPOLATIONS),
        ("fill_mode", fill_mode, FILL_MODES),
    ):
        if value not in known:
            raise InvalidArgumentError(
                house_message(
                    _OP,
                    f"Value for attr '{name}' must be one of {', '.join(known)}",
                    f"got {value!r}",
                )
            )
    if images.shape is None:
        return Spec(None, images.dtype)
    if len(images.shape) != 4:
        raise InvalidArgumentError(
            house_message(_OP, "images must have rank 4", f"shape is {images.shape}")
        )
    known_sizes = (None, None) if isinstance(sizes, Spec) else tuple(sizes)
    return Spec((images.shape[0], *known_sizes, images.shape[3]), images.dtype)


projective_op: Op = define(
    "ImageProjectiveTransformV3",
    types=(
        FLOATING | type_set(dtypes.uint8, dtypes.int32, dtypes.int64),
        type_set(dtypes.float32),
        None,
        None,
    ),
    kernel=_transform,
    infer=_infer,
    grad=(
        lambda g, y, x, t, sizes, fill, **attrs: projective_grad_op.run(
            g, t, static_dims(x)[1:3], **attrs
        ),
        None,
        None,
        None,
    ),
    attrs={"interpolation": None, "fill_mode": "CONSTANT"},
)

projective_grad_op: Op = define(
    "RilletProjectiveTransformGrad",
    types=(FLOATING, type_set(dtypes.float32), None),
    kernel=_transform_grad,
    infer=_infer,
    grad=(
        lambda h, y, g, t, space, **attrs: projective_op.run(
            h, t, static_dims(g)[1:3], 0.0, **attrs
        ),
        None,
        None,
    ),
    attrs={"interpolation": None, "fill_mode": "CONSTANT"},
)
