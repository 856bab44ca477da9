"""Configurations of tf.keras 2 and Keras 3, each in the form that a reader knows.

In: configurations out of files, or of a model to be saved. Out: on reading, arguments
that rillet's classes take; on writing, a form that tf.keras 2 and Keras 3 both take, or
the older one of `.h5` files. `serialization` and the writers of files call it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.dtypes import DType
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor

_ANY = object()
#: Arguments that one of the two Kerases has, with the values that say nothing.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "build_config": (_ANY,),
    "build_input_shape": (_ANY,),
    "data_format": (None, "channels_last"),
    "flash_attention": (None, False),
    "gradient_accumulation_steps": (None,),
    "implementation": (_ANY,),
    "input_axes": (None,),
    "is_legacy_optimizer": (_ANY,),
    "jit_compile": (_ANY,),
    "key_shape": (_ANY,),
    "lora_alpha": (None,),
    "lora_rank": (None,),
    "loss_scale_factor": (None,),
    "oov_method": ("floormod",),
    "optional": (False,),
    "output_axes": (None,),
    "output_shape_module": (None,),
    "output_shape_type": (_ANY,),
    "function_type": (_ANY,),
    "module": (_ANY,),
    "quantization_config": (None,),
    "query_shape": (_ANY,),
    "ragged": (False,),
    "renorm": (False,),
    "renorm_clipping": (None,),
    "renorm_momentum": (_ANY,),
    "reset_after": (True,),
    "rms_scaling": (False,),
    "salt": (None,),
    "seed": (None,),
    "shared_object_id": (_ANY,),
    "sliding_window": (None,),
    "softmax_robust_masking": (False,),
    "sparse": (False,),
    "synchronized": (False,),
    "time_major": (False,),
    "use_gate": (False,),
    "value_shape": (_ANY,),
    "zero_output_for_mask": (False, True),
}
#: What Keras 3 does not take, and tf.keras 2 does without.
_UNSHARED = {
    "groups": (1,),
    "implementation": (2,),
    "is_legacy_optimizer": (_ANY,),
    "jit_compile": (_ANY,),
    "key_shape": (_ANY,),
    "query_shape": (_ANY,),
    "value_shape": (_ANY,),
    "softmax_robust_masking": (False,),
    "time_major": (False,),
}


_SPATIAL = ("data_format", "dtype", "name", "rate", "seed")
_FUNCTIONS = ("TFOpLambda", "SlicingOpLambda")


def _says_nothing(table: dict[str, tuple[Any, ...]], key: str, value: Any) -> bool:
    neutral = table.get(key, ())
    return any(n is _ANY or (type(n) is type(value) and n == value) for n in neutral)


#: Of those, what tf.keras 2 does without in `.h5` files as well.
_UNSAID = {key: _UNSHARED[key] for key in ("groups", "implementation", "time_major")}


def _without(table: dict[str, tuple[Any, ...]], value: Any) -> Any:
    """Data without the arguments that say nothing."""
    if isinstance(value, list):
        return [_without(table, v) for v in value]
    if not isinstance(value, dict):
        return value
    return {
        k: _without(table, v)
        for k, v in value.items()
        if not _is_spare(table, k, v, value)
    }


def _is_spare(
    table: dict[str, tuple[Any, ...]], key: str, value: Any, config: Any
) -> bool:
    """Whether an argument may be left out of a configuration."""
    if key == "groups" and "kernel_size" not in config:
        return False  # one group is what convolutions begin with, and no other layer
    return _says_nothing(table, key, value)


def taken_arguments(cls: type) -> set[str] | None:
    """The names that a class's constructor takes; None where it takes any."""
    names: set[str] = set()
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None or base is object:
            continue
        parameters = inspect.signature(init).parameters.values()
        names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    # What constructors take by way of `**kwargs`, named in no signature.
    return names | {
        "activity_regularizer",
        "autocast",
        "batch_input_shape",
        "batch_shape",
        "batch_size",
        "cell",
        "implementation",
        "input_dim",
        "input_shape",
        "layers",
        "num_constants",
        "weights",
    }


def adapted(cls: type, config: Any) -> Any:
    """A configuration without what only the other Keras has, for a class of rillet.

    Args:
        cls: the class.
        config: the configuration, as tf.keras 2 or Keras 3 wrote it.

    Returns:
        A configuration for the class's `from_config`.
    """
    if not isinstance(config, dict):
        return config
    names = taken_arguments(cls)
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key == "dtype":
            value = policy_name(value)
        known = names is None or key in names
        if known or not _says_nothing(_NEUTRAL, key, value):
            found[key] = value
    return found


