"""From a call to a kernel: the eager paths, one for each form of op.

A call's values become tensors, types are checked by identity, the kernel runs, tapes
are told. `infer` runs only where the kernel refuses, to word the error. Where a graph
is being traced, the call becomes a node instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.composite import (
    CompositeArgument,
    CompositeTensor,
    apply_op,
    has_whole,
)
from rillet.core.convert import to_tensor
from rillet.core.describe import describe, out_of_memory
from rillet.core.dtypes import FROM_NUMPY, TypeSet
from rillet.core.errors import (
    InaccessibleTensorError,
    InvalidArgumentError,
    OperandTypeError,
    OpError,
    house_message,
)
from rillet.core.quiet import restore, silence
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import spreading
from rillet.ops.spoken import public_name
from rillet.ops.type_errors import mixed_types, wrong_type

_state = context.state
_ndarray = np.ndarray
_asarray = np.asarray
_array = np.array
_NEVER = 1 << 62
#: What a kernel raises to refuse its input; anything else is a fault of rillet's.
_REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, MemoryError)
_SMALL = 65504.0  # float16's largest: below, no float type overflows


def path_for(op: Any) -> Callable[..., Any]:
    """The eager path of `op`: of fixed arity where its form allows."""
    first, rest = op.types[0] if op.types else None, op.types[1:]
    if op.outputs == 1 and not op.variadic and isinstance(first, TypeSet):
        if not rest and not op.attrs:
            return _unary(op)
        if all(want is None for want in rest):
            return _unary_with(op)
        if len(rest) == 1 and rest[0] is not None and rest[0] == 0:
            return _binary_with(op) if op.attrs else _binary(op)
    return _general(op)


def _unary(op: Any) -> Callable[[Any], Any]:
    kernel, allowed, loud = op.kernel, op.types[0], not op.quiet
    least = spreading.LARGE if isinstance(kernel, np.ufunc) else _NEVER

    def run(x: Any) -> Any:
        if _state.tracer is not None:
            return _state.tracer.trace(op, (x,), {})
        if type(x) is not Tensor:
            if has_whole(x):
                return apply_op(op, (x,), {})
            x = to_tensor(x)
            if x._describe is not None:
                return x._describe(op, (x,), {})
        a = x._array
        if a.dtype not in allowed:
            raise wrong_type(op, 0, x)
        token = None if loud else silence()
        try:
            result = kernel(a) if a.size < least else spreading.unary(kernel, a)
        except Exception as error:
            raise worded(op, (x,), {}, error) from None
        finally:
            if token is not None:
                restore(token)
        out = Tensor(result if type(result) is _ndarray else _whole(result))
        for recorder in _state.recorders:
            recorder.record(op, (x,), (out,), None)
        return out

    return run


def _binary(op: Any) -> Callable[[Any, Any], Any]:
    kernel, allowed, loud = op.kernel, op.types[0], not op.quiet
    least = spreading.LARGE if isinstance(kernel, np.ufunc) else _NEVER

    def run(x: Any, y: Any) -> Any:
        if _state.tracer is not None:
            return _state.tracer.trace(op, (x, y), {})
        if type(x) is not Tensor or type(y) is not Tensor:
            if has_whole(x, y):
                return apply_op(op, (x, y), {})
            x, y = matched(op, x, y)
            if x._describe is not None or y._describe is not None:
                return described(op, (x, y), {})
        a, b = x._array, y._array
        if a.dtype is not b.dtype and a.dtype != b.dtype:
            raise mixed_types(op, x, y)
        if a.dtype not in allowed:
            raise wrong_type(op, 0, x)
        token = None if loud else silence()
        try:
            if a.size < least:
                result = kernel(a, b)
            else:
                result = spreading.binary(kernel, a, b)
        except Exception as error:
            raise worded(op, (x, y), {}, error) from None
        finally:
            if token is not None:
                restore(token)
        out = Tensor(result if type(result) is _ndarray else _whole(result))
        for recorder in _state.recorders:
            recorder.record(op, (x, y), (out,), None)
        return out

    return run


def _unary_with(op: Any) -> Callable[..., Any]:
    """One tensor, then host values and attributes."""
    kernel, allowed, loud = op.kernel, op.types[0], not op.quiet

    def run(x: Any, *host: Any, **attrs: Any) -> Any:
        if _state.tracer is not None:
            return _state.tracer.trace(op, (x, *host), attrs)
        if type(x) is not Tensor:
            if has_whole(x):
                return apply_op(op, (x, *host), attrs)
            x = to_tensor(x)
            if x._describe is not None:
                return x._describe(op, (x, *host), attrs)
        a = x._array
        if a.dtype not in allowed:
            raise wrong_type(op, 0, x)
        token = None if loud else silence()
        try:
            result = kernel(a, *host, **attrs)
        except Exception as error:
            if has_description(host):
                return described(op, (x, *host), attrs)
            raise worded(op, (x, *host), attrs, error) from None
        finally:
            if token is not None:
                restore(token)
        out = Tensor(result if type(result) is _ndarray else _whole(result))
        for recorder in _state.recorders:
            recorder.record(op, (x, *host), (out,), attrs)
        return out

    return run


def _binary_with(op: Any) -> Callable[..., Any]:
    """Two tensors of one type, then attributes."""
    kernel, allowed, loud = op.kernel, op.types[0], not op.quiet

    def run(x: Any, y: Any, **attrs: Any) -> Any:
        if _state.tracer is not None:
            return _state.tracer.trace(op, (x, y), attrs)
        if type(x) is not Tensor or type(y) is not Tensor:
            if has_whole(x, y):
                return apply_op(op, (x, y), attrs)
            x, y = matched(op, x, y)
            if x._describe is not None or y._describe is not None:
                return described(op, (x, y), attrs)
        a, b = x._array, y._array
        if a.dtype is not b.dtype and a.dtype != b.dtype:
            raise mixed_types(op, x, y)
        if a.dtype not in allowed:
            raise wrong_type(op, 0, x)
        token = None if loud else silence()
        try:
            result = kernel(a, b, **attrs)
        except Exception as error:
            raise worded(op, (x, y), attrs, error) from None
        finally:
            if token is not None:
                restore(token)
        out = Tensor(result if type(result) is _ndarray else _whole(result))
        for recorder in _state.recorders:
            recorder.record(op, (x, y), (out,), attrs)
        return out

    return run


def _general(op: Any) -> Callable[..., Any]:
    kernel, types, loud = op.kernel, op.types, not op.quiet
    variadic, single = op.variadic, op.outputs == 1

    def run(*inputs: Any, **attrs: Any) -> Any:
        if _state.tracer is not None:
            return _state.tracer.trace(op, inputs, attrs)
        try:
            if variadic:
                head = same_typed(op, inputs[0])
            else:
                flat = typed_inputs(op, types, inputs)
        except CompositeArgument:
            return apply_op(op, inputs, attrs)
        if variadic:
            flat = (*head, *inputs[1:])
            args = ([t._array for t in head], *inputs[1:])
        else:
            args = tuple([v._array if isinstance(v, Tensor) else v for v in flat])
        token = None if loud else silence()
        try:
            result = kernel(*args, **attrs)
            if not single:
                result = [_whole(r) for r in result]
            elif type(result) is not _ndarray:
                result = _whole(result)
        except Exception as error:
            if has_description(flat):
                return described(op, inputs, attrs)
            raise worded(op, flat, attrs, error) from None
        finally:
            if token is not None:
                restore(token)
        outs: tuple[Tensor, ...]
        if single:
            outs = (Tensor(result),)
        else:
            outs = tuple([Tensor(r) for r in result])
        for recorder in _state.recorders:
            recorder.record(op, flat, outs, attrs)
        return outs[0] if single else outs

    return run


def _whole(result: Any) -> Any:
    """What a kernel gave as an array; bytes as an object, which NumPy would not do."""
    return _asarray(result, object) if type(result) is bytes else _asarray(result)


def has_description(values: Any) -> bool:
    """Whether a tensor without a value is among values, or in a list among them."""
    return any(
        getattr(v, "_describe", None) is not None
        or (isinstance(v, list | tuple) and has_description(v))
        for v in values
    )


def described(op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """What an op gives where an input has no value, only a shape and a type."""
    for value in inputs:
        for part in value if isinstance(value, list | tuple) else (value,):
            if getattr(part, "_describe", None) is not None:
                return part._describe(op, inputs, attrs)
    raise AssertionError("no input is a description")


def matched(op: Any, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two values as tensors; one that is none takes the other's type."""
    if type(x) is Tensor:
        if (
            (type(y) is float or type(y) is int)
            and x._array.dtype.kind == "f"
            and -_SMALL < y < _SMALL
        ):
            return x, Tensor(_array(y, x._array.dtype))
    elif type(y) is Tensor and (type(x) is float or type(x) is int):
        if y._array.dtype.kind == "f" and -_SMALL < x < _SMALL:
            return Tensor(_array(x, y._array.dtype)), y
    if not is_typed(x) and is_typed(y):
        y = to_tensor(y)
        return hinted(op, x, y.dtype), y
    x = to_tensor(x)
    return x, to_tensor(y) if is_typed(y) else hinted(op, y, x.dtype)


