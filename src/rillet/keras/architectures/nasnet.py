"""NASNet: cells that a search found.

Source: B. Zoph and others, «Learning transferable architectures for scalable image
recognition» (2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    act,
    begun,
    channel_axis,
    channels,
    check,
    classified,
    conv,
    finished,
    image_shape,
    norm,
    pooled,
    uneven_pad,
)

_KEPT: Final = {"momentum": 0.9997}
#: Cell, what came before it, filters, name -> the cell's result, what came before.
Cell = Callable[[Any, Any, int, str], tuple[Any, Any]]


def _separable(x: Any, filters: int, size: int, name: str, stride: int = 1) -> Any:
    """Two separable convolutions; the first may make the image smaller."""
    for k in (1, 2):
        x = act(x)
        step, padding = (stride, "same") if k == 1 else (1, "same")
        if step == 2:
            x = uneven_pad(x, size, f"separable_conv_1_pad_{name}")
            padding = "valid"
        x = layers.SeparableConv2D(
            filters,
            size,
            strides=step,
            padding=padding,
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"separable_conv_{k}_{name}",
        )(x)
        x = norm(x, f"separable_conv_{k}_bn_{name}", **_KEPT)
    return x


def _projected(x: Any, filters: int, name: str) -> Any:
    return conv(x, filters, 1, name, kernel_initializer="he_normal")


def _average(x: Any, name: str) -> Any:
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _halves(x: Any, filters: int, name: str) -> Any:
    """Half the height and width: every other pixel, and those between."""
    x = act(x, name=f"adjust_relu_1_{name}")
    beside = layers.ZeroPadding2D(((0, 1), (0, 1)))
    parts = []
    for k in (1, 2):
        part = x
        if k == 2:
            part = layers.Cropping2D(((1, 0), (1, 0)))(beside(x))
        pool = layers.AveragePooling2D(
            1, strides=2, padding="valid", name=f"adjust_avg_pool_{k}_{name}"
        )
        parts.append(_projected(pool(part), filters // 2, f"adjust_conv_{k}_{name}"))
    x = layers.concatenate(parts, axis=channel_axis())
    return norm(x, f"adjust_bn_{name}", **_KEPT)


def _adjusted(before: Any, x: Any, filters: int, name: str) -> Any:
    """What came before a cell, in the cell's size and with as many filters."""
    if before is None:
        return x
    side = 3 if channel_axis() == 1 else 2
    if before.shape[side] != x.shape[side]:
        return _halves(before, filters, name)
    if channels(before) != filters:
        found = _projected(act(before), filters, f"adjust_conv_projection_{name}")
        return norm(found, f"adjust_bn_{name}", **_KEPT)
    return before


def _narrowed(x: Any, filters: int, kind: str, name: str) -> Any:
    found = _projected(act(x), filters, f"{kind}_conv_1_{name}")
    return norm(found, f"{kind}_bn_1_{name}", **_KEPT)


def _normal(x: Any, before: Any, filters: int, name: str) -> tuple[Any, Any]:
    """A cell that keeps the size."""
    p = _adjusted(before, x, filters, name)
    h = _narrowed(x, filters, "normal", name)
    first = layers.add(
        [
            _separable(h, filters, 5, f"normal_left1_{name}"),
            _separable(p, filters, 3, f"normal_right1_{name}"),
        ],
        name=f"normal_add_1_{name}",
    )
    second = layers.add(
        [
            _separable(p, filters, 5, f"normal_left2_{name}"),
            _separable(p, filters, 3, f"normal_right2_{name}"),
        ],
        name=f"normal_add_2_{name}",
    )
    third = layers.add(
        [_average(h, f"normal_left3_{name}"), p], name=f"normal_add_3_{name}"
    )
    fourth = layers.add(
        [_average(p, f"normal_left4_{name}"), _average(p, f"normal_right4_{name}")],
        name=f"normal_add_4_{name}",
    )
    fifth = layers.add(
        [_separable(h, filters, 3, f"normal_left5_{name}"), h],
        name=f"normal_add_5_{name}",
    )
    found = [p, first, second, third, fourth, fifth]
    axis = channel_axis()
    return layers.concatenate(found, axis=axis, name=f"normal_concat_{name}"), x


