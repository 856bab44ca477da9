"""What a program expects of the features of examples: `tf.io.FixedLenFeature` and kin.

`ops.parsing.examples` and `sequences` read them; they only hold what was given.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rillet.core.dtypes import as_dtype, int32, int64
from rillet.core.errors import house_message


class VarLenFeature(NamedTuple):
    """A feature of any number of values, which becomes a sparse tensor.

    Args:
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
    """

    dtype: Any


class FixedLenFeature(NamedTuple):
    """A feature of a fixed shape, which becomes a dense tensor.

    Args:
        shape: of one example's value.
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
        default_value: what stands where the feature is missing; None where it must be
            there.

    Example:
        >>> import rillet as tf
        >>> tf.io.FixedLenFeature([2], tf.float32)
        FixedLenFeature(shape=[2], dtype=tf.float32, default_value=None)
    """

    shape: Any
    dtype: Any
    default_value: Any = None


class FixedLenSequenceFeature(NamedTuple):
    """A feature of any number of values of one shape, which becomes a padded tensor.

    Args:
        shape: of one value.
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
        allow_missing: whether it may be missing, and have no value then.
        default_value: what pads shorter examples; zero, or the empty text, where None.
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


class SparseFeature(NamedTuple):
    """Two or more features that hold places and values of a sparse tensor.

    Args:
        index_key: the feature of places, or a list with one for each axis.
        value_key: the feature of values.
        dtype: the type of the values.
        size: the size of the tensor, or a list with one for each axis.
        already_sorted: whether places are in order.
    """

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False


class _RowSplits(NamedTuple):
    key: str


class _RowLengths(NamedTuple):
    key: str


class _RowStarts(NamedTuple):
    key: str


class _RowLimits(NamedTuple):
    key: str


class _ValueRowIds(NamedTuple):
    key: str


class _UniformRowLength(NamedTuple):
    length: int


for _kind in (
    _RowSplits,
    _RowLengths,
    _RowStarts,
    _RowLimits,
    _ValueRowIds,
    _UniformRowLength,
):
    _kind.__name__ = _kind.__qualname__ = _kind.__name__[1:]


class _Ragged(NamedTuple):
    dtype: Any
    value_key: str | None = None
    partitions: Any = ()
    row_splits_dtype: Any = int32
    validate: bool = False


class RaggedFeature(_Ragged):
    """A feature of any number of values, which becomes a ragged tensor.

    Args:
        dtype: `tf.int64`, `tf.float32` or `tf.string`.
        value_key: the feature of values; the key of this entry where None.
        partitions: how values are cut into rows, the outermost first: `RowSplits`,
            `RowLengths`, `RowStarts`, `RowLimits`, `ValueRowIds` of a feature, or
            `UniformRowLength` of a number.
        row_splits_dtype: `tf.int32` or `tf.int64`.
        validate: accepted; partitions are always checked.

    Raises:
        TypeError: where a partition is something else.
    """

    __slots__ = ()
    RowSplits = _RowSplits
    RowLengths = _RowLengths
    RowStarts = _RowStarts
    RowLimits = _RowLimits
    ValueRowIds = _ValueRowIds
    UniformRowLength = _UniformRowLength

    def __new__(
        cls,
        dtype: Any,
        value_key: str | None = None,
        partitions: Any = (),
        row_splits_dtype: Any = int32,
        validate: bool = False,
    ) -> RaggedFeature:
        kinds = tuple(PARTITIONS)
        for part in partitions:
            if not isinstance(part, kinds):
                raise TypeError(
                    house_message(
                        "RaggedFeature",
                        "partitions are RaggedFeature.RowSplits and its kin",
                        f"got {part!r}",
                    )
                )
        splits = as_dtype(row_splits_dtype)
        if splits not in (int32, int64):
            raise TypeError(
                house_message(
                    "RaggedFeature",
                    "row_splits_dtype must be tf.int32 or tf.int64",
                    f"got {splits!r}",
                )
            )
        parts = tuple(partitions)
        return super().__new__(cls, dtype, value_key, parts, splits, validate)


#: The kinds of partitions, by what `ops.parsing.partitions` calls them.
PARTITIONS: dict[Any, str] = {
    _RowSplits: "row_splits",
    _RowLengths: "row_lengths",
    _RowStarts: "row_starts",
    _RowLimits: "row_limits",
    _ValueRowIds: "value_rowids",
    _UniformRowLength: "uniform",
}