def hinted(op: Any, value: Any, dtype: Any) -> Tensor:
    """A value as a tensor of the other operand's type.

    Raises:
        OperandTypeError: where it is Python's and does not fit that type.
    """
    try:
        return to_tensor(value, hint=dtype)
    except TypeError as error:
        if not isinstance(value, int | float | str | bytes):
            raise OperandTypeError(
                house_message(public_name(op), str(error).removesuffix("."))
            ) from None
        raise OperandTypeError(
            house_message(
                public_name(op),
                "both operands must have one dtype",
                f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}",
                _fix_for(value, dtype),
            )
        ) from None


def _fix_for(value: Any, dtype: Any) -> str:
    """What makes a Python value and a tensor of another kind of type go together."""
    if dtype.name == "string":
        return "Write the number as text, or convert x with tf.strings.to_number(x)"
    if isinstance(value, str | bytes):
        return "Convert the text first, e.g. with float(text)"
    wanted = "int32" if dtype.is_bool and isinstance(value, int) else "float32"
    return f"Cast the tensor first: tf.cast(x, tf.{wanted})"


def is_typed(value: Any) -> bool:
    """Whether a value has a TensorFlow type: a tensor, a variable, a composite."""
    kinds = Tensor | CompositeTensor
    return isinstance(value, kinds) or hasattr(value, "_dense_tensor")


