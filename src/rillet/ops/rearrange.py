"""The same elements in another arrangement: axes added, dropped, reversed, rolled."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops, reordering_loops
from rillet.ops.host import integer, integers, is_symbolic, plain
from rillet.ops.registry import Op, define
from rillet.ops.shaping import broadcast_to_op, reshape_like, reshape_op, static_dims
from rillet.ops.whole_loops import same_elements

Array = np.ndarray[Any, Any]


def _refused(
    op: str, rule: str, values: str = "", fix: str = ""
) -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values, fix))


def _infer_expand(x: Spec, dim: Any) -> Spec:
    if x.shape is None or isinstance(dim, Spec):
        return Spec(None, x.dtype)
    rank = len(x.shape)
    if not -rank - 1 <= dim <= rank:
        raise _refused(
            "expand_dims",
            f"Tried to expand dim index {dim} for tensor with {rank} dimensions",
            f"the tensor has shape {list(x.shape)}",
            f"The new axis stands at {-rank - 1} to {rank}",
        )
    at = dim % (rank + 1)
    return Spec((*x.shape[:at], 1, *x.shape[at:]), x.dtype)


def _expand(x: Array, dim: int) -> Array:
    shape = x.shape
    rank = len(shape)
    if not -rank - 1 <= dim <= rank:
        raise ValueError("dim")
    at = dim if dim >= 0 else dim + rank + 1
    return x.reshape((*shape[:at], 1, *shape[at:]))


expand_dims_op: Op = define(
    "ExpandDims",
    types=(ANY, None),
    kernel=_expand,
    infer=_infer_expand,
    grad=(lambda g, y, x, dim: reshape_like(g, x), None),
    quiet=False,
    lower=same_elements,
)


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Tensor:
    """A tensor with one more axis, of size 1.

    Args:
        input: any tensor.
        axis: where the new axis stands in the result.
        name: ignored when eager.

    Returns:
        A tensor of one rank more.

    Raises:
        InvalidArgumentError: where there is no such place.

    Example:
        >>> import rillet as tf
        >>> tf.expand_dims([1, 2], -1).numpy().tolist()
        [[1], [2]]
    """
    if type(axis) is not int:
        given = plain(axis)
        if not is_symbolic(given) and np.size(given) != 1:
            raise _refused(
                "expand_dims",
                "'dim' must be a tensor with a single value",
                f"got {np.size(given)} values",
            )
        axis = given[0] if isinstance(given, list | tuple) else given
        axis = integer("expand_dims", "axis", axis)
    return expand_dims_op.run(input, axis)


def _infer_squeeze(x: Spec, squeeze_dims: Any = ()) -> Spec:
    if x.shape is None:
        return x
    rank = len(x.shape)
    if not squeeze_dims:
        if None in x.shape:
            return Spec(None, x.dtype)
        return Spec(tuple([d for d in x.shape if d != 1]), x.dtype)
    gone = set()
    for axis in squeeze_dims:
        if not -rank <= axis < rank:
            raise _refused(
                "squeeze",
                f"Tried to squeeze dim index {axis} for tensor with {rank} dimensions",
                f"the tensor has shape {list(x.shape)}",
            )
        if x.shape[axis] not in (1, None):
            raise _refused(
                "squeeze",
                f"Can not squeeze dim[{axis % rank}], expected a dimension of 1, got"
                f" {x.shape[axis]}",
                f"the tensor has shape {list(x.shape)}",
            )
        gone.add(axis % rank)
    return Spec(tuple([d for i, d in enumerate(x.shape) if i not in gone]), x.dtype)


def _squeeze(x: Array, squeeze_dims: Any = ()) -> Array:
    if not squeeze_dims:
        return x.squeeze()
    rank = x.ndim
    return x.squeeze(tuple({a if a >= 0 else a + rank for a in squeeze_dims}))


squeeze_op: Op = define(
    "Squeeze",
    types=(ANY,),
    kernel=_squeeze,
    infer=_infer_squeeze,
    grad=(lambda g, y, x, squeeze_dims=(): reshape_like(g, x),),
    attrs={"squeeze_dims": ()},
    quiet=False,
    lower=same_elements,
)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """A tensor without axes of size 1.

    Args:
        input: any tensor.
        axis: the axes to drop, each of size 1; all of size 1 where None.
        name: ignored when eager.

    Returns:
        A tensor with the same elements.

    Raises:
        InvalidArgumentError: where an axis is not of size 1.

    Example:
        >>> import rillet as tf
        >>> tf.squeeze([[[1], [2]]], axis=0).numpy().tolist()
        [[1], [2]]
    """
    if axis is None:
        return squeeze_op.run(input)
    return squeeze_op.run(input, squeeze_dims=integers("squeeze", "axis", axis))


def _infer_reverse(x: Spec, axis: Any) -> Spec:
    if x.shape is not None and not isinstance(axis, Spec):
        rank = len(x.shape)
        seen = set()
        for i, a in enumerate(axis):
            if not -rank <= a < rank:
                raise _refused(
                    "reverse",
                    f"'axis'[{i}] = {a} is out of valid range [{-rank}, {rank - 1}]",
                    f"the tensor has shape {list(x.shape)}",
                )
            if a % rank in seen:
                raise _refused("reverse", f"axis {a % rank} specified more than once")
            seen.add(a % rank)
    return x


def _reverse(x: Array, axis: Any) -> Array:
    key: list[Any] = [slice(None)] * x.ndim
    for a in axis:
        if key[a].step == -1:
            raise ValueError("axis given twice")
        key[a] = slice(None, None, -1)
    return x[tuple(key)].copy() if key else x


reverse_op: Op = define(
    "ReverseV2",
    types=(ANY, None),
    kernel=_reverse,
    infer=_infer_reverse,
    grad=(lambda g, y, x, axis: reverse_op(g, axis), None),
    quiet=False,
    lower=moving_loops.reversed_along,
)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """A tensor with the order along some axes turned round.

    Args:
        tensor: any tensor.
        axis: a list of axes.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        InvalidArgumentError: where an axis does not exist or is named twice.

    Example:
        >>> import rillet as tf
        >>> tf.reverse([[1, 2], [3, 4]], [1]).numpy().tolist()
        [[2, 1], [4, 3]]
    """
    given = plain(axis)
    if not is_symbolic(given) and np.ndim(given) != 1:
        raise _refused(
            "reverse",
            f"'dims' must be 1-dimension, not {np.ndim(given)}",
            f"axis={axis!r}",
            f"Give a list, e.g. [{axis}]" if np.ndim(given) == 0 else "",
        )
    return reverse_op(tensor, integers("reverse", "axis", given))


def _infer_roll(x: Spec, shift: Any, axis: Any) -> Spec:
    if x.shape == ():
        raise _refused("roll", "input must be 1-D or higher", "it is a scalar")
    if isinstance(shift, Spec) or isinstance(axis, Spec):
        return x
    if len(shift) != len(axis):
        raise _refused(
            "roll",
            "shift and axis must have the same size",
            f"shift={list(shift)}, axis={list(axis)}",
        )
    for a in axis:
        if x.shape is not None and not -len(x.shape) <= a < len(x.shape):
            raise _refused(
                "roll",
                f"axis {a} is out of range",
                f"the tensor has shape {list(x.shape)}",
            )
    return x


def _roll(x: Array, shift: Any, axis: Any) -> Array:
    if not x.ndim or len(shift) != len(axis):
        raise ValueError("roll")
    return np.roll(x, shift, axis)


def _grad_roll(g: Any, y: Any, x: Any, shift: Any, axis: Any) -> Any:
    back = -shift if isinstance(shift, Tensor) else tuple([-s for s in shift])
    return roll_op(g, back, axis)


roll_op: Op = define(
    "Roll",
    types=(ANY, None, None),
    kernel=_roll,
    infer=_infer_roll,
    grad=(_grad_roll, None, None),
    quiet=False,
    lower=reordering_loops.roll,
)


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """A tensor with its elements moved along axes; what leaves comes in at the start.

    Args:
        input: a tensor of rank 1 or more.
        shift: by how many places, one number for each of `axis`.
        axis: the axes; one named twice moves by the sum.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        InvalidArgumentError: where an axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.roll([0, 1, 2, 3, 4], shift=2, axis=0).numpy().tolist()
        [3, 4, 0, 1, 2]
    """
    return roll_op(
        input, integers("roll", "shift", shift), integers("roll", "axis", axis)
    )


def meshgrid(*args: Any, indexing: str = "xy", name: str = "meshgrid") -> list[Tensor]:
    """Coordinates of the points of a grid.

    Args:
        *args: a vector of coordinates for each axis, all of one type.
        indexing: ``"xy"``: the first vector runs along axis 1, the second along axis
            0; ``"ij"``: each along its own axis.
        name: ignored when eager.

    Returns:
        A tensor a vector, each of the shape of the grid.

    Raises:
        ValueError: where `indexing` is neither.

    Example:
        >>> import rillet as tf
        >>> [m.numpy().tolist() for m in tf.meshgrid([1, 2], [3, 4, 5])]
        [[[1, 2], [1, 2], [1, 2]], [[3, 3], [4, 4], [5, 5]]]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(
            house_message(
                "meshgrid",
                "Argument `indexing` parameter must be either 'xy' or 'ij'",
                f"got '{indexing}'",
            )
        )
    vectors = [reshape_op(to_tensor(a), (-1,)) for a in args]
    for i, vector in enumerate(vectors):
        if vector.dtype is not vectors[0].dtype:
            raise _refused(
                "meshgrid",
                f"input #{i}(zero-based) was expected to be a {vectors[0].dtype.name}"
                f" tensor but is a {vector.dtype.name} tensor",
                fix="Convert them to one type with tf.cast",
            )
    count = len(vectors)
    places = list(range(count))
    if indexing == "xy" and count > 1:
        places[0], places[1] = 1, 0
    sizes: list[Any] = [None] * count
    for place, vector in zip(places, vectors, strict=True):
        sizes[place] = static_dims(vector)[0]
    out = []
    for place, vector in zip(places, vectors, strict=True):
        shape = (1,) * place + (-1,) + (1,) * (count - place - 1)
        out.append(broadcast_to_op(reshape_op(vector, shape), tuple(sizes)))
    return out
