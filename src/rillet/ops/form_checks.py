"""Checks of shapes and types: `tf.debugging.assert_rank`, `assert_shapes` and kin.

They look at what is known without the values. Where a traced tensor's sizes are not
known yet, an `Assert` node checks them when the graph runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from rillet.core import dtypes, nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor, is_tensor
from rillet.ops import compare
from rillet.ops.checks import assert_op
from rillet.ops.host import plain
from rillet.ops.sizes import rank as rank_of
from rillet.ops.sizes import shape as shape_of

_ANY_SIZE: Final = (None, ".")
_ANY_SIZES: Final = (..., "*")


def _prefix(message: str | None) -> str:
    return f"{message}.  " if message else ""


def _static_rank(value: Any) -> int:
    """A rank that a program gives, as a number."""
    array = np.asarray(plain(value))
    if array.ndim:
        raise ValueError("Rank must be a scalar.")
    if array.dtype.kind not in "iu":
        kind = to_tensor(value).dtype
        raise TypeError(f"tensor must be of type tf.int32; got {kind!r}")
    return int(array)


def _check_rank(
    x: Any, allowed: Any, compared: Any, rule: str, message: str | None
) -> None:
    """Raise unless `allowed` holds for the rank of `x`; later where it is not known."""
    found = x.shape.rank
    if found is None:
        condition = compared(rank_of(x))
        texts = [_prefix(message) + f"Tensor  must have {rule}.", shape_of(x)]
        assert_op.run(condition, *map(to_tensor, texts))
    elif not allowed(found):
        raise ValueError(
            f"{_prefix(message)}Tensor  must have {rule}.  Received rank {found},"
            f" shape {x.shape}"
        )


def assert_rank(
    x: Any, rank: Any, message: str | None = None, name: str | None = None
) -> None:
    """Raise unless a tensor has a number of dimensions.

    Args:
        x: a tensor.
        rank: the number.
        message: words to begin the error with.
        name: ignored when eager.

    Raises:
        ValueError: where it has another, or `rank` is no scalar.
        TypeError: where `rank` is no integer.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.assert_rank(tf.ones([2, 3]), 2)
    """
    want = _static_rank(rank)
    _check_rank(
        to_tensor(x),
        lambda found: found == want,
        lambda found: compare.equal(found, want),
        f"rank {want}",
        message,
    )


def assert_rank_at_least(
    x: Any, rank: Any, message: str | None = None, name: str | None = None
) -> None:
    """Raise unless a tensor has so many dimensions or more; see `assert_rank`."""
    want = _static_rank(rank)
    _check_rank(
        to_tensor(x),
        lambda found: found >= want,
        lambda found: compare.greater_equal(found, want),
        f"rank at least {want}",
        message,
    )


def assert_rank_in(
    x: Any, ranks: Any, message: str | None = None, name: str | None = None
) -> None:
    """Raise unless a tensor has one of several numbers of dimensions.

    Args:
        x: a tensor.
        ranks: the numbers.
        message: words to begin the error with.
        name: ignored when eager.

    Raises:
        ValueError: where it has another.
    """
    _rank_in(to_tensor(x), tuple(_static_rank(rank) for rank in ranks), message)


def _rank_in(x: Any, wanted: tuple[int, ...], message: str | None) -> None:
    def compared(found: Any) -> Any:
        one: Any = compare.equal(found, wanted[0])
        for other in wanted[1:]:
            one = compare.logical_or(one, compare.equal(found, other))
        return one

    _check_rank(x, wanted.__contains__, compared, f"rank in {wanted}", message)


def assert_scalar(
    tensor: Any, message: str | None = None, name: str | None = None
) -> None:
    """Raise unless a tensor is a scalar.

    Args:
        tensor: a tensor.
        message: words to begin the error with.
        name: ignored when eager.

    Raises:
        ValueError: where it has dimensions.
    """
    tensor = to_tensor(tensor)
    shape = tensor.shape
    if shape.rank != 0:
        raise ValueError(
            f"{_prefix(message)}Expected scalar shape, saw shape: {shape}."
        )


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> None:
    """Raise unless a tensor has a type.

    Args:
        tensor: a tensor.
        tf_type: the type.
        message: words to begin the error with.
        name: ignored when eager.

    Raises:
        TypeError: where it has another.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.assert_type(tf.constant(1.0), tf.float32)
    """
    want, kind = as_dtype(tf_type), to_tensor(tensor).dtype
    if kind is not want:
        raise TypeError(
            f"{_prefix(message)}tensor must be of type {want!r}; got {kind!r}"
        )


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """Raise unless a tensor is of an integer type.

    Args:
        x: a tensor.
        message: words to begin the error with.
        name: ignored when eager.

    Raises:
        TypeError: where it is of another.
    """
    kind = to_tensor(x).dtype
    if not kind.is_integer:
        raise TypeError(
            f'{_prefix(message)}Expected "x" to be integer type.  Found: tensor of'
            f" dtype {kind}"
        )


def assert_proper_iterable(values: Any) -> None:
    """Raise unless a value is a list, tuple or other iterable of parts.

    Args:
        values: any value. Tensors, arrays and strings do not count, though Python
            would walk through them.

    Raises:
        TypeError: where it is none.
    """
    if is_tensor(values) or isinstance(values, np.ndarray | str | bytes):
        raise TypeError(
            'Expected argument "values" to be a "proper" iterable.  Found:'
            f" {type(values)}"
        )
    if not hasattr(values, "__iter__"):
        raise TypeError(
            f'Expected argument "values" to be iterable.  Found: {type(values)}'
        )


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> DType:
    """The floating type that tensors share.

    Args:
        tensors: a list of tensors, None among them ignored.
        dtype: the type that they must have; that of the first where None.

    Returns:
        The type; `tf.float32` where there is nothing to go by.

    Raises:
        ValueError: where types differ or are not floating.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.assert_same_float_dtype([tf.ones(2), tf.Variable(1.0)])
        tf.float32
    """
    want = None if dtype is None else as_dtype(dtype)
    first: Any = None
    for value in tensors or ():
        if value is None:
            continue
        if want is None:
            want, first = value.dtype, value
        elif value.dtype is not want:
            beside = f" as {first!s}" if first is not None else ""
            raise ValueError(
                f"{value!s}, type={value.dtype}, must be of the same type"
                f" ({want}){beside}."
            )
    if want is None:
        return dtypes.float32
    if not want.is_floating:
        raise ValueError(f"Expected floating point type, got {want}.")
    return want


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether a value is a tensor of numbers.

    Args:
        tensor: any value; a variable or a Python number is no tensor.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.is_numeric_tensor(tf.constant(1))
        True
    """
    return isinstance(tensor, Tensor) and tensor.dtype.is_numeric


