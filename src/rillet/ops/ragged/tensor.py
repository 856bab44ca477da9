"""The ragged tensor, `tf.RaggedTensor`: rows of different lengths in one value.

`building` has its constructors, `rows` its parts; what is done with it comes from the
other modules here. Ops find their versions for it through `versions`.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.tensor import Tensor, install_operators
from rillet.ops import operators
from rillet.ops.array import concat
from rillet.ops.gather import gather
from rillet.ops.ragged import dense, elementwise, indexing, printing, text
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.building import BuiltRows, check_known
from rillet.ops.ragged.masking import places
from rillet.ops.ragged.rows import RaggedRows, is_open
from rillet.ops.ragged.spec import RaggedTensorSpec
from rillet.ops.shaping import reshape


class RaggedTensor(BuiltRows):
    """A tensor with axes whose sizes differ from row to row.

    It is made by `tf.ragged.constant` and by its class methods (`from_row_splits`,
    `from_row_lengths`, `from_tensor` ...), never by calling the class.

    Example:
        >>> import rillet as tf
        >>> rt = tf.ragged.constant([[3, 1], [], [4]])
        >>> rt.shape, rt.row_lengths().numpy().tolist()
        (TensorShape([3, None]), [2, 0, 1])
        >>> tf.reduce_sum(rt, axis=1).numpy().tolist()
        [4, 0, 4]
        >>> rt[0]
        <tf.Tensor: shape=(2,), dtype=int32, numpy=array([3, 1], dtype=int32)>
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            house_message(
                "RaggedTensor",
                "the constructor is private",
                fix="Use tf.ragged.constant, or a method such as from_row_splits",
            )
        )

    @classmethod
    def from_tensor(
        cls,
        tensor: Any,
        lengths: Any = None,
        padding: Any = None,
        ragged_rank: Any = 1,
        name: str | None = None,
        row_splits_dtype: Any = dtypes.int64,
    ) -> RaggedTensor:
        """A ragged tensor of a tensor, without the padding of its rows.

        Args:
            tensor: at least ``ragged_rank + 1`` axes.
            lengths: the lengths of rows ``(rows,)``, or a list of lengths for nested
                rows.
            padding: the value that stands for nothing at the ends of rows.
            ragged_rank: how many axes become ragged.
            name: ignored.
            row_splits_dtype: int32 or int64.

        Returns:
            A `RaggedTensor` of that ragged rank.

        Raises:
            ValueError: where both `lengths` and `padding` are given, or ranks misfit.
            TypeError: where `ragged_rank` is no integer.

        Example:
            >>> import rillet as tf
            >>> tf.RaggedTensor.from_tensor([[5, 7, 0], [6, 0, 0]], padding=0)
            <tf.RaggedTensor [[5, 7], [6]]>
        """
        kind = parts.index_type("RaggedTensor.from_tensor", row_splits_dtype)
        made: RaggedTensor = dense.from_dense(
            tensor, lengths, padding, ragged_rank, kind
        )
        return made

    def to_tensor(
        self, default_value: Any = None, name: str | None = None, shape: Any = None
    ) -> Tensor:
        """A tensor of the rows, short ones padded.

        Args:
            default_value: what to pad with; zero, or empty text, where None.
            name: ignored.
            shape: the sizes to have; None in it for the longest row. Longer rows are
                cut off.

        Returns:
            A tensor.

        Raises:
            ValueError: where `default_value` has another type, or the ranks differ.

        Example:
            >>> import rillet as tf
            >>> tf.ragged.constant([[9, 8], [7]]).to_tensor().numpy().tolist()
            [[9, 8], [7, 0]]
        """
        found: Tensor = dense.to_dense(self, default_value, shape)
        return found

    @classmethod
    def from_sparse(
        cls,
        st_input: Any,
        name: str | None = None,
        row_splits_dtype: Any = dtypes.int64,
    ) -> RaggedTensor:
        """A ragged tensor of a sparse matrix whose rows are filled from the left.

        Args:
            st_input: a `tf.sparse.SparseTensor` of rank 2.
            name: ignored.
            row_splits_dtype: int32 or int64.

        Returns:
            A `RaggedTensor` ``(rows, (lengths))``.

        Raises:
            TypeError: where it is no sparse tensor.
            ValueError: where its rank is not 2.
            InvalidArgumentError: where a row has gaps.
        """
        owner = "RaggedTensor.from_sparse"
        if not isinstance(st_input, SparseTensor):
            raise TypeError(
                house_message(
                    owner,
                    "Argument `st_input` must be of type SparseTensor",
                    f"got {type(st_input).__name__}",
                )
            )
        source = st_input
        if source.dense_shape.shape.num_elements() not in (2, None):
            raise ValueError(
                house_message(owner, "rank(st_input) must be 2", f"{source.shape}")
            )
        kind = parts.index_type(owner, row_splits_dtype)
        places = elementwise.cast(source.indices, kind)
        count = elementwise.cast(source.dense_shape[0], kind)
        rule = "the rows of st_input are 0 or more"
        parts.check(owner, places[:, 0] >= 0, rule, source.indices)
        rule = "the rows of st_input are less than there are rows"
        check_known(owner, places[:, 0] < count, rule, source.indices)
        splits = parts.splits_of_ids(places[:, 0], count)
        columns = parts.columns(parts.lengths_of_splits(splits))
        rule = "SparseTensor is not right-ragged: its rows have no gaps"
        parts.check(owner, columns == places[:, 1], rule, source.indices)
        made: RaggedTensor = cls._of(source.values, splits)
        return made

    def to_sparse(self, name: str | None = None) -> Any:
        """The values with their places, as a `tf.sparse.SparseTensor`.

        Args:
            name: ignored.

        Returns:
            A sparse tensor of the shape that holds all rows.
        """
        kind = dtypes.int64
        return SparseTensor(
            places(self.with_row_splits_dtype(kind)),
            flattened(self.flat_values),
            dense.bounding(self, kind),
        )

    def bounding_shape(
        self, axis: Any = None, name: str | None = None, out_type: Any = None
    ) -> Any:
        """The sizes of the smallest tensor that holds all rows.

        Args:
            axis: an axis or several; all where None.
            name: ignored.
            out_type: the type; that of the row splits where None.

        Returns:
            A vector, or a scalar for one axis.

        Example:
            >>> import rillet as tf
            >>> tf.ragged.constant([[1, 2, 3], [4]]).bounding_shape().numpy().tolist()
            [2, 3]
        """
        kind = self._splits.dtype
        if out_type is not None:
            kind = parts.index_type("RaggedTensor.bounding_shape", out_type)
        sizes = dense.bounding(self, kind)
        return sizes if axis is None else gather(sizes, axis)

    def merge_dims(self, outer_axis: int, inner_axis: int) -> Any:
        """The same values with several axes as one.

        Args:
            outer_axis: the first axis to merge.
            inner_axis: the last.

        Returns:
            A ragged tensor, or a tensor where nothing ragged is left.

        Raises:
            ValueError: where the axes do not exist, or `outer_axis` comes after.

        Example:
            >>> import rillet as tf
            >>> tf.ragged.constant([[[1], [2, 3]], [[]]]).merge_dims(1, 2)
            <tf.RaggedTensor [[1, 2, 3], []]>
        """
        owner = "RaggedTensor.merge_dims"
        outer = _axis(owner, "outer_axis", outer_axis, self.shape.rank)
        inner = _axis(owner, "inner_axis", inner_axis, self.shape.rank)
        if outer > inner:
            raise ValueError(
                house_message(
                    owner,
                    "Expected outer_axis to be less than or equal to inner_axis",
                    f"got {outer_axis} and {inner_axis}",
                )
            )
        return dense.merged_dims(self, outer, inner)

    @classmethod
    def _batch_of(cls, values: list[Any], ragged_rank: int, kind: DType) -> Any:
        """Rows of a dataset as one ragged tensor: a batch."""
        lengths = [len(v) if isinstance(v, Tensor) else v.shape[0] for v in values]
        splits = Tensor(np.cumsum([0, *lengths]).astype(kind.numpy_dtype))
        return cls._of(joined(values), splits)

    def __getitem__(self, key: Any) -> Any:
        return indexing.get_item(self, key)

    def __iter__(self) -> Any:
        rows = self.shape[0]
        if rows is None:
            raise TypeError(
                house_message(
                    "iter(RaggedTensor)",
                    "Cannot iterate over a ragged tensor with unknown first dimension",
                    fix="Use tf.map_fn",
                )
            )
        return map(self.__getitem__, range(rows))

    def __bool__(self) -> NoReturn:
        raise TypeError("RaggedTensor may not be used as a boolean.")

    def __hash__(self) -> int:
        raise TypeError(
            house_message(
                "hash(RaggedTensor)",
                "RaggedTensor is unhashable, since == compares element by element",
            )
        )

    def __repr__(self) -> str:
        return text.shown(self)

    def _printed(self, summarize: int) -> Any:
        """What `tf.print` shows, a scalar string."""
        return printing.text_of(self, summarize)

    def __copy__(self) -> RaggedTensor:
        return self

    def __reduce__(self) -> Any:
        return _unpickled, (self._inner, self._splits, self._uniform)

    @classmethod
    def _apply(cls, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        return elementwise.apply(op, inputs, attrs)


def _unpickled(values: Any, splits: Any, uniform: Any) -> Any:
    return RaggedTensor._of(values, splits, uniform)


def _axis(owner: str, name: str, axis: int, rank: int | None) -> int:
    if not isinstance(axis, int):
        raise TypeError(house_message(owner, f"{name} must be an int", repr(axis)))
    if axis < 0 and rank is None:
        raise ValueError(
            house_message(owner, f"{name} may only be negative if the rank is known")
        )
    at = axis if rank is None or axis >= 0 else axis + rank
    if at < 0 or (rank is not None and at >= rank):
        raise ValueError(
            house_message(
                owner, f"{name}={axis} out of bounds: expected -{rank}<={name}<{rank}"
            )
        )
    return at


def joined(values: list[Any]) -> Any:
    """The rows of several ragged tensors, or tensors, one after another."""
    if not isinstance(values[0], RaggedRows):
        return concat(values, 0)
    lengths = concat([parts.lengths_of_splits(v._splits) for v in values], 0)
    inner = joined([v._inner for v in values])
    uniform = values[0]._uniform
    if any(is_open(lengths) or v._uniform != uniform for v in values):
        uniform = None
    return RaggedRows._of(inner, parts.splits_of_lengths(lengths), uniform)


def flattened(values: Any) -> Any:
    """Values as a vector."""
    return values if values.shape.rank == 1 else reshape(values, [-1])


RaggedTensorSpec._class = RaggedTensor
_OPERATORS = {
    name: function
    for name, function in operators._TABLE.items()
    if "matmul" not in name
}
install_operators(_OPERATORS, RaggedTensor)
