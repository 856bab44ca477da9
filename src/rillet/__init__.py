"""rillet: deep learning with TensorFlow 2's programming interface.

    import rillet as tf

Tensors, operators and the tape load at once; every other name on first use, through
the table in `rillet.exports`.
"""

import importlib as _importlib
from typing import Any as _Any

from rillet import exports as _exports
from rillet.core import context as _context
from rillet.core import memory as _memory
from rillet.core import missing as _missing
from rillet.ops import gemm as _gemm
from rillet.ops import indexing as _indexing  # noqa: F401  signs slices in
from rillet.ops import operators as _operators  # noqa: F401  signs operators in
from rillet.ops import state as _state  # noqa: F401  signs scatter methods in

__version__ = "2.15.0"
newaxis = None

_NAMES = _exports.resolve()


def _narrow_product() -> _Any:
    return _importlib.import_module("rillet.backends.native.narrow").load()


def _name_version(path: str) -> int:
    found = _importlib.import_module("rillet.programs.tensorflow_names").version(path)
    return int(found)


def _nearest_name(namespace: str, name: str) -> list[str]:
    return _importlib.import_module("rillet.programs.names").elsewhere(namespace, name)


def _save_folder(*args: _Any, **kwargs: _Any) -> _Any:
    models = _importlib.import_module("rillet.saved_model.keras_models")
    return models.save_folder(*args, **kwargs)


def _write_model(*args: _Any, **kwargs: _Any) -> _Any:
    saving = _importlib.import_module("rillet.saved_model.saving")
    return saving.write_model(*args, **kwargs)


def _export_folder(*args: _Any, **kwargs: _Any) -> _Any:
    models = _importlib.import_module("rillet.saved_model.keras_models")
    return models.export_folder(*args, **kwargs)


def _load_graph(*args: _Any, **kwargs: _Any) -> _Any:
    return _importlib.import_module("rillet.saved_model").load(*args, **kwargs)


def _load_folder(*args: _Any, **kwargs: _Any) -> _Any:
    models = _importlib.import_module("rillet.saved_model.keras_models")
    return models.load_folder(*args, **kwargs)


def _watch_fit(*args: _Any) -> _Any:
    return _importlib.import_module("rillet.explain.advice").watch_fit(*args)


def _numerics_hint(*args: _Any) -> _Any:
    return _importlib.import_module("rillet.explain.watched").hint(*args)


_missing.watch(__name__, _exports.NAMESPACES)
_context.register_service("names.nearest", _nearest_name)
_context.register_service("names.version", _name_version)
_context.register_service("keras.saved_model.save", _save_folder)
_context.register_service("keras.saved_model.load", _load_folder)
_context.register_service("keras.saved_model.export", _export_folder)
_context.register_service("saved_model.write", _write_model)
_context.register_service("keras.saved_model.graph", _load_graph)
_context.register_service("explain.fit", _watch_fit)
_context.register_service("explain.numerics_hint", _numerics_hint)
_gemm.provide_narrow(_narrow_product)
_memory.keep_freed()


def __getattr__(name: str) -> _Any:
    found = _NAMES.get(name)
    value: _Any
    if name == "__all__":
        value = [n for n in __dir__() if not n.startswith("_")]
    elif found is not None:
        value = getattr(_importlib.import_module(found[0]), found[1])
    elif name in _exports.NAMESPACES and _exports.is_present(name):
        value = _importlib.import_module(f"rillet.{name}")
    else:
        raise _missing.missing_name("tf", name, __dir__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    spaces = [n for n in _exports.NAMESPACES if _exports.is_present(n)]
    return sorted({*_NAMES, *spaces, "__version__", "newaxis"})
