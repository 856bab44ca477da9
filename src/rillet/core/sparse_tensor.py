"""`tf.SparseTensor`: the elements of a tensor that are not left out, and their places.

`ops.sparse` computes with them and signs operators in; `core.composite` tells how such
values travel through functions, tapes and datasets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype, float32, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor


class SparseTensorSpec(CompositeSpec):
    """The shape and type of a `tf.SparseTensor`.

    Args:
        shape: the shape of the whole tensor.
        dtype: the type of its elements.

    Example:
        >>> import rillet as tf
        >>> tf.SparseTensorSpec([None, 3], tf.int64)
        SparseTensorSpec(TensorShape([None, 3]), tf.int64)
    """

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape: Any = None, dtype: Any = float32) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """The spec of a sparse tensor.

        Raises:
            TypeError: where the value is something else.
        """
        if isinstance(value, SparseTensor):
            return value._type_spec
        raise TypeError(
            house_message(
                "SparseTensorSpec.from_value", "Expected SparseTensor", f"got {value!r}"
            )
        )

    @property
    def value_type(self) -> type:
        """The class of sparse tensors."""
        return SparseTensor

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole tensor."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None."""
        return self._shape.rank

    def _parts(self) -> tuple[Any, ...]:
        return self._shape, self._dtype

    def _form_key(self) -> Any:
        return self._shape.rank, self._dtype

    @property
    def _component_specs(self) -> list[TensorSpec]:
        rank = self._shape.rank
        return [
            TensorSpec([None, rank], int64),
            TensorSpec([None], self._dtype),
            TensorSpec([rank], int64),
        ]

    def _from_tensors(self, tensors: list[Any]) -> SparseTensor:
        made = SparseTensor(*tensors)
        made._known = made._known.merge_with(self._shape)
        return made

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a sparse tensor or another such spec fits this one."""
        other = spec_or_value
        if isinstance(other, SparseTensor):
            other = other._type_spec
        return (
            isinstance(other, SparseTensorSpec)
            and self._dtype is other._dtype
            and self._shape.is_compatible_with(other._shape)
        )

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every value of this spec also fits `other`."""
        return (
            isinstance(other, SparseTensorSpec)
            and self._dtype is other._dtype
            and self._shape.is_subtype_of(other._shape)
        )

    def most_specific_compatible_type(self, other: Any) -> SparseTensorSpec:
        """The narrowest spec that both this one and `other` fit.

        Raises:
            ValueError: where they have no spec in common.
        """
        if not isinstance(other, SparseTensorSpec) or other._dtype is not self._dtype:
            raise ValueError(
                house_message(
                    "SparseTensorSpec",
                    "the types have nothing in common",
                    f"{self!r} and {other!r}",
                )
            )
        shape = self._shape.most_specific_compatible_shape(other._shape)
        return SparseTensorSpec(shape, self._dtype)

    def _batch(self, size: int | None) -> SparseTensorSpec:
        return SparseTensorSpec(
            TensorShape([size]).concatenate(self._shape), self._dtype
        )

    def _unbatch(self) -> SparseTensorSpec:
        if self._shape.rank == 0:
            raise self._no("unbatched")
        shape = self._shape if self._shape.rank is None else self._shape[1:]
        return SparseTensorSpec(shape, self._dtype)

    def _stack(self, values: list[Any]) -> SparseTensor:
        shapes = np.array([v._dense_shape._array for v in values], np.int64)
        if shapes.ndim == 1:
            raise ValueError(
                house_message(
                    "batch", "sparse tensors of a batch have one rank", f"{values!r}"
                )
            )
        rows = [
            np.insert(v._indices._array, 0, i, axis=1) for i, v in enumerate(values)
        ]
        held = np.concatenate([v._values._array for v in values])
        shape = np.concatenate([[len(values)], shapes.max(axis=0)])
        return SparseTensor(*map(Tensor, (np.concatenate(rows), held, shape)))

    def _rows(self, value: Any) -> Iterable[SparseTensor]:
        places, held = value._indices._array, value._values._array
        shape = value._dense_shape._array
        if not shape.size:
            raise self._no("unbatched")
        order = np.argsort(places[:, 0], kind="stable")
        ends = np.searchsorted(places[order, 0], np.arange(shape[0] + 1))
        rest = Tensor(shape[1:].copy())
        for begin, end in zip(ends[:-1], ends[1:], strict=True):
            part = order[begin:end]
            yield SparseTensor(Tensor(places[part, 1:]), Tensor(held[part]), rest)


