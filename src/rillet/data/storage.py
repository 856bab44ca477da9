"""Elements in files: `cache` to a file, `save` and `load`, `snapshot`.

A folder holds `dataset.json` (the element's specs) and a TFRecord file for each shard;
a record is one element, leaf by leaf. Files are written beside their place and moved
there when they are whole.
"""

from __future__ import annotations

import json
import os
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import as_dtype
from rillet.core.errors import (
    DataLossError,
    NotFoundError,
    house_message,
)
from rillet.core.spec import TensorSpec
from rillet.data.order import PassPlan
from rillet.data.paths import text_of
from rillet.data.plan import PLAIN, Plan, Run, iterate
from rillet.data.sources import TensorsPlan
from rillet.data.structure import Bound, Element, check_tensors, flatten, made, pack
from rillet.data.tfrecord import RecordFile, opened, read_records
from rillet.data.tracing import DataFunction

_LEAF = struct.Struct("<HBQ")
_SIZE = struct.Struct("<Q")


def encoded(element: Element) -> bytes:
    """An element's arrays as bytes."""
    parts: list[bytes] = []
    for array in element:
        kind = dtypes.FROM_NUMPY[array.dtype].name.encode()
        if array.dtype == object:
            texts = [bytes(t) for t in array.reshape(-1).tolist()]
            data = b"".join([_SIZE.pack(len(t)) + t for t in texts])
        else:
            data = np.ascontiguousarray(array).tobytes()
        parts.append(_LEAF.pack(len(kind), array.ndim, len(data)))
        parts.append(kind)
        parts += [_SIZE.pack(n) for n in array.shape]
        parts.append(data)
    return b"".join(parts)


def decoded(record: bytes) -> Element:
    """The arrays of an element's bytes.

    Raises:
        DataLossError: where they are no element.
    """
    out = []
    at = 0
    try:
        while at < len(record):
            length, rank, size = _LEAF.unpack_from(record, at)
            at += _LEAF.size
            kind = as_dtype(record[at : at + length].decode())
            at += length
            dims = [_SIZE.unpack_from(record, at + 8 * k)[0] for k in range(rank)]
            at += 8 * rank
            out.append(_array(record[at : at + size], kind, dims))
            at += size
    except (struct.error, TypeError, ValueError) as error:
        raise DataLossError(
            house_message("Dataset.load", "a record holds no element")
        ) from error
    return tuple(out)


def _array(data: bytes, kind: Any, dims: list[int]) -> Any:
    if kind is not dtypes.string:
        return np.frombuffer(data, kind.numpy_dtype).reshape(dims)
    flat: list[bytes] = []
    at = 0
    while at < len(data):
        (size,) = _SIZE.unpack_from(data, at)
        flat.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    out = np.empty(len(flat), object)
    out[:] = flat
    return out.reshape(dims)


def _written(elements: Iterator[Element], path: Path, zip_: Any) -> Iterator[Element]:
    """Pass elements on; write them to a file that stands when all have passed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    whole = False
    try:
        with RecordFile(str(beside), zip_) as file:
            for element in elements:
                file.write(encoded(element))
                yield element
        os.replace(beside, path)
        whole = True
    finally:
        if not whole:
            beside.unlink(missing_ok=True)


def _read(path: Path, zip_: Any) -> Iterator[Element]:
    with opened(str(path), zip_) as file:
        for record in read_records(file, str(path)):
            yield decoded(record)


class FileCachePlan(PassPlan):
    """Elements that are kept in a file once they were made.

    Args:
        source: the plan.
        path: the file's name, without its ending.
    """

    kind = "CacheDataset"

    def __init__(self, source: Plan, path: str) -> None:
        check_tensors("Dataset.cache", source.structure.flat)
        super().__init__(source)
        self._path = Path(path + ".data")

    @property
    def has_rows(self) -> bool:
        """Never."""
        return False

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        if self._path.exists():
            return _read(self._path, None)
        return _written(iterate(self.source, run), self._path, None)


class StoredPlan(Plan):
    """The elements of one shard's file."""

    kind = "_LoadDataset"

    def __init__(self, spec: Any, path: Path, zip_: Any, count: int) -> None:
        super().__init__(spec)
        self._path = path
        self._zip = zip_
        self._count = count

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return _read(self._path, self._zip)

    def cardinality(self) -> int:
        """How many were written."""
        return self._count


class _Shards(Plan):
    """A dataset of datasets, one for each shard."""

    def __init__(self, plans: list[Plan]) -> None:
        one = TensorsPlan(made(plans[0]))
        super().__init__(one.spec)
        self._plans = plans

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return iter([(Bound(plan, PLAIN),) for plan in self._plans])

    def cardinality(self) -> int:
        """The number of shards."""
        return len(self._plans)


