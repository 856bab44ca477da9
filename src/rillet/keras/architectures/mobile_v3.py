"""MobileNet, the third version: squeezing, exciting, and a hard swish.

Source: A. Howard and others, «Searching for MobileNetV3» (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    begun,
    channels,
    check,
    conv,
    finished,
    image_shape,
    norm,
    pooled,
    rounded,
    uneven_pad,
)

#: Of each block: expansion, filters, size (0 for the wide one, which the minimalistic
#: form has not), stride, whether it squeezes, whether it has the hard swish.
_SMALL: Final = (
    (1, 16, 3, 2, True, False),
    (72.0 / 16, 24, 3, 2, False, False),
    (88.0 / 24, 24, 3, 1, False, False),
    (4, 40, 0, 2, True, True),
    (6, 40, 0, 1, True, True),
    (6, 40, 0, 1, True, True),
    (3, 48, 0, 1, True, True),
    (3, 48, 0, 1, True, True),
    (6, 96, 0, 2, True, True),
    (6, 96, 0, 1, True, True),
    (6, 96, 0, 1, True, True),
)
_LARGE: Final = (
    (1, 16, 3, 1, False, False),
    (4, 24, 3, 2, False, False),
    (3, 24, 3, 1, False, False),
    (3, 40, 0, 2, True, False),
    (3, 40, 0, 1, True, False),
    (3, 40, 0, 1, True, False),
    (6, 80, 3, 2, False, True),
    (2.5, 80, 3, 1, False, True),
    (2.3, 80, 3, 1, False, True),
    (2.3, 80, 3, 1, False, True),
    (6, 112, 3, 1, True, True),
    (6, 112, 3, 1, True, True),
    (6, 160, 0, 2, True, True),
    (6, 160, 0, 1, True, True),
    (6, 160, 0, 1, True, True),
)
_KEPT: Final = {"momentum": 0.999}


def _relu(x: Any) -> Any:
    return layers.ReLU()(x)


def _hard_sigmoid(x: Any) -> Any:
    return layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)


def _hard_swish(x: Any) -> Any:
    return layers.Multiply()([x, _hard_sigmoid(x)])


def _squeezed(x: Any, filters: int, name: str) -> Any:
    """Channels weighted by what the whole image shows."""
    pool = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}AvgPool")
    found = conv(pool(x), rounded(filters * 0.25), 1, f"{name}Conv", bias=True)
    found = layers.ReLU(name=f"{name}Relu")(found)
    found = _hard_sigmoid(conv(found, filters, 1, f"{name}Conv_1", bias=True))
    return layers.Multiply(name=f"{name}Mul")([x, found])


def _block(x: Any, number: int, row: Any, wide: int, swish: Any, squeeze: bool) -> Any:
    expansion, filters, size, stride, squeezes, swishes = row
    active = swish if swishes else _relu
    before, given = channels(x), x
    inner = rounded(before * expansion)
    name = f"expanded_conv_{number}/" if number else "expanded_conv/"
    if number:
        x = conv(x, inner, 1, f"{name}expand")
        x = active(norm(x, f"{name}expand/BatchNorm", **_KEPT))
    size = size or wide
    if stride == 2:
        x = uneven_pad(x, size, f"{name}depthwise/pad")
    x = layers.DepthwiseConv2D(
        size,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(x)
    x = active(norm(x, f"{name}depthwise/BatchNorm", **_KEPT))
    if squeezes and squeeze:
        x = _squeezed(x, inner, f"{name}squeeze_excite/")
    x = conv(x, filters, 1, f"{name}project")
    x = norm(x, f"{name}project/BatchNorm", **_KEPT)
    if stride == 1 and before == filters:
        x = layers.Add(name=f"{name}Add")([given, x])
    return x


def _mobilenet_v3(
    op: str,
    kind: str,
    rows: Any,
    last: int,
    wanted: Wanted,
    alpha: float,
    minimalistic: bool,
    dropout_rate: float,
    include_preprocessing: bool,
) -> Any:
    check(op, wanted)
    start = begun(wanted, image_shape(op, wanted, 224, 32, needs_size=False))
    swish: Callable[[Any], Any] = _relu if minimalistic else _hard_swish
    x = start
    if include_preprocessing:
        x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
    x = swish(norm(conv(x, 16, 3, "Conv", strides=2), "Conv/BatchNorm", **_KEPT))
    for number, (expansion, filters, *rest) in enumerate(rows):
        row = (expansion, rounded(filters * alpha), *rest)
        x = _block(x, number, row, 3 if minimalistic else 5, swish, not minimalistic)
    wide = rounded(channels(x) * 6)
    x = swish(norm(conv(x, wide, 1, "Conv_1"), "Conv_1/BatchNorm", **_KEPT))
    if wanted.include_top:
        points = rounded(last * alpha) if alpha > 1.0 else last
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = swish(conv(x, points, 1, "Conv_2", bias=True))
        if dropout_rate > 0:
            x = layers.Dropout(dropout_rate)(x)
        x = layers.Flatten()(conv(x, wanted.classes, 1, "Logits", bias=True))
        x = layers.Activation(wanted.activation, name="Predictions")(x)
    else:
        x = pooled(x, wanted)
    form = "_minimalistic" if minimalistic else ""
    top = "" if wanted.include_top else "_no_top_v2"
    file = f"weights_mobilenet_v3_{kind}{form}_224_{alpha}_float{top}.h5"
    name = f"MobilenetV3{kind}"
    return finished(op, name, wanted, start, x, file, f"{ADDRESS}mobilenet_v3/")


def _public(op: str, kind: str, rows: Any, last: int) -> Callable[..., Any]:
    def made(
        input_shape: Any = None,
        alpha: float = 1.0,
        minimalistic: bool = False,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        classes: int = 1000,
        pooling: str | None = None,
        dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
    ) -> Any:
        wanted = Wanted(
            include_top,
            weights,
            input_tensor,
            input_shape,
            pooling,
            classes,
            classifier_activation,
        )
        more = (alpha, minimalistic, dropout_rate, include_preprocessing)
        return _mobilenet_v3(op, kind, rows, last, wanted, *more)

    made.__name__ = made.__qualname__ = op
    made.__doc__ = f"""MobileNet, the third version, the {kind} one.

    Args:
        input_shape: the shape of an image, where it is not the usual one.
        alpha: how wide blocks are, as a part of the usual.
        minimalistic: without squeezing, wide convolutions and the hard swish.
        include_top: whether the classifier is part of it.
        weights: None, the path of a file of weights, or ``"imagenet"`` for the public
            one, which has to lie in Keras's folder.
        input_tensor: a placeholder to begin with, instead of a new input.
        classes: how many classes the classifier knows.
        pooling: without a classifier: None, ``"avg"`` or ``"max"``.
        dropout_rate: the part left out before the classifier.
        classifier_activation: what follows the classifier.
        include_preprocessing: whether pixels from 0 to 255 are scaled inside.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: where an argument does not fit, or a file is missing.
    """
    return made


MobileNetV3Small = _public("MobileNetV3Small", "small", _SMALL, 1024)
MobileNetV3Large = _public("MobileNetV3Large", "large", _LARGE, 1280)
