"""The mathematics of `tf.keras.backend`: TensorFlow's functions by Keras's old names.

In: tensors or variables. Out: tensors. Users' own layers and losses call them; Keras's
do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.variable import Variable
from rillet.keras import losses
from rillet.keras.activations import relu as _relu
from rillet.keras.settings import floatx
from rillet.ops import activations, casting, filling, rearrange, reduce, tiling
from rillet.ops.arithmetic import l2_normalize as _l2_normalize
from rillet.ops.array import concat
from rillet.ops.array import stack as _stack
from rillet.ops.clip import clip_by_value
from rillet.ops.einsum import tensordot
from rillet.ops.elementwise import maximum, minimum
from rillet.ops.elementwise import pow as _pow
from rillet.ops.elementwise import sqrt as _sqrt
from rillet.ops.gather import gather as _gather
from rillet.ops.one_hot import one_hot as _one_hot
from rillet.ops.positions import argmax as _argmax
from rillet.ops.positions import argmin as _argmin
from rillet.ops.products import matmul
from rillet.ops.sequences import range as _range
from rillet.ops.shaping import reduce_sum, reshape, static_dims
from rillet.ops.softmax import softmax as _softmax
from rillet.ops.sparse.dense import sparse_dense_matmul
from rillet.ops.statistics import reduce_std, reduce_variance
from rillet.ops.transposes import transpose as _transpose


def _float(x: Any) -> Any:
    """A tensor; booleans as Keras's floats, as means of them are asked for."""
    x = to_tensor(x)
    return casting.cast(x, floatx()) if x.dtype.name == "bool" else x


def variable(
    value: Any, dtype: Any = None, name: Any = None, constraint: Any = None
) -> Any:
    """A variable of a value, in Keras's float type where none is given."""
    return Variable(
        value, dtype=as_dtype(dtype or floatx()), name=name, constraint=constraint
    )


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    """A tensor of a value, in Keras's float type where none is given."""
    found = to_tensor(np.asarray(value, as_dtype(dtype or floatx()).numpy_dtype))
    return found if shape is None else filling.fill(shape, found)


def cast(x: Any, dtype: Any) -> Any:
    """The values in another type."""
    return casting.cast(x, dtype)


def dtype(x: Any) -> str:
    """The type's name."""
    return str(as_dtype(x.dtype).name)


def ndim(x: Any) -> Any:
    """How many axes there are."""
    return x.shape.rank


def int_shape(x: Any) -> Any:
    """The sizes as a tuple, None for an unknown one."""
    found = getattr(x, "shape", None)
    return None if found is None else tuple(found.as_list())


def count_params(x: Any) -> int:
    """How many elements there are."""
    return int(np.prod(x.shape.as_list(), dtype=np.int64))


