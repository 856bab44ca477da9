"""`x[key]` on tensors and variables, by Python's keys and TensorFlow's rules.

A key is an integer, a slice, `...`, `tf.newaxis`, a scalar integer tensor, or several;
a boolean mask chooses elements. Eager keys go straight to NumPy's basic indexing; tapes
are told the same StridedSlice that a graph gets. Signed in on import.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.describe import describe
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor, install_operators
from rillet.core.variable import Variable
from rillet.ops.dispatch import worded
from rillet.ops.host import integers, is_symbolic
from rillet.ops.mask import boolean_mask
from rillet.ops.strided import (
    strided_slice_op,
    strided_slice_update_op,
)

_state = context.state
_ndarray = np.ndarray
_BOOL = np.dtype(bool)
_INDEX = frozenset("iu")

_VALID = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar"
    " tf.int32/tf.int64 tensors are valid indices"
)


def get_item(x: Any, key: Any) -> Any:
    """`x[key]` of a tensor.

    Args:
        x: a tensor.
        key: an index, a slice, `...`, None, several of them, or a boolean mask.

    Returns:
        A tensor of the same type.

    Raises:
        TypeError: where the key is of another type.
        InvalidArgumentError: where an index lies outside the tensor.
    """
    if _state.tracer is not None:
        return traced_item(x, key)
    a = x._array
    if type(key) is int:
        items: tuple[Any, ...] = (key, ...)
    elif type(key) is tuple:
        items = key
    elif _is_mask(key):
        return boolean_mask(x, key)
    else:
        items = tuple(key) if type(key) is list else (key,)
    for item in items:
        kind = type(item)
        if kind is int or item is None or item is Ellipsis:
            continue
        if kind is slice:
            first, last, step = item.start, item.stop, item.step
            if (
                (first is None or type(first) is int)
                and (last is None or type(last) is int)
                and (step is None or type(step) is int)
            ):
                continue
        items = tuple([_plain_item(i) for i in items])
        break
    try:
        view = a[items]
        if type(view) is not _ndarray:
            view = a[(*items, ...)]
    except (IndexError, ValueError) as error:
        raise _refused(x, key, items, error) from None
    root = view.base
    if type(root) is not _ndarray:
        root = a
    out = Tensor(view.copy() if view.nbytes * 2 < root.nbytes else view)
    if _state.recorders:
        sparse, masks = sparse_key(items)
        for recorder in _state.recorders:
            recorder.record(strided_slice_op, (x, *sparse), (out,), masks)
    return out


def _refused(x: Any, key: Any, items: Any, error: Exception) -> Exception:
    """What NumPy refused, in TensorFlow's words."""
    sparse, masks = sparse_key(items)
    said = worded(strided_slice_op, (x, *sparse), masks, error)
    if type(key) is list and isinstance(said, InvalidArgumentError):
        hint = f"A list is one index for each axis: to take rows, tf.gather(x, {key})"
        return InvalidArgumentError(f"{str(said).rstrip('.')}. {hint}.")
    return said


def _get_variable_item(variable: Variable, key: Any) -> Any:
    """`variable[key]`: its value's slice, which can be assigned."""
    value = variable._dense_tensor()
    out = get_item(value, key)
    if type(out) is Tensor and not _is_mask(key):
        out._origin = (variable, key)
    return out


def _is_mask(key: Any) -> bool:
    if isinstance(key, Tensor):
        return key.dtype.is_bool
    if type(key) is _ndarray:
        return key.dtype is _BOOL
    if hasattr(key, "_dense_tensor"):
        return bool(key.dtype.is_bool)
    return type(key) is bool


def _plain_item(item: Any) -> Any:
    """One position of a key without tensors."""
    if item is None or item is Ellipsis:
        return item
    if type(item) is slice:
        return slice(*[_plain_bound(b) for b in (item.start, item.stop, item.step)])
    return _plain_index(item)


def _plain_bound(bound: Any) -> Any:
    return None if bound is None else _plain_index(bound)