def policy_name(dtype: Any) -> Any:
    """A dtype or policy of a configuration by its name."""
    if isinstance(dtype, dict) and "config" in dtype:
        return dtype["config"].get("name", dtype)
    return dtype


def plain(value: Any, described: Callable[[Any], Any] | None = None) -> Any:
    """A configuration as JSON has it.

    Args:
        value: nested data.
        described: gives the data of what is none itself.
    """
    if isinstance(value, dict):
        return {str(k): plain(v, described) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(v, described) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if value is Ellipsis:
        return {"class_name": "__ellipsis__"}
    if isinstance(value, slice):
        parts = {"start": value.start, "stop": value.stop, "step": value.step}
        return plain(parts, described)
    if isinstance(value, TensorShape):
        return None if value.rank is None else value.as_list()
    if isinstance(value, DType):
        return value.name
    if isinstance(value, Tensor) or hasattr(value, "_dense_tensor"):
        return plain(value.numpy(), described)
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist(), described)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if described is not None:
        return plain(described(value), described)
    return str(value)


def archive_form(data: Any) -> Any:
    """A model's configuration in the form that `.keras` files get.

    Keras 3 reads it, and tf.keras 2 too where there is a form that both do; a model
    with functions of TensorFlow between its layers, which Keras 3 does not know, is
    written for tf.keras 2.

    Args:
        data: what `serialize` gave, as JSON has it.
    """
    return _for_keras_2(data) if _has_functions(data) else shared_form(data)


def _has_functions(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_functions, value))
    if not isinstance(value, dict):
        return False
    if value.get("class_name") in _FUNCTIONS:
        return True
    return any(map(_has_functions, value.values()))