def eval(x: Any) -> Any:
    """The value as an array."""
    return to_tensor(x).numpy()


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over axes."""
    return reduce_sum(x, axis, keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over axes."""
    return reduce.reduce_mean(_float(x), axis, keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest over axes."""
    return reduce.reduce_max(x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least over axes."""
    return reduce.reduce_min(x, axis, keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product over axes."""
    return reduce.reduce_prod(x, axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation over axes."""
    return reduce_std(_float(x), axis, keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The variance over axes."""
    return reduce_variance(_float(x), axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether any is true over axes."""
    return reduce.reduce_any(casting.cast(x, "bool"), axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all are true over axes."""
    return reduce.reduce_all(casting.cast(x, "bool"), axis, keepdims)


def argmax(x: Any, axis: int = -1) -> Any:
    """Where the greatest stands."""
    return _argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Where the least stands."""
    return _argmin(x, axis)


def sqrt(x: Any) -> Any:
    """The square root; 0 for what is negative."""
    x = to_tensor(x)
    return _sqrt(maximum(x, casting.cast(0, x.dtype)))


def pow(x: Any, a: Any) -> Any:
    """The power."""
    return _pow(x, a)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """The values brought between two limits; None for no limit."""
    if isinstance(min_value, int | float) and isinstance(max_value, int | float):
        max_value = max_value if max_value > min_value else min_value
    low = -np.inf if min_value is None else min_value
    high = np.inf if max_value is None else max_value
    return clip_by_value(x, low, high)


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of `x` and the last but one of `y`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.backend.dot(tf.ones((2, 3, 4)), tf.ones((5, 4, 6))).shape
        TensorShape([2, 3, 5, 6])
    """
    if isinstance(x, SparseTensor) or isinstance(y, SparseTensor):
        return sparse_dense_matmul(x, y)
    x, y = to_tensor(x), to_tensor(y)
    if x.shape.rank == 2 and y.shape.rank == 2:
        return matmul(x, y)
    rank = y.shape.rank or 1
    if rank < 2:
        return tensordot(x, y, [[-1], [0]])
    return tensordot(x, y, [[(x.shape.rank or 1) - 1], [rank - 2]])


def transpose(x: Any) -> Any:
    """The axes in reverse."""
    return _transpose(x)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in another order."""
    return _transpose(x, pattern)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """An axis of size 1 more."""
    return rearrange.expand_dims(x, axis)


def squeeze(x: Any, axis: Any) -> Any:
    """An axis of size 1 less."""
    return rearrange.squeeze(x, [axis])


def reverse(x: Any, axes: Any) -> Any:
    """The values backwards along axes."""
    return rearrange.reverse(x, [axes] if isinstance(axes, int) else axes)


def flatten(x: Any) -> Any:
    """All values in one row."""
    return reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """Each example's values in one row."""
    dims = static_dims(to_tensor(x))
    width = 1
    for size in dims[1:]:
        width = width * size
    return reshape(x, (-1, width))


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Tensors one after the other."""
    return concat([to_tensor(t) for t in tensors], axis)


def stack(x: Any, axis: int = 0) -> Any:
    """Tensors along a new axis."""
    return _stack(x, axis)


def tile(x: Any, n: Any) -> Any:
    """The values repeated along each axis."""
    return tiling.tile(x, [n] if isinstance(n, int) else n)


def repeat(x: Any, n: int) -> Any:
    """A matrix's rows repeated along a new axis in the middle."""
    x = to_tensor(x)
    if x.shape.rank != 2:
        raise ValueError(
            house_message("repeat", "x must be a matrix", f"its shape is {x.shape}")
        )
    return tiling.tile(rearrange.expand_dims(x, 1), [1, n, 1])


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each value repeated along an axis."""
    return tiling.repeat(x, rep, axis)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Whole numbers in sequence."""
    first, last = (0, start) if stop is None else (start, stop)
    found = _range(first, last, step)
    return casting.cast(found, dtype)


def gather(reference: Any, indices: Any) -> Any:
    """Rows by number."""
    return _gather(reference, indices)


def one_hot(indices: Any, num_classes: int) -> Any:
    """One-hot rows of numbers."""
    return _one_hot(indices, num_classes, axis=-1)


def zeros(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """A variable of zeros."""
    return variable(np.zeros(tuple(shape)), dtype, name)


def ones(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """A variable of ones."""
    return variable(np.ones(tuple(shape)), dtype, name)


def eye(size: int, dtype: Any = None, name: Any = None) -> Any:
    """A variable that is the identity matrix."""
    return variable(np.eye(size), dtype, name)


def softmax(x: Any, axis: int = -1) -> Any:
    """Powers of e brought to the sum 1."""
    return _softmax(x, axis)


def relu(
    x: Any, alpha: float = 0.0, max_value: Any = None, threshold: float = 0
) -> Any:
    """The rectifier; see `tf.keras.activations.relu`."""
    return _relu(x, alpha, max_value, threshold)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """The exponential unit."""
    found = activations.elu(x)
    if alpha == 1:
        return found
    zero = to_tensor(x) * 0
    return maximum(x, zero) + alpha * minimum(found, zero)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """The values divided by their length."""
    return _l2_normalize(x, axis)


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """A bias added to the channels.

    Raises:
        ValueError: where the bias is neither a vector nor as wide as an example.
    """
    x, bias = to_tensor(x), to_tensor(bias)
    rank, own = x.shape.rank or 0, bias.shape.rank
    if own not in (1, rank - 1):
        raise ValueError(
            house_message(
                "bias_add",
                "the bias must be a vector or have an axis less than x",
                f"x has rank {rank}, the bias {own}",
            )
        )
    if data_format != "channels_first":
        return x + bias
    if own == 1:
        return x + reshape(bias, (1, -1, *(1,) * (rank - 2)))
    order = [rank - 2, *np.arange(rank - 2).tolist()]
    return x + _transpose(bias, order)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The cross-entropy of each value."""
    wide = rearrange.expand_dims(to_tensor(output), -1)
    goal = rearrange.expand_dims(casting.cast(target, wide.dtype), -1)
    return losses.binary_crossentropy(goal, wide, from_logits)


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """The cross-entropy of each row."""
    return losses.categorical_crossentropy(target, output, from_logits, axis=axis)


def sparse_categorical_crossentropy(
    target: Any,
    output: Any,
    from_logits: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
) -> Any:
    """The cross-entropy of each row with the number of its class."""
    return losses.sparse_categorical_crossentropy(
        target, output, from_logits, axis, ignore_class
    )


def update(x: Any, new_x: Any) -> Any:
    """A variable's new value."""
    return x.assign(new_x)


def update_add(x: Any, increment: Any) -> Any:
    """A variable, increased."""
    return x.assign_add(increment)


def update_sub(x: Any, decrement: Any) -> Any:
    """A variable, decreased."""
    return x.assign_sub(decrement)


def hard_sigmoid(x: Any) -> Any:
    """The sigmoid in three straight pieces: 0.2 x + 0.5 between 0 and 1."""
    return clip_by_value(to_tensor(x) * 0.2 + 0.5, 0.0, 1.0)
