"""The shape of a ragged tensor as a value: `tf.experimental.DynamicRaggedShape`.

`tf.shape` of a ragged tensor gives one.
"""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.rows import RaggedRows, is_open
from rillet.ops.ragged.spec import ragged_class
from rillet.ops.shaping import broadcast_to
from rillet.ops.sizes import shape as shape_of

_OWNER = "DynamicRaggedShape"


class DynamicRaggedShape:
    """The sizes of a ragged tensor: those of its rows, and those of its flat values.

    Args:
        row_partitions: row splits of the ragged axes, the outermost first, or ragged
            tensors whose rows they are.
        inner_shape: the sizes of the flat values.
        dtype: int32 or int64.
        validate: accepted; parts are taken as they are.
        static_inner_shape: what is known of `inner_shape`.

    Example:
        >>> import rillet as tf
        >>> tf.shape(tf.ragged.constant([[1, 2], [], [3]]))
        <DynamicRaggedShape lengths=[3, (2, 0, 1)] num_row_partitions=1>
    """

    #: Functions that take shapes find their versions for this one there.
    _composite = ragged_class()

    def __init__(
        self,
        row_partitions: Any,
        inner_shape: Any,
        dtype: Any = None,
        validate: bool = False,
        static_inner_shape: Any = None,
    ) -> None:
        kind = dtypes.int64 if dtype is None else parts.index_type(_OWNER, dtype)
        self._splits = tuple(
            cast(p.row_splits if hasattr(p, "row_splits") else to_tensor(p), kind)
            for p in row_partitions
        )
        self._uniform: tuple[Any, ...] = tuple(
            getattr(p, "_uniform", None) for p in row_partitions
        )
        self._inner = cast(to_tensor(inner_shape), kind)
        self._static = TensorShape(static_inner_shape)
        self._dtype = kind

    @classmethod
    def from_tensor(cls, t: Any, dtype: Any = None) -> DynamicRaggedShape:
        """The shape of a ragged tensor or a tensor."""
        if not isinstance(t, RaggedRows):
            t = to_tensor(t)
            return cls((), shape_of(t), dtype, static_inner_shape=t.shape)
        levels: list[Any] = []
        value: Any = t
        while isinstance(value, RaggedRows):
            levels.append(value)
            value = value._inner
        kind = t._splits.dtype if dtype is None else dtype
        return cls(levels, shape_of(value), kind, static_inner_shape=value.shape)

    @classmethod
    def from_lengths(
        cls, lengths: Any, num_row_partitions: int | None = None, dtype: Any = None
    ) -> DynamicRaggedShape:
        """The shape that sizes and lists of row lengths name, the outermost first."""
        kind = dtypes.int64 if dtype is None else parts.index_type(_OWNER, dtype)
        found = list(lengths)
        ragged = [i for i, n in enumerate(found) if not isinstance(n, int)]
        depth = max(ragged, default=0)
        if num_row_partitions is not None:
            depth = num_row_partitions
        splits, count = [], found[0] if found else 1
        for item in found[1 : depth + 1]:
            each = [item] * count if isinstance(item, int) else list(item)
            if len(each) != count:
                raise ValueError(
                    house_message(
                        _OWNER,
                        "a list of lengths has one for each row",
                        f"got {len(each)} for {count}",
                    )
                )
            column = parts.index_tensor(_OWNER, "lengths", each, kind)
            splits.append(parts.splits_of_lengths(column))
            count = sum(each)
        inner = [count, *found[depth + 1 :]] if found else []
        return cls(splits, inner, kind, static_inner_shape=inner)

    @property
    def dtype(self) -> DType:
        """The type of the sizes."""
        return self._dtype

    @property
    def rank(self) -> int | None:
        """The number of axes, or None."""
        inner = self._inner.shape[0]
        return None if inner is None else inner + len(self._splits)

    @property
    def inner_shape(self) -> Tensor:
        """The sizes of the flat values."""
        found: Tensor = self._inner
        return found

    @property
    def inner_rank(self) -> int | None:
        """The number of axes of the flat values, or None."""
        found: int | None = self._inner.shape[0]
        return found

    @property
    def num_row_partitions(self) -> int:
        """How many axes have row splits."""
        return len(self._splits)

    @property
    def row_partitions(self) -> tuple[Tensor, ...]:
        """The row splits of the ragged axes."""
        return self._splits

    def with_dtype(self, dtype: Any) -> DynamicRaggedShape:
        """The same shape with sizes of another type."""
        return DynamicRaggedShape(
            self._splits, self._inner, dtype, static_inner_shape=self._static
        )

    def is_uniform(self, axis: int) -> bool:
        """Whether all rows along an axis have one length."""
        if axis == 0 or axis > len(self._splits):
            return True
        return self._uniform[axis - 1] is not None

    def static_lengths(self, ragged_lengths: bool = True) -> list[Any]:
        """The sizes as far as they are known: numbers, tuples of lengths, or None."""
        out: list[Any] = []
        if self._splits:
            rows = self._splits[0].shape[0]
            out.append(None if rows is None else rows - 1)
        for splits, uniform in zip(self._splits, self._uniform, strict=True):
            if isinstance(uniform, int):
                out.append(uniform)
            elif ragged_lengths and not is_open(splits):
                lengths = parts.lengths_of_splits(splits)
                out.append(tuple(lengths.numpy().tolist()))
            else:
                out.append(None)
        rest = self._static
        if rest.rank is None:
            return [*out, ...]
        return [*out, *rest.as_list()[1 if self._splits else 0 :]]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int):
            rank = self.rank
            if index < 0 and rank is not None:
                index += rank
            if index == 0 and self._splits:
                return parts.size_of(self._splits[0], 0, self._dtype) - 1
            if 0 < index <= len(self._splits):
                uniform = self._uniform[index - 1]
                if uniform is None:
                    raise ValueError(
                        house_message(_OWNER, f"Index {index} is not uniform")
                    )
                return cast(to_tensor(uniform), self._dtype)
            skip = len(self._splits)
            return self._inner[index - skip]
        if isinstance(index, slice) and not self._splits:
            return DynamicRaggedShape((), self._inner[index], self._dtype)
        raise NotImplementedError(
            house_message(_OWNER, "slices of ragged shapes are not supported")
        )

    def _filled(self, value: Any) -> Any:
        """A ragged tensor of this shape that holds one value."""
        flat = broadcast_to(value, self._inner)
        for splits, uniform in reversed(
            list(zip(self._splits, self._uniform, strict=True))
        ):
            flat = RaggedRows._of(flat, splits, uniform)
        return flat

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DynamicRaggedShape)
            and self.static_lengths() == other.static_lengths()
            and len(self._splits) == len(other._splits)
        )

    def __hash__(self) -> int:
        return hash((len(self._splits), self._dtype))

    def __repr__(self) -> str:
        shown = ", ".join("..." if n is ... else str(n) for n in self.static_lengths())
        return (
            f"<DynamicRaggedShape lengths=[{shown}]"
            f" num_row_partitions={len(self._splits)}>"
        )


def sizes(x: Any, out_type: Any = dtypes.int32) -> Any:
    """The handler of `tf.shape`."""
    return DynamicRaggedShape.from_tensor(x, out_type)
