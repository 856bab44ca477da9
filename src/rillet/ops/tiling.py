"""Making tensors larger: Tile, repeat, Pad with a value, mirrored padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, INDEX, int32, int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops, reordering_loops
from rillet.ops.array import infer_pad, pad_op, padded, slice_op
from rillet.ops.gather import gather_op
from rillet.ops.host import integer, integers, is_symbolic, plain
from rillet.ops.registry import Op, define
from rillet.ops.shaping import broadcast_to_op, reshape_op, static_dims, sum_op

Array = np.ndarray[Any, Any]


def _infer_tile(x: Spec, multiples: Any) -> Spec:
    if x.shape is None or isinstance(multiples, Spec):
        return Spec(None if x.shape is None else (None,) * len(x.shape), x.dtype)
    if len(multiples) != len(x.shape):
        raise _refused(
            "tile",
            f"Expected multiples argument to be a vector of length {len(x.shape)} but"
            f" got length {len(multiples)}",
            f"the tensor has shape {list(x.shape)}, multiples={list(multiples)}",
        )
    for i, m in enumerate(multiples):
        if m < 0:
            raise _refused("tile", f"Expected multiples[{i}] >= 0, but got {m}")
    pairs = zip(x.shape, multiples, strict=True)
    return Spec(tuple([None if d is None else d * m for d, m in pairs]), x.dtype)


def _refused(
    op: str, rule: str, values: str = "", fix: str = ""
) -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values, fix))


def _tile(x: Array, multiples: Any) -> Array:
    if len(multiples) != x.ndim or any([m < 0 for m in multiples]):
        raise ValueError("multiples")
    # One copy of the whole: np.tile makes one an axis, each as large as it grows.
    sizes = tuple([size * m for size, m in zip(x.shape, multiples, strict=True)])
    out = np.empty(sizes, x.dtype)
    split = [n for pair in zip(multiples, x.shape, strict=True) for n in pair]
    between = tuple(range(0, 2 * x.ndim, 2))
    out.reshape(split)[...] = np.expand_dims(x, between)
    return out


def _grad_tile(g: Any, y: Any, x: Any, multiples: Any) -> Any:
    dims = static_dims(x)
    split: list[Any] = []
    axes: list[int] = []
    for m, size in zip(multiples, dims, strict=True):
        if m != 1:
            axes.append(len(split))
            split.append(m)
        split.append(size)
    if not axes:
        return g
    return sum_op(reshape_op(g, tuple(split)), tuple(axes), keep_dims=False)


tile_op: Op = define(
    "Tile",
    types=(ANY, None),
    kernel=_tile,
    infer=_infer_tile,
    grad=(_grad_tile, None),
    quiet=False,
    lower=moving_loops.tile,
)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """A tensor repeated as a whole along its axes.

    Args:
        input: any tensor.
        multiples: how often along each axis.
        name: ignored when eager.

    Returns:
        A tensor whose sizes are ``input.shape[i] * multiples[i]``.

    Raises:
        InvalidArgumentError: where there is not one multiple, 0 or more, an axis.

    Example:
        >>> import rillet as tf
        >>> tf.tile([[1, 2]], [2, 2]).numpy().tolist()
        [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    given = plain(multiples)
    mixed = isinstance(given, list | tuple) and any(map(is_symbolic, given))
    if not mixed and not is_symbolic(given) and np.ndim(given) != 1:
        raise _refused(
            "tile", "Expected multiples to be 1-D", f"got shape {list(np.shape(given))}"
        )
    return tile_op(input, integers("tile", "multiples", given))


repeat_places_op: Op = define(
    "RilletRepeatPlaces",
    types=(INDEX,),
    kernel=lambda counts: np.repeat(np.arange(counts.size, dtype=np.int64), counts),
    infer=lambda counts: Spec((None,), int64),
    quiet=False,
)


@dispatched
def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Any:
    """A tensor with each element repeated.

    Args:
        input: any tensor.
        repeats: how often: one number, or one for each element along `axis`.
        axis: the axis to repeat along; None flattens first.
        name: ignored when eager.

    Returns:
        A tensor of the same rank, or a vector where `axis` is None.

    Raises:
        ValueError: where `repeats` does not fit the axis, or the axis does not exist.
        InvalidArgumentError: where a number is negative.

    Example:
        >>> import rillet as tf
        >>> tf.repeat([3, 4], repeats=[1, 2]).numpy().tolist()
        [3, 4, 4]
    """
    x = to_tensor(input)
    if axis is None:
        x, at = reshape_op(x, (-1,)), 0
    else:
        at = integer("repeat", "axis", axis)
        if not x.shape.rank:
            x = reshape_op(x, (1,))
        rank = len(x.shape)
        if not -rank <= at < rank:
            raise ValueError(
                house_message(
                    "repeat", f"axis={at} out of bounds: expected -{rank}<=axis<{rank}"
                )
            )
        at %= rank
    size = x.shape[at]
    counts = plain(repeats)
    if is_symbolic(counts):
        if size is None and counts.shape.rank == 1:
            return gather_op(x, repeat_places_op(counts), at)
        return gather_op(x, repeat_places_op(broadcast_to_op(counts, (size,))), at)
    counts = np.asarray(counts)
    if counts.size > 1 and counts.size != size:
        raise ValueError(
            house_message(
                "repeat",
                f"Dimensions {size} and {counts.size} are not compatible",
                "`repeats` is one number, or one for each element of the axis",
            )
        )
    if counts.size and counts.min() < 0:
        raise _refused("repeat", "repeats are 0 or more", f"got {counts.tolist()}")
    if counts.size == 1:
        return _repeat_each(x, int(counts.reshape(())), at)
    return gather_op(x, repeat_places_op(counts.reshape(-1)), at)


def _repeat_each(x: Any, count: int, at: int) -> Any:
    """Each element `count` times: a new axis, broadcast and folded in."""
    dims = tuple(static_dims(x))
    wide = reshape_op(x, (*dims[: at + 1], 1, *dims[at + 1 :]))
    wide = broadcast_to_op(wide, (*dims[: at + 1], count, *dims[at + 1 :]))
    return reshape_op(wide, (*dims[:at], dims[at] * count, *dims[at + 1 :]))


pad_v2_op: Op = define(
    "PadV2",
    types=(ANY, None, 0),
    kernel=lambda x, paddings, value: padded(x, paddings, _fill_value(value)),
    infer=lambda x, paddings, value: infer_pad(x, paddings),
    grad=(
        lambda g, y, x, paddings, value: slice_op(
            g, tuple([p[0] for p in paddings]), static_dims(x)
        ),
        None,
        None,
    ),
    quiet=False,
    lower=moving_loops.pad,
)


def _fill_value(value: Array) -> Any:
    if value.ndim:
        raise _refused(
            "pad", "constant_values must be a scalar", f"Found: {list(value.shape)}"
        )
    return value[()]


def _infer_mirror_pad(x: Spec, paddings: Any, mode: str) -> Spec:
    out = infer_pad(x, paddings)
    if out.shape is not None and x.shape is not None and not isinstance(paddings, Spec):
        off = 1 if mode == "REFLECT" else 0
        for d, (a, b) in zip(x.shape, paddings, strict=True):
            if d is not None and max(a, b) > d - off and max(a, b) > 0:
                rule = "less than" if off else "no greater than"
                raise _refused(
                    "pad",
                    f"paddings must be {rule} the dimension size",
                    f"{a}, {b} for size {d}",
                )
    return out


def _mirror_pad(x: Array, paddings: Any, mode: str) -> Array:
    _infer_mirror_pad(Spec(x.shape, int64), paddings, mode)
    off = 1 if mode == "REFLECT" else 0
    out = x
    for axis, (a, b) in enumerate(paddings):
        if a or b:
            size = x.shape[axis]
            left = np.arange(a - 1 + off, off - 1, -1)
            right = np.arange(size - 1 - off, size - 1 - off - b, -1)
            places = np.concatenate([left, np.arange(size), right])
            out = np.take(out, places, axis)
    return out


def _mirror_pad_grad(g: Array, paddings: Any, mode: str) -> Array:
    off = 1 if mode == "REFLECT" else 0
    for axis, (a, b) in enumerate(paddings):
        if a or b:
            g = np.moveaxis(g, axis, 0)
            size = g.shape[0] - a - b
            whole = g[a : a + size].copy()
            whole[off : off + a] += g[:a][::-1]
            whole[size - off - b : size - off] += g[a + size :][::-1]
            g = np.moveaxis(whole, 0, axis)
    return g


mirror_pad_op: Op = define(
    "MirrorPad",
    types=(ANY, None),
    kernel=_mirror_pad,
    infer=_infer_mirror_pad,
    grad=(
        lambda g, y, x, paddings, mode: mirror_pad_grad_op(g, paddings, mode=mode),
        None,
    ),
    attrs={"mode": None},
    quiet=False,
    lower=reordering_loops.mirror_pad,
)
mirror_pad_grad_op: Op = define(
    "MirrorPadGrad",
    types=(ANY, None),
    kernel=_mirror_pad_grad,
    infer=lambda g, paddings, mode: Spec(
        None
        if g.shape is None or isinstance(paddings, Spec)
        else tuple(
            [
                None if d is None else d - a - b
                for d, (a, b) in zip(g.shape, paddings, strict=True)
            ]
        ),
        g.dtype,
    ),
    grad=(
        lambda g, y, x, paddings, mode: mirror_pad_op(g, paddings, mode=mode),
        None,
    ),
    attrs={"mode": None},
    lower=reordering_loops.mirror_pad_grad,
)


def _cells(row: Any) -> Any:
    return row if isinstance(row, list | tuple) else [row]


def pairs(op: str, paddings: Any) -> Any:
    """Paddings (or crops) as a tuple of pairs of integers."""
    given = plain(paddings)
    if not is_symbolic(given) and isinstance(given, list | tuple):
        if any(is_symbolic(n) for row in given for n in _cells(row)):
            given = to_tensor(given, int32)
    if is_symbolic(given):
        return given
    if isinstance(given, np.ndarray):
        if given.dtype.kind not in "iu":
            raise _refused(
                op,
                f"Value for attr 'Tpaddings' of {given.dtype} is not in the list of"
                " allowed values",
                "allowed are int32, int64",
            )
        given = given.tolist()
    rows = [plain(r) for r in given] if isinstance(given, list | tuple) else [given]
    if isinstance(given, list | tuple) and not given:
        return ()
    if any(np.ndim(r) != 1 or len(r) != 2 for r in rows if not is_symbolic(r)):
        raise _refused(
            op,
            "paddings must be a matrix with 2 columns",
            f"got {given!r}",
            "Give [before, after] for each axis, e.g. [[1, 1], [2, 2]]",
        )
    found = [integers(op, "paddings", r) for r in rows]
    return to_tensor(found) if any(map(is_symbolic, found)) else tuple(found)


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    constant_values: Any = 0,
    name: str | None = None,
) -> Tensor:
    """A tensor with a margin.

    Args:
        tensor: any tensor.
        paddings: ``[before, after]`` for each axis, of shape ``(rank, 2)``.
        mode: ``"CONSTANT"``, ``"REFLECT"`` (mirrored, the edge not repeated) or
            ``"SYMMETRIC"`` (mirrored, the edge repeated).
        constant_values: what a constant margin holds.
        name: ignored when eager.

    Returns:
        A tensor of the same type, axis i larger by ``sum(paddings[i])``.

    Raises:
        ValueError: where there is no such mode.
        InvalidArgumentError: where `paddings` do not fit the tensor.

    Example:
        >>> import rillet as tf
        >>> tf.pad([1, 2, 3], [[1, 2]]).numpy().tolist()
        [0, 1, 2, 3, 0, 0]
        >>> tf.pad([1, 2, 3], [[1, 1]], "REFLECT").numpy().tolist()
        [2, 1, 2, 3, 2]
    """
    kind = mode.upper()
    margins = pairs("pad", paddings)
    if kind == "CONSTANT":
        if not isinstance(constant_values, Tensor) and np.isscalar(constant_values):
            if constant_values == 0:
                return pad_op(tensor, margins)
        return pad_v2_op(tensor, margins, constant_values)
    if kind in ("REFLECT", "SYMMETRIC"):
        return mirror_pad_op(tensor, margins, mode=kind)
    raise ValueError(
        house_message(
            "pad",
            'Value of argument `mode` expected to be one of "CONSTANT", "REFLECT", or'
            ' "SYMMETRIC"',
            f"Received `mode` = {kind}",
        )
    )
