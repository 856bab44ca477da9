"""Ragged tensors of values and one form of row partition.

Values and row splits, lengths, starts, limits, row numbers or one length flow in, and
are checked; out flows a ragged tensor. `tensor.RaggedTensor` inherits these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.host import is_symbolic
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.rows import RaggedRows, count_of, splits_mismatch

_NESTED = {
    "from_nested_row_splits": "nested_row_splits",
    "from_nested_row_lengths": "nested_row_lengths",
    "from_nested_value_rowids": "nested_value_rowids",
}


class BuiltRows(RaggedRows):
    """Rows with the constructors."""

    @classmethod
    def from_row_splits(
        cls,
        values: Any,
        row_splits: Any,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Values cut where `row_splits` says.

        Args:
            values: a tensor or ragged tensor ``(values, ...)``.
            row_splits: ``(rows + 1,)``: from 0 up to the number of values.
            name: ignored.
            validate: whether to check the splits.

        Returns:
            A `RaggedTensor` ``(rows, (lengths), ...)``.

        Raises:
            InvalidArgumentError: where the splits do not fit the values.
            ValueError: where they are no vector of int32 or int64.

        Example:
            >>> import rillet as tf
            >>> tf.RaggedTensor.from_row_splits([3, 1, 4], [0, 2, 2, 3])
            <tf.RaggedTensor [[3, 1], [], [4]]>
        """
        owner = "RaggedTensor.from_row_splits"
        values, splits = _prepared(owner, values, "row_splits", row_splits)
        if splits.shape.rank == 1 and splits.shape[0] == 0:
            raise ValueError(house_message(owner, "row_splits tensor may not be empty"))
        if validate:
            _check_splits(owner, values, splits)
        return cls._of(values, splits)

    @classmethod
    def from_row_lengths(
        cls,
        values: Any,
        row_lengths: Any,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Values cut into rows of these lengths.

        Args:
            values: a tensor or ragged tensor ``(values, ...)``.
            row_lengths: ``(rows,)``, which add up to the number of values.
            name: ignored.
            validate: whether to check the lengths.

        Returns:
            A `RaggedTensor`.

        Raises:
            InvalidArgumentError: where the lengths do not fit the values.

        Example:
            >>> import rillet as tf
            >>> tf.RaggedTensor.from_row_lengths([3, 1, 4], [2, 0, 1])
            <tf.RaggedTensor [[3, 1], [], [4]]>
        """
        owner = "RaggedTensor.from_row_lengths"
        values, lengths = _prepared(owner, values, "row_lengths", row_lengths)
        if validate:
            parts.check(owner, lengths >= 0, _NOT + "lengths are 0 or more", lengths)
        splits = parts.splits_of_lengths(lengths)
        if validate:
            _check_end(owner, values, splits)
        return cls._of(values, splits)

    @classmethod
    def from_value_rowids(
        cls,
        values: Any,
        value_rowids: Any,
        nrows: Any = None,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Values put into the rows that `value_rowids` names.

        Args:
            values: a tensor or ragged tensor ``(values, ...)``.
            value_rowids: ``(values,)``, in ascending order.
            nrows: how many rows there are; up to the last named where None.
            name: ignored.
            validate: whether to check the numbers.

        Returns:
            A `RaggedTensor`.

        Raises:
            InvalidArgumentError: where the numbers descend, or do not fit.

        Example:
            >>> import rillet as tf
            >>> tf.RaggedTensor.from_value_rowids([3, 1, 4], [0, 0, 2], nrows=4)
            <tf.RaggedTensor [[3, 1], [], [4], []]>
        """
        owner = "RaggedTensor.from_value_rowids"
        values, ids = _prepared(owner, values, "value_rowids", value_rowids)
        if nrows is None:
            least = Tensor(np.full(1, -1, ids.dtype.numpy_dtype))
            count = concat([least, ids], 0)[-1] + 1
        else:
            count = parts.index_tensor(owner, "nrows", nrows, ids.dtype)
            if validate:
                parts.check(owner, count >= 0, _NOT + "nrows is 0 or more", count)
        if validate:
            given = parts.size_of(ids, 0, ids.dtype)
            wanted = parts.size_of(values, 0, ids.dtype)
            check_known(owner, given == wanted, _NOT + _SAME, given, wanted)
            parts.check(owner, ids >= 0, _NOT + "row numbers are 0 or more", ids)
            rule = _NOT + "row numbers ascend"
            parts.check(owner, ids[1:] >= ids[:-1], rule, ids)
            rule = _NOT + "row numbers are less than nrows"
            if nrows is not None:
                check_known(owner, ids < count, rule, ids, count)
        return cls._of(values, parts.splits_of_ids(ids, count))

    @classmethod
    def from_row_starts(
        cls,
        values: Any,
        row_starts: Any,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Values cut into rows that begin at these places, the first at 0.

        Args:
            values: a tensor or ragged tensor ``(values, ...)``.
            row_starts: ``(rows,)``, in ascending order.
            name: ignored.
            validate: whether to check the starts.

        Returns:
            A `RaggedTensor`.

        Raises:
            InvalidArgumentError: where the starts do not fit the values.
        """
        owner = "RaggedTensor.from_row_starts"
        values, starts = _prepared(owner, values, "row_starts", row_starts)
        last = parts.size_of(values, 0, starts.dtype)
        splits = concat([starts, last[None]], 0)
        if validate:
            _check_splits(owner, values, splits)
        return cls._of(values, splits)

    @classmethod
    def from_row_limits(
        cls,
        values: Any,
        row_limits: Any,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Values cut into rows that end before these places.

        Args:
            values: a tensor or ragged tensor ``(values, ...)``.
            row_limits: ``(rows,)``, in ascending order.
            name: ignored.
            validate: whether to check the limits.

        Returns:
            A `RaggedTensor`.

        Raises:
            InvalidArgumentError: where the limits do not fit the values.
        """
        owner = "RaggedTensor.from_row_limits"
        values, limits = _prepared(owner, values, "row_limits", row_limits)
        zero = Tensor(np.zeros(1, limits.dtype.numpy_dtype))
        splits = concat([zero, limits], 0)
        if validate:
            _check_splits(owner, values, splits)
        return cls._of(values, splits)

    @classmethod
    def from_uniform_row_length(
        cls,
        values: Any,
        uniform_row_length: Any,
        nrows: Any = None,
        validate: bool = True,
        name: str | None = None,
    ) -> Any:
        """Values cut into rows of one length.

        Args:
            values: a tensor or ragged tensor ``(values, ...)``.
            uniform_row_length: the length of all rows.
            nrows: how many rows; found where None and the length is not 0.
            validate: whether to check that they fit.
            name: ignored.

        Returns:
            A `RaggedTensor` ``(rows, length, ...)``.

        Raises:
            InvalidArgumentError: where the values do not fill the rows.

        Example:
            >>> import rillet as tf
            >>> tf.RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2).shape
            TensorShape([2, 2])
        """
        owner = "RaggedTensor.from_uniform_row_length"
        values = values_of(owner, values)
        kind = values.row_splits.dtype if isinstance(values, RaggedRows) else None
        length = parts.index_tensor(
            owner, "uniform_row_length", uniform_row_length, kind
        )
        total = count_of(values, length.dtype)
        if validate:
            rule = _NOT + "uniform_row_length is 0 or more"
            parts.check(owner, length >= 0, rule, length)
        if nrows is None:
            if not is_symbolic(length) and not int(length._array):
                rows = parts.scalar(0, length.dtype)
            else:
                rows = total // length
        else:
            rows = parts.index_tensor(owner, "nrows", nrows, length.dtype)
        if validate:
            _check_product(owner, rows, length, total)
        known = length if is_symbolic(length) else int(length._array)
        return cls._of(values, parts.uniform_splits(rows, length), known)

    @classmethod
    def from_nested_row_splits(
        cls,
        flat_values: Any,
        nested_row_splits: Any,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Flat values cut by several row splits, the outermost first.

        Args:
            flat_values: a tensor.
            nested_row_splits: a list of row splits.
            name: ignored.
            validate: whether to check them.

        Returns:
            A `RaggedTensor` with as many ragged axes.

        Raises:
            TypeError: where `nested_row_splits` is a tensor.

        Example:
            >>> import rillet as tf
            >>> tf.RaggedTensor.from_nested_row_splits([1, 2], [[0, 1, 2], [0, 2, 2]])
            <tf.RaggedTensor [[[1, 2]], [[]]]>
        """
        _check_list("from_nested_row_splits", nested_row_splits)
        value = flat_values
        for splits in reversed(list(nested_row_splits)):
            value = cls.from_row_splits(value, splits, validate=validate)
        return value

    @classmethod
    def from_nested_row_lengths(
        cls,
        flat_values: Any,
        nested_row_lengths: Any,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Flat values cut by several lists of row lengths, the outermost first.

        Args:
            flat_values: a tensor.
            nested_row_lengths: a list of row lengths.
            name: ignored.
            validate: whether to check them.

        Returns:
            A `RaggedTensor`.
        """
        _check_list("from_nested_row_lengths", nested_row_lengths)
        value = flat_values
        for lengths in reversed(list(nested_row_lengths)):
            value = cls.from_row_lengths(value, lengths, validate=validate)
        return value

    @classmethod
    def from_nested_value_rowids(
        cls,
        flat_values: Any,
        nested_value_rowids: Any,
        nested_nrows: Any = None,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Flat values put into rows by lists of row numbers, the outermost first.

        Args:
            flat_values: a tensor.
            nested_value_rowids: a list of row numbers of values.
            nested_nrows: a list of numbers of rows, or None.
            name: ignored.
            validate: whether to check them.

        Returns:
            A `RaggedTensor`.

        Raises:
            ValueError: where the lists have different lengths.
        """
        _check_list("from_nested_value_rowids", nested_value_rowids)
        nested = list(nested_value_rowids)
        counts = [None] * len(nested) if nested_nrows is None else list(nested_nrows)
        if len(counts) != len(nested):
            raise ValueError(
                house_message(
                    "RaggedTensor.from_nested_value_rowids",
                    "`nested_nrows` must have the same length as `nested_value_rowids`",
                    f"lengths are {len(counts)} and {len(nested)}",
                )
            )
        value = flat_values
        for ids, count in reversed(list(zip(nested, counts, strict=True))):
            value = cls.from_value_rowids(value, ids, count, validate=validate)
        return value


_NOT = "Arguments do not form a valid RaggedTensor: "
_SAME = "there is one row number for each value"


def _prepared(owner: str, values: Any, name: str, index: Any) -> tuple[Any, Any]:
    """Values, and a vector of indices of the type of the values' own row splits."""
    values = values_of(owner, values)
    kind = values.row_splits.dtype if isinstance(values, RaggedRows) else None
    if kind is not None and isinstance(index, Tensor) and index.dtype is not kind:
        raise splits_mismatch(owner, kind, index.dtype)
    tensor = parts.index_tensor(owner, name, index, kind)
    if tensor.shape.rank not in (1, None):
        raise ValueError(
            house_message(
                owner,
                f"{name} must be a vector: Shape {tensor.shape} must have rank 1",
                f"its shape is {tensor.shape}",
            )
        )
    return values, tensor


def values_of(owner: str, values: Any) -> Any:
    """What rows are cut of: a ragged tensor as it is, all else as a tensor.

    Raises:
        InvalidArgumentError: where it is a scalar.
    """
    if isinstance(values, RaggedRows):
        return values
    tensor = to_tensor(values)
    if tensor.shape.rank == 0:
        raise InvalidArgumentError(
            house_message(
                owner,
                f"values must have at least one axis: Shape {tensor.shape} must have"
                " rank at least 1",
                f"its shape is {tensor.shape}",
            )
        )
    return tensor


def _check_splits(owner: str, values: Any, splits: Any) -> None:
    rule = _NOT + "row splits start with zero"
    parts.check(owner, splits[0] == 0, rule, splits)
    rule = _NOT + "row splits ascend"
    parts.check(owner, splits[1:] >= splits[:-1], rule, splits)
    _check_end(owner, values, splits)


def _check_end(owner: str, values: Any, splits: Any) -> None:
    last, total = splits[-1], count_of(values, splits.dtype)
    rule = _NOT + "rows must hold all values"
    parts.check(owner, last == total, rule, last, total)


def check_known(owner: str, good: Any, rule: str, *values: Any) -> None:
    """As `partition.check`; with ValueError where sizes alone tell, as TensorFlow."""
    if is_symbolic(good):
        parts.check(owner, good, rule, *values)
    elif not np.all(good._array):
        shown = " and ".join(str(v._array) for v in values)
        raise ValueError(house_message(owner, rule, f"got {shown}"))


def _check_product(owner: str, rows: Any, length: Any, total: Any) -> None:
    rule = _NOT + "nrows times uniform_row_length is the number of values"
    check_known(owner, rows * length == total, rule, rows, length, total)


def _check_list(name: str, nested: Any) -> None:
    if isinstance(nested, Tensor):
        raise TypeError(
            house_message(
                f"RaggedTensor.{name}",
                f"Argument `{_NESTED[name]}` must be a list of Tensors",
                f"received {nested!r}",
            )
        )
