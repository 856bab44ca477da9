"""`tf.data`: pipelines of elements, read lazily, planned as whole batches.

    plan (what a stage does) -> rows (many at once) or elements (one by one)
         -> iterators -> programs, and nodes of functions being traced

`structure` says what elements are, `tracing` and `batching` run functions on them,
`sources`, `order`, `mapping` and `grouping` hold the stages, `dataset` the methods.
"""

import importlib as _importlib
from typing import Any as _Any

from rillet.core import missing as _missing

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2

_NAMES = {
    "Dataset": "dataset",
    "DatasetSpec": "structure",
    "FixedLengthRecordDataset": "files",
    "Iterator": "iterators",
    "IteratorSpec": "iterators",
    "NumpyIterator": "iterators",
    "Options": "options",
    "TFRecordDataset": "files",
    "TextLineDataset": "files",
    "ThreadingOptions": "options",
}
_missing.watch(__name__, ("experimental",), hide=True)


def __getattr__(name: str) -> _Any:
    value: _Any
    if name == "experimental":
        value = _importlib.import_module("rillet.data.experimental")
    elif name == "__all__":
        value = [n for n in __dir__() if not n.startswith("_")]
    elif name in _NAMES:
        module = _importlib.import_module(f"rillet.data.{_NAMES[name]}")
        value = getattr(module, name)
    else:
        raise _missing.missing_name("tf.data", name, __dir__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    fixed = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "experimental"]
    return sorted([*_NAMES, *fixed])
