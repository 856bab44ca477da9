"""Numbers rounded to a few steps, as networks that train for integers round them.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.autodiff.custom import custom_gradient
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.ops.clip import clip_by_value
from rillet.ops.compare import (
    equal,
    greater,
    less,
    logical_and,
    logical_not,
    logical_or,
)
from rillet.ops.filling import ones_like, zeros_like
from rillet.ops.mask import where
from rillet.ops.rounding import floor
from rillet.ops.shaping import reduce_sum
from rillet.saved_model.op_readers import constant, reads


def _quantized(x: Any, low: Any, high: Any, step: Any) -> Any:
    """Numbers rounded to the nearest of 2^bits steps, of which zero is one.

    Gradients pass within the range as if nothing were rounded; those of what lies
    outside are its ends'.

    Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", 2018.
    """
    bits = step.attrs.get("num_bits", 8)
    if not 2 <= bits <= 16:
        raise InvalidArgumentError(
            house_message(
                "SavedModel",
                f"{step.op}: num_bits must be between 2 and 16, inclusive",
                f"node '{step.name}' has {bits}",
            )
        )
    top = float(2**bits - 1)
    first = 1.0 if step.attrs.get("narrow_range") else 0.0

    @custom_gradient
    def rounded(x: Any, low: Any, high: Any) -> Any:
        # TensorFlow takes a range of zeros, and gives zeros.
        nothing = logical_and(equal(low, 0.0), equal(high, 0.0))
        scale = where(nothing, ones_like(high), (high - low) / (top - first))
        zero = clip_by_value(floor(first - low / scale + 0.5), first, top)
        begin, end = (first - zero) * scale, (top - zero) * scale
        held = clip_by_value(x, begin, end)
        steps = floor((held - begin) / scale + 0.5)

        def grad(g: Any) -> Any:
            some = logical_not(nothing)
            under = logical_and(less(x, begin), some)
            over = logical_and(greater(x, end), some)
            rest = zeros_like(g)
            return (
                where(logical_or(under, over), rest, g),
                _total(where(under, g, rest), low),
                _total(where(over, g, rest), high),
            )

        return where(nothing, zeros_like(x), steps * scale + begin), grad

    return rounded(x, low, high)


def _total(g: Any, end: Any) -> Any:
    """The sum for an end of the range: one for all, or one for each channel."""
    if not len(end.shape):
        return reduce_sum(g)
    return reduce_sum(g, list(range(len(g.shape) - 1)))


@reads("FakeQuantWithMinMaxArgs")
def _fake_args(reader: Any, step: Any, inputs: list[Any]) -> Any:
    low = np.float32(step.attrs.get("min", -6.0))
    high = np.float32(step.attrs.get("max", 6.0))
    return (_quantized(inputs[0], constant(low), constant(high), step),)


@reads("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def _fake_vars(reader: Any, step: Any, inputs: list[Any]) -> Any:
    x, low, high = inputs[:3]
    return (_quantized(x, low, high, step),)
