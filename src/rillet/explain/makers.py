"""Ops that make NaN or infinity of finite numbers, each with its cause and a fix.

In: an op's name and inputs. Out: texts, which `nonfinite` and `watched` put into
messages.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core.tensor import Tensor

Array = np.ndarray[Any, Any]

_NO_NAN: Final = "tf.math.divide_no_nan gives 0 there"
_MAKERS: Final = {
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
    "RealDiv": f"a division by zero, or of infinity by infinity; {_NO_NAN}",
    "Div": f"a division by zero; {_NO_NAN}",
    "Reciprocal": f"one divided by zero; {_NO_NAN}. The slopes of acos and asin at -1"
    " and 1 take one, too: keep what goes in within, with tf.clip_by_value(x,"
    " -0.999999, 0.999999)",
    "Pow": "a power that is too large, one of a negative number, or the slope of a root"
    " at 0, such as that of x ** 0.5; keep what roots are taken of above 0 with"
    " tf.maximum(x, 1e-7)",
}
_SOFTMAX: Final = (
    "a division of 0 by 0; a softmax written by hand does so, where all its exp are 0:"
    " use tf.nn.softmax; else tf.math.divide_no_nan gives 0 there"
)


def makes(name: str) -> bool:
    """Whether an op makes NaN or infinity by itself."""
    return name in _MAKERS


def maker(name: str, inputs: tuple[Any, ...], y: Any = None) -> str:
    """Why such an op did so.

    Args:
        name: the op's.
        inputs: its tensors.
        y: the targets of the batch, where they are known.
    """
    if name != "RealDiv" or len(inputs) != 2:
        return _MAKERS[name]
    over, under = (np.asarray(x) for x in inputs)
    zeros = int((under == 0).sum())
    if not zeros:
        return _MAKERS[name]
    if isinstance(y, Tensor) and _alike(np.asarray(y), under):
        return (
            f"the loss divides by targets, and {zeros} of {under.size} are 0; leave"
            " such rows out, or divide by tf.maximum(tf.abs(y), 1e-3), say"
        )
    nothing = np.broadcast_to(under == 0, np.broadcast_shapes(over.shape, under.shape))
    if (np.broadcast_to(over, nothing.shape)[nothing] == 0).all():
        return _SOFTMAX
    return f"a division by 0 ({zeros} of {under.size} divisors); {_NO_NAN}"


def _alike(a: Array, b: Array) -> bool:
    """Whether arrays hold the same numbers, or their sizes."""
    if a.size != b.size or a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
        return False
    return bool(np.array_equal(np.abs(a.reshape(-1)), np.abs(b.reshape(-1))))


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