def assert_shapes(
    shapes: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> None:
    """Raise unless tensors have the sizes given, and the same ones by the same symbols.

    Args:
        shapes: a list of pairs of a tensor and its shape, or a dict. A shape is a
            sequence whose parts are numbers, symbols such as ``"N"``, None or ``"."``
            for any size; a leading ``...`` or ``"*"`` stands for any number of sizes.
        data: values to show where sizes are checked as a graph runs.
        summarize: how many elements of them to show.
        message: words to begin the error with.
        name: ignored when eager.

    Raises:
        ValueError: where a size or a number of dimensions is another.

    Example:
        >>> import rillet as tf
        >>> x, y = tf.ones([4, 3]), tf.ones([4])
        >>> tf.debugging.assert_shapes([(x, ("N", 3)), (y, ("N",))])
    """
    pairs = shapes.items() if isinstance(shapes, Mapping) else shapes
    known: dict[Any, tuple[Any, str]] = {}
    shown = [] if data is None else nest.flatten(data)
    ends = 3 if summarize is None else int(summarize)
    for value, shape in list(pairs):
        _check_shape(to_tensor(value), shape, known, _prefix(message), (shown, ends))


def _check_shape(
    x: Any,
    shape: Any,
    known: dict[Any, tuple[Any, str]],
    prefix: str,
    extra: tuple[list[Any], int],
) -> None:
    """Check one tensor; `known` has the size of each symbol, and where it was seen."""
    what = f"ensor shape={x.shape} dtype={x.dtype.name}"
    sizes = _sizes(shape, f"{prefix}T{what}")
    loose = bool(sizes) and sizes[0] in _ANY_SIZES
    sizes = sizes[1:] if loose else sizes
    sizes = sizes or [1]
    _check_count(x, len(sizes), loose, prefix)
    for i, size in enumerate(sizes):
        place = i - len(sizes) if loose else i
        if size in _ANY_SIZE:
            continue
        found, origin = _size_at(x, place), "Specified explicitly.  "
        if not isinstance(size, int):
            if size not in known:
                known[size] = (found, f"Specified by t{what} dimension {place}.  ")
                continue
            size, origin = known[size]
        _check_size(x, found, size, f"{prefix}{origin}T{what} dimension {place}", extra)


def _sizes(shape: Any, begin: str) -> list[Any]:
    """The parts of a shape: integers, symbols, and marks for any size or sizes."""
    if isinstance(shape, TensorShape):
        shape = shape.as_list()
    if not hasattr(shape, "__iter__") and not hasattr(shape, "__getitem__"):
        raise ValueError(
            f"{begin}.  Specified shape must be an iterable.  An iterable has the"
            " attribute `__iter__` or `__getitem__`.  Received specified shape:"
            f" {shape}"
        )
    sizes = [_part(part) for part in shape]
    for i, size in itertools.islice(enumerate(sizes), 1, None):
        if size in _ANY_SIZES:
            raise ValueError(
                f"{begin} specified shape index {i}.  Symbol `...` or `*` for a"
                " variable number of unspecified dimensions is only allowed as the"
                " first entry"
            )
    return sizes


def _part(part: Any) -> Any:
    if part in _ANY_SIZE or part in _ANY_SIZES:
        return part
    try:
        return int(part)
    except (TypeError, ValueError):
        return part


def _check_count(x: Any, count: int, loose: bool, prefix: str) -> None:
    message = prefix.removesuffix(".  ")
    # A scalar counts as a vector of one element.
    if count == 1 and not loose:
        _rank_in(x, (0, 1), message)
    elif loose and count > 1:
        assert_rank_at_least(x, count, message)
    elif not loose:
        assert_rank(x, count, message)


def _size_at(x: Any, place: int) -> Any:
    """A size of a tensor: a number, or a tensor where only the graph will know it."""
    shape = x.shape
    if shape.rank == 0:
        return 1
    if shape.rank is None or shape[place] is None:
        return shape_of(x)[place]
    return shape[place]


def _check_size(
    x: Any, found: Any, size: Any, text: str, extra: tuple[list[Any], int]
) -> None:
    if is_tensor(found) or is_tensor(size):
        shown = [f"{text} must have size", size, *extra[0]]
        condition = compare.equal(found, size)
        assert_op.run(condition, *map(to_tensor, shown), summarize=extra[1])
    elif found != size:
        raise ValueError(
            f"{text} must have size {size}.  Received size {found}, shape {x.shape}"
        )
