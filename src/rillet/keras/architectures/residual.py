"""ResNet, both versions: blocks that add to what they are given.

Sources: K. He and others, «Deep residual learning for image recognition» (2015);
«Identity mappings in deep residual networks» (2016), whose blocks activate first.
"""

from __future__ import annotations

from typing import Any, Final

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

_EPSILON: Final = 1.001e-5


def _block(x: Any, filters: int, stride: int, project: bool, name: str) -> Any:
    """A block of the first version."""
    shortcut = x
    if project:
        shortcut = conv(
            x,
            4 * filters,
            1,
            f"{name}_0_conv",
            strides=stride,
            padding="valid",
            bias=True,
        )
        shortcut = norm(shortcut, f"{name}_0_bn", _EPSILON)
    for k, (size, step) in enumerate(((1, stride), (3, 1)), 1):
        padding = "valid" if size == 1 else "same"
        x = conv(
            x,
            filters,
            size,
            f"{name}_{k}_conv",
            strides=step,
            padding=padding,
            bias=True,
        )
        x = act(norm(x, f"{name}_{k}_bn", _EPSILON), name=f"{name}_{k}_relu")
    x = conv(x, 4 * filters, 1, f"{name}_3_conv", padding="valid", bias=True)
    x = norm(x, f"{name}_3_bn", _EPSILON)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return act(x, name=f"{name}_out")


def _early_block(x: Any, filters: int, stride: int, project: bool, name: str) -> Any:
    """A block of the second version."""
    ahead = act(norm(x, f"{name}_preact_bn", _EPSILON), name=f"{name}_preact_relu")
    if project:
        shortcut = conv(
            ahead,
            4 * filters,
            1,
            f"{name}_0_conv",
            strides=stride,
            padding="valid",
            bias=True,
        )
    elif stride > 1:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x)
    else:
        shortcut = x
    x = conv(ahead, filters, 1, f"{name}_1_conv", padding="valid")
    x = act(norm(x, f"{name}_1_bn", _EPSILON), name=f"{name}_1_relu")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = conv(x, filters, 3, f"{name}_2_conv", strides=stride, padding="valid")
    x = act(norm(x, f"{name}_2_bn", _EPSILON), name=f"{name}_2_relu")
    x = conv(x, 4 * filters, 1, f"{name}_3_conv", padding="valid", bias=True)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def _resnet(name: str, wanted: Wanted, depths: tuple[int, ...], early: bool) -> Any:
    start = begun(wanted, image_shape(name, wanted, 224, 32))
    x = layers.ZeroPadding2D(3, name="conv1_pad")(start)
    x = conv(x, 64, 7, "conv1_conv", strides=2, padding="valid", bias=True)
    if not early:
        x = act(norm(x, "conv1_bn", _EPSILON), name="conv1_relu")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    last = len(depths) - 1
    for i, depth in enumerate(depths):
        for k in range(1, depth + 1):
            label = f"conv{i + 2}_block{k}"
            filters = 64 << i
            if early:  # the last block of a stack makes the image smaller
                stride = 2 if k == depth and i < last else 1
                x = _early_block(x, filters, stride, k == 1, label)
            else:
                stride = 2 if k == 1 and i > 0 else 1
                x = _block(x, filters, stride, k == 1, label)
    if early:
        x = act(norm(x, "post_bn", _EPSILON), name="post_relu")
    x = topped(x, wanted)
    short = name.lower()
    file = file_name(f"{short}_weights_tf_dim_ordering_tf_kernels", wanted)
    return finished(name, short, wanted, start, x, file, f"{ADDRESS}resnet/")


_DEPTHS: Final = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def _public(layers_: int, early: bool) -> Any:
    name = f"ResNet{layers_}{'V2' if early else ''}"
    kind = "second" if early else "first"
    about = f"ResNet with {layers_} layers, its {kind} version."
    return variant(name, _resnet, about, depths=_DEPTHS[layers_], early=early)


ResNet50, ResNet101, ResNet152 = (_public(n, False) for n in (50, 101, 152))
ResNet50V2, ResNet101V2, ResNet152V2 = (_public(n, True) for n in (50, 101, 152))