def _plain_index(item: Any) -> Any:
    """An index as an int; a symbolic one as it is."""
    if type(item) is int:
        return item
    if hasattr(item, "_dense_tensor"):
        item = item._dense_tensor()
    if isinstance(item, bool | np.bool_):
        raise InvalidArgumentError(
            house_message(
                "slice",
                "Value for attr 'Index' of bool is not in the list of allowed values",
                f"got {item}; allowed are int16, int32, int64",
                "Give a mask alone, as x[mask], or use tf.boolean_mask",
            )
        )
    if is_symbolic(item):
        if item.shape.rank in (0, None) and item.dtype.name in _TENSORS:
            return item
        raise _invalid(item)
    array = item._array if isinstance(item, Tensor) else item
    if isinstance(array, _ndarray | np.integer):
        if array.ndim or array.dtype.kind not in _INDEX:
            raise _invalid(item)
        if isinstance(item, Tensor) and item.dtype.name not in _TENSORS:
            raise _invalid(item)
        return int(array)
    if hasattr(item, "__index__"):
        return int(item.__index__())
    raise _invalid(item)


_TENSORS = frozenset({"int16", "int32", "int64"})


def _invalid(item: Any) -> TypeError:
    fix = "Use tf.gather or tf.gather_nd to take several elements"
    return TypeError(house_message("slice", f"{_VALID}, got {item!r}", fix=fix))


def sparse_key(items: tuple[Any, ...]) -> tuple[tuple[Any, Any, Any], dict[str, int]]:
    """A key without tensors in TensorFlow's form.

    Args:
        items: integers, slices of integers, `...` and None.

    Returns:
        Begin, end and strides as tuples; the masks that are not 0.
    """
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks = [0, 0, 0, 0, 0]
    for i, item in enumerate(items):
        bit = 1 << i
        if type(item) is slice:
            first, last, step = item.start, item.stop, item.step
            if first is None:
                first = 0
                masks[0] |= bit
            if last is None:
                last = 0
                masks[1] |= bit
            begin.append(first)
            end.append(last)
            strides.append(1 if step is None else step)
            continue
        if item is Ellipsis:
            masks[2] |= bit
            item = 0
        elif item is None:
            masks[3] |= bit
            item = 0
        else:
            masks[4] |= bit
        begin.append(item)
        end.append(item + 1)
        strides.append(1)
    named = zip(_MASKS, masks, strict=True)
    return (tuple(begin), tuple(end), tuple(strides)), {k: m for k, m in named if m}


_MASKS = (
    "begin_mask",
    "end_mask",
    "ellipsis_mask",
    "new_axis_mask",
    "shrink_axis_mask",
)


def traced_item(x: Any, key: Any) -> Any:
    """`x[key]` as a node."""
    if _is_mask(key):
        return boolean_mask(x, key)
    sparse, masks = _host_key(key)
    return strided_slice_op(x, *sparse, **masks)


def _host_key(key: Any) -> tuple[tuple[Any, Any, Any], dict[str, int]]:
    """Any key in TensorFlow's form, its parts ready for a record."""
    items = tuple(key) if isinstance(key, list | tuple) else (key,)
    parts, masks = sparse_key(tuple([_plain_item(i) for i in items]))
    names = ("begin", "end", "strides")
    begin, end, strides = [
        integers("slice", n, list(p)) for n, p in zip(names, parts, strict=True)
    ]
    return (begin, end, strides), masks


def slice_update(tensor: Any, key: Any, value: Any) -> Tensor:
    """`tensor` with `value` in place of `tensor[key]`; the service of variables.

    Args:
        tensor: any tensor.
        key: a key as `x[key]` takes it, but no mask.
        value: a tensor of the same type that broadcasts to the slice.

    Returns:
        A new tensor.

    Raises:
        ValueError: where the types differ.
        InvalidArgumentError: where the value does not fit the slice.
    """
    if value.dtype is not tensor.dtype:
        raise ValueError(
            house_message(
                "slice assignment",
                f"Tensor conversion requested dtype {tensor.dtype.name} for Tensor with"
                f" dtype {value.dtype.name}",
                describe(value),
                f"Convert the value with tf.cast(value, tf.{tensor.dtype.name})",
            )
        )
    sparse, masks = _host_key(key)
    return strided_slice_update_op(tensor, *sparse, value, **masks)


context.register_service("ops.slice_update", slice_update)
install_operators({"__getitem__": get_item}, Tensor)
install_operators({"__getitem__": _get_variable_item}, Variable)
