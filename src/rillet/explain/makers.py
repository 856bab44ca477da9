"""Ops that make NaN or infinity of finite numbers, each with its cause and a fix.

Nothing flows in; texts flow out. `nonfinite` and `watched` put them into messages.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

MAKERS: Final = {
    "Exp": "exp overflows above 88; a softmax written by hand does so: subtract the"
    " largest value first, or use tf.nn.softmax",
    "Log": "log of zero or of a negative number; keep it above with"
    " tf.maximum(x, 1e-7), and for a crossentropy use from_logits=True",
    "Log1p": "log1p of -1 or below; keep it above with tf.maximum(x, -0.999999)",
    "Sqrt": "the square root of a negative number; keep it above with"
    " tf.maximum(x, 1e-12)",
    "SqrtGrad": "the slope of a square root at 0 is infinite; norms of zeros and"
    " deviations of equal numbers take one, too: add a small number under the root,"
    " such as tf.sqrt(x + 1e-12)",
    "Acos": "acos of a number beyond -1 to 1; keep it within with"
    " tf.clip_by_value(x, -0.999999, 0.999999)",
    "Asin": "asin of a number beyond -1 to 1; keep it within with"
    " tf.clip_by_value(x, -0.999999, 0.999999)",
    "Atanh": "atanh of a number at or beyond -1 or 1; keep it within with"
    " tf.clip_by_value(x, -0.999999, 0.999999)",
    "Rsqrt": "one divided by the square root of zero or of a negative number; keep it"
    " above with tf.maximum(x, 1e-12)",
    "RealDiv": "a division by zero, or of infinity by infinity; a softmax written by"
    " hand does so: use tf.nn.softmax. tf.math.divide_no_nan gives 0 for x / 0",
    "Div": "a division by zero; tf.math.divide_no_nan gives 0 there",
    "Reciprocal": "one divided by zero; tf.math.divide_no_nan gives 0 there. The slopes"
    " of acos and asin at -1 and 1 take one, too: keep what goes in within, with"
    " tf.clip_by_value(x, -0.999999, 0.999999)",
    "Pow": "a power that is too large, one of a negative number, or the slope of a root"
    " at 0, such as that of x ** 0.5; keep what roots are taken of above 0 with"
    " tf.maximum(x, 1e-7)",
}

#: Where infinity went into an op though data and weights hold none.
BROUGHT: Final = (
    "a mask or constant of the program's own brings infinity or NaN in; for masks use"
    " a large number, such as -1e9"
)
HALF: Final = (
    "float16 holds numbers up to 65504 only; scale inputs and targets to about -1 to 1"
)


def is_half(values: tuple[Any, ...]) -> bool:
    """Whether tensors hold numbers of 16 bits with few bits for the exponent."""
    return any(
        getattr(y, "_array", None) is not None and y._array.dtype == np.float16
        for y in values
    )
