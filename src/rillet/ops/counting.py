"""Counting: occurrences of integers, histograms and the confusion matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import CompositeTensor, is_whole
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import INDEX, REAL, DType, as_dtype, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import (
    cast,
    cast_op,
    div_op,
    maximum_op,
    minimum_op,
    mul_op,
    sub_op,
)
from rillet.ops.host import integer, is_symbolic, plain
from rillet.ops.registry import Op, define
from rillet.ops.rounding import floor_op
from rillet.ops.shaping import could_match, reshape_op, static_dims
from rillet.ops.sparse.counting import bincount as sparse_bincount
from rillet.ops.sparse.dense import to_dense
from rillet.ops.symbolic_counts import checked_classes, table_size

Array = np.ndarray[Any, Any]


def _bincount_error(rule: str, values: str, fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("bincount", rule, values, fix))


def _weighs(weights: Any, values: Any) -> bool:
    """Whether weights of a shape, perhaps open, can belong to values of one."""
    if weights in ((0,), (None,)):
        return True
    return len(weights) == len(values) and all(
        None in (a, b) or a == b for a, b in zip(weights, values, strict=True)
    )


def _infer_bincount(x: Spec, size: Any, w: Spec, binary_output: bool = False) -> Spec:
    if x.shape is not None and len(x.shape) > 2:
        raise _bincount_error("the input is a vector or a matrix", f"shape {x.shape}")
    if w.shape is not None and x.shape is not None and not _weighs(w.shape, x.shape):
        raise _bincount_error(
            "`weights` must be the same shape as `arr` or a length-0 tensor",
            f"arr has shape {x.shape}, weights {w.shape}",
        )
    count = None if isinstance(size, Spec) else size
    if x.shape is None:
        return Spec(None, w.dtype)
    return Spec((*x.shape[:-1], count) if x.shape else (count,), w.dtype)


def _bincount(x: Array, size: int, w: Array, binary_output: bool = False) -> Array:
    if x.ndim > 2 or w.shape not in ((0,), x.shape):
        raise ValueError("shapes differ")
    if x.size and x.min() < 0:
        raise _bincount_error(
            "Input arr must be non-negative!", f"it holds {int(x.min())}"
        )
    rows = x.shape[0] if x.ndim == 2 else 1
    inside = x < size
    place = x.astype(np.int64)
    if x.ndim == 2:
        place = place + np.arange(rows)[:, None] * size
    out = np.zeros(rows * size, w.dtype)
    if binary_output:
        out[place[inside]] = 1
    elif not w.size:
        counts = np.bincount(place[inside].reshape(-1), minlength=rows * size)
        out[:] = counts
    else:
        np.add.at(out, place[inside], w[inside])
    return out.reshape(rows, size) if x.ndim == 2 else out


bincount_op: Op = define(
    "DenseBincount",
    types=(INDEX, None, REAL),
    kernel=_bincount,
    infer=_infer_bincount,
    attrs={"binary_output": False},
)


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    axis: int | None = None,
    binary_output: bool = False,
) -> Tensor:
    """How often each of 0, 1, 2, … occurs among integers.

    Args:
        arr: integers of 0 or more; also sparse or ragged ones.
        weights: what each occurrence counts, of the shape of `arr`; 1 where None.
        minlength: the least length of the result.
        maxlength: the greatest; larger values are not counted.
        dtype: the type of the result where there are no weights.
        name: ignored when eager.
        axis: None or 0 to count all values together; -1 to count each row of a matrix.
        binary_output: give 1 for a value that occurs, instead of a count.

    Returns:
        A vector, or a matrix with a row for each row where `axis` is -1.

    Raises:
        InvalidArgumentError: for negative values, or weights of another shape.
        ValueError: for another axis.

    Example:
        >>> import rillet as tf
        >>> tf.math.bincount([1, 1, 3]).numpy().tolist()
        [0, 2, 0, 1]
    """
    if isinstance(arr, CompositeTensor) and is_whole(arr):
        ends = minlength, maxlength
        if axis == -1:
            sparse = sparse_bincount(arr, weights, axis, *ends, binary_output)
            whole = to_dense(sparse)
            if maxlength is not None:
                flat = to_tensor(arr._gradient_tensor())
                whole = whole[..., : table_size(flat, minlength, maxlength)]
            return whole if weights is not None else cast(whole, dtype)
        arr = arr._gradient_tensor()
        if isinstance(weights, CompositeTensor) and is_whole(weights):
            weights = weights._gradient_tensor()
    values = to_tensor(arr)
    if values.dtype.is_floating:
        values = cast_op(values, DstT=dtypes.int32)
    if axis not in (None, 0, -1):
        raise ValueError(
            house_message(
                "bincount",
                "Unsupported value for argument axis",
                f"axis={axis}",
                "Only 0 and -1 are supported",
            )
        )
    if weights is None:
        wide = to_tensor(np.zeros(0, as_dtype(dtype).numpy_dtype))
    else:
        if binary_output:
            raise InvalidArgumentError(
                house_message(
                    "bincount",
                    "binary_output and weights are arguments that exclude each other",
                )
            )
        wide = to_tensor(weights)
    if axis != -1 and values.shape.rank != 1:
        values = reshape_op(values, (-1,))
        if weights is not None:
            wide = reshape_op(wide, (-1,))
    flag = bool(binary_output)
    if is_symbolic(values):
        size = table_size(values, minlength, maxlength)
        return bincount_op.run(values, size, wide, binary_output=flag)
    array = values._array
    size = int(array.max()) + 1 if array.size else 0
    if minlength is not None:
        size = max(size, integer("bincount", "minlength", minlength))
    if maxlength is not None:
        size = min(size, integer("bincount", "maxlength", maxlength))
    return bincount_op.run(values, size, wide, binary_output=flag)


def _check_range(low: Any, high: Any, nbins: int) -> None:
    if nbins <= 0:
        raise InvalidArgumentError(
            house_message(
                "histogram_fixed_width",
                "nbins should be a positive number",
                f"nbins={nbins}",
            )
        )
    if not low < high:
        raise InvalidArgumentError(
            house_message(
                "histogram_fixed_width",
                "value_range should satisfy value_range[0] < value_range[1]",
                f"got [{low}, {high}]",
            )
        )


def _histogram(x: Array, ends: Array, nbins: int, dtype: DType = dtypes.int32) -> Array:
    if ends.shape != (2,):
        raise ValueError("value_range should be a vector of 2 elements")
    low, high = ends.astype(np.float64)
    _check_range(low, high, nbins)
    if x.dtype.kind == "f" and np.isnan(x).any():
        raise InvalidArgumentError(
            house_message(
                "histogram_fixed_width", "Histogram values must not contain NaN"
            )
        )
    step = (high - low) / nbins
    place = (x.reshape(-1).astype(np.float64) - low) / step
    place = np.clip(place, 0, nbins - 1).astype(np.int64)
    return np.bincount(place, minlength=nbins).astype(dtype.numpy_dtype)


def _infer_histogram(
    x: Spec, ends: Spec, nbins: Any, dtype: DType = dtypes.int32
) -> Spec:
    if ends.shape not in (None, (2,)):
        raise InvalidArgumentError(
            house_message(
                "histogram_fixed_width",
                "value_range should be a vector of 2 elements",
                f"its shape is {ends.shape}",
            )
        )
    return Spec((None if isinstance(nbins, Spec) else nbins,), dtype)


histogram_op: Op = define(
    "HistogramFixedWidth",
    types=(
        type_set(dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64),
        0,
        None,
    ),
    kernel=_histogram,
    infer=_infer_histogram,
    attrs={"dtype": dtypes.int32},
)


def histogram_fixed_width(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """How many values fall in each of several bins of equal width.

    Args:
        values: a real tensor.
        value_range: the lower end of the first bin and the upper end of the last;
            values outside count in those bins.
        nbins: how many bins.
        dtype: int32 or int64.
        name: ignored when eager.

    Returns:
        A vector of counts.

    Raises:
        InvalidArgumentError: for NaN, an empty range, or no bins.

    Example:
        >>> import rillet as tf
        >>> tf.histogram_fixed_width([-1., 0., 1.5, 2., 9.], [0., 5.], 5).numpy()
        array([2, 1, 1, 0, 1], dtype=int32)
    """
    count = integer("histogram_fixed_width", "nbins", nbins)
    return histogram_op.run(values, value_range, count, dtype=as_dtype(dtype))


def histogram_fixed_width_bins(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """The bin that each value falls in; arguments as with `tf.histogram_fixed_width`.

    Example:
        >>> import rillet as tf
        >>> tf.histogram_fixed_width_bins([-1., 0., 1.5, 9.], [0., 5.], 5).numpy()
        array([0, 0, 1, 4], dtype=int32)
    """
    x = to_tensor(values)
    ends = plain(to_tensor(value_range, hint=x.dtype))
    count = integer("histogram_fixed_width_bins", "nbins", nbins)
    _check_range(ends[0], ends[1], count)
    low, high = (Tensor(np.array(e)) for e in ends)
    scaled = div_op.run(sub_op.run(x, low), sub_op.run(high, low))
    place = floor_op.run(mul_op.run(scaled, to_tensor(float(count), x.dtype)))
    place = maximum_op.run(place, to_tensor(0.0, x.dtype))
    place = minimum_op.run(place, to_tensor(float(count - 1), x.dtype))
    return cast_op(place, DstT=as_dtype(dtype))


def _squeezed(labels: Any, predictions: Any) -> tuple[Any, Any]:
    """Both as int64, one of them without a last axis of 1 that the other lacks."""
    x = cast(to_tensor(labels), dtypes.int64)
    y = cast(to_tensor(predictions), dtypes.int64)
    gap = len(y.shape) - len(x.shape)
    if gap == 1 and y.shape[-1] == 1:
        y = reshape_op(y, static_dims(y)[:-1])
    elif gap == -1 and x.shape[-1] == 1:
        x = reshape_op(x, static_dims(x)[:-1])
    if not could_match(x.shape.as_list(), y.shape.as_list()):
        raise InvalidArgumentError(
            house_message(
                "confusion_matrix",
                "labels and predictions must have the same shape",
                f"{describe(x)} and {describe(y)}",
            )
        )
    return x, y


def _check_classes(name: str, values: Array, classes: int) -> None:
    if values.size and values.min() < 0:
        raise InvalidArgumentError(
            house_message(
                "confusion_matrix",
                f"`{name}` contains negative values",
                f"the least is {values.min()}",
            )
        )
    if values.size and values.max() >= classes:
        raise InvalidArgumentError(
            house_message(
                "confusion_matrix",
                f"`{name}` out of bound",
                f"the greatest is {values.max()}, num_classes is {classes}",
            )
        )


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """How often each class was predicted for each true class.

    Args:
        labels: the true classes, integers of 0 or more.
        predictions: the predicted ones, of the same shape.
        num_classes: how many classes; one more than the greatest where None.
        weights: what each pair counts; 1 where None.
        dtype: the type of the result.
        name: ignored when eager.

    Returns:
        A matrix: rows are true classes, columns predicted ones.

    Raises:
        InvalidArgumentError: for classes outside 0 … num_classes - 1, or shapes that
            differ.

    Example:
        >>> import rillet as tf
        >>> tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]).numpy().tolist()
        [[1, 0], [1, 1]]
    """
    x, y = _squeezed(labels, predictions)
    kind = as_dtype(dtype)
    if is_symbolic(x) or is_symbolic(y):
        lines = [reshape_op(z, (-1,)) for z in (x, y)]
        pairs, classes = checked_classes(lines[0], lines[1], num_classes)
        counted = Tensor(np.zeros(0, kind.numpy_dtype))
        if weights is not None:
            counted = reshape_op(cast(to_tensor(weights), kind), (-1,))
        cells = bincount_op.run(pairs, classes * classes, counted)
        return reshape_op(cells, (classes, classes))
    true, guessed = x._array.reshape(-1), y._array.reshape(-1)
    if num_classes is None:
        both = [int(a.max()) for a in (true, guessed) if a.size]
        classes = max(both, default=-1) + 1
    else:
        classes = integer("confusion_matrix", "num_classes", num_classes)
    _check_classes("labels", true, classes)
    _check_classes("predictions", guessed, classes)
    if weights is None:
        counted = Tensor(np.zeros(0, kind.numpy_dtype))
    else:
        counted = reshape_op(cast(to_tensor(weights), kind), (-1,))
        if counted.shape[0] != true.size:
            raise InvalidArgumentError(
                house_message(
                    "confusion_matrix",
                    "weights and predictions must have the same shape",
                    f"{counted.shape[0]} weights for {true.size} predictions",
                )
            )
    pairs = Tensor(true * classes + guessed)
    cells = bincount_op.run(pairs, classes * classes, counted)
    return reshape_op(cells, (classes, classes))
