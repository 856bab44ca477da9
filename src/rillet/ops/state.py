"""Scatter methods of variables: rows and elements of a variable written by index.

Each computes the new value from the old one and assigns it, so a value that was read
before never changes. Signed in on `Variable` on import; `compat.v1` has the functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.tensor import Tensor, install_operators
from rillet.core.variable import Variable
from rillet.ops.elementwise import div_op, mul_op
from rillet.ops.gather import check_indices, gather_op
from rillet.ops.gather_nd import (
    gather_nd,
    scatter_add_op,
    scatter_max_op,
    scatter_min_op,
    scatter_sub_op,
    scatter_update_op,
    with_batch,
)
from rillet.ops.registry import Op
from rillet.ops.rounding import truncate_div_op
from rillet.ops.segment import unsorted_segment_prod_op
from rillet.ops.shaping import broadcast_to_op, reshape_op, static_dims

_WAYS: dict[str, Op] = {
    "add": scatter_add_op,
    "sub": scatter_sub_op,
    "update": scatter_update_op,
    "min": scatter_min_op,
    "max": scatter_max_op,
}


def _slices(variable: Any, sparse_delta: Any, method: str) -> tuple[Any, Any]:
    """The indices and rows of `IndexedSlices`, rows in the variable's type."""
    if not isinstance(sparse_delta, IndexedSlices):
        raise TypeError(
            house_message(
                f"Variable.{method}",
                "Argument `sparse_delta` must be a `tf.IndexedSlices`",
                f"Received {describe(sparse_delta)}",
                "Give tf.IndexedSlices(values, indices)",
            )
        )
    return sparse_delta.indices, _typed(variable, sparse_delta.values, method)


def _typed(variable: Any, values: Any, method: str) -> Any:
    tensor = to_tensor(values, hint=variable.dtype)
    if tensor.dtype is not variable.dtype:
        raise ValueError(
            house_message(
                f"Variable.{method}",
                f"Tensor conversion requested dtype {variable.dtype.name} for Tensor"
                f" with dtype {tensor.dtype.name}",
                describe(tensor),
                f"Convert the values with tf.cast(values, tf.{variable.dtype.name})",
            )
        )
    return tensor


def _checked(variable: Any, indices: Any) -> None:
    """Refuse rows that the variable has not, in the words of one index a row."""
    if type(indices) is Tensor:
        check_indices("scatter", indices._array, variable.shape[0] or 0)


def _rows_of(variable: Any, indices: Any, values: Any) -> Any:
    """Rows of the variable's form; a scalar is meant for every place."""
    if values.shape.rank:
        return values
    dims = (*static_dims(indices), *variable.shape.as_list()[1:])
    return broadcast_to_op(values, dims)


def _scatter(variable: Any, indices: Any, values: Any, way: str) -> Any:
    """The new value of a variable some of whose rows are written."""
    _checked(variable, indices)
    values = _rows_of(variable, indices, values)
    column = reshape_op(indices, (*static_dims(indices), 1))
    return _WAYS[way].run(variable._dense_tensor(), column, values)


def _scatter_product(variable: Any, indices: Any, values: Any, way: str) -> Any:
    """The value with rows multiplied or divided, once for each time they are named."""
    _checked(variable, indices)
    values = _rows_of(variable, indices, values)
    old = variable._dense_tensor()
    factor = unsorted_segment_prod_op(values, indices, static_dims(old)[0])
    if way == "mul":
        return mul_op(old, factor)
    return (truncate_div_op if old.dtype.is_integer else div_op)(old, factor)


def _by_rows(way: str, does: str) -> Callable[..., Any]:
    method = f"scatter_{way}"
    compute = _scatter_product if way in ("mul", "div") else _scatter

    def scatter(
        self: Any, sparse_delta: Any, use_locking: bool = False, name: Any = None
    ) -> Any:
        indices, values = _slices(self, sparse_delta, method)
        with self._cell.lock:
            return self.assign(compute(self, indices, values, way))

    return _named(
        scatter,
        method,
        f"""{does} rows of the variable.

        Args:
            sparse_delta: `tf.IndexedSlices` of rows and their places.
            use_locking: ignored; writes never tear.
            name: ignored when eager.

        Returns:
            The variable.

        Raises:
            TypeError: where `sparse_delta` is something else.
            InvalidArgumentError: where a row does not exist.
        """,
    )


