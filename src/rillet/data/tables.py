"""CSV files: `CsvDataset` and `make_csv_dataset`.

Lines follow RFC 4180: fields may stand in quotes, and then hold delimiters, doubled
quotes and line ends.
"""

from __future__ import annotations

import csv
import io
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import (
    DType,
    as_dtype,
    float32,
    float64,
    int32,
    int64,
    string,
)
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.dataset import Dataset
from rillet.data.paths import matching, names_of
from rillet.data.plan import Plan, Run
from rillet.data.structure import Element
from rillet.data.tfrecord import opened

_KINDS = (int32, int64, float32, float64, string)


class Column:
    """How a column is read.

    Args:
        index: its place in a line.
        kind: its type.
        default: what an empty field stands for; None where there must be a value.
    """

    __slots__ = ("default", "dtype", "index")

    def __init__(self, index: int, kind: DType, default: Any) -> None:
        self.index = index
        self.dtype = kind
        self.default = default


class CsvPlan(Plan):
    """The lines of CSV files.

    Args:
        paths: the files.
        columns: those wanted.
        form: compression, whether there is a header, delimiter, whether quotes count,
            what stands for a missing value, the number of fields a line has or None.
        owner: for messages.
    """

    kind = "_CsvDataset"

    def __init__(
        self, paths: list[str], columns: list[Column], form: Any, owner: str
    ) -> None:
        super().__init__(tuple([TensorSpec((), c.dtype) for c in columns]))
        self._paths = paths
        self._columns = columns
        self._form = form
        self._owner = owner

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        zip_, header, delimiter, quotes, missing, count = self._form
        for path in self._paths:
            with opened(path, zip_) as file:
                text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
                lines = rows_of(text, delimiter, quotes)
                if header:
                    next(lines, None)
                for line in lines:
                    if line:
                        yield self._element(line, missing, count)

    def _element(self, line: list[str], missing: str, count: int | None) -> Element:
        if count is not None and len(line) != count:
            raise InvalidArgumentError(
                house_message(
                    self._owner,
                    f"Expect {count} fields but have {len(line)} in record",
                    f"{','.join(line)[:80]!r}",
                )
            )
        out = []
        for column in self._columns:
            if column.index >= len(line):
                raise InvalidArgumentError(
                    house_message(
                        self._owner,
                        f"Expect at least {column.index + 1} fields but have"
                        f" {len(line)} in record",
                        f"{','.join(line)[:80]!r}",
                    )
                )
            out.append(field(line[column.index], column, missing, self._owner))
        return tuple(out)


def rows_of(text: Any, delimiter: str, quotes: bool) -> Iterator[list[str]]:
    """The fields of each line of an open file."""
    if quotes:
        return csv.reader(text, delimiter=delimiter)
    return csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def field(text: str, column: Column, missing: str, owner: str) -> Any:
    """One field as an array, 0-d, of its column's type.

    Raises:
        InvalidArgumentError: where it is missing, or no such number.
    """
    kind = column.dtype
    if text == "" or text == missing:
        if column.default is None:
            raise InvalidArgumentError(
                house_message(
                    owner,
                    f"Field {column.index} is required but missing in record",
                    f"the field is {text!r}",
                    "Give the column a default",
                )
            )
        return column.default
    if kind is string:
        return np.array(text.encode("utf-8", "surrogateescape"), object)
    try:
        if kind.is_integer:
            value: Any = int(text)
            if not kind.min <= value <= kind.max:
                raise ValueError(text)
        else:
            value = float(text)
        return np.array(value, kind.numpy_dtype)
    except ValueError:
        raise InvalidArgumentError(
            house_message(
                owner,
                f"Field {column.index} in record is not a valid {kind.name}",
                f"{text!r}",
            )
        ) from None


