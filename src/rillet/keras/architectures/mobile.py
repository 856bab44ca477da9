"""MobileNet, versions one and two: depthwise convolutions between narrow ones.

Sources: A. Howard and others, «MobileNets: efficient convolutional neural networks for
mobile vision applications» (2017); M. Sandler and others, «MobileNetV2: inverted
residuals and linear bottlenecks» (2018).
"""

from __future__ import annotations

from typing import Any, Final

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    begun,
    channels,
    check,
    classified,
    conv,
    finished,
    image_shape,
    is_channels_first,
    norm,
    pooled,
    rounded,
    uneven_pad,
)
from rillet.keras.keras_tensor import KerasTensor

#: Filters and stride of each block of the first version.
_FIRST: Final = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
#: Expansion, filters, blocks and first stride of each stack of the second version.
_SECOND: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_TEXTS: Final = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0"}


def _usual_size(wanted: Wanted, sizes: tuple[int, ...]) -> int:
    """The size of public weights that fits what was asked, else 224."""
    shape = wanted.input_shape
    if shape is None and isinstance(wanted.input_tensor, KerasTensor):
        shape = wanted.input_tensor.shape.as_list()[1:]
    if shape is None or len(shape) != 3:
        return 224
    rows, columns = shape[1:] if is_channels_first() else shape[:2]
    return int(rows) if rows == columns and rows in sizes else 224


def _rows(wanted: Wanted, shape: tuple[int | None, ...]) -> int | None:
    rows, columns = shape[1:] if is_channels_first() else shape[:2]
    if wanted.weights != "imagenet":
        return rows
    return rows if rows == columns and rows in (128, 160, 192, 224, 96) else 224


def _relu6(x: Any, name: str) -> Any:
    return layers.ReLU(6.0, name=name)(x)


def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 0.001,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
) -> Any:
    """MobileNet.

    Args:
        input_shape: the shape of an image, where it is not the usual one.
        alpha: how wide blocks are, as a part of the usual.
        depth_multiplier: how many outputs a depthwise convolution has for each input.
        dropout: the part left out before the classifier.
        include_top: whether the classifier is part of it.
        weights: None, the path of a file of weights, or ``"imagenet"`` for the public
            one, which has to lie in Keras's folder.
        input_tensor: a placeholder to begin with, instead of a new input.
        pooling: without a classifier: None, ``"avg"`` or ``"max"``.
        classes: how many classes the classifier knows.
        classifier_activation: what follows the classifier.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: where an argument does not fit, or a file is missing.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.applications.MobileNet(
        ...     weights=None, alpha=0.25, input_shape=(32, 32, 3), classes=2)
        >>> model.output_shape
        (None, 2)
    """
    op = "MobileNet"
    wanted = Wanted(
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
    )
    check(op, wanted)
    size = _usual_size(wanted, (128, 160, 192, 224))
    shape = image_shape(op, wanted, size, 32)
    start = begun(wanted, shape)
    x = _relu6(
        norm(conv(start, int(32 * alpha), 3, "conv1", strides=2), "conv1_bn"),
        "conv1_relu",
    )
    for k, (filters, stride) in enumerate(_FIRST, 1):
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{k}")(x)
        x = layers.DepthwiseConv2D(
            3,
            strides=stride,
            padding="same" if stride == 1 else "valid",
            depth_multiplier=depth_multiplier,
            use_bias=False,
            name=f"conv_dw_{k}",
        )(x)
        x = _relu6(norm(x, f"conv_dw_{k}_bn"), f"conv_dw_{k}_relu")
        x = conv(x, int(filters * alpha), 1, f"conv_pw_{k}")
        x = _relu6(norm(x, f"conv_pw_{k}_bn"), f"conv_pw_{k}_relu")
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = conv(x, classes, 1, "conv_preds", bias=True)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, wanted, names=False)
    rows = _rows(wanted, shape)
    top = "" if include_top else "_no_top"
    file = f"mobilenet_{_TEXTS.get(alpha, '2_5')}_{rows}_tf{top}.h5"
    name = f"mobilenet_{alpha:0.2f}_{rows}"
    return finished(op, name, wanted, start, x, file, f"{ADDRESS}mobilenet/")


def _inverted(
    x: Any, expansion: int, stride: int, alpha: float, filters: int, number: int
) -> Any:
    """A block: wide inside, narrow outside, a shortcut between equals."""
    before, given = channels(x), x
    name = f"block_{number}_" if number else "expanded_conv_"
    kept = {"momentum": 0.999}
    if number:
        x = conv(x, expansion * before, 1, f"{name}expand")
        x = _relu6(norm(x, f"{name}expand_BN", **kept), f"{name}expand_relu")
    if stride == 2:
        x = uneven_pad(x, 3, f"{name}pad")
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(x)
    x = _relu6(norm(x, f"{name}depthwise_BN", **kept), f"{name}depthwise_relu")
    after = rounded(int(filters * alpha))
    x = norm(conv(x, after, 1, f"{name}project"), f"{name}project_BN", **kept)
    if before == after and stride == 1:
        x = layers.Add(name=f"{name}add")([given, x])
    return x


def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
) -> Any:
    """MobileNet, the second version; arguments as for `MobileNet`."""
    op = "MobileNetV2"
    wanted = Wanted(
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
    )
    check(op, wanted)
    size = _usual_size(wanted, (96, 128, 160, 192, 224))
    shape = image_shape(op, wanted, size, 32)
    start = begun(wanted, shape)
    kept = {"momentum": 0.999}
    x = conv(start, rounded(32 * alpha), 3, "Conv1", strides=2)
    x = _relu6(norm(x, "bn_Conv1", **kept), "Conv1_relu")
    number = 0
    for expansion, filters, count, stride in _SECOND:
        for k in range(count):
            step = stride if k == 0 else 1
            x = _inverted(x, expansion, step, alpha, filters, number)
            number += 1
    last = rounded(1280 * alpha) if alpha > 1.0 else 1280
    x = conv(x, last, 1, "Conv_1", padding="valid")
    x = _relu6(norm(x, "Conv_1_bn", **kept), "out_relu")
    if include_top:
        x = classified(layers.GlobalAveragePooling2D()(x), wanted)
    else:
        x = pooled(x, wanted, names=False)
    rows = _rows(wanted, shape)
    top = "" if include_top else "_no_top"
    stem = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels"
    file = f"{stem}_{float(alpha)}_{rows}{top}.h5"
    name = f"mobilenetv2_{alpha:0.2f}_{rows}"
    return finished(op, name, wanted, start, x, file, f"{ADDRESS}mobilenet_v2/")
