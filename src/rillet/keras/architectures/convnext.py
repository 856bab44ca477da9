"""ConvNeXt: convolutions in the manner of transformers.

Source: Z. Liu and others, «A ConvNet for the 2020s» (2022).
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
    is_channels_first,
    pooled,
    variant,
)
from rillet.keras.base_layer import Layer
from rillet.keras.initializers import Constant
from rillet.keras.models import Sequential
from rillet.ops.random import uniform
from rillet.ops.rounding import floor
from rillet.ops.sizes import shape as shape_of

_EPSILON: Final = 1e-6
_MEAN: Final = (0.485, 0.456, 0.406)
_SPREAD: Final = (0.229, 0.224, 0.225)


class StochasticDepth(Layer):
    """Leaves examples out of a branch, at random, in training.

    Args:
        drop_path_rate: how many.
        **kwargs: those of `Layer`.
    """

    def __init__(self, drop_path_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate

    def call(self, x: Any, training: Any = None) -> Any:
        """The examples that are left, larger by as much."""
        if not training:
            return x
        kept = 1 - self.drop_path_rate
        ones = (1,) * (len(x.shape) - 1)
        chosen = floor(uniform((shape_of(x)[0], *ones), 0, 1) + kept)
        return x / kept * chosen

    def get_config(self) -> dict[str, Any]:
        """See `Layer`."""
        return {**super().get_config(), "drop_path_rate": self.drop_path_rate}


class LayerScale(Layer):
    """A factor for each channel, learned.

    Args:
        init_values: what they begin with.
        projection_dim: how many channels.
        **kwargs: those of `Layer`.
    """

    gamma: Any

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: Any) -> None:
        """Make the factors."""
        self.gamma = self.add_weight(
            name="gamma",
            shape=(self.projection_dim,),
            initializer=Constant(self.init_values),
            trainable=True,
        )
        self.built = True

    def call(self, x: Any) -> Any:
        """The product."""
        return x * self.gamma

    def get_config(self) -> dict[str, Any]:
        """See `Layer`."""
        return {
            **super().get_config(),
            "init_values": self.init_values,
            "projection_dim": self.projection_dim,
        }


def _evened(name: str | None = None) -> Any:
    return layers.LayerNormalization(epsilon=_EPSILON, name=name)


def _block(x: Any, filters: int, drop: float, name: str) -> Any:
    given = x
    x = conv(x, filters, 7, f"{name}_depthwise_conv", bias=True, groups=filters)
    x = _evened(f"{name}_layernorm")(x)
    x = layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = act(x, "gelu", f"{name}_gelu")
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(_EPSILON, filters, name=f"{name}_layer_scale")(x)
    if drop:
        return given + StochasticDepth(drop, name=f"{name}_stochastic_depth")(x)
    return given + act(x, "linear", f"{name}_identity")


def _smaller(name: str, filters: int, number: int) -> Any:
    """What stands before a stage: an image of a fourth, or half, the size."""
    if number == 0:
        first = layers.Conv2D(filters, 4, strides=4, name=f"{name}_stem_conv")
        parts = [first, _evened(f"{name}_stem_layernorm")]
        return Sequential(parts, name=f"{name}_stem")
    last = number - 1
    label = f"{name}_downsampling_conv_{last}"
    halved = layers.Conv2D(filters, 2, strides=2, name=label)
    parts = [_evened(f"{name}_downsampling_layernorm_{last}"), halved]
    return Sequential(parts, name=f"{name}_downsampling_block_{last}")


def _convnext(
    op: str,
    wanted: Wanted,
    depths: tuple[int, ...],
    width: int,
    model_name: str = "",
    include_preprocessing: bool = True,
) -> Any:
    name = model_name or "convnext_" + op.removeprefix("ConvNeXt").lower()
    shape = image_shape(op, wanted, 224, 32)
    start = x = begun(wanted, shape)
    if include_preprocessing and (shape[0] if is_channels_first() else shape[2]) == 3:
        x = layers.Normalization(
            mean=[m * 255 for m in _MEAN],
            variance=[(s * 255) ** 2 for s in _SPREAD],
            name=f"{name}_prestem_normalization",
        )(x)
    before = [_smaller(name, width << i, i) for i in range(4)]
    for i, depth in enumerate(depths):
        x = before[i](x)
        for j in range(depth):
            x = _block(x, width << i, 0.0, f"{name}_stage_{i}_block_{j}")
    if wanted.include_top:
        x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
        x = _evened(f"{name}_head_layernorm")(x)
        x = layers.Dense(
            wanted.classes, activation=wanted.activation, name=f"{name}_head_dense"
        )(x)
    else:
        x = _evened()(pooled(x, wanted, names=False))
    file = file_name(name, wanted)
    return finished(op, name, wanted, start, x, file, f"{ADDRESS}convnext/")


def _public(size: str, width: int, middle: int) -> Any:
    return variant(
        f"ConvNeXt{size}",
        _convnext,
        f"ConvNeXt, size {size}.",
        depths=(3, 3, middle, 3),
        width=width,
    )


ConvNeXtTiny = _public("Tiny", 96, 9)
ConvNeXtSmall = _public("Small", 96, 27)
ConvNeXtBase = _public("Base", 128, 27)
ConvNeXtLarge = _public("Large", 192, 27)
ConvNeXtXLarge = _public("XLarge", 256, 27)