class CsvDataset(Dataset):
    """The lines of CSV files, a scalar for each column.

    Args:
        filenames: a name, or a list or tensor of names.
        record_defaults: for each column a type, where it must have a value, or a tensor
            of one element or none that says the type and what an empty field means.
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``.
        buffer_size: accepted.
        header: whether the first line of each file is left out.
        field_delim: what stands between fields.
        use_quote_delim: whether quotes group.
        na_value: a text that means a missing value.
        select_cols: the numbers of the columns to keep, rising.
        exclude_cols: the numbers of the columns to leave out.

    Raises:
        InvalidArgumentError: while it runs, where a line does not fit.
    """

    def __init__(
        self,
        filenames: Any,
        record_defaults: Any,
        compression_type: str | None = None,
        buffer_size: Any = None,
        header: bool = False,
        field_delim: str = ",",
        use_quote_delim: bool = True,
        na_value: str = "",
        select_cols: Any = None,
        exclude_cols: Any = None,
    ) -> None:
        owner = "CsvDataset"
        if select_cols is not None and exclude_cols is not None:
            raise InvalidArgumentError(
                house_message(
                    owner, "Either select_cols or exclude_cols should be empty"
                )
            )
        chosen: list[int] = [int(i) for i in select_cols or ()]
        left_out = {int(i) for i in exclude_cols or ()}
        if not chosen:
            chosen = [i for i in range(len(record_defaults) + len(left_out))]
            chosen = [i for i in chosen if i not in left_out]
        if len(chosen) != len(record_defaults) or chosen != sorted(set(chosen)):
            raise InvalidArgumentError(
                house_message(
                    owner,
                    "there must be a default for each selected column, and the columns"
                    " rise",
                    f"{len(record_defaults)} defaults for columns {chosen}",
                )
            )
        columns = [
            column_of(i, d, owner) for i, d in zip(chosen, record_defaults, strict=True)
        ]
        count = None if select_cols is not None or left_out else len(columns)
        form = (
            compression_type,
            header,
            field_delim,
            use_quote_delim,
            na_value,
            count,
        )
        super().__init__(CsvPlan(names_of(owner, filenames), columns, form, owner))


def column_of(index: int, default: Any, owner: str) -> Column:
    """How a column is read, from a type or a default.

    Raises:
        TypeError: where no column has such a type.
    """
    if isinstance(default, DType) or isinstance(default, type):
        kind, value = as_dtype(default), None
    else:
        tensor: Tensor = to_tensor(default)
        kind = tensor.dtype
        flat = tensor._array.reshape(-1)
        value = flat[0, ...].reshape(()) if flat.size else None
    if kind not in _KINDS:
        raise TypeError(
            house_message(
                owner,
                "a column is of type float32, float64, int32, int64 or string",
                f"column {index} is {kind.name}",
            )
        )
    return Column(index, kind, value)


def make_csv_dataset(
    file_pattern: Any,
    batch_size: int,
    column_names: Any = None,
    column_defaults: Any = None,
    label_name: str | None = None,
    select_columns: Any = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: Any = None,
    prefetch_buffer_size: Any = None,
    num_parallel_reads: Any = None,
    sloppy: bool = False,
    num_rows_for_inference: int | None = 100,
    compression_type: str | None = None,
    ignore_errors: bool = False,
    encoding: str = "utf-8",
) -> Any:
    """Batches of the columns of CSV files, by name.

    Args:
        file_pattern: names or patterns of files.
        batch_size: lines a batch.
        column_names: the columns' names; from the first file's header where None.
        column_defaults: types or defaults of the (selected) columns; found out from
            the first lines where None.
        label_name: a column that comes apart from the others.
        select_columns: names or numbers of the columns to keep.
        field_delim: what stands between fields.
        use_quote_delim: whether quotes group.
        na_value: a text that means a missing value.
        header: whether each file's first line holds names.
        num_epochs: how often to go through; without an end where None.
        shuffle: whether lines come in random order.
        shuffle_buffer_size: the size of the buffer for that.
        shuffle_seed: for the shuffling.
        prefetch_buffer_size: batches to keep ready.
        num_parallel_reads: accepted; files are read in order.
        sloppy: accepted.
        num_rows_for_inference: how many lines to find types from; all where None.
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``.
        ignore_errors: whether to leave out lines that do not fit.
        encoding: accepted; UTF-8.

    Returns:
        A `Dataset` of dictionaries of columns (batch,), or of pairs of such a
        dictionary and the label.

    Raises:
        ValueError: where names are doubled or the label is none of them.
    """
    owner = "make_csv_dataset"
    paths = matching(file_pattern)
    if not paths:
        raise ValueError(
            house_message(owner, "No files match `file_pattern`", f"{file_pattern}")
        )
    form = (compression_type, header, field_delim, use_quote_delim, na_value)
    if column_names is None:
        column_names = _names_in(owner, paths[0], form, encoding)
    names = list(column_names)
    if len(set(names)) != len(names):
        raise ValueError(house_message(owner, "Cannot have duplicate column names"))
    chosen = _selected(owner, names, select_columns)
    wanted = [names[i] for i in chosen]
    _check_label(owner, label_name, wanted)
    if column_defaults is None:
        columns = _inferred(paths, chosen, form, num_rows_for_inference)
    else:
        columns = [
            column_of(i, d, owner) for i, d in zip(chosen, column_defaults, strict=True)
        ]
    dataset: Any = Dataset(CsvPlan(paths, columns, (*form, None), owner))
    if ignore_errors:
        dataset = dataset.ignore_errors()
    if shuffle:
        dataset = dataset.shuffle(shuffle_buffer_size, shuffle_seed)
    if num_epochs != 1:
        dataset = dataset.repeat(num_epochs)
    dataset = dataset.batch(batch_size, drop_remainder=num_epochs is None)
    dataset = dataset.map(_by_name(wanted, label_name))
    return dataset.prefetch(prefetch_buffer_size)


