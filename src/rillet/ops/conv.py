"""Records of convolutions: Conv2D, Conv3D, DepthwiseConv2dNative, their gradients.

Each op is linear in the input, in the filter and in the gradient that comes back, so
the three ops of a family are each other's gradients. Kernels are `ops.convolve`'s and
`ops.depthwise`'s; `ops.convolutions` holds the public functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rillet.core.dtypes import FLOATING, int32, type_set
from rillet.core.spec import Spec
from rillet.ops import conv_rules, convolve, depthwise
from rillet.ops.conv_rules import Window
from rillet.ops.lowering import Call
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims

Array = np.ndarray[Any, Any]


def channels_last(x: Array, is_first: bool) -> Array:
    """The array with its channels last, in one piece if they were first."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1)) if is_first else x


def channels_back(x: Array, is_first: bool) -> Array:
    """The array with its channels where the data format has them."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if is_first else x


def in_single(function: Callable[..., Array], *arrays: Array) -> Array:
    """Calls a kernel, in float32 where the arrays are of half precision."""
    dtype = arrays[0].dtype
    if dtype.itemsize == 2 and dtype.kind in "fV":
        single = function(*(array.astype(np.float32) for array in arrays))
        return single.astype(dtype)
    return function(*arrays)


class _Family:
    """The three ops of a kind of convolution, as functions for their records."""

    def __init__(self, name: str, rank: int, is_depthwise: bool = False) -> None:
        self.name = name
        self.rank = rank
        self.is_depthwise = is_depthwise

    def channels(self, w: Sequence[Any]) -> Any:
        """How many channels the result has; None where that is not known."""
        if not self.is_depthwise:
            return w[-1]
        return None if None in w[-2:] else w[-2] * w[-1]

    def window(self, **attrs: Any) -> Window:
        """The op's attributes, checked."""
        attrs.pop("use_cudnn_on_gpu", None)
        made = conv_rules.window(self.name, self.rank, **attrs)
        conv_rules.slides_in_space_only(made)
        return made

    def forward(self, x: Array, w: Array, **attrs: Any) -> Array:
        """The kernel of the convolution."""
        plan = conv_rules.plan(
            self.window(**attrs), x.shape, w.shape, self.is_depthwise
        )
        first = plan.channels_first

        def run(x: Array, w: Array) -> Array:
            kernel = depthwise.convolve if self.is_depthwise else convolve.convolve
            return kernel(channels_last(x, first), w, plan.at)

        return channels_back(in_single(run, x, w), first)

    def input_gradient(
        self, sizes: Sequence[int], w: Array, g: Array, **attrs: Any
    ) -> Array:
        """The kernel of the gradient of the input, and of transposed convolutions."""
        made = self.window(**attrs)
        plan = conv_rules.plan(made, tuple(sizes), w.shape, self.is_depthwise)
        want = conv_rules.with_space(
            made, sizes[0], plan.at.outputs, self.channels(w.shape)
        )
        conv_rules.check_gradient(made, g.shape, want)
        first = plan.channels_first

        def run(w: Array, g: Array) -> Array:
            g = channels_last(g, first)
            if self.is_depthwise:
                return depthwise.input_gradient(w, g, plan.at)
            return convolve.grouped_input_gradient(w, g, plan.at, plan.groups)

        return channels_back(in_single(run, w, g), first)

    def filter_gradient(
        self, x: Array, sizes: Sequence[int], g: Array, **attrs: Any
    ) -> Array:
        """The kernel of the gradient of the filter."""
        made = self.window(**attrs)
        plan = conv_rules.plan(made, x.shape, tuple(sizes), self.is_depthwise)
        want = conv_rules.with_space(
            made, x.shape[0], plan.at.outputs, self.channels(sizes)
        )
        conv_rules.check_gradient(made, g.shape, want)
        first = plan.channels_first

        def run(x: Array, g: Array) -> Array:
            x, g = channels_last(x, first), channels_last(g, first)
            if self.is_depthwise:
                return depthwise.filter_gradient(x, g, plan.at)
            return convolve.filter_gradient(x, g, plan.at, sizes[-2])

        return in_single(run, x, g)

    def infer_forward(self, x: Spec, w: Spec, **attrs: Any) -> Spec:
        """The shape of the convolution's result."""
        made = self.window(**attrs)
        if x.shape is None or w.shape is None:
            return Spec(None, x.dtype)
        check = (
            conv_rules.check_depthwise
            if self.is_depthwise
            else conv_rules.check_filters
        )
        check(made, x.shape, w.shape)
        space = conv_rules.outputs(made, x.shape, w.shape[:-2])
        shape = conv_rules.with_space(made, x.shape[0], space, self.channels(w.shape))
        return Spec(shape, x.dtype)

    def infer_input_gradient(self, sizes: Any, w: Spec, g: Spec, **attrs: Any) -> Spec:
        """The shape of the input that the sizes tell."""
        made = self.window(**attrs)
        if isinstance(sizes, Spec):
            return Spec((None,) * self.rank, g.dtype)
        if w.shape is not None and g.shape is not None:
            want = self.infer_forward(Spec(tuple(sizes), g.dtype), w, **attrs)
            assert want.shape is not None
            conv_rules.check_gradient(made, g.shape, want.shape)
        return Spec(tuple(sizes), g.dtype)

    def infer_filter_gradient(self, x: Spec, sizes: Any, g: Spec, **attrs: Any) -> Spec:
        """The shape of the filter that the sizes tell."""
        made = self.window(**attrs)
        if isinstance(sizes, Spec):
            return Spec((None,) * self.rank, x.dtype)
        if x.shape is not None and g.shape is not None:
            want = self.infer_forward(x, Spec(tuple(sizes), x.dtype), **attrs)
            assert want.shape is not None
            conv_rules.check_gradient(made, g.shape, want.shape)
        return Spec(tuple(sizes), x.dtype)


