"""VGG: plain stacks of small convolutions.

Source: K. Simonyan and A. Zisserman, «Very deep convolutional networks for large-scale
image recognition» (2014).
"""

from __future__ import annotations

from typing import Any

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    begun,
    classified,
    conv,
    file_name,
    finished,
    image_shape,
    pooled,
    variant,
)


def _vgg(name: str, wanted: Wanted, depths: tuple[int, ...]) -> Any:
    start = x = begun(wanted, image_shape(name, wanted, 224, 32))
    for block, (depth, filters) in enumerate(
        zip(depths, (64, 128, 256, 512, 512), strict=True), 1
    ):
        for k in range(1, depth + 1):
            label = f"block{block}_conv{k}"
            x = conv(x, filters, 3, label, bias=True, activation="relu")
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if wanted.include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = classified(x, wanted)
    else:
        x = pooled(x, wanted, names=False)
    short = name.lower()
    file = file_name(f"{short}_weights_tf_dim_ordering_tf_kernels", wanted)
    return finished(name, short, wanted, start, x, file, f"{ADDRESS}{short}/")


VGG16 = variant("VGG16", _vgg, "VGG with 16 layers.", depths=(2, 2, 3, 3, 3))
VGG19 = variant("VGG19", _vgg, "VGG with 19 layers.", depths=(2, 2, 4, 4, 4))
