"""DenseNet: each layer sees what all before it made.

Source: G. Huang and others, «Densely connected convolutional networks» (2016).
"""

from __future__ import annotations

from typing import Any, Final

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    act,
    begun,
    channel_axis,
    channels,
    conv,
    file_name,
    finished,
    image_shape,
    norm,
    topped,
    variant,
)

_EPSILON: Final = 1.001e-5
_GROWTH: Final = 32


def _layer(x: Any, name: str) -> Any:
    """A layer of a block: what it makes stands beside what it got."""
    found = act(norm(x, f"{name}_0_bn", _EPSILON), name=f"{name}_0_relu")
    found = conv(found, 4 * _GROWTH, 1, f"{name}_1_conv", padding="valid")
    found = act(norm(found, f"{name}_1_bn", _EPSILON), name=f"{name}_1_relu")
    found = conv(found, _GROWTH, 3, f"{name}_2_conv")
    return layers.Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, found])


def _between(x: Any, name: str) -> Any:
    """Half as many channels, half the height and width."""
    x = act(norm(x, f"{name}_bn", _EPSILON), name=f"{name}_relu")
    x = conv(x, channels(x) // 2, 1, f"{name}_conv", padding="valid")
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _densenet(name: str, wanted: Wanted, depths: tuple[int, ...]) -> Any:
    start = begun(wanted, image_shape(name, wanted, 224, 32))
    x = layers.ZeroPadding2D(3)(start)
    x = conv(x, 64, 7, "conv1/conv", strides=2, padding="valid")
    x = act(norm(x, "conv1/bn", _EPSILON), name="conv1/relu")
    x = layers.ZeroPadding2D(1)(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for i, depth in enumerate(depths, 2):
        for k in range(1, depth + 1):
            x = _layer(x, f"conv{i}_block{k}")
        if i <= len(depths):
            x = _between(x, f"pool{i}")
    x = act(norm(x, "bn", _EPSILON), name="relu")
    x = topped(x, wanted)
    short = name.lower()
    file = file_name(f"{short}_weights_tf_dim_ordering_tf_kernels", wanted)
    return finished(name, short, wanted, start, x, file, f"{ADDRESS}densenet/")


def _public(count: int, *depths: int) -> Any:
    about = f"DenseNet with {count} layers."
    return variant(f"DenseNet{count}", _densenet, about, depths=depths)


DenseNet121 = _public(121, 6, 12, 24, 16)
DenseNet169 = _public(169, 6, 12, 32, 32)
DenseNet201 = _public(201, 6, 12, 48, 32)