def _for_keras_2(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_keras_2(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {k: _for_keras_2(v) for k, v in value.items() if k != "keras3_nodes"}
    name = out.get("class_name")
    if name == "Functional":
        out["module"], out["class_name"] = "keras", "Model"
    elif name == "Sequential":
        out["module"] = "keras"
    elif name in _FUNCTIONS:
        out["module"] = "tf_keras.src.layers.core.tf_op_layer"
        out["registered_name"] = name
    elif name == "Lambda" and isinstance(out.get("config"), dict):
        for key in ("function", "output_shape"):
            out["config"].setdefault(f"{key}_type", "raw")
        out["config"].setdefault("output_shape_module", None)
        out["config"].setdefault("module", None)
        if isinstance(out["config"].get("function"), dict):
            out["config"]["function_type"] = "lambda"
    return out


def shared_form(value: Any) -> Any:
    """A configuration in a form that tf.keras 2 and Keras 3 both read, else Keras 3.

    Args:
        value: what `serialize` gave, as JSON has it.
    """
    if isinstance(value, list):
        return [shared_form(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and isinstance(value.get("config"), dict):
        return _shared_object(value)
    return {k: shared_form(v) for k, v in value.items()}


def _shared_object(data: dict[str, Any]) -> dict[str, Any]:
    name, out = data["class_name"], dict(data)
    config = {
        k: shared_form(v)
        for k, v in data["config"].items()
        if not _is_spare(_UNSHARED, k, v, data["config"])
    }
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        axes = config["axis"]
        config["axis"] = axes[0] if len(axes) == 1 else axes
    if name == "Functional":
        # Neither knows the other's module of this class; both know `keras.Model`.
        out["module"], out["class_name"] = "keras", "Model"
    if name == "Sequential":
        out["module"] = "keras"
    if name.startswith("SpatialDropout"):
        config = {k: v for k, v in config.items() if k in _SPATIAL}
    if name == "Discretization":
        # Keras 3's takes no further arguments, and casts what it is given to its type.
        config.pop("trainable", None)
        if config.get("dtype") == "int64":
            del config["dtype"]
    if data.get("module") in ("keras.losses", "keras.metrics"):
        # Classes know their function.
        config = {k: v for k, v in config.items() if k != "fn" or "Wrapper" in name}
    if config.get("reduction") == "auto":
        # Where losses have this name, Keras 3 has only what it stands for.
        config["reduction"] = "sum_over_batch_size"
    if config.get("name", "") is None:
        del config["name"]
    if "batch_input_shape" in config and name != "InputLayer":
        del config["batch_input_shape"]
    if "input_layers" in config:
        _renumber(config)
        _connect(config)
    out["config"] = config
    return out


def _connect(config: dict[str, Any]) -> None:
    """Choose how calls are written: as both read them, else as Keras 3 does.

    Where other arguments than the first hold what other layers give, and where models
    stand inside, there is no form that both read.
    """
    layers = config["layers"]
    names = {data["config"]["name"] for data in layers}
    modern = any(data["class_name"] == "Model" for data in layers) or any(
        _refers(node, names) for data in layers for node in data["inbound_nodes"]
    )
    for data in layers:
        nodes = data.pop("keras3_nodes", None)
        if modern and nodes is not None:
            data["inbound_nodes"] = nodes


def _refers(node: Any, names: set[str], inside: bool = False) -> bool:
    """Whether a call's arguments by name hold what another layer gives."""
    if isinstance(node, dict):
        return any(_refers(v, names, True) for v in node.values())
    if not isinstance(node, list):
        return False
    if len(node) >= 3 and isinstance(node[0], str) and node[0] in names:
        return inside or any(_refers(v, names, False) for v in node[3:])
    return any(_refers(v, names, inside) for v in node)


def _renumber(config: dict[str, Any]) -> None:
    """Let stacks inside a model begin on their first call, counted from 0.

    tf.keras 2 counts the calls of a stack that knows its input from 1 on, Keras 3 from
    0; of one that does not, both count from 0.
    """
    stacks = {
        data["config"]["name"]
        for data in config["layers"]
        if data["class_name"] == "Sequential"
    }
    for data in config["layers"]:
        if data["class_name"] == "Sequential":
            inner = data["config"]
            layers = inner["layers"]
            known = layers and layers[0]["class_name"] == "InputLayer"
            layers = inner["layers"] = layers[1:] if known else layers
            if layers:
                layers[0]["config"].pop("batch_input_shape", None)
            inner.pop("build_input_shape", None)
            data.pop("build_config", None)
        data["inbound_nodes"] = _counted_from_0(data["inbound_nodes"], stacks)
    for key in ("input_layers", "output_layers"):
        config[key] = _counted_from_0(config[key], stacks)


def _counted_from_0(value: Any, stacks: set[str]) -> Any:
    if isinstance(value, dict):
        return {k: _counted_from_0(v, stacks) for k, v in value.items()}
    if not isinstance(value, list):
        return value
    place = len(value) >= 3 and isinstance(value[0], str) and value[0] in stacks
    if place and isinstance(value[1], int):
        rest = [_counted_from_0(v, stacks) for v in value[2:]]
        return [value[0], max(value[1] - 1, 0), *rest]
    return [_counted_from_0(v, stacks) for v in value]


def older_form(value: Any) -> Any:
    """A model's configuration as `.h5` files have it.

    Models and their layers have only ``class_name`` and ``config``; what stands inside
    the configurations stays as it is.
    """
    config = _without(_UNSAID, value["config"])
    out: dict[str, Any] = {"class_name": _older_name(value), "config": config}
    for key in ("name", "inbound_nodes"):
        if key in value:
            out[key] = value[key]
    if "layers" in config:
        config["layers"] = [older_form(v) for v in config["layers"]]
        if "input_layers" in config:
            _renumber(config)
        config.pop("build_input_shape", None)
    for data in config.get("layers", ()):
        data.pop("keras3_nodes", None)
    if value["class_name"] == "Lambda":
        _write_older_lambda(config)
    if value["class_name"] == "Discretization":
        config.pop("trainable", None)
    return out


def _write_older_lambda(config: dict[str, Any]) -> None:
    """A `Lambda` as tf.keras 2 writes it: the kind of each function beside it."""
    for key in ("function", "mask", "output_shape"):
        data = config.get(key)
        if not isinstance(data, dict) or "class_name" not in data:
            continue
        code = data["class_name"] == "__lambda__"
        config[key] = data["config"]["value"] if code else data["config"]
        config[f"{key}_type"] = "lambda" if code else "function"
        config.setdefault("module", data.get("module"))
    config.setdefault("function_type", "raw")
    config.setdefault("output_shape", None)
    config.setdefault("output_shape_type", "raw")
    config.setdefault("output_shape_module", None)
    config.setdefault("arguments", {})


def _older_name(data: dict[str, Any]) -> str:
    registered = data.get("registered_name")
    if registered and ">" in registered:
        return str(registered)
    name = str(data["class_name"])
    functional = name == "Model" and "input_layers" in data["config"]
    return "Functional" if functional else name