def _reduction(x: Any, before: Any, filters: int, name: str) -> tuple[Any, Any]:
    """A cell that halves height and width."""
    p = _adjusted(before, x, filters, name)
    h = _narrowed(x, filters, "reduction", name)
    room = uneven_pad(h, 3, f"reduction_pad_1_{name}")

    def made(source: Any, size: int, label: str) -> Any:
        return _separable(source, filters, size, f"reduction_{label}_{name}", 2)

    def pool(kind: Any, label: str) -> Any:
        own = f"reduction_{label}_{name}"
        return kind(3, strides=2, padding="valid", name=own)(room)

    first = layers.add(
        [made(h, 5, "left1"), made(p, 7, "right1")], name=f"reduction_add_1_{name}"
    )
    second = layers.add(
        [pool(layers.MaxPooling2D, "left2"), made(p, 7, "right2")],
        name=f"reduction_add_2_{name}",
    )
    third = layers.add(
        [pool(layers.AveragePooling2D, "left3"), made(p, 5, "right3")],
        name=f"reduction_add3_{name}",
    )
    fourth = layers.add([second, _average(first, f"reduction_left4_{name}")])
    fifth = layers.add(
        [
            _separable(first, filters, 3, f"reduction_left4_{name}"),
            pool(layers.MaxPooling2D, "right5"),
        ],
        name=f"reduction_add4_{name}",
    )
    found, axis = [second, third, fourth, fifth], channel_axis()
    return layers.concatenate(found, axis=axis, name=f"reduction_concat_{name}"), x


def _nasnet(
    op: str, wanted: Wanted, size: int, last: int, count: int, stem: int, skip: bool
) -> Any:
    """The network.

    Args:
        op: whom errors name.
        wanted: what was asked.
        size: the usual height and width.
        last: how many filters the last cell gives.
        count: how many normal cells stand between two that halve.
        stem: how many filters the first convolution has.
        skip: whether cells after one that halves see what it saw, or what was before.
    """
    check(op, wanted)
    start = begun(wanted, image_shape(op, wanted, size, 32))
    filters = last // 24
    x = conv(
        start,
        stem,
        3,
        "stem_conv1",
        strides=2,
        padding="valid",
        kernel_initializer="he_normal",
    )
    x = norm(x, "stem_bn1", **_KEPT)
    x, p = _reduction(x, None, filters // 4, "stem_1")
    x, p = _reduction(x, p, filters // 2, "stem_2")
    for i in range(3):
        if i:
            x, seen = _reduction(x, p, filters << i, f"reduce_{i * count}")
            p = p if skip else seen
        for k in range(count):
            number = i * count + k + (1 if i else 0)
            x, p = _normal(x, p, filters << i, f"{number}")
    x = act(x)
    if wanted.include_top:
        x = classified(layers.GlobalAveragePooling2D()(x), wanted)
    else:
        x = pooled(x, wanted, names=False)
    kind = "mobile" if size == 224 else "large"
    top = "" if wanted.include_top else "-no-top"
    place = f"{ADDRESS}nasnet/"
    return finished(op, "NASNet", wanted, start, x, f"NASNet-{kind}{top}.h5", place)


def _public(op: str, about: str, *sizes: Any) -> Callable[..., Any]:
    def made(
        input_shape: Any = None,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
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
        return _nasnet(op, wanted, *sizes)

    made.__name__ = made.__qualname__ = op
    made.__doc__ = f"""NASNet, {about}.

    Args:
        input_shape: the shape of an image, where it is not the usual one.
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
    """
    return made


NASNetMobile = _public("NASNetMobile", "for phones", 224, 1056, 4, 32, False)
NASNetLarge = _public("NASNetLarge", "the large one", 331, 4032, 6, 96, True)
