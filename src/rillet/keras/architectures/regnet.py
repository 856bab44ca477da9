"""RegNet: networks whose widths follow a line.

Source: I. Radosavovic and others, «Designing network design spaces» (2020).
"""

from __future__ import annotations

from typing import Any, Final

from rillet.keras import layers
from rillet.keras.architectures.building import (
    ADDRESS,
    Wanted,
    begun,
    conv,
    file_name,
    finished,
    image_shape,
    norm,
    pooled,
    variant,
)
from rillet.keras.naming import get_uid
from rillet.ops.elementwise import multiply

#: Of each size the blocks and filters of its stages, and the filters of a group.
_SIZES: Final = {
    "X002": ((1, 1, 4, 7), (24, 56, 152, 368), 8),
    "X004": ((1, 2, 7, 12), (32, 64, 160, 384), 16),
    "X006": ((1, 3, 5, 7), (48, 96, 240, 528), 24),
    "X008": ((1, 3, 7, 5), (64, 128, 288, 672), 16),
    "X016": ((2, 4, 10, 2), (72, 168, 408, 912), 24),
    "X032": ((2, 6, 15, 2), (96, 192, 432, 1008), 48),
    "X040": ((2, 5, 14, 2), (80, 240, 560, 1360), 40),
    "X064": ((2, 4, 10, 1), (168, 392, 784, 1624), 56),
    "X080": ((2, 5, 15, 1), (80, 240, 720, 1920), 120),
    "X120": ((2, 5, 11, 1), (224, 448, 896, 2240), 112),
    "X160": ((2, 6, 13, 1), (256, 512, 896, 2048), 128),
    "X320": ((2, 7, 13, 1), (336, 672, 1344, 2520), 168),
    "Y002": ((1, 1, 4, 7), (24, 56, 152, 368), 8),
    "Y004": ((1, 3, 6, 6), (48, 104, 208, 440), 8),
    "Y006": ((1, 3, 7, 4), (48, 112, 256, 608), 16),
    "Y008": ((1, 3, 8, 2), (64, 128, 320, 768), 16),
    "Y016": ((2, 6, 17, 2), (48, 120, 336, 888), 24),
    "Y032": ((2, 5, 13, 1), (72, 216, 576, 1512), 24),
    "Y040": ((2, 6, 12, 2), (128, 192, 512, 1088), 64),
    "Y064": ((2, 7, 14, 2), (144, 288, 576, 1296), 72),
    "Y080": ((2, 4, 10, 1), (168, 448, 896, 2016), 56),
    "Y120": ((2, 5, 11, 1), (224, 448, 896, 2240), 112),
    "Y160": ((2, 4, 11, 1), (224, 448, 1232, 3024), 112),
    "Y320": ((2, 5, 12, 1), (232, 696, 1392, 3712), 232),
}


def _convolved(
    x: Any, filters: int, size: int, name: str, relu: str = "", **more: Any
) -> Any:
    x = conv(x, filters, size, name, kernel_initializer="he_normal", **more)
    x = norm(x, _bn(name), 1e-5, momentum=0.9)
    return layers.ReLU(name=relu)(x) if relu else x


def _bn(name: str) -> str:
    for end in ("_skip_1x1", "_stem_conv"):
        if name.endswith(end):
            return name.rpartition("_")[0] + "_bn"
    return f"{name}_bn"


def _squeezed(x: Any, filters: int, squeezed: int, name: str) -> Any:
    """Channels weighted by what the whole image shows."""
    name = f"{name}_squeeze_and_excite"
    found = layers.GlobalAveragePooling2D(name=f"{name}_gap", keepdims=True)(x)
    for count, active, label in (
        (squeezed, "relu", "squeeze"),
        (filters, "sigmoid", "excite"),
    ):
        found = conv(
            found,
            count,
            1,
            f"{name}_{label}",
            padding="valid",
            bias=True,
            activation=active,
            kernel_initializer="he_normal",
        )
    return multiply(found, x)


def _block(
    x: Any, before: int, filters: int, group: int, stride: int, squeeze: bool, name: str
) -> Any:
    beside = x
    plain: dict[str, Any] = {"padding": "valid"}
    if stride != 1:
        beside = _convolved(x, filters, 1, f"{name}_skip_1x1", strides=stride, **plain)
    one, two = f"{name}_conv_1x1_1", f"{name}_conv_3x3"
    x = _convolved(x, filters, 1, one, f"{one}_relu", **plain)
    groups = filters // group
    x = _convolved(x, filters, 3, two, f"{two}_relu", strides=stride, groups=groups)
    if squeeze:
        x = _squeezed(x, filters, int(before * 0.25), name)
    x = _convolved(x, filters, 1, f"{name}_conv_1x1_2", **plain)
    return layers.ReLU(name=f"{name}_exit_relu")(x + beside)


def _regnet(
    op: str,
    wanted: Wanted,
    size: str,
    model_name: str = "",
    include_preprocessing: bool = True,
) -> Any:
    name = model_name or op.lower()
    depths, widths, group = _SIZES[size]
    kind = size[0]
    start = x = begun(wanted, image_shape(op, wanted, 224, 32))
    if include_preprocessing:
        x = layers.Rescaling(scale=1.0 / 255.0, name=f"{name}_prestem_rescaling")(x)
    x = _convolved(x, 32, 3, f"{name}_stem_conv", f"{name}_stem_relu", strides=2)
    before = 32
    for i, (depth, filters) in enumerate(zip(depths, widths, strict=True)):
        for j in range(depth):
            label = f"{name}_Stage_{i}_{kind}Block_{j}"
            stride = 2 if j == 0 else 1
            x = _block(x, before, filters, group, stride, kind == "Y", label)
            before = filters
    if wanted.include_top:
        head = get_uid("head")
        x = layers.GlobalAveragePooling2D(name=f"{head}_head_gap")(x)
        x = layers.Dense(wanted.classes, name=f"{head}head_dense")(x)
    else:
        x = pooled(x, wanted, names=False)
    file = file_name(name, wanted)
    return finished(op, name, wanted, start, x, file, f"{ADDRESS}regnet/")


def _public(size: str) -> Any:
    return variant(f"RegNet{size}", _regnet, f"RegNet, size {size}.", size=size)


(
    RegNetX002,
    RegNetX004,
    RegNetX006,
    RegNetX008,
    RegNetX016,
    RegNetX032,
    RegNetX040,
    RegNetX064,
    RegNetX080,
    RegNetX120,
    RegNetX160,
    RegNetX320,
    RegNetY002,
    RegNetY004,
    RegNetY006,
    RegNetY008,
    RegNetY016,
    RegNetY032,
    RegNetY040,
    RegNetY064,
    RegNetY080,
    RegNetY120,
    RegNetY160,
    RegNetY320,
) = map(_public, _SIZES)