def _names_in(owner: str, path: str, form: Any, encoding: str) -> list[str]:
    """The names that a file's first line holds."""
    zip_, header, delimiter, quotes, _ = form
    if not header:
        raise ValueError(
            house_message(owner, "Cannot infer column names without a header line")
        )
    with opened(path, zip_) as file:
        text = io.TextIOWrapper(file, encoding, newline="")
        return next(rows_of(text, delimiter, quotes), [])


def _check_label(owner: str, label: str | None, names: list[str]) -> None:
    if label is not None and label not in names:
        raise ValueError(
            house_message(
                owner,
                "`label_name` provided must be one of the columns",
                f"{label!r} is not in {names}",
            )
        )


def _by_name(names: list[str], label: str | None) -> Any:
    def named(*columns: Any) -> Any:
        found = OrderedDict(zip(names, columns, strict=True))
        if label is None:
            return found
        return found, found.pop(label)

    return named


def _selected(owner: str, names: list[str], given: Any) -> list[int]:
    if given is None:
        return list(range(len(names)))
    out = []
    for one in given:
        if isinstance(one, str):
            if one not in names:
                raise ValueError(
                    house_message(owner, f"no column is called {one!r}", f"{names}")
                )
            out.append(names.index(one))
        else:
            out.append(int(one))
    return sorted(out)


def _inferred(
    paths: list[str], chosen: list[int], form: Any, limit: int | None
) -> list[Column]:
    """The narrowest type of each column that its first lines fit."""
    kinds = [0] * len(chosen)
    count = 0
    zip_, header, delimiter, quotes, missing = form
    for path in paths:
        with opened(path, zip_) as file:
            text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
            lines = rows_of(text, delimiter, quotes)
            if header:
                next(lines, None)
            for line in lines:
                if limit is not None and count >= limit:
                    break
                count += 1
                for k, index in enumerate(chosen):
                    if index < len(line) and line[index] not in ("", missing):
                        while not _fits(line[index], _KINDS[kinds[k]]):
                            kinds[k] += 1
    found = [_KINDS[k] for k in kinds]
    return [
        Column(index, kind, _empty(kind))
        for index, kind in zip(chosen, found, strict=True)
    ]


def _empty(kind: DType) -> Any:
    value: Any = b"" if kind is string else 0
    return np.array(value, kind.numpy_dtype)


def _fits(text: str, kind: DType) -> bool:
    if kind is string:
        return True
    try:
        if kind.is_integer:
            return bool(kind.min <= int(text) <= kind.max)
        value = float(text)
    except ValueError:
        return False
    # as many digits as a float32 holds
    return kind is float64 or abs(value) <= float(np.finfo(np.float32).max)
