"""Rows: elements that can be found by their number, taken many at a time.

A stage over a sliceable source (`from_tensor_slices`, `range`) is planned as rows: a
shuffle changes their order, a map is run on many at once, a batch takes as many as it
needs. Nothing here runs a function on one element at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.data.structure import Element

Array = np.ndarray[Any, Any]
Which = slice | Array
#: Rows that element by element iteration takes at once, at most.
_CHUNK = 1024


class Rows:
    """Elements by number; the classes below are the kinds of it.

    Attributes:
        count: how many there are.
    """

    count: int

    def take(self, which: Which) -> list[Array]:
        """The chosen rows.

        Args:
            which: a slice with its start, stop and step set, or numbers, int64 (n,).

        Returns:
            For each leaf an array with a first axis of n rows.
        """
        raise NotImplementedError

    def take_batches(self, which: Which, size: int) -> list[Array]:
        """The chosen rows, which are batches of `size` rows side by side.

        The same as `take`, for who takes many: it may go through native code.
        """
        return self.take(which)

    def found(self, which: Which, size: int) -> tuple[list[Array], Which]:
        """Where the chosen rows lie: whole columns, and their numbers there."""
        columns = self.take_batches(which, size)
        return columns, slice(0, size_of(which), 1)


def size_of(which: Which) -> int:
    """How many rows are chosen."""
    if isinstance(which, slice):
        return len(range(which.start, which.stop, which.step or 1))
    return len(which)


class ArrayRows(Rows):
    """The rows of arrays in memory.

    Args:
        columns: arrays of one length.
    """

    def __init__(self, columns: list[Array]) -> None:
        self._columns = columns
        self.count = len(columns[0])

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        if isinstance(which, slice):
            return [column[which] for column in self._columns]
        return [column.take(which, axis=0) for column in self._columns]

    def found(self, which: Which, size: int) -> tuple[list[Array], Which]:
        """See `Rows.found`."""
        return self._columns, which


class RangeRows(Rows):
    """The numbers of a range.

    Args:
        start: the first one.
        step: from one to the next.
        count: how many.
        kind: their NumPy type.
    """

    def __init__(self, start: int, step: int, count: int, kind: Any) -> None:
        self._start = start
        self._step = step
        self._kind = kind
        self.count = count

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        if isinstance(which, slice):
            which = np.arange(which.start, which.stop, which.step or 1)
        return [(which * self._step + self._start).astype(self._kind, copy=False)]


class MappedRows(Rows):
    """Rows with a function applied, many at a time.

    Args:
        rows: what it is applied to.
        function: columns and their length -> columns.
        native: the same on rows of whole columns: the columns, the rows' numbers, rows
            a batch -> columns, or None where it had better not be used.
    """

    def __init__(
        self,
        rows: Rows,
        function: Callable[[list[Array], int], list[Array]],
        native: Callable[[list[Array], Which, int], list[Array] | None] | None = None,
    ) -> None:
        self._rows = rows
        self._function = function
        self._native = native
        self.count = rows.count

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        return self._function(self._rows.take(which), size_of(which))

    def take_batches(self, which: Which, size: int) -> list[Array]:
        """See `Rows.take_batches`."""
        if self._native is None:
            return self._function(self._rows.take_batches(which, size), size_of(which))
        columns, at = self._rows.found(which, size)
        made = self._native(columns, at, size)
        if made is None:
            made = self._function(ArrayRows(columns).take(at), size_of(which))
        return made


class OrderedRows(Rows):
    """Rows in another order, or some of them.

    Args:
        rows: the rows.
        order: a number for each of the rows that are left, int64.
    """

    def __init__(self, rows: Rows, order: Array) -> None:
        self._rows = rows
        self._order = order
        self.count = len(order)

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        return self._rows.take(self._order[which])

    def take_batches(self, which: Which, size: int) -> list[Array]:
        """See `Rows.take_batches`."""
        return self._rows.take_batches(self._order[which], size)

    def found(self, which: Which, size: int) -> tuple[list[Array], Which]:
        """See `Rows.found`."""
        return self._rows.found(self._order[which], size)


class PartRows(Rows):
    """Every so many rows of a stretch.

    Args:
        rows: the rows.
        start: the first one's number.
        stop: the number after the last.
        step: from one to the next.
    """

    def __init__(self, rows: Rows, start: int, stop: int, step: int = 1) -> None:
        self._rows = rows
        self._start = start
        self._step = step
        self.count = len(range(start, min(stop, rows.count), step))

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        return self._rows.take(self._numbers(which))

    def take_batches(self, which: Which, size: int) -> list[Array]:
        """See `Rows.take_batches`."""
        return self._rows.take_batches(self._numbers(which), size)

    def found(self, which: Which, size: int) -> tuple[list[Array], Which]:
        """See `Rows.found`."""
        return self._rows.found(self._numbers(which), size)

    def _numbers(self, which: Which) -> Which:
        if isinstance(which, slice):
            low = which.start * self._step + self._start
            high = which.stop * self._step + self._start
            return slice(low, high, (which.step or 1) * self._step)
        return which * self._step + self._start


class ZippedRows(Rows):
    """The rows of several, side by side, as long as the shortest.

    Args:
        parts: the rows.
    """

    def __init__(self, parts: list[Rows]) -> None:
        self._parts = parts
        self.count = min([part.count for part in parts])

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        return [column for part in self._parts for column in part.take(which)]

    def take_batches(self, which: Which, size: int) -> list[Array]:
        """See `Rows.take_batches`."""
        parts = [part.take_batches(which, size) for part in self._parts]
        return [column for part in parts for column in part]

    def found(self, which: Which, size: int) -> tuple[list[Array], Which]:
        """See `Rows.found`."""
        if all(type(part) is ArrayRows for part in self._parts):
            parts = [part.found(which, size)[0] for part in self._parts]
            return [column for part in parts for column in part], which
        return super().found(which, size)


class KeptRows(Rows):
    """Rows that are computed once, block by block, and kept.

    Args:
        rows: the rows.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.count = rows.count
        self._columns: list[Array] = []
        self._have = np.zeros(-(-rows.count // _CHUNK), bool)

    def take(self, which: Which) -> list[Array]:
        """See `Rows.take`."""
        numbers = self._filled(which)
        return [column.take(numbers, axis=0) for column in self._columns]

    def found(self, which: Which, size: int) -> tuple[list[Array], Which]:
        """See `Rows.found`."""
        numbers = self._filled(which)
        return self._columns, numbers

    def _filled(self, which: Which) -> Array:
        """The numbers of rows, all of which are there now."""
        if isinstance(which, slice):
            which = np.arange(which.start, which.stop, which.step or 1)
        if not self._have.all():
            for block in np.unique(which // _CHUNK).tolist():
                if not self._have[block]:
                    self._fill(block)
        return which

    def _fill(self, block: int) -> None:
        low = block * _CHUNK
        high = min(low + _CHUNK, self.count)
        parts = self._rows.take(slice(low, high, 1))
        if not self._columns:
            self._columns = [
                np.empty((self.count, *part.shape[1:]), part.dtype) for part in parts
            ]
        for column, part in zip(self._columns, parts, strict=True):
            column[low:high] = part
        self._have[block] = True


def split(segments: Iterator[Rows]) -> Iterator[Element]:
    """The elements of rows, one by one, taken in chunks that grow."""
    size = 1
    for rows in segments:
        at = 0
        while at < rows.count:
            stop = min(at + size, rows.count)
            yield from _split(rows, at, stop)
            at = stop
            size = min(size * 2, _CHUNK)


def _split(rows: Rows, start: int, stop: int) -> Iterator[Element]:
    try:
        columns = rows.take(slice(start, stop, 1))
    except Exception:
        if stop - start == 1:
            raise
        # the rows before the one that fails are good
        for at in range(start, stop):
            yield from _split(rows, at, at + 1)
        return
    yield from zip(*[_leaves(column) for column in columns], strict=True)


def _leaves(column: Array) -> list[Array]:
    if column.ndim > 1:
        return list(column)
    return [column[i, ...] for i in range(len(column))]


class BatchRows:
    """An iterator over batches of rows, across the borders of segments.

    Args:
        segments: rows, one after the other.
        size: rows a batch.
        drop_remainder: whether a smaller last batch is left out.

    Attributes:
        size: rows a batch.
    """

    def __init__(
        self, segments: Iterator[Rows], size: int, drop_remainder: bool
    ) -> None:
        self._segments = segments
        self.size = size
        self._drop = drop_remainder
        self._rows: Rows | None = None
        self._at = 0

    def __iter__(self) -> BatchRows:
        return self

    def __next__(self) -> Element:
        return tuple(self.take(1)[0])

    def take(self, most: int) -> tuple[list[Array], int, int]:
        """The rows of the next batches: `most` of one size, or fewer.

        Returns:
            For each leaf the batches' rows side by side; rows a batch; batches.

        Raises:
            StopIteration: after the last batch.
        """
        size = self.size
        rows = self._ready()
        count = min((rows.count - self._at) // size, max(most, 1))
        if count:
            start = self._at
            self._at += count * size
            which = slice(start, self._at, 1)
            if count == 1:
                return rows.take(which), size, 1
            return rows.take_batches(which, size), size, count
        parts, have = [], 0
        while have < size:
            stop = min(rows.count - self._at, size - have)
            parts.append(self._cut(rows, stop))
            have += stop
            try:
                rows = self._ready()
            except StopIteration:
                break
        if have < size and self._drop:
            raise StopIteration
        return _joined(parts), have, 1

    def _ready(self) -> Rows:
        """The segment that holds the next row."""
        while self._rows is None or self._at >= self._rows.count:
            self._rows = next(self._segments)
            self._at = 0
        return self._rows

    def _cut(self, rows: Rows, count: int) -> list[Array]:
        start = self._at
        self._at += count
        return rows.take(slice(start, start + count, 1))


def _joined(parts: list[list[Array]]) -> list[Array]:
    if len(parts) == 1:
        return parts[0]
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]
