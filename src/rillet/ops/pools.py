"""Records of pools: MaxPool, AvgPool, their 3-D forms, gradients, MaxPoolWithArgmax.

Kernels are `ops.pooling`'s, which take any data format; `ops.pool_functions` and
`ops.pool_variants` hold the public functions.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from rillet.core.dtypes import FLOATING, REAL, int64
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.spec import Spec
from rillet.ops import conv_rules, pooling
from rillet.ops.conv import in_single
from rillet.ops.conv_rules import Window, refuse
from rillet.ops.lowering import Call
from rillet.ops.registry import Op, define, find
from rillet.ops.shaping import broadcast_to_op, static_dims
from rillet.ops.windows import Windows

Array = np.ndarray[Any, Any]


class _Pool:
    """The attributes of a kind of pool, checked, and its kernels' windows."""

    def __init__(self, name: str, rank: int, in_space_only: bool) -> None:
        self.name = name
        self.rank = rank
        self.in_space_only = in_space_only

    def window(
        self, ksize: Sequence[int], strides: Sequence[int], padding: str, **attrs: Any
    ) -> tuple[Window, tuple[int, ...]]:
        """The op's attributes and its window, checked."""
        attrs.pop("Targmax", None)
        attrs.pop("include_batch_in_index", None)
        made = conv_rules.window(self.name, self.rank, strides, padding, **attrs)
        taps = tuple(ksize)
        if len(taps) != self.rank or min(taps) < 1:
            raise refuse(
                self.name,
                f"Sliding window ksize must be positive, with {self.rank} numbers",
                f"ksize={list(taps)}",
            )
        self._check_axes(made, taps)
        for axis, (front, behind) in enumerate(conv_rules.pairs(made)):
            if max(front, behind) >= taps[axis]:
                raise refuse(
                    self.name,
                    "padding needs to be smaller than the window size",
                    f"padding ({front}, {behind}) along axis {axis}, window "
                    f"{taps[axis]}",
                )
        return made, taps

    def _check_axes(self, made: Window, taps: tuple[int, ...]) -> None:
        shown = f"ksize={list(taps)}, strides={list(made.strides)}"
        batch = max(taps[0], made.strides[0])
        channels = max(taps[made.channels], made.strides[made.channels])
        rule = ""
        if batch > 1:
            rule = "Pooling is not yet supported on the batch dimension"
        elif channels > 1 and self.in_space_only:
            rule = "Non-spatial pooling is not yet supported"
        elif channels > 1 and any(taps[axis] > 1 for axis in made.spatial):
            rule = (
                "MaxPooling supports exactly one of pooling across depth or pooling "
                "across width/height"
            )
        if rule:
            raise UnimplementedError(house_message(self.name, rule, shown))

    def at(self, shape: tuple[int, ...], attrs: dict[str, Any]) -> Windows:
        """The windows over an input of a shape."""
        made, taps = self.window(**attrs)
        return _windows(made, taps, shape)

    def infer(self, x: Spec, *rest: Any, **attrs: Any) -> Spec:
        """The shape of the pool's result."""
        made, taps = self.window(**attrs)
        if x.shape is None:
            return Spec(None, x.dtype)
        self._check_rank(x.shape)
        return Spec(conv_rules.outputs_of_all(made, x.shape, taps), x.dtype)

    def infer_shape_of(self, sizes: Any, g: Spec, **attrs: Any) -> Spec:
        """The shape of the input that the sizes tell."""
        self.window(**attrs)
        if isinstance(sizes, Spec):
            return Spec((None,) * self.rank, g.dtype)
        return Spec(tuple(sizes), g.dtype)

    def _check_rank(self, shape: Sequence[Any]) -> None:
        if len(shape) != self.rank:
            raise refuse(
                self.name,
                f"the input must have {self.rank - 2} spatial dimensions beside batch "
                "and channels",
                f"it has shape {list(shape)}",
                "Add a batch dimension: x[tf.newaxis]"
                if len(shape) == self.rank - 1
                else "",
            )

    def maximum(self, x: Array, **attrs: Any) -> Array:
        """The kernel of a maximum."""
        self._check_rank(x.shape)
        return pooling.maximum(x, self.at(x.shape, attrs))

    def maximum_gradient(self, x: Array, y: Array, g: Array, **attrs: Any) -> Array:
        """The kernel of a maximum's gradient."""
        at = self._checked(x, g, attrs)
        return in_single(lambda g: pooling.maximum_gradient(x, g, at), g)

    def winners_of(self, x: Array, y: Array, g: Array, **attrs: Any) -> Array:
        """The kernel of the gradient of a maximum's gradient."""
        self._check_rank(x.shape)
        return pooling.winners_of(x, g, self.at(x.shape, attrs))

    def mean(self, x: Array, **attrs: Any) -> Array:
        """The kernel of a mean."""
        self._check_rank(x.shape)
        return pooling.mean(x, self.at(x.shape, attrs))

    def mean_gradient(self, sizes: Sequence[int], g: Array, **attrs: Any) -> Array:
        """The kernel of a mean's gradient."""
        self._check_rank(sizes)
        at = self.at(tuple(sizes), attrs)
        self._check_gradient(g, at)
        return pooling.mean_gradient(g, at)

    def with_argmax(
        self, x: Array, Targmax: Any = int64, include_batch_in_index: bool = False,
        **attrs: Any,
    ) -> tuple[Array, Array]:  # fmt: skip
        """The kernel of a maximum that tells where it was."""
        self._check_rank(x.shape)
        at = self.at(x.shape, attrs)
        best, place = pooling.maximum_and_positions(x, at, include_batch_in_index)
        return best, place.astype(Targmax.numpy_dtype, copy=False)

    def _checked(self, x: Array, g: Array, attrs: dict[str, Any]) -> Windows:
        self._check_rank(x.shape)
        at = self.at(x.shape, attrs)
        self._check_gradient(g, at)
        return at

    def _check_gradient(self, g: Array, at: Windows) -> None:
        if g.shape != at.outputs:
            raise refuse(
                self.name,
                "the gradient must have the shape of the result",
                f"it has shape {list(g.shape)}, the result {list(at.outputs)}",
            )