class SparseTensor(CompositeTensor):
    """A tensor most of whose elements are left out, `tf.SparseTensor`.

    Args:
        indices: where the elements stand, int64 of shape ``(n, rank)``; most functions
            want them in row-major order, see `tf.sparse.reorder`.
        values: the elements, of shape ``(n,)``.
        dense_shape: the shape of the whole tensor, int64 of shape ``(rank,)``.

    Raises:
        ValueError: where the shapes do not fit one another.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 0], [1, 2]], [1, 2], [2, 3])
        >>> tf.sparse.to_dense(x).numpy().tolist()
        [[1, 0, 0], [0, 0, 2]]
    """

    _versions = "rillet.ops.sparse.operators"

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        self._indices = _component("indices", indices, 2)
        self._values: Tensor = to_tensor(values)
        shape = dense_shape
        if isinstance(shape, TensorShape):
            shape = shape.as_list()
        self._dense_shape = _component("dense_shape", shape, 1)
        self._check()
        self._known = _static(self._dense_shape)

    def _check(self) -> None:
        count, rank = self._indices.shape.as_list()
        pairs = [
            (count, self._values.shape.with_rank(1)[0], "indices", "values"),
            (rank, self._dense_shape.shape[0], "indices", "dense_shape"),
        ]
        for one, other, name, second in pairs:
            if one is not None and other is not None and one != other:
                raise ValueError(
                    house_message(
                        "SparseTensor",
                        f"`{name}` and `{second}` do not fit: Dimensions {one} and"
                        f" {other} are not compatible",
                        f"indices have shape {self._indices.shape}, values"
                        f" {self._values.shape}, dense_shape {self._dense_shape.shape}",
                    )
                )

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A sparse tensor of what has indices, values and a dense shape.

        Raises:
            TypeError: where the value has not.
        """
        value = sparse_tensor_value
        if isinstance(value, SparseTensor):
            return cls(value.indices, value.values, value.dense_shape)
        if isinstance(value, tuple) and len(value) == 3:
            return cls(*value)
        parts = ("indices", "values", "dense_shape")
        if not all(hasattr(value, part) for part in parts):
            raise TypeError(
                house_message(
                    "SparseTensor.from_value",
                    "Neither a SparseTensor nor SparseTensorValue",
                    f"got {value!r}",
                )
            )
        return cls(*[getattr(value, part) for part in parts])

    @property
    def indices(self) -> Tensor:
        """Where the elements stand."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the whole tensor, as a tensor."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape of the whole tensor."""
        return self._known

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._values.dtype

    @property
    def ndim(self) -> int | None:
        """The number of dimensions, or None."""
        return self._known.rank

    @property
    def op(self) -> Any:
        """The node that gives the values, inside a function being traced."""
        found: Any = getattr(self._values, "op")  # noqa: B009  unknown to checkers
        return found

    @property
    def graph(self) -> Any:
        """The graph of the components, inside a function being traced."""
        found: Any = getattr(self._values, "graph")  # noqa: B009  as above
        return found

    @property
    def name(self) -> str:
        """The name of the values, inside a function being traced."""
        found: str = getattr(self._values, "name")  # noqa: B009  as above
        return found

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self._known

    def set_shape(self, shape: Any) -> None:
        """Add what the program knows of the shape.

        Raises:
            ValueError: where it contradicts what is known.
        """
        self._known = self._known.merge_with(as_shape(shape))

    def with_values(self, new_values: Any) -> SparseTensor:
        """Other elements in the same places.

        Args:
            new_values: as many elements.

        Raises:
            ValueError: where there are more or fewer.
        """
        made = SparseTensor(self._indices, new_values, self._dense_shape)
        made._known = self._known
        return made

    def consumers(self) -> Any:
        """The nodes that take the values, inside a function being traced."""
        return self._values.consumers()

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Not supported: there are no sessions."""
        return self._values.eval(feed_dict, session)

    @property
    def _type_spec(self) -> SparseTensorSpec:
        return SparseTensorSpec(self._known, self._values.dtype)

    def _flat_tensors(self) -> list[Any]:
        return [self._indices, self._values, self._dense_shape]

    def _gradient_tensor(self) -> Any:
        return self._values

    def _with_gradient_tensor(self, tensor: Any) -> SparseTensor:
        return self.with_values(tensor)

    def __repr__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices!s}, values={self._values!s},"
            f" dense_shape={self._dense_shape!s})"
        )


def _component(name: str, value: Any, rank: int) -> Any:
    """The places or the shape as a tensor of int64 and its rank."""
    try:
        tensor = to_tensor(value, None if isinstance(value, Tensor) else int64)
    except TypeError as error:
        raise TypeError(
            house_message("SparseTensor", f"`{name}` are int64", str(error))
        ) from None
    except ValueError:
        tensor = to_tensor(value)
    if tensor.dtype is not int64:
        raise ValueError(
            house_message(
                "SparseTensor",
                f"{name}: Tensor conversion requested dtype int64 for Tensor with dtype"
                f" {tensor.dtype.name}",
                fix="Convert it with tf.cast(x, tf.int64)",
            )
        )
    if tensor.shape.rank not in (rank, None):
        raise ValueError(
            house_message(
                "SparseTensor",
                f"`{name}` have rank {rank}: Shape {tensor.shape} must have rank"
                f" {rank}",
                fix="For no elements at all give np.zeros((0, rank), np.int64)"
                if name == "indices"
                else "",
            )
        )
    if tensor.shape.rank is None:
        tensor.set_shape([None] * rank)
    return tensor


def _static(dense_shape: Any) -> TensorShape:
    """What a shape's tensor tells at once: all of it unless a graph computes it."""
    known = getattr(dense_shape, "known", dense_shape._array)
    if isinstance(known, np.ndarray):
        return TensorShape(known.tolist())
    partial = getattr(dense_shape, "partial", None)
    if partial is not None:
        return TensorShape([None if d is None or d < 0 else int(d) for d in partial])
    rank = dense_shape.shape.as_list()[0] if dense_shape.shape.rank == 1 else None
    return TensorShape(None if rank is None else [None] * rank)