def _define_family(
    family: _Family, ops: tuple[str, str, str], attrs: dict[str, Any], types: Any
) -> tuple[Op, Op, Op]:
    """Defines (convolution, gradient of the input, gradient of the filter)."""
    kernel = "depthwise" if family.is_depthwise else "convolution"
    forward: Op = define(
        ops[0],
        types=(types, 0),
        kernel=family.forward,
        infer=family.infer_forward,
        grad=(
            lambda g, y, x, w, **attrs: backward(static_dims(x), w, g, **attrs),
            lambda g, y, x, w, **attrs: filters(x, static_dims(w), g, **attrs),
        ),
        attrs=attrs,
        lower=Call(kernel),
    )
    backward: Op = define(
        ops[1],
        types=(None, types, 1),
        kernel=family.input_gradient,
        infer=family.infer_input_gradient,
        grad=(
            None,
            lambda g, y, s, w, dy, **attrs: filters(g, static_dims(w), dy, **attrs),
            lambda g, y, s, w, dy, **attrs: forward(g, w, **attrs),
        ),
        attrs=attrs,
        lower=Call(f"{kernel}_input"),
    )
    filters: Op = define(
        ops[2],
        types=(FLOATING, None, 0),
        kernel=family.filter_gradient,
        infer=family.infer_filter_gradient,
        grad=(
            lambda g, y, x, s, dy, **attrs: backward(static_dims(x), g, dy, **attrs),
            None,
            lambda g, y, x, s, dy, **attrs: forward(x, g, **attrs),
        ),
        attrs=attrs,
        lower=Call(f"{kernel}_filter"),
    )
    return forward, backward, filters


conv2d_op, conv2d_input_op, conv2d_filter_op = _define_family(
    _Family("conv2d", 4),
    ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"),
    {
        "strides": (1, 1, 1, 1),
        "padding": "VALID",
        "use_cudnn_on_gpu": True,
        "explicit_paddings": (),
        "data_format": "NHWC",
        "dilations": (1, 1, 1, 1),
    },
    FLOATING | type_set(int32),
)

conv3d_op, conv3d_input_op, conv3d_filter_op = _define_family(
    _Family("conv3d", 5),
    ("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"),
    {
        "strides": (1, 1, 1, 1, 1),
        "padding": "VALID",
        "data_format": "NDHWC",
        "dilations": (1, 1, 1, 1, 1),
    },
    FLOATING,
)

depthwise_op, depthwise_input_op, depthwise_filter_op = _define_family(
    _Family("depthwise_conv2d", 4, is_depthwise=True),
    (
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropInput",
        "DepthwiseConv2dNativeBackpropFilter",
    ),
    {
        "strides": (1, 1, 1, 1),
        "padding": "VALID",
        "explicit_paddings": (),
        "data_format": "NHWC",
        "dilations": (1, 1, 1, 1),
    },
    FLOATING,
)
