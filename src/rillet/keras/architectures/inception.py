"""Inception, its third version, and Inception-ResNet, its second.

Sources: C. Szegedy and others, «Rethinking the Inception architecture for computer
vision» (2015); «Inception-v4, Inception-ResNet and the impact of residual connections
on learning» (2016).
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
from rillet.keras.base_layer import Layer
from rillet.keras.serialization import register_keras_serializable

#: A convolution of a branch: filters, size; or "avg" and "max" for pools.
Step = tuple[Any, ...]


def _convolved(
    x: Any, filters: int, size: Any, strides: int = 1, padding: str = "same"
) -> Any:
    x = conv(x, filters, size, strides=strides, padding=padding)
    return act(norm(x, scale=False))


def _branch(x: Any, steps: tuple[Step, ...]) -> Any:
    for step in steps:
        if step[0] == "avg":
            x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
        elif step[0] == "max":
            x = layers.MaxPooling2D(3, strides=2)(x)
        else:
            x = _convolved(x, *step)
    return x


def _mixed(x: Any, name: str, *branches: tuple[Step, ...]) -> Any:
    found = [_branch(x, steps) for steps in branches]
    return layers.concatenate(found, axis=channel_axis(), name=name)


def _inception_v3(name: str, wanted: Wanted) -> Any:
    start = begun(wanted, image_shape(name, wanted, 299, 75))
    x = _convolved(start, 32, 3, 2, "valid")
    x = _convolved(x, 32, 3, 1, "valid")
    x = _convolved(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _convolved(x, 80, 1, 1, "valid")
    x = _convolved(x, 192, 3, 1, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for k, pool in enumerate((32, 64, 64)):
        x = _mixed(
            x,
            f"mixed{k}",
            ((64, 1),),
            ((48, 1), (64, 5)),
            ((64, 1), (96, 3), (96, 3)),
            (("avg",), (pool, 1)),
        )
    x = _mixed(
        x,
        "mixed3",
        ((384, 3, 2, "valid"),),
        ((64, 1), (96, 3), (96, 3, 2, "valid")),
        (("max",),),
    )
    flat, tall = (1, 7), (7, 1)
    for k, n in enumerate((128, 160, 160, 192), 4):
        x = _mixed(
            x,
            f"mixed{k}",
            ((192, 1),),
            ((n, 1), (n, flat), (192, tall)),
            ((n, 1), (n, tall), (n, flat), (n, tall), (192, flat)),
            (("avg",), (192, 1)),
        )
    x = _mixed(
        x,
        "mixed8",
        ((192, 1), (320, 3, 2, "valid")),
        ((192, 1), (192, flat), (192, tall), (192, 3, 2, "valid")),
        (("max",),),
    )
    for k in (0, 1):
        x = _widest(x, k)
    x = topped(x, wanted) if wanted.include_top else topped(x, wanted, names=False)
    stem = "inception_v3_weights_tf_dim_ordering_tf_kernels"
    file, place = file_name(stem, wanted), f"{ADDRESS}inception_v3/"
    return finished(name, "inception_v3", wanted, start, x, file, place)


def _widest(x: Any, k: int) -> Any:
    """A block at the end, whose branches part once more."""
    one = _convolved(x, 320, 1)
    middle = _convolved(x, 384, 1)
    parts = [_convolved(middle, 384, (1, 3)), _convolved(middle, 384, (3, 1))]
    middle = layers.concatenate(parts, axis=channel_axis(), name=f"mixed9_{k}")
    deep = _convolved(_convolved(x, 448, 1), 384, 3)
    parts = [_convolved(deep, 384, (1, 3)), _convolved(deep, 384, (3, 1))]
    deep = layers.concatenate(parts, axis=channel_axis())
    pool = _branch(x, (("avg",), (192, 1)))
    found = [one, middle, deep, pool]
    return layers.concatenate(found, axis=channel_axis(), name=f"mixed{9 + k}")


@register_keras_serializable()
class CustomScaleLayer(Layer):
    """Of two inputs the first, and the second times a number, added.

    Args:
        scale: the number.
        **kwargs: those of `Layer`.
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        """The sum."""
        return inputs[0] + inputs[1] * self.scale

    def get_config(self) -> dict[str, Any]:
        """See `Layer`."""
        return {**super().get_config(), "scale": self.scale}


_RESIDUAL: Final[dict[str, tuple[tuple[Step, ...], ...]]] = {
    "block35": (
        ((32, 1),),
        ((32, 1), (32, 3)),
        ((32, 1), (48, 3), (64, 3)),
    ),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}


def _residual(x: Any, kind: str, number: int, scale: float, relu: bool = True) -> Any:
    name = f"{kind}_{number}"
    found = [_branch(x, steps) for steps in _RESIDUAL[kind]]
    mixed = layers.Concatenate(axis=channel_axis(), name=f"{name}_mixed")(found)
    up = conv(mixed, channels(x), 1, f"{name}_conv", bias=True)
    x = CustomScaleLayer(scale)([x, up])
    return act(x, name=f"{name}_ac") if relu else x


def _joined(x: Any, name: str, *branches: tuple[Step, ...]) -> Any:
    found = [_branch(x, steps) for steps in branches]
    return layers.Concatenate(axis=channel_axis(), name=name)(found)


def _inception_resnet(name: str, wanted: Wanted) -> Any:
    start = begun(wanted, image_shape(name, wanted, 299, 75))
    x = _convolved(start, 32, 3, 2, "valid")
    x = _convolved(x, 32, 3, 1, "valid")
    x = _convolved(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _convolved(x, 80, 1, 1, "valid")
    x = _convolved(x, 192, 3, 1, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _joined(
        x,
        "mixed_5b",
        ((96, 1),),
        ((48, 1), (64, 5)),
        ((64, 1), (96, 3), (96, 3)),
        (("avg",), (64, 1)),
    )
    for k in range(1, 11):
        x = _residual(x, "block35", k, 0.17)
    x = _joined(
        x,
        "mixed_6a",
        ((384, 3, 2, "valid"),),
        ((256, 1), (256, 3), (384, 3, 2, "valid")),
        (("max",),),
    )
    for k in range(1, 21):
        x = _residual(x, "block17", k, 0.1)
    x = _joined(
        x,
        "mixed_7a",
        ((256, 1), (384, 3, 2, "valid")),
        ((256, 1), (288, 3, 2, "valid")),
        ((256, 1), (288, 3), (320, 3, 2, "valid")),
        (("max",),),
    )
    for k in range(1, 10):
        x = _residual(x, "block8", k, 0.2)
    x = _residual(x, "block8", 10, 1.0, relu=False)
    x = act(
        norm(conv(x, 1536, 1, "conv_7b"), "conv_7b_bn", scale=False), name="conv_7b_ac"
    )
    x = topped(x, wanted) if wanted.include_top else topped(x, wanted, names=False)
    short = "inception_resnet_v2"
    file = file_name(f"{short}_weights_tf_dim_ordering_tf_kernels", wanted)
    return finished(name, short, wanted, start, x, file, f"{ADDRESS}{short}/")


InceptionV3 = variant("InceptionV3", _inception_v3, "Inception, the third version.")
InceptionResNetV2 = variant(
    "InceptionResNetV2", _inception_resnet, "Inception-ResNet, the second version."
)
