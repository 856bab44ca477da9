"""Tensors made from sizes: zeros, ones, fill, eye."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.describe import out_of_memory
from rillet.core.dtypes import ANY, STRING, DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops
from rillet.ops.compare import equal_op
from rillet.ops.elementwise import cast
from rillet.ops.host import integer, integers, is_symbolic
from rillet.ops.rearrange import expand_dims_op
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import broadcast_to_op, sum_op
from rillet.ops.whole_loops import filled

Array = np.ndarray[Any, Any]


def allocated(op: str, dims: Any, fill: Any, dtype: DType) -> Array:
    """A fresh array of a shape, every element `fill`.

    Raises:
        InvalidArgumentError: where a size is negative, or the sizes multiply to more
            than an index can count.
        ResourceExhaustedError: where the machine has not that much memory.
    """
    kind = dtype.numpy_dtype
    try:
        if kind.kind == "O":
            return np.full(dims, b"" if fill == 0 else fill, object)
        return np.zeros(dims, kind) if fill == 0 else np.full(dims, fill, kind)
    except (MemoryError, OverflowError, ValueError) as error:
        negative = [d for d in dims if d < 0]
        if negative:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"Dimension {negative[0]} must be >= 0",
                    f"shape is {list(dims)}",
                )
            ) from None
        total = 1
        for d in dims:
            total *= d
        if total >= 2**63:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"Shape {list(dims)} would have more than 2**63 - 1 elements",
                )
            ) from None
        raise out_of_memory(
            op, f"shape is {list(dims)}, dtype {dtype.name}; {error}"
        ) from None


def _filled(op: str, shape: Any, value: Any, dtype: Any) -> Tensor:
    kind = as_dtype(dtype)
    if isinstance(shape, list | tuple) and None in shape:
        raise ValueError(
            house_message(
                op,
                "Attempt to convert a value (None) with an unsupported type"
                " (<class 'NoneType'>) to a Tensor",
                f"shape is {list(shape)}",
                "Give every size",
            )
        )
    if value and kind.name == "string":
        raise TypeError(
            house_message(
                op, "Cannot convert 1 to a tensor of dtype string", fix="Use tf.fill"
            )
        )
    dims = integers(op, "shape", shape)
    if is_symbolic(dims):
        return fill_op(dims, Tensor(np.array(value, kind.numpy_dtype)))
    tensor = Tensor(allocated(op, dims, value, kind))
    if context.state.tracer is not None:
        return context.state.tracer.constant(tensor)
    return tensor


@dispatched
def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of zeros (False for bool, empty for string).

    Args:
        shape: the sizes.
        dtype: the type.
        name: ignored when eager.

    Returns:
        A tensor of that shape and type.

    Raises:
        ResourceExhaustedError: where it does not fit in memory.

    Example:
        >>> import rillet as tf
        >>> tf.zeros([2]).numpy().tolist()
        [0.0, 0.0]
    """
    return _filled("zeros", shape, 0, dtype)


@dispatched
def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of ones (True for bool); arguments and errors as those of `tf.zeros`."""
    return _filled("ones", shape, 1, dtype)


def _infer_fill(dims: Any, value: Spec) -> Spec:
    if isinstance(dims, Spec):
        rank = dims.shape[0] if dims.shape else None
        return Spec(None if rank is None else (None,) * rank, value.dtype)
    return Spec(tuple(dims), value.dtype)


def _fill(dims: Any, value: Array) -> Array:
    if value.size != 1:
        raise InvalidArgumentError(
            house_message(
                "fill", "value must be a scalar", f"its shape is {list(value.shape)}"
            )
        )
    return allocated(
        "fill", dims, value.reshape(())[()], dtypes.FROM_NUMPY[value.dtype]
    )


fill_op: Op = define(
    "Fill",
    types=(None, ANY),
    kernel=_fill,
    infer=_infer_fill,
    grad=(None, lambda g, y, dims, value: sum_op(g, None, keep_dims=False)),
    quiet=False,
    lower=moving_loops.fill,
)


@dispatched
def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor filled with one value.

    Args:
        dims: the sizes.
        value: a scalar of any type.
        name: ignored when eager.

    Returns:
        A tensor of that shape and the value's type.

    Raises:
        InvalidArgumentError: where a size is negative or the value no scalar.
        ResourceExhaustedError: where it does not fit in memory.

    Example:
        >>> import rillet as tf
        >>> tf.fill([2, 2], 9).numpy().tolist()
        [[9, 9], [9, 9]]
    """
    return fill_op(integers("fill", "dims", dims), value)


