"""EfficientNet, both versions: one network in many sizes.

Sources: M. Tan and Q. Le, «EfficientNet: rethinking model scaling for convolutional
neural networks» (2019); «EfficientNetV2: smaller models and faster training» (2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

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
    is_channels_first,
    norm,
    rounded,
    topped,
    uneven_pad,
    variant,
)
from rillet.keras.initializers import VarianceScaling
from rillet.ops.elementwise import multiply
from rillet.ops.shaping import reshape


class Stack(NamedTuple):
    """A stack of blocks: size, how many, filters in and out, expansion, squeeze,
    stride, and whether its blocks are fused."""

    size: int
    repeats: int
    before: int
    after: int
    expansion: int
    squeeze: float
    stride: int
    fused: bool = False


_FIRST: Final = (
    Stack(3, 1, 32, 16, 1, 0.25, 1),
    Stack(3, 2, 16, 24, 6, 0.25, 2),
    Stack(5, 2, 24, 40, 6, 0.25, 2),
    Stack(3, 3, 40, 80, 6, 0.25, 2),
    Stack(5, 3, 80, 112, 6, 0.25, 1),
    Stack(5, 4, 112, 192, 6, 0.25, 2),
    Stack(3, 1, 192, 320, 6, 0.25, 1),
)


def _second(*rows: tuple[int, ...]) -> tuple[Stack, ...]:
    """Stacks by count, filters, expansion and stride; fused ones squeeze nothing."""
    found: list[Stack] = []
    for k, (count, before, after, expansion, stride) in enumerate(rows):
        fused = k < 3
        squeeze = 0.0 if fused else 0.25
        found.append(Stack(3, count, before, after, expansion, squeeze, stride, fused))
    return tuple(found)


_SECOND_B: Final = _second(
    (1, 32, 16, 1, 1),
    (2, 16, 32, 4, 2),
    (2, 32, 48, 4, 2),
    (3, 48, 96, 4, 2),
    (5, 96, 112, 6, 1),
    (8, 112, 192, 6, 2),
)
_SECOND_S: Final = _second(
    (2, 24, 24, 1, 1),
    (4, 24, 48, 4, 2),
    (4, 48, 64, 4, 2),
    (6, 64, 128, 4, 2),
    (9, 128, 160, 6, 1),
    (15, 160, 256, 6, 2),
)
_SECOND_M: Final = _second(
    (3, 24, 24, 1, 1),
    (5, 24, 48, 4, 2),
    (5, 48, 80, 4, 2),
    (7, 80, 160, 4, 2),
    (14, 160, 176, 6, 1),
    (18, 176, 304, 6, 2),
    (5, 304, 512, 6, 1),
)
_SECOND_L: Final = _second(
    (4, 32, 32, 1, 1),
    (7, 32, 64, 4, 2),
    (7, 64, 96, 4, 2),
    (10, 96, 192, 4, 2),
    (19, 192, 224, 6, 1),
    (25, 224, 384, 6, 2),
    (7, 384, 640, 6, 1),
)
#: The mean and the spread of ImageNet's pixels, by 255.
_MEAN: Final = (0.485, 0.456, 0.406)
_SPREAD: Final = (0.229, 0.224, 0.225)


def _kernel() -> Any:
    return VarianceScaling(2.0, "fan_out", "truncated_normal")


def _dense() -> Any:
    return VarianceScaling(1.0 / 3.0, "fan_out", "uniform")


class _Blocks:
    """Blocks of one version: the first pads by hand, the second keeps means longer."""

    def __init__(self, second: bool, activation: Any) -> None:
        self.second = second
        self.activation = activation
        self.kept = {"momentum": 0.9} if second else {}

    def convolved(
        self, x: Any, filters: int, size: int, name: str, active: str = "", **more: Any
    ) -> Any:
        """A convolution, a normalisation, and an activation where it has a name."""
        x = conv(x, filters, size, name, kernel_initializer=_kernel(), **more)
        x = norm(x, name.replace("_conv", "_bn"), **self.kept)
        return act(x, self.activation, active) if active else x

    def depthwise(self, x: Any, stack: Stack, stride: int, name: str) -> Any:
        """The depthwise part of a block."""
        padding = "same"
        if stride == 2 and not self.second:
            x = uneven_pad(x, stack.size, f"{name}dwconv_pad")
            padding = "valid"
        x = layers.DepthwiseConv2D(
            stack.size,
            strides=stride,
            padding=padding,
            use_bias=False,
            depthwise_initializer=_kernel(),
            name=f"{name}dwconv{'2' if self.second else ''}",
        )(x)
        x = norm(x, f"{name}bn", **self.kept)
        return act(x, self.activation, f"{name}activation")

    def squeezed(self, x: Any, filters: int, name: str) -> Any:
        """Channels weighted by what the whole image shows."""
        wide = channels(x)
        found = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
        shape = (wide, 1, 1) if is_channels_first() else (1, 1, wide)
        found = layers.Reshape(shape, name=f"{name}se_reshape")(found)
        for count, active, label in (
            (filters, self.activation, "reduce"),
            (wide, "sigmoid", "expand"),
        ):
            found = conv(
                found,
                count,
                1,
                f"{name}se_{label}",
                bias=True,
                activation=active,
                kernel_initializer=_kernel(),
            )
        return layers.multiply([x, found], name=f"{name}se_excite")

    def __call__(
        self, x: Any, stack: Stack, stride: int, drop: float, name: str
    ) -> Any:
        """One block; `drop` is how often all of it is left out in training."""
        given, inner = x, stack.before * stack.expansion
        plain = stack.expansion == 1
        if not plain:
            size, step = (stack.size, stride) if stack.fused else (1, 1)
            label = f"{name}expand_"
            x = self.convolved(
                x, inner, size, f"{label}conv", f"{label}activation", strides=step
            )
        if not stack.fused:
            x = self.depthwise(x, stack, stride, name)
        if 0 < stack.squeeze <= 1:
            x = self.squeezed(x, max(1, int(stack.before * stack.squeeze)), name)
        own = stack.fused and plain
        x = self.convolved(
            x,
            stack.after,
            stack.size if own else 1,
            f"{name}project_conv",
            f"{name}project_activation" if own else "",
            strides=stride if own else 1,
        )
        if stride == 1 and stack.before == stack.after:
            if drop > 0:
                leave = layers.Dropout(
                    drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop"
                )
                x = leave(x)
            x = layers.add([x, given], name=f"{name}add")
        return x


def _body(
    x: Any,
    blocks: _Blocks,
    stacks: tuple[Stack, ...],
    filters: Callable[[int], int],
    depth: float,
    dropped: float,
) -> Any:
    """All stacks; blocks are left out the more often the later they come."""
    counts = [math.ceil(depth * s.repeats) for s in stacks]
    total = float(sum(s.repeats for s in stacks) if blocks.second else sum(counts))
    number = 0
    for i, (stack, count) in enumerate(zip(stacks, counts, strict=True), 1):
        before, after = filters(stack.before), filters(stack.after)
        for j in range(count):
            own = stack._replace(before=before if j == 0 else after, after=after)
            stride = stack.stride if j == 0 else 1
            name = f"block{i}{chr(97 + j)}_"
            x = blocks(x, own, stride, dropped * number / total, name)
            number += 1
    return x


def _efficientnet(
    name: str,
    wanted: Wanted,
    width: float,
    depth: float,
    size: int,
    dropout: float,
) -> Any:
    start = begun(wanted, image_shape(name, wanted, size, 32))
    blocks = _Blocks(False, "swish")

    def filters(count: int) -> int:
        return rounded(count * width)

    x = layers.Rescaling(1.0 / 255.0)(start)
    x = layers.Normalization(axis=channel_axis())(x)
    if wanted.weights == "imagenet":
        # The public weights expect a division by the variance, not by its root.
        more = [1.0 / math.sqrt(s) for s in _SPREAD]
        shape = [1, 3, 1, 1] if is_channels_first() else [1, 1, 1, 3]
        x = multiply(x, reshape(more, shape))
    x = uneven_pad(x, 3, "stem_conv_pad")
    x = blocks.convolved(
        x,
        filters(32),
        3,
        "stem_conv",
        "stem_activation",
        strides=2,
        padding="valid",
    )
    x = _body(x, blocks, _FIRST, filters, depth, 0.2)
    x = blocks.convolved(x, filters(1280), 1, "top_conv", "top_activation")
    more_top = {"kernel_initializer": _dense()} if wanted.include_top else {}
    x = topped(x, wanted, dropout=dropout, **more_top)
    short = name.lower()
    file, place = file_name(short, wanted), "https://storage.googleapis.com"
    return finished(name, short, wanted, start, x, file, f"{place}/keras-applications/")


def _efficientnet_v2(
    name: str,
    wanted: Wanted,
    stacks: tuple[Stack, ...],
    width: float,
    depth: float,
    size: int,
    label: str,
    include_preprocessing: bool = True,
) -> Any:
    shape = image_shape(name, wanted, size, 32)
    start = x = begun(wanted, shape)
    blocks = _Blocks(True, "swish")

    def filters(count: int) -> int:
        return max(8, int(count * width + 4) // 8 * 8)

    if include_preprocessing:
        colours = shape[0] if is_channels_first() else shape[2]
        if label.startswith("b") and colours == 3:
            x = layers.Rescaling(scale=1.0 / 255)(x)
            x = layers.Normalization(
                mean=list(_MEAN),
                variance=[s**2 for s in _SPREAD],
                axis=channel_axis(),
            )(x)
        else:
            x = layers.Rescaling(scale=1.0 / 128.0, offset=-1)(x)
    first = filters(stacks[0].before)
    x = blocks.convolved(x, first, 3, "stem_conv", "stem_activation", strides=2)
    x = _body(x, blocks, stacks, filters, depth, 0.2)
    x = blocks.convolved(x, filters(1280), 1, "top_conv", "top_activation")
    more_top = {"kernel_initializer": _dense()} if wanted.include_top else {}
    x = topped(x, wanted, dropout=0.2, **more_top)
    short = f"efficientnetv2-{label}"
    file, place = file_name(short, wanted), f"{ADDRESS}efficientnet_v2/"
    return finished(name, short, wanted, start, x, file, place)


def _public(n: int, width: float, depth: float, size: int, dropout: float) -> Any:
    return variant(
        f"EfficientNetB{n}",
        _efficientnet,
        f"EfficientNet, size B{n}.",
        width=width,
        depth=depth,
        size=size,
        dropout=dropout,
    )


def _public_v2(
    label: str, stacks: tuple[Stack, ...], width: float, depth: float, size: int
) -> Any:
    return variant(
        f"EfficientNetV2{label.upper()}",
        _efficientnet_v2,
        f"EfficientNet, the second version, size {label.upper()}.",
        stacks=stacks,
        width=width,
        depth=depth,
        size=size,
        label=label,
    )


EfficientNetB0 = _public(0, 1.0, 1.0, 224, 0.2)
EfficientNetB1 = _public(1, 1.0, 1.1, 240, 0.2)
EfficientNetB2 = _public(2, 1.1, 1.2, 260, 0.3)
EfficientNetB3 = _public(3, 1.2, 1.4, 300, 0.3)
EfficientNetB4 = _public(4, 1.4, 1.8, 380, 0.4)
EfficientNetB5 = _public(5, 1.6, 2.2, 456, 0.4)
EfficientNetB6 = _public(6, 1.8, 2.6, 528, 0.5)
EfficientNetB7 = _public(7, 2.0, 3.1, 600, 0.5)
EfficientNetV2B0 = _public_v2("b0", _SECOND_B, 1.0, 1.0, 224)
EfficientNetV2B1 = _public_v2("b1", _SECOND_B, 1.0, 1.1, 240)
EfficientNetV2B2 = _public_v2("b2", _SECOND_B, 1.1, 1.2, 260)
EfficientNetV2B3 = _public_v2("b3", _SECOND_B, 1.2, 1.4, 300)
EfficientNetV2S = _public_v2("s", _SECOND_S, 1.0, 1.0, 384)
EfficientNetV2M = _public_v2("m", _SECOND_M, 1.0, 1.0, 480)
EfficientNetV2L = _public_v2("l", _SECOND_L, 1.0, 1.0, 480)
