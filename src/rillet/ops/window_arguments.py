"""Arguments of `tf.nn`'s convolutions and pools, made into records' attributes.

In flow what users pass: a number, one number a spatial axis or one an axis; out flow
tuples with one number an axis, in the data format's order, and reshaped inputs. The
callers are `ops.convolutions`, `ops.pools` and `ops.morphology`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.host import integers
from rillet.ops.shaping import reshape_op, static_dims

_FORMATS = {1: "NWC", 2: "NHWC", 3: "NDHWC"}


def per_axis(
    op: str, name: str, value: Any, space: int, data_format: str | None
) -> tuple[int, ...]:
    """One number for every axis: 1 for batch and channels unless the user gave all.

    Args:
        op: the public name, for messages.
        name: the argument's name.
        value: a number, or 1, `space` or `space + 2` of them; None for ones.
        space: spatial axes.
        data_format: tells where the channels are.

    Raises:
        ValueError: another count of numbers.
    """
    values = (1,) if value is None else integers(op, name, value)
    if len(values) == space + 2:
        return tuple(values)
    if len(values) == 1:
        values = values * space
    elif len(values) != space:
        raise ValueError(
            house_message(
                op,
                f"{name} should be of length 1, {space} or {space + 2}",
                f"Received: {name}={list(values)} of length {len(values)}",
            )
        )
    if data_format is not None and data_format.startswith("NC"):
        return (1, 1, *values)
    return (1, *values, 1)


def whole_list(op: str, name: str, value: Any) -> tuple[int, ...]:
    """One number for every axis, as a list that the user wrote out.

    Raises:
        TypeError: where it is no list.
    """
    if not isinstance(value, list | tuple) and not hasattr(value, "__array__"):
        ones = [1] * (5 if op == "conv3d" else 4)
        raise TypeError(
            house_message(
                op,
                f"Expected list for '{name}' argument",
                f"got {value!r}",
                f"Give one number an axis, batch and channels too, e.g. {name}={ones}",
            )
        )
    found: tuple[int, ...] = integers(op, name, value)
    return found


def padding_attributes(op: str, padding: Any, rank: int) -> dict[str, Any]:
    """The attributes `padding` and, for a list of pairs, `explicit_paddings`.

    Raises:
        ValueError: a list that has not one pair an axis.
    """
    if isinstance(padding, str):
        return {"padding": padding}
    pairs = list(padding) if hasattr(padding, "__iter__") else [padding]
    if len(pairs) != rank:
        raise ValueError(
            house_message(
                op,
                f"When padding is a list, it must be of size {rank}",
                f"Received: padding={padding} of size {len(pairs)}",
            )
        )
    flat: list[int] = []
    for pair in pairs:
        numbers = integers(op, "padding", pair)
        if len(numbers) != 2:
            raise ValueError(
                house_message(
                    op,
                    "When padding is a list, each element must be a list of size 2",
                    f"Received: padding={padding}",
                )
            )
        flat.extend(numbers)
    if not any(flat):
        return {"padding": "VALID"}
    return {"padding": "EXPLICIT", "explicit_paddings": tuple(flat)}


def plain_padding(op: str, padding: Any) -> str:
    """A padding that is a name.

    Raises:
        TypeError: where it is a list.
    """
    if not isinstance(padding, str):
        raise TypeError(
            house_message(
                op,
                "Expected string for argument 'padding'",
                f"got {padding!r}",
                'Use "SAME" or "VALID", and tf.pad for other paddings',
            )
        )
    return padding


def spatial_axes(op: str, data_format: str | None, rank: int | None) -> int:
    """How many spatial axes a format, or else a rank, tells of.

    Raises:
        ValueError: neither tells of 1, 2 or 3.
    """
    space = len(data_format) - 2 if data_format else (rank or 0) - 2
    if space not in _FORMATS:
        raise ValueError(
            house_message(
                op,
                "the input must have 1, 2 or 3 spatial axes beside batch and channels",
                f"its rank is {rank}, data_format={data_format!r}",
            )
        )
    return space


def default_format(space: int) -> str:
    """The data format with channels last."""
    return _FORMATS[space]


def with_axis(x: Any, axis: int) -> Any:
    """`x` with a new axis of size 1."""
    sizes = list(static_dims(x))
    sizes.insert(axis, 1)
    return reshape_op(x, _sizes(sizes))


def without_axis(x: Any, axis: int) -> Any:
    """`x` without an axis of size 1."""
    sizes = list(static_dims(x))
    del sizes[axis]
    return reshape_op(x, _sizes(sizes))


def flat_batch(x: Any, rank: int) -> tuple[Any, tuple[Any, ...] | None]:
    """`x` with its leading axes made one, and their sizes; None if it has the rank."""
    have = static_dims(x)
    if len(have) <= rank:
        return x, None
    leading = have[: len(have) - rank + 1]
    return reshape_op(x, (-1, *_sizes(have[len(leading) :]))), leading


def spread_batch(y: Tensor, leading: tuple[Any, ...] | None) -> Tensor:
    """Undoes `flat_batch`."""
    if leading is None:
        return y
    spread: Tensor = reshape_op(y, (*_sizes(leading), *_sizes(static_dims(y)[1:])))
    return spread


def rank_of(x: Tensor) -> int | None:
    """The number of axes of a tensor, None where it is not known."""
    return x.shape.rank


def _sizes(sizes: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(-1 if size is None else size for size in sizes)
