"""`tf.keras`: layers, models, training, data sets; names load on first use."""

import importlib as _importlib
import importlib.util as _importlib_util
from typing import Any as _Any

from rillet.core import missing as _missing

__version__ = "2.15.0"

#: Names that stand on `tf.keras` itself, by the module that they come from.
_NAMES = {
    "Input": "rillet.keras.input_layer",
    "Model": "rillet.keras.models",
    "Sequential": "rillet.keras.models",
}
_NAMESPACES = (
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "export",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "optimizers",
    "preprocessing",
    "regularizers",
    "saving",
    "utils",
    "wrappers",
)
#: Functions of `model_files` that lower files ask for.
_FILES = (
    "compile_from_config",
    "load_weights",
    "read_backup",
    "save_model",
    "save_weights",
    "write_backup",
)
_missing.watch(__name__, _NAMESPACES, hide=True)


def _present(namespace: str) -> bool:
    return _importlib_util.find_spec(f"rillet.keras.{namespace}") is not None


def _mean_metric(**arguments: _Any) -> _Any:
    """The metric that `Layer.add_metric` makes."""
    return _importlib.import_module("rillet.keras.metrics").Mean(**arguments)


def _describe_call(layer: _Any, args: _Any, kwargs: _Any) -> _Any:
    """A layer's call on placeholders."""
    symbolic = _importlib.import_module("rillet.keras.symbolic")
    return symbolic.described_call(layer, args, kwargs)


def _describe_op(op: _Any, inputs: _Any, attrs: _Any) -> _Any:
    """An op's call on placeholders."""
    layers = _importlib.import_module("rillet.keras.op_layers")
    return layers.described_op(op, inputs, attrs)


def _describe_composite_op(op: _Any, inputs: _Any, attrs: _Any) -> _Any:
    """An op's call on placeholders."""
    layers = _importlib.import_module("rillet.keras.op_layers")
    return layers.described_composite_op(op, inputs, attrs)


def _call_function(symbol: str, args: _Any, kwargs: _Any) -> _Any:
    """A function's call on placeholders, by TensorFlow's name of it."""
    layers = _importlib.import_module("rillet.keras.op_layers")
    return layers.called(symbol, args, kwargs)


def _look_up(table: _Any, keys: _Any, given: dict[str, _Any]) -> _Any:
    """A table's lookup of placeholders."""
    layers = _importlib.import_module("rillet.keras.layers.table_lookup")
    return layers.looked_up(table, keys, given)


def _draw_model(model: _Any) -> str:
    """A picture of a model, as SVG."""
    plotting = _importlib.import_module("rillet.keras.plotting")
    return plotting.model_to_dot(model, show_shapes=True).to_svg()


def _files(name: str) -> _Any:
    """A function of `model_files`, loaded on its first call."""

    def call(*args: _Any, **kwargs: _Any) -> _Any:
        module = _importlib.import_module("rillet.keras.model_files")
        return getattr(module, name)(*args, **kwargs)

    return call


def __getattr__(name: str) -> _Any:
    value: _Any
    if name == "__all__":
        value = [n for n in __dir__() if not n.startswith("_")]
    elif name in _NAMES:
        value = getattr(_importlib.import_module(_NAMES[name]), name)
    elif name in _NAMESPACES and _present(name):
        value = _importlib.import_module(f"rillet.keras.{name}")
    else:
        raise _missing.missing_name("tf.keras", name, __dir__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    spaces = [n for n in _NAMESPACES if _present(n)]
    return sorted({*_NAMES, *spaces, "__version__"})


def _sign_in() -> None:
    from rillet.core import context

    context.register_service("keras.mean_metric", _mean_metric)
    context.register_service("keras.describe_call", _describe_call)
    context.register_service("keras.describe_op", _describe_op)
    context.register_service("keras.describe_composite_op", _describe_composite_op)
    context.register_service("keras.call_function", _call_function)
    context.register_service("keras.look_up", _look_up)
    context.register_service("keras.draw_model", _draw_model)
    for name in _FILES:
        context.register_service(f"keras.{name}", _files(name))


_sign_in()