def same_typed(op: Any, values: Any) -> list[Tensor]:
    """A list of values as tensors of one type: that of the first tensor among them."""
    hint = next((v.dtype for v in values if is_typed(v)), None)
    out: list[Tensor] = []
    for i, value in enumerate(values):
        loose = hint is not None and not is_typed(value)
        tensor = hinted(op, value, hint) if loose else to_tensor(value)
        hint = hint or tensor.dtype
        if out and tensor.dtype is not out[0].dtype:
            raise mixed_types(op, out[0], tensor, i)
        out.append(tensor)
    allowed = op.types[0]
    if out and out[0]._array.dtype not in allowed:
        raise wrong_type(op, 0, out[0])
    return out


def typed_inputs(op: Any, types: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs as tensors that meet the op's constraints; host values as they are."""
    out = list(inputs)
    hints: dict[int, Any] = {}
    for i, want in enumerate(types):
        if want is not None and is_typed(inputs[i]):
            hints.setdefault(want if type(want) is int else i, inputs[i].dtype)
    for i, want in enumerate(types):
        if want is None:
            continue
        value = inputs[i]
        group = want if type(want) is int else i
        if type(value) is not Tensor:
            hint = None if is_typed(value) else hints.get(group)
            value = to_tensor(value) if hint is None else hinted(op, value, hint)
            hints.setdefault(group, value.dtype)
            out[i] = value
        if type(want) is int:
            if value.dtype is not out[want].dtype:
                raise mixed_types(op, out[want], value, i)
        # a list of tensors, which loops build, is no array and has no such type
        elif getattr(value._array, "dtype", None) not in want:
            raise wrong_type(op, i, value)
    return tuple(out)


def spec_of(value: Any) -> Any:
    """A tensor's spec; a host value as it is."""
    if isinstance(value, Tensor):
        array = value._array
        return Spec(array.shape, FROM_NUMPY[array.dtype])
    return value


def worded(
    op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any], error: Exception
) -> Exception:
    """The error to raise where a kernel refused: `infer`'s words, or the kernel's."""
    worded_already = isinstance(error, OpError | InaccessibleTensorError)
    if worded_already or not isinstance(error, _REFUSALS):
        return error
    if isinstance(error, MemoryError):
        shown = ", ".join(describe(v) for v in inputs if isinstance(v, Tensor))
        told = f"{error}; inputs are {shown}" if shown else str(error)
        return out_of_memory(public_name(op), told)
    try:
        if op.variadic:
            tensors = [spec_of(v) for v in inputs if isinstance(v, Tensor)]
            op.infer(
                tensors, *[v for v in inputs if not isinstance(v, Tensor)], **attrs
            )
        else:
            op.infer(*[spec_of(v) for v in inputs], **attrs)
    except (OpError, ValueError, TypeError) as better:
        return better
    shown = ", ".join(describe(v) for v in inputs)
    text = str(error).rstrip(".")
    return InvalidArgumentError(house_message(public_name(op), text, shown))


class Recorded:
    """What a tape keeps of a computation that is no op: a name and a gradient rule."""

    __slots__ = ("grad", "name")

    def __init__(self, name: str, grad: Callable[..., Any]) -> None:
        self.name = name
        self.grad = grad