def _spec_json(spec: Any) -> Any:
    """A nest of tensor specs as plain data."""
    if isinstance(spec, TensorSpec):
        return {"shape": spec.shape.dims, "dtype": spec.dtype.name}
    if isinstance(spec, dict):
        return {"dict": {key: _spec_json(part) for key, part in spec.items()}}
    return {"tuple": [_spec_json(part) for part in spec]}


def _spec_from(data: Any) -> Any:
    if "dtype" in data:
        return TensorSpec(data["shape"], data["dtype"])
    if "dict" in data:
        return {key: _spec_from(part) for key, part in data["dict"].items()}
    return tuple([_spec_from(part) for part in data["tuple"]])


def _compression(name: str | None) -> str | None:
    if name in (None, "", "NONE", "AUTO", "SNAPPY"):
        return None  # the data is as large on disk; snappy is not to be had
    return name


def _store(plan: Plan, folder: Path, zip_: Any, shard: Any) -> None:
    """Write a folder: shards first, the file that names them last."""
    check_tensors("Dataset.save", plan.structure.flat)
    folder.mkdir(parents=True, exist_ok=True)
    where = None
    if shard is not None:
        where = DataFunction(shard, (plan.spec,), "Dataset.save").start(PLAIN)
    files: dict[int, RecordFile] = {}
    counts: dict[int, int] = {}
    label = uuid.uuid4().hex[:8]
    try:
        for element in iterate(plan, PLAIN):
            number = 0 if where is None else int(where(element)[0])
            if number not in files:
                name = folder / f"{label}-{number:05d}.shard"
                files[number] = RecordFile(str(name), zip_)
                counts[number] = 0
            files[number].write(encoded(element))
            counts[number] += 1
    finally:
        for file in files.values():
            file.close()
    facts = {
        "format": 1,
        "spec": _spec_json(plan.spec),
        "compression": zip_,
        "shards": [[f"{label}-{n:05d}.shard", counts[n]] for n in sorted(counts)],
    }
    beside = folder / f".{label}.json"
    beside.write_text(json.dumps(facts), encoding="utf-8")
    os.replace(beside, folder / "dataset.json")


def saved(dataset: Any, path: Any, compression: str | None, shard_func: Any) -> None:
    """What `Dataset.save` does."""
    _store(dataset._plan, Path(text_of(path)), _compression(compression), shard_func)


def loaded(path: Any, element_spec: Any, reader_func: Any) -> Any:
    """What `Dataset.load` gives."""
    folder = Path(text_of(path))
    try:
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(
            house_message(
                "Dataset.load",
                "there is no saved dataset",
                str(folder),
                "Save one with dataset.save(path)",
            )
        ) from None
    spec = _spec_from(facts["spec"])
    if element_spec is not None and len(flatten(element_spec)) == len(flatten(spec)):
        spec = pack(element_spec, iter(flatten(spec)))
    plans: list[Plan] = [
        StoredPlan(spec, folder / Path(name).name, facts["compression"], count)
        for name, count in facts["shards"]
    ]
    if not plans:
        plans = [_Nothing(spec)]
    if reader_func is not None:
        return reader_func(made(_Shards(plans)))
    if len(plans) == 1:
        return made(plans[0])
    return made(_Shards(plans)).flat_map(lambda shard: shard)


class _Nothing(Plan):
    """No elements."""

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        return iter(())

    def cardinality(self) -> int:
        """None at all."""
        return 0


class SnapshotPlan(PassPlan):
    """Elements that are written to a folder once, and read there ever after."""

    kind = "_SnapshotDataset"

    def __init__(
        self, source: Plan, path: str, zip_: Any, reader: Any, shard: Any
    ) -> None:
        super().__init__(source)
        self._folder = Path(path)
        self._zip = zip_
        self._reader = reader
        self._shard = shard

    @property
    def has_rows(self) -> bool:
        """Never."""
        return False

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        if not (self._folder / "dataset.json").exists():
            _store(self.source, self._folder, self._zip, self._shard)
        plan = loaded(str(self._folder), self.spec, self._reader)._plan
        return iterate(plan, PLAIN)


def snapshotted(
    dataset: Any, path: Any, compression: str | None, reader: Any, shard: Any
) -> Any:
    """What `Dataset.snapshot` gives."""
    zip_ = _compression(compression)
    return made(SnapshotPlan(dataset._plan, text_of(path), zip_, reader, shard))
