"""Datasets of what files hold: lines of text, TFRecords, records of fixed length.

Elements are strings. Files are read one after the other; with `num_parallel_reads`
their elements come in turn, as TensorFlow's do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import string
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.dataset import Dataset
from rillet.data.mapping import AUTOTUNE, InterleavePlan
from rillet.data.paths import names_of, text_of
from rillet.data.plan import Plan, Run, integer, iterate
from rillet.data.sources import SlicesPlan
from rillet.data.structure import Element, made
from rillet.data.tfrecord import opened, read_records, unknown_compression
from rillet.data.tracing import DataFunction
from rillet.graph.ir import SymbolicTensor

_TEXT = TensorSpec((), string)
#: Gives the strings of one file.
Reader = Callable[[str], Iterator[bytes]]


class FilesPlan(Plan):
    """The strings of files whose names another plan gives.

    Args:
        names: the plan of names: scalar strings.
        read: gives the strings of a file.
    """

    kind = "_FilesDataset"

    def __init__(self, names: Plan, read: Reader) -> None:
        super().__init__(_TEXT, (names,))
        self._names = names
        self._read = read

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        for name in iterate(self._names, run):
            for text in self._read(text_of(name[0].item())):
                yield (np.array(text, object),)


def _files_plan(owner: str, filenames: Any, read: Reader, parallel: Any) -> Plan:
    names = _names_plan(owner, filenames)
    if parallel is None:
        return FilesPlan(names, read)

    def one(name: Any) -> Any:
        return made(FilesPlan(SlicesPlan([name]), read))

    count = integer(owner, "num_parallel_reads", parallel)
    function = DataFunction(one, (_TEXT,), owner)
    return InterleavePlan(names, function, AUTOTUNE if count < 0 else count, 1, count)


def _names_plan(owner: str, filenames: Any) -> Plan:
    plan: Plan | None = getattr(filenames, "_plan", None)
    if plan is None:
        if isinstance(filenames, SymbolicTensor):
            rank = filenames.shape.rank
            return SlicesPlan([filenames] if rank == 0 else filenames)
        return SlicesPlan(np.array(names_of(owner, filenames), object))
    if plan.spec != _TEXT:
        raise TypeError(
            house_message(
                owner,
                "The `filenames` argument must be a dataset of scalar strings",
                f"its elements are {plan.spec!r}",
            )
        )
    return plan


def _checked(compression: Any) -> str | None:
    if isinstance(compression, Tensor):
        compression = text_of(compression)
    if compression not in (None, "", "GZIP", "ZLIB"):
        raise unknown_compression(compression)
    found: str | None = compression
    return found


class TextLineDataset(Dataset):
    """The lines of text files, without their ends.

    Args:
        filenames: a name, a list or tensor of names, or a dataset of them.
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``.
        buffer_size: accepted.
        num_parallel_reads: how many files are read in turn; one after the other where
            None.
        name: accepted.

    Raises:
        NotFoundError: while it runs, where a file does not exist.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
        name: str | None = None,
    ) -> None:
        zip_ = _checked(compression_type)

        def read(path: str) -> Iterator[bytes]:
            with opened(path, zip_) as file:
                for line in file:
                    yield line.rstrip(b"\n").removesuffix(b"\r")

        super().__init__(
            _files_plan("TextLineDataset", filenames, read, num_parallel_reads)
        )


class TFRecordDataset(Dataset):
    """The records of TFRecord files.

    Args:
        filenames: a name, a list or tensor of names, or a dataset of them.
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``.
        buffer_size: accepted.
        num_parallel_reads: how many files are read in turn; one after the other where
            None.
        name: accepted.

    Raises:
        NotFoundError: while it runs, where a file does not exist.
        DataLossError: while it runs, where a record is damaged.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
        name: str | None = None,
    ) -> None:
        zip_ = _checked(compression_type)

        def read(path: str) -> Iterator[bytes]:
            with opened(path, zip_) as file:
                yield from read_records(file, path)

        super().__init__(
            _files_plan("TFRecordDataset", filenames, read, num_parallel_reads)
        )


class FixedLengthRecordDataset(Dataset):
    """Pieces of equal length out of binary files.

    Args:
        filenames: a name, a list or tensor of names, or a dataset of them.
        record_bytes: bytes a piece.
        header_bytes: bytes to leave out at the beginning of a file.
        footer_bytes: bytes to leave out at its end.
        buffer_size: accepted.
        compression_type: ``""``, ``"GZIP"`` or ``"ZLIB"``.
        num_parallel_reads: how many files are read in turn.
        name: accepted.

    Raises:
        InvalidArgumentError: while it runs, where pieces do not fill a file.
    """

    def __init__(
        self,
        filenames: Any,
        record_bytes: Any,
        header_bytes: Any = None,
        footer_bytes: Any = None,
        buffer_size: Any = None,
        compression_type: Any = None,
        num_parallel_reads: Any = None,
        name: str | None = None,
    ) -> None:
        owner = "FixedLengthRecordDataset"
        zip_ = _checked(compression_type)
        size = int(integer(owner, "record_bytes", record_bytes))
        head = int(integer(owner, "header_bytes", header_bytes or 0))
        foot = int(integer(owner, "footer_bytes", footer_bytes or 0))
        if size < 1 or head < 0 or foot < 0:
            raise InvalidArgumentError(
                house_message(
                    owner,
                    "`record_bytes` must be > 0, the others not negative",
                    f"got {size}, header {head}, footer {foot}",
                )
            )

        def read(path: str) -> Iterator[bytes]:
            with opened(path, zip_) as file:
                data = file.read()
            body = data[head : len(data) - foot]
            if len(data) < head + foot or len(body) % size:
                raise InvalidArgumentError(
                    house_message(
                        owner,
                        f"Excluding the header ({head} bytes) and footer ({foot}"
                        f" bytes), input file {path} has body length {len(body)} bytes,"
                        f" which is not an exact multiple of the record length ({size}"
                        " bytes)",
                    )
                )
            for at in range(0, len(body), size):
                yield body[at : at + size]

        super().__init__(_files_plan(owner, filenames, read, num_parallel_reads))
