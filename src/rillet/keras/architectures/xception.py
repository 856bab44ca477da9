"""Xception: separable convolutions with shortcuts.

Source: F. Chollet, «Xception: deep learning with depthwise separable convolutions»
(2016).
"""

from __future__ import annotations

from typing import Any

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    act,
    begun,
    conv,
    file_name,
    finished,
    image_shape,
    norm,
    topped,
    variant,
)


def _separable(x: Any, filters: int, name: str) -> Any:
    layer = layers.SeparableConv2D(
        filters, 3, padding="same", use_bias=False, name=name
    )
    return norm(layer(x), f"{name}_bn")


def _xception(name: str, wanted: Wanted) -> Any:
    start = begun(wanted, image_shape(name, wanted, 299, 71))
    x = conv(start, 32, 3, "block1_conv1", strides=2, padding="valid")
    x = act(norm(x, "block1_conv1_bn"), name="block1_conv1_act")
    x = conv(x, 64, 3, "block1_conv2", padding="valid")
    x = act(norm(x, "block1_conv2_bn"), name="block1_conv2_act")
    for block, filters in ((2, 128), (3, 256), (4, 728)):
        x = _entry(x, block, (filters, filters))
    for block in range(5, 13):
        beside = x
        for k in (1, 2, 3):
            label = f"block{block}_sepconv{k}"
            x = _separable(act(x, name=f"{label}_act"), 728, label)
        x = layers.add([x, beside])
    x = _entry(x, 13, (728, 1024))
    for k, filters in ((1, 1536), (2, 2048)):
        label = f"block14_sepconv{k}"
        x = act(_separable(x, filters, label), name=f"{label}_act")
    x = topped(x, wanted) if wanted.include_top else topped(x, wanted, names=False)
    file = file_name("xception_weights_tf_dim_ordering_tf_kernels", wanted)
    return finished(name, "xception", wanted, start, x, file, f"{ADDRESS}xception/")


def _entry(x: Any, block: int, filters: tuple[int, int]) -> Any:
    """A block that makes the image smaller; the second does not activate first."""
    beside = norm(conv(x, filters[1], 1, strides=2))
    for k, count in enumerate(filters, 1):
        label = f"block{block}_sepconv{k}"
        if block > 2 or k > 1:
            x = act(x, name=f"{label}_act")
        x = _separable(x, count, label)
    pool = layers.MaxPooling2D(3, 2, padding="same", name=f"block{block}_pool")
    return layers.add([pool(x), beside])


Xception = variant("Xception", _xception, "Xception.")
