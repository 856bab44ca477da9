"""Plans of pools over images and of their gradients.

In flow the `Windows` of a pool's record and a dtype; out flows a `Plan`. The caller is
the native backend's lowering.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np

from rillet.backends.native import pooling_ir
from rillet.backends.native.calls import Kernel
from rillet.backends.native.conv import Plan, block_of
from rillet.backends.native.conv_forms import element_for
from rillet.backends.native.host import Facts, facts
from rillet.ops.windows import Windows

_BYTES_PER_NS: Final = 60


def pool(
    kind: str,
    at: Windows,
    channels_first: bool,
    dtype: np.dtype,
    host: Facts | None = None,
) -> Plan | None:
    """Plans a pool, with "out" beside the inputs that its kind has.

    Args:
      kind: "maximum" or "mean" of "x"; "maximum_gradient" of "x" and "dy";
        "mean_gradient" of "dy"; "winners" of "x" and "values".
      at: the windows over all four axes of the input.
      channels_first: whether channels come before the image's axes.
      dtype: float32 or float64.
      host: the machine; this one, if None.

    Returns:
      The plan, whose extent counts images; None where windows reach over channels.

    Example:
      >>> from rillet.ops.windows import windows
      >>> at = windows((64, 26, 26, 32), (1, 2, 2, 1), (1, 2, 2, 1), (1,) * 4, "VALID")
      >>> plan = pool("maximum", at, False, np.dtype("float32"))
      >>> plan.kernel.name, plan.extent
      ('pool_maximum_2x2_on_26x26x32', 64)
    """
    first, last = (2, 4) if channels_first else (1, 3)
    axis = 1 if channels_first else 3
    if at.window[axis] > 1 or at.strides[axis] > 1:
        return None
    host = host or facts()
    channels = at.sizes[axis]
    two = [
        tuple(pair[first:last])
        for pair in (at.sizes, at.window, at.strides, at.before, at.outputs)
    ]
    size, window, strides, before, outputs = two
    inner = 1 if channels_first else channels
    form = pooling_ir.Form(
        kind,
        element_for(dtype.name, inner, host),
        (size[0], size[1]),
        inner,
        channels if channels_first else 1,
        (window[0], window[1]),
        (strides[0], strides[1]),
        (before[0], before[1]),
        (outputs[0], outputs[1]),
    )
    inputs = pooling_ir.INPUTS[kind]
    touched = math.prod(size) + math.prod(outputs) * math.prod(window)
    each = touched * channels * dtype.itemsize / _BYTES_PER_NS
    if form.element.lanes == 1:
        each *= 4
    if kind in ("maximum_gradient", "winners"):
        each *= 2
    return Plan(
        _kernel(form),
        (*inputs, "out"),
        at.sizes[0],
        dict.fromkeys((*inputs, "out"), True),
        each,
        block_of(at.sizes[0], each),
        0,
    )


@functools.lru_cache(maxsize=256)
def _kernel(form: pooling_ir.Form) -> Kernel:
    window = "x".join(str(tap) for tap in form.window)
    size = "x".join(str(extent) for extent in form.size)
    name = f"pool_{form.kind}_{window}_on_{size}x{form.channels}"
    return Kernel(name, pooling_ir.text(form))