def _like(value: int) -> Any:
    def kernel(x: Array) -> Array:
        return allocated("fill", x.shape, value, dtypes.FROM_NUMPY[x.dtype])

    return kernel


zeros_like_op: Op = define(
    "ZerosLike",
    types=(ANY,),
    kernel=_like(0),
    infer=lambda x: x,
    quiet=False,
    lower=filled(0),
)
ones_like_op: Op = define(
    "OnesLike",
    types=(ANY - STRING,),
    kernel=_like(1),
    infer=lambda x: x,
    quiet=False,
    lower=filled(1),
)


@dispatched
def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Zeros of the shape of `input`.

    Args:
        input: any tensor.
        dtype: the type; that of `input` where None.
        name: ignored when eager.

    Returns:
        A tensor of zeros (False for bool, empty for string).

    Example:
        >>> import rillet as tf
        >>> tf.zeros_like([[1.5, 2.5]]).numpy().tolist()
        [[0.0, 0.0]]
    """
    return _of_shape(zeros_like_op, 0, input, dtype)


@dispatched
def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Ones of the shape of `input`.

    Args:
        input: any tensor, but no strings.
        dtype: the type; that of `input` where None.
        name: ignored when eager.

    Returns:
        A tensor of ones (True for bool).

    Raises:
        InvalidArgumentError: for strings.

    Example:
        >>> import rillet as tf
        >>> tf.ones_like([[1.5, 2.5]]).numpy().tolist()
        [[1.0, 1.0]]
    """
    return _of_shape(ones_like_op, 1, input, dtype)


def _of_shape(op: Op, value: int, input: Any, dtype: Any) -> Tensor:
    x = to_tensor(input)
    if dtype is None or as_dtype(dtype) is x.dtype:
        return op.run(x)
    if is_symbolic(x):
        return cast(op.run(cast(x, dtype)), dtype)
    return _filled("ones_like" if value else "zeros_like", x.shape, value, dtype)


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Identity matrices.

    Args:
        num_rows: the number of rows.
        num_columns: the number of columns; `num_rows` where None.
        batch_shape: sizes of leading axes along which the matrix repeats.
        dtype: the type.
        name: ignored when eager.

    Returns:
        A tensor of shape ``(*batch_shape, num_rows, num_columns)``.

    Raises:
        InvalidArgumentError: where a size is negative.

    Example:
        >>> import rillet as tf
        >>> tf.eye(2).numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    rows = integer("eye", "num_rows", num_rows)
    columns = (
        rows if num_columns is None else integer("eye", "num_columns", num_columns)
    )
    batch = () if batch_shape is None else integers("eye", "batch_shape", batch_shape)
    if any(map(is_symbolic, (rows, columns, batch))):
        places = expand_dims_op(range_(rows), 1)
        one = cast(equal_op(places, range_(columns)), dtype)
        if batch == ():
            return one
        return broadcast_to_op(one, integers("eye", "shape", [*batch, rows, columns]))
    array = allocated("eye", (*batch, rows, columns), 0, as_dtype(dtype))
    diagonal = np.arange(min(rows, columns))
    array[..., diagonal, diagonal] = 1
    tensor = Tensor(array)
    if context.state.tracer is not None:
        return context.state.tracer.constant(tensor)
    return tensor
