"""What a ragged tensor is made of: values and row splits, and its rows in other forms.

`building` makes them, `tensor.RaggedTensor` adds what is done with them; the modules
between handle this class alone, and make others by `RaggedRows._of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, Self

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.host import is_symbolic
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.spec import RaggedTensorSpec, ragged_class
from rillet.ops.sizes import shape as shape_of


class RaggedRows(CompositeTensor):
    """Values cut into rows.

    Args:
        values: a tensor, or a ragged tensor, whose first axis is cut.
        row_splits: ``(rows + 1,)``, int32 or int64.
        uniform: the length of all rows, where they have one: an int or a scalar tensor.
    """

    _versions = "rillet.ops.ragged.versions"
    __array_priority__ = 100
    _keras_mask: Any = None

    def __init__(self, values: Any, row_splits: Any, uniform: Any = None) -> None:
        self._inner = values
        self._splits = row_splits
        self._uniform = uniform

    @classmethod
    def _of(cls, values: Any, row_splits: Any, uniform: Any = None) -> Any:
        """A ragged tensor of parts that are known to fit."""
        return ragged_class()._raw(values, row_splits, uniform)

    @classmethod
    def _raw(cls, values: Any, row_splits: Any, uniform: Any) -> Self:
        made = cls.__new__(cls)
        RaggedRows.__init__(made, values, row_splits, uniform)
        return made

    def _like(self, values: Any) -> Any:
        """Other values in the same rows."""
        return self._of(values, self._splits, self._uniform)

    # Its parts

    @property
    def values(self) -> Any:
        """The values of all rows one after another: a tensor or a ragged one."""
        return self._inner

    @property
    def row_splits(self) -> Tensor:
        """Where rows begin, and at its end where the last ends: ``(rows + 1,)``."""
        found: Tensor = self._splits
        return found

    @property
    def flat_values(self) -> Any:
        """The innermost values, a tensor."""
        inner = self._inner
        return inner.flat_values if isinstance(inner, RaggedRows) else inner

    @property
    def nested_row_splits(self) -> tuple[Tensor, ...]:
        """The row splits of all ragged axes, the outermost first."""
        inner = self._inner
        rest = inner.nested_row_splits if isinstance(inner, RaggedRows) else ()
        return (self._splits, *rest)

    @property
    def ragged_rank(self) -> int:
        """How many row splits there are."""
        inner = self._inner
        return 1 + (inner.ragged_rank if isinstance(inner, RaggedRows) else 0)

    @property
    def dtype(self) -> DType:
        """The type of the values."""
        found: DType = self._inner.dtype
        return found

    @property
    def shape(self) -> TensorShape:
        """The sizes as far as they are known; None for those that vary."""
        inner = self._inner.shape
        if inner.rank is None:
            return TensorShape(None)
        known = self._splits.shape[0] if self._splits.shape.rank else None
        rows = None if known is None else known - 1
        length = self._uniform if isinstance(self._uniform, int) else None
        return TensorShape([rows, length, *inner.as_list()[1:]])

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self.shape

    @property
    def uniform_row_length(self) -> Any:
        """The length of all rows as a scalar tensor, where they have one; or None."""
        length = self._uniform
        if length is None or isinstance(length, Tensor):
            return length
        return parts.scalar(length, self._splits.dtype)

    # The rows in other forms

    def value_rowids(self, name: str | None = None) -> Any:
        """For each value the number of its row, ``(values,)``."""
        return parts.ids_of_lengths(parts.lengths_of_splits(self._splits))

    def nested_value_rowids(self, name: str | None = None) -> tuple[Any, ...]:
        """The row numbers of values of all ragged axes, the outermost first."""
        inner = self._inner
        rest = inner.nested_value_rowids() if isinstance(inner, RaggedRows) else ()
        return (self.value_rowids(), *rest)

    def nrows(self, out_type: Any = None, name: str | None = None) -> Any:
        """How many rows there are, a scalar.

        Args:
            out_type: the type; that of the row splits where None.
            name: ignored.
        """
        kind = self._splits.dtype
        if out_type is not None:
            kind = parts.index_type("RaggedTensor.nrows", out_type)
        return count_of(self, kind)

    def row_starts(self, name: str | None = None) -> Any:
        """Where each row begins, ``(rows,)``."""
        return self._splits[:-1]

    def row_limits(self, name: str | None = None) -> Any:
        """Where each row ends, ``(rows,)``."""
        return self._splits[1:]

    def row_lengths(self, axis: Any = 1, name: str | None = None) -> Any:
        """The lengths of the rows along an axis.

        Args:
            axis: the axis; 1 is that of the outermost rows.
            name: ignored.

        Returns:
            A vector, or for deeper axes a ragged tensor, of integers.

        Raises:
            ValueError: where there is no such axis.

        Example:
            >>> import rillet as tf
            >>> rt = tf.ragged.constant([[[3, 1], []], [[4]]])
            >>> rt.row_lengths(), rt.row_lengths(axis=2)
            (<tf.Tensor: shape=(2,), dtype=int64, numpy=array([2, 1])>, \
<tf.RaggedTensor [[2, 0], [1]]>)
        """
        rank = self.shape.rank
        at = axis + rank if axis < 0 and rank is not None else axis
        if at < 0 or (rank is not None and at >= rank):
            raise ValueError(
                house_message(
                    "RaggedTensor.row_lengths",
                    f"axis={axis} out of bounds: expected -{rank}<=axis<{rank}",
                )
            )
        if at == 0:
            return self.nrows()
        if at == 1:
            return parts.lengths_of_splits(self._splits)
        if isinstance(self._inner, RaggedRows):
            return self._like(self._inner.row_lengths(at - 1))
        size = parts.size_of(self._inner, at - 1, self._splits.dtype)
        rows = parts.size_of(self._inner, 0, self._splits.dtype)
        return self._like(parts.numbered(rows, rows.dtype) * 0 + size)

    def nested_row_lengths(self, name: str | None = None) -> tuple[Any, ...]:
        """The row lengths of all ragged axes, the outermost first."""
        return tuple([parts.lengths_of_splits(s) for s in self.nested_row_splits])

    # Others like it

    def with_values(self, new_values: Any) -> Any:
        """The same rows of other values.

        Args:
            new_values: a tensor or ragged tensor with as many values.

        Raises:
            ValueError: where their number is another.
        """
        owner = "RaggedTensor.with_values"
        new = new_values
        if not isinstance(new, RaggedRows):
            new = to_tensor(new)
            if new.shape.rank == 0:
                raise ValueError(
                    house_message(owner, f"Shape {new.shape} must have rank at least 1")
                )
        same_splits_type(owner, [self, new])
        have = count_of(self._inner, self._splits.dtype)
        found = count_of(new, self._splits.dtype)
        if not is_symbolic(have) and not is_symbolic(found):
            if int(have._array) != int(found._array):
                raise ValueError(
                    house_message(
                        owner,
                        "Dimensions are not compatible: there are as many new values",
                        f"got {int(found._array)} for {int(have._array)}",
                    )
                )
        return self._like(new)

    def with_flat_values(self, new_values: Any) -> Any:
        """The same rows of other flat values.

        Args:
            new_values: a tensor with as many values.

        Raises:
            ValueError: where their number is another.

        Example:
            >>> import rillet as tf
            >>> rt = tf.ragged.constant([[1], [2, 3]])
            >>> rt.with_flat_values([10, 20, 30])
            <tf.RaggedTensor [[10], [20, 30]]>
        """
        if isinstance(self._inner, RaggedRows):
            return self.with_values(self._inner.with_flat_values(new_values))
        return self.with_values(new_values)

    def _with_flat(self, new_values: Any) -> Any:
        """`with_flat_values` of what is known to fit."""
        inner = self._inner
        ragged = isinstance(inner, RaggedRows)
        return self._like(inner._with_flat(new_values) if ragged else new_values)

    def with_row_splits_dtype(self, dtype: Any) -> Any:
        """The same values and rows, with row splits of another type.

        Args:
            dtype: int32 or int64.

        Raises:
            ValueError: where it is another.
        """
        kind = parts.index_type("RaggedTensor.with_row_splits_dtype", dtype)
        inner = self._inner
        if isinstance(inner, RaggedRows):
            inner = inner.with_row_splits_dtype(kind)
        uniform = self._uniform
        if isinstance(uniform, Tensor):
            uniform = cast(uniform, kind)
        return self._of(inner, cast(self._splits, kind), uniform)

    def _cast(self, dtype: DType) -> Any:
        """Other values: what `tf.cast` asks for."""
        return self._with_flat(cast(self.flat_values, dtype))

    # What composites are asked

    @property
    def _type_spec(self) -> RaggedTensorSpec:
        return RaggedTensorSpec(
            self.shape, self.dtype, self.ragged_rank, self._splits.dtype
        )

    def _flat_tensors(self) -> list[Any]:
        return [self.flat_values, *self.nested_row_splits]

    def _gradient_tensor(self) -> Any:
        return self.flat_values

    def _with_gradient_tensor(self, tensor: Any) -> Any:
        return self._with_flat(tensor)

    # Its value

    def _is_eager(self) -> bool:
        return not any(is_open(t) for t in self._flat_tensors())

    def numpy(self) -> Any:
        """The value as NumPy has it: rows of several lengths are arrays in an array.

        Returns:
            An array; of objects where the rows' lengths differ.

        Raises:
            ValueError: where the value is known only when a graph runs.

        Example:
            >>> import rillet as tf
            >>> tf.ragged.constant([[1, 2], [3, 4]]).numpy().tolist()
            [[1, 2], [3, 4]]
        """
        if not self._is_eager():
            raise ValueError(
                house_message(
                    "RaggedTensor.numpy",
                    "only supported in eager mode: the value is not known yet",
                )
            )
        values = self._inner.numpy()
        splits = self._splits.numpy()
        rows = [values[a:b] for a, b in zip(splits[:-1], splits[1:], strict=True)]
        if not rows:
            return np.zeros((0, 0, *values.shape[1:]), values.dtype)
        if len({len(row) for row in rows}) == 1:
            return np.stack(rows)
        out = np.empty(len(rows), object)
        out[:] = rows
        return out

    def to_list(self) -> list[Any]:
        """The value as nested lists.

        Example:
            >>> import rillet as tf
            >>> tf.ragged.constant([["a"], []]).to_list()
            [[b'a'], []]
        """
        inner = self._inner
        ragged = isinstance(inner, RaggedRows)
        if not self._is_eager():
            raise ValueError(
                house_message(
                    "RaggedTensor.to_list",
                    "only supported in eager mode: the value is not known yet",
                )
            )
        values = inner.to_list() if ragged else inner.numpy().tolist()
        splits = self._splits.numpy().tolist()
        return [values[a:b] for a, b in zip(splits[:-1], splits[1:], strict=True)]

    def consumers(self) -> NoReturn:
        """Not defined for a value that is there."""
        raise AttributeError("RaggedTensor.consumers is not defined when eager")


def is_open(tensor: Any) -> bool:
    """Whether a tensor belongs to a graph, whatever is known of it."""
    return type(tensor) is not Tensor and is_symbolic(tensor)


def count_of(values: Any, dtype: DType) -> Any:
    """How many rows a ragged tensor or a tensor has, as a scalar tensor."""
    if isinstance(values, RaggedRows):
        known = values._splits.shape[0] if values._splits.shape.rank else None
        if known is not None:
            return parts.scalar(known - 1, dtype)
        return cast(shape_of(values._splits)[0] - 1, dtype)
    return parts.size_of(values, 0, dtype)


def same_splits_type(owner: str, values: Iterable[Any]) -> None:
    """Raise where the row splits of ragged values have two types.

    Args:
        owner: whom the error names.
        values: ragged tensors, and other things, which do not matter.

    Raises:
        ValueError: where they have.
    """
    kinds = [v._splits.dtype for v in values if isinstance(v, RaggedRows)]
    if any(kind is not kinds[0] for kind in kinds):
        raise splits_mismatch(owner, *kinds)


def splits_mismatch(owner: str, *kinds: DType) -> ValueError:
    """The error for row splits of several types."""
    return ValueError(
        house_message(
            owner,
            "Input RaggedTensors have mismatched row_splits dtypes",
            f"they are {', '.join(kind.name for kind in kinds)}",
            "Use RaggedTensor.with_row_splits_dtype() to convert them to compatible"
            " dtypes",
        )
    )
