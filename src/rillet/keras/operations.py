"""Keras 3's operations between layers, as the layers of functions that rillet has.

In: the configuration of an operation (`x + 1.0`, `keras.ops.mean(x)`) out of a file of
Keras 3, or one that Keras 3 makes by itself (`NotEqual`, the mask of an `Embedding`).
Out: a `TFOpLambda` that calls the function of `tf`, and the arguments that the file
keeps with the operation. `functional_config` calls it.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

from rillet.core.errors import house_message
from rillet.keras.op_layers import SlicingOpLambda, TFOpLambda

_AXIS: Final = {"axis": "axis"}
_REDUCED: Final = {"axis": "axis", "keepdims": "keepdims"}
#: By class: TensorFlow's name, and what its arguments are called there. An argument of
#: Keras 3 that is not named has to be None or False.
_TABLE: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "Absolute": ("math.abs", {}),
    "Add": ("__operators__.add", {}),
    "All": ("math.reduce_all", _REDUCED),
    "Any": ("math.reduce_any", _REDUCED),
    "Argmax": ("math.argmax", _AXIS),
    "Argmin": ("math.argmin", _AXIS),
    "Cast": ("cast", {"dtype": "dtype"}),
    "Ceil": ("math.ceil", {}),
    "Clip": (
        "clip_by_value",
        {"x_min": "clip_value_min", "x_max": "clip_value_max"},
    ),
    "Concatenate": ("concat", _AXIS),
    "Cos": ("math.cos", {}),
    "Cumsum": ("math.cumsum", _AXIS),
    "Divide": ("math.truediv", {}),
    "Dot": ("linalg.matmul", {}),
    "Einsum": ("einsum", {"subscripts": ""}),
    "Elu": ("nn.elu", {}),
    "Equal": ("__operators__.eq", {}),
    "Exp": ("math.exp", {}),
    "ExpandDims": ("expand_dims", _AXIS),
    "Floor": ("math.floor", {}),
    "FloorDivide": ("math.floordiv", {}),
    "Gelu": ("nn.gelu", {"approximate": "approximate"}),
    "GetItem": ("__operators__.getitem", {}),
    "Greater": ("math.greater", {}),
    "GreaterEqual": ("math.greater_equal", {}),
    "Isnan": ("math.is_nan", {}),
    "LeakyRelu": ("nn.leaky_relu", {"negative_slope": "alpha"}),
    "Less": ("math.less", {}),
    "LessEqual": ("math.less_equal", {}),
    "Log": ("math.log", {}),
    "LogSoftmax": ("nn.log_softmax", _AXIS),
    "LogicalAnd": ("math.logical_and", {}),
    "LogicalNot": ("math.logical_not", {}),
    "LogicalOr": ("math.logical_or", {}),
    "Matmul": ("linalg.matmul", {}),
    "Max": ("math.reduce_max", _REDUCED),
    "Maximum": ("math.maximum", {}),
    "Mean": ("math.reduce_mean", _REDUCED),
    "Min": ("math.reduce_min", _REDUCED),
    "Minimum": ("math.minimum", {}),
    "Mod": ("math.floormod", {}),
    "Multiply": ("math.multiply", {}),
    "Negative": ("math.negative", {}),
    "Norm": ("norm", {"axis": "axis", "keepdims": "keepdims", "ord": "ord"}),
    "NotEqual": ("__operators__.ne", {}),
    "OneHot": ("one_hot", {"num_classes": "depth", "axis": "axis", "dtype": "dtype"}),
    "OnesLike": ("ones_like", {"dtype": "dtype"}),
    "Power": ("math.pow", {}),
    "Prod": ("math.reduce_prod", _REDUCED),
    "Relu": ("nn.relu", {}),
    "Relu6": ("nn.relu6", {}),
    "Repeat": ("repeat", {"repeats": "repeats", "axis": "axis"}),
    "Reshape": ("reshape", {"newshape": "shape"}),
    "Round": ("math.round", {}),
    "Rsqrt": ("math.rsqrt", {}),
    "Sigmoid": ("math.sigmoid", {}),
    "Sign": ("math.sign", {}),
    "Silu": ("nn.silu", {}),
    "Sin": ("math.sin", {}),
    "Softmax": ("nn.softmax", _AXIS),
    "Softplus": ("math.softplus", {}),
    "Split": ("split", {"indices_or_sections": "num_or_size_splits", "axis": "axis"}),
    "Sqrt": ("math.sqrt", {}),
    "Square": ("math.square", {}),
    "Squeeze": ("squeeze", _AXIS),
    "Stack": ("stack", _AXIS),
    "Std": ("math.reduce_std", _REDUCED),
    "Subtract": ("math.subtract", {}),
    "Sum": ("math.reduce_sum", _REDUCED),
    "Take": ("gather", _AXIS),
    "Tanh": ("math.tanh", {}),
    "Tile": ("tile", {"repeats": "multiples"}),
    "Transpose": ("transpose", {"axes": "perm"}),
    "TrueDivide": ("math.truediv", {}),
    "Var": ("math.reduce_variance", _REDUCED),
    "Where": ("where", {}),
    "ZerosLike": ("zeros_like", {"dtype": "dtype"}),
}
#: Arguments that say what the function of `tf` does anyway.
_USUAL: Final = {("Elu", "alpha"): 1.0, ("OneHot", "sparse"): False}


def is_operation(data: Any) -> bool:
    """Whether a configuration is that of an operation of Keras 3.

    `.h5` files say no module; every layer's configuration says whether it is trained.
    """
    module = data.get("module")
    if module is None:
        return data["class_name"] in _TABLE and "trainable" not in data["config"]
    return str(module).startswith("keras.src.ops.")


class Operation:
    """A layer for an operation, and how it is called.

    Args:
        data: the operation's class and configuration.

    Raises:
        ValueError: where rillet has no function for it, or none with its arguments.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        kind, config = data["class_name"], dict(data["config"])
        name = config.pop("name", None) or data.get("name")
        if kind not in _TABLE:
            raise ValueError(
                house_message(
                    "load_model",
                    "the file holds an operation of Keras 3 that has no counterpart",
                    f"'{kind}' of {data.get('module')}, named '{name}'",
                    "Put it into a layer of your own, registered with"
                    " keras.utils.register_keras_serializable",
                )
            )
        symbol, names = _TABLE[kind]
        self._first = config.pop("subscripts", None)
        self._kwargs = _arguments(kind, config, names)
        made = SlicingOpLambda if symbol == "__operators__.getitem" else TFOpLambda
        self.layer = made(symbol, name=name)

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the layer as the file calls the operation."""
        if self._first is not None:
            return self.layer(self._first, *args)
        if isinstance(self.layer, SlicingOpLambda):
            key = args[1]
            key = tuple(key) if isinstance(key, list) else key
            return self.layer(args[0], slice_spec=key)
        names = list(inspect.signature(self.layer.__dict__["function"]).parameters)
        more = dict(zip(names[1:], args[1:], strict=False))
        return self.layer(args[0], **more, **kwargs, **self._kwargs)


def _arguments(
    kind: str, config: dict[str, Any], names: dict[str, str]
) -> dict[str, Any]:
    """What an operation is configured with, as arguments of the function of `tf`."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key in ("dtype", "trainable") and key not in names:
            continue
        if key in names and value is not None:
            found[names[key]] = value
        elif key not in names and value not in (None, False, _USUAL.get((kind, key))):
            raise ValueError(
                house_message(
                    "load_model",
                    f"rillet's counterpart of Keras 3's operation '{kind}' has no"
                    f" argument '{key}'",
                    f"the file says {key}={value!r}",
                )
            )
    if kind in ("Argmax", "Argmin"):
        # Keras 3 counts in int32.
        found["output_type"] = "int32"
    cut = found.get("num_or_size_splits")
    if isinstance(cut, list | tuple):
        raise ValueError(
            house_message(
                "load_model",
                "Keras 3's operation 'Split' is read where it makes equal parts",
                f"the file cuts at {cut}",
            )
        )
    return found