def _by_index(way: str, does: str) -> Callable[..., Any]:
    method = f"scatter_nd_{way}"

    def scatter(self: Any, indices: Any, updates: Any, name: Any = None) -> Any:
        values = _typed(self, updates, method)
        with self._cell.lock:
            new = _WAYS[way].run(self._dense_tensor(), indices, values)
            return self.assign(new)

    return _named(
        scatter,
        method,
        f"""{does} elements or slices of the variable.

        Args:
            indices: integers of shape ``(..., depth)``.
            updates: of shape ``indices.shape[:-1] + self.shape[depth:]``.
            name: ignored when eager.

        Returns:
            The variable.

        Raises:
            InvalidArgumentError: where an index lies outside.
        """,
    )


def _named(function: Callable[..., Any], name: str, doc: str) -> Callable[..., Any]:
    function.__name__ = name
    function.__qualname__ = f"Variable.{name}"
    function.__doc__ = doc
    return function


def _batch_scatter_update(
    self: Any, sparse_delta: Any, use_locking: bool = False, name: Any = None
) -> Any:
    """Write rows of each batch of the variable.

    Args:
        sparse_delta: `tf.IndexedSlices`; the leading axes of its indices are those of
            the variable, the last names rows of the axis after them.
        use_locking: ignored; writes never tear.
        name: ignored when eager.

    Returns:
        The variable.

    Raises:
        InvalidArgumentError: where a row does not exist.
    """
    indices, values = _slices(self, sparse_delta, "batch_scatter_update")
    column = reshape_op(indices, (*static_dims(indices), 1))
    batch = len(indices.shape) - 1
    if batch:
        dims = self.shape.as_list()
        column = with_batch("batch_scatter_update", column, dims, batch)
    with self._cell.lock:
        return self.assign(scatter_update_op(self._dense_tensor(), column, values))


def _gather_nd_of(self: Any, indices: Any, name: Any = None) -> Tensor:
    """Elements or slices of the variable, as `tf.gather_nd` takes them."""
    return gather_nd(self._dense_tensor(), indices)


def _sparse_read(self: Any, indices: Any, name: Any = None) -> Tensor:
    """Rows of the variable, as `tf.gather` takes them."""
    return gather_op(self._dense_tensor(), indices, 0)


_ROW_WORDS = {
    "add": "Add to",
    "sub": "Subtract from",
    "update": "Replace",
    "min": "Lower",
    "max": "Raise",
    "mul": "Multiply",
    "div": "Divide",
}

_METHODS: dict[str, Callable[..., Any]] = {
    "batch_scatter_update": _batch_scatter_update,
    "gather_nd": _gather_nd_of,
    "sparse_read": _sparse_read,
}
for _way, _does in _ROW_WORDS.items():
    _METHODS[f"scatter_{_way}"] = _by_rows(_way, _does)
    if _way in _WAYS:
        _METHODS[f"scatter_nd_{_way}"] = _by_index(_way, _does)

install_operators(_METHODS, Variable)


def _function(method: str) -> Callable[..., Any]:
    """TensorFlow 1's function of a scatter method."""

    def scatter(
        ref: Any,
        indices: Any,
        updates: Any,
        use_locking: bool = True,
        name: str | None = None,
    ) -> Any:
        if "_nd_" in method:
            return getattr(ref, method)(indices, updates)
        return getattr(ref, method)(IndexedSlices(updates, indices))

    words = f"TensorFlow 1's form of `tf.Variable.{method}`; gives the variable."
    scatter.__name__ = scatter.__qualname__ = method
    scatter.__doc__ = words
    return scatter


scatter_add = _function("scatter_add")
scatter_div = _function("scatter_div")
scatter_max = _function("scatter_max")
scatter_min = _function("scatter_min")
scatter_mul = _function("scatter_mul")
scatter_nd_add = _function("scatter_nd_add")
scatter_nd_sub = _function("scatter_nd_sub")
scatter_nd_update = _function("scatter_nd_update")
scatter_sub = _function("scatter_sub")
scatter_update = _function("scatter_update")
batch_scatter_update = _function("batch_scatter_update")