@functools.lru_cache(maxsize=512)
def _windows(made: Window, taps: tuple[int, ...], shape: tuple[int, ...]) -> Windows:
    return conv_rules.place_all(made, shape, taps)


def _zeros(x: Any) -> Any:
    """Zeros like a tensor: the gradient of what a result does not depend on."""
    nothing = np.zeros((), x.dtype.numpy_dtype)
    return broadcast_to_op(nothing, static_dims(x))


def _define_maxima(pool: _Pool, names: tuple[str, str, str], attrs: Any) -> Op:
    """Defines a maximum, its gradient and the gradient of that."""
    forward: Op = define(
        names[0],
        types=(REAL,),
        kernel=pool.maximum,
        infer=pool.infer,
        grad=(lambda g, y, x, **attrs: backward(x, y, g, **attrs),),
        attrs=attrs,
        lower=Call("pool_maximum"),
    )
    backward: Op = define(
        names[1],
        types=(REAL, 0, 0),
        kernel=pool.maximum_gradient,
        infer=_like_first,
        grad=(
            lambda g, y, x, top, dy, **attrs: _zeros(x),
            lambda g, y, x, top, dy, **attrs: _zeros(top),
            lambda g, y, x, top, dy, **attrs: again(x, top, g, **attrs),
        ),
        attrs=attrs,
        lower=Call("pool_maximum_gradient"),
    )
    again: Op = define(
        names[2],
        types=(REAL, 0, 0),
        kernel=pool.winners_of,
        infer=pool.infer,
        grad=(
            lambda g, y, x, top, dy, **attrs: _zeros(x),
            lambda g, y, x, top, dy, **attrs: _zeros(top),
            lambda g, y, x, top, dy, **attrs: backward(x, top, g, **attrs),
        ),
        attrs=attrs,
        lower=Call("pool_winners"),
    )
    return forward


def _like_first(x: Spec, *rest: Any, **attrs: Any) -> Spec:
    return x


def _define_means(pool: _Pool, names: tuple[str, str], attrs: Any) -> Op:
    """Defines a mean and its gradient."""
    forward: Op = define(
        names[0],
        types=(FLOATING,),
        kernel=pool.mean,
        infer=pool.infer,
        grad=(lambda g, y, x, **attrs: backward(static_dims(x), g, **attrs),),
        attrs=attrs,
        lower=Call("pool_mean"),
    )
    backward: Op = define(
        names[1],
        types=(None, FLOATING),
        kernel=pool.mean_gradient,
        infer=pool.infer_shape_of,
        grad=(None, lambda g, y, sizes, dy, **attrs: forward(g, **attrs)),
        attrs=attrs,
        lower=Call("pool_mean_gradient"),
    )
    return forward


_FLAT: dict[str, Any] = {
    "ksize": (1, 1, 1, 1),
    "strides": (1, 1, 1, 1),
    "padding": "VALID",
    "data_format": "NHWC",
}
_DEEP: dict[str, Any] = {
    "ksize": (1, 1, 1, 1, 1),
    "strides": (1, 1, 1, 1, 1),
    "padding": "VALID",
    "data_format": "NDHWC",
}

max_pool_op = _define_maxima(
    _Pool("max_pool", 4, False),
    ("MaxPool", "MaxPoolGrad", "MaxPoolGradGrad"),
    {**_FLAT, "explicit_paddings": ()},
)
max_pool3d_op = _define_maxima(
    _Pool("max_pool3d", 5, True),
    ("MaxPool3D", "MaxPool3DGrad", "MaxPool3DGradGrad"),
    _DEEP,
)
avg_pool_op = _define_means(
    _Pool("avg_pool", 4, True), ("AvgPool", "AvgPoolGrad"), _FLAT
)
avg_pool3d_op = _define_means(
    _Pool("avg_pool3d", 5, True), ("AvgPool3D", "AvgPool3DGrad"), _DEEP
)

_ARGMAX = _Pool("max_pool_with_argmax", 4, True)


def _infer_argmax(x: Spec, Targmax: Any = int64, **attrs: Any) -> tuple[Spec, Spec]:
    out = _ARGMAX.infer(x, **attrs)
    return out, Spec(out.shape, Targmax)


def _argmax_gradient(
    g: Any, y: Any, x: Any, Targmax: Any = None, include_batch_in_index: bool = False,
    **attrs: Any,
) -> Any:  # fmt: skip
    return find("MaxPoolGrad")(x, y[0], g[0], **attrs)


max_pool_with_argmax_op: Op = define(
    "MaxPoolWithArgmax",
    types=(REAL,),
    kernel=_ARGMAX.with_argmax,
    infer=_infer_argmax,
    grad=(_argmax_gradient,),
    attrs={
        "ksize": (1, 1, 1, 1),
        "strides": (1, 1, 1, 1),
        "padding": "VALID",
        "Targmax": int64,
        "include_batch_in_index": False,
    },
    outputs=2,
)
