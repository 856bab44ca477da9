"""The text of tensors in `tf.print`, `tf.strings.format` and failed assertions.

In flows an array and how many elements to show at each end of a dimension; out flows
text as TensorFlow writes it: elements without commas, strings in double quotes, a
float in six digits where these tell it from every other, in nine (a double: 15 and
17) where they do not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_ESCAPES: Final = {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    ord('"'): '\\"',
    ord("'"): "\\'",
    ord("\\"): "\\\\",
}
_DIGITS: Final = {8: ("%.15g", "%.17g"), 4: ("%.6g", "%.9g"), 2: ("%.6g", "%.9g")}


def escaped(value: bytes) -> str:
    """A string's bytes in double quotes, as in C: control characters in octal."""
    shown = []
    for character in value.decode("utf-8", "surrogateescape"):
        code = ord(character)
        if code in _ESCAPES:
            shown.append(_ESCAPES[code])
        elif code < 0x20 or code == 0x7F:
            shown.append(f"\\{code:03o}")
        else:
            shown.append(character)
    return '"' + "".join(shown) + '"'


def number_text(value: Any, width: int) -> str:
    """A float of `width` bytes in as few digits as tell it apart.

    Args:
        value: the number, as a Python float or NumPy scalar.
        width: 8 for a double; else the digits are those of a float.

    Returns:
        The text, e.g. ``0.1``, ``1e+10``, ``nan``, ``-inf``.
    """
    short, long = _DIGITS[width]
    exact = float(value)
    if exact != exact:
        return "-nan" if np.signbit(exact) else "nan"
    text: str = short % exact
    back = float(text) if width == 8 else float(np.float32(text))
    return text if back == exact else long % exact


def _complex_text(width: int) -> Callable[[Any], str]:
    half = width // 2

    def text(value: Any) -> str:
        real, imaginary = complex(value).real, complex(value).imag
        sign = "" if imaginary < 0 or imaginary != imaginary else "+"
        return f"{number_text(real, half)}{sign}{number_text(imaginary, half)}j"

    return text


def element_text(dtype: np.dtype[Any]) -> Callable[[Any], str]:
    """The function that words one element of a type."""
    if dtype.kind == "O":
        return escaped
    if dtype.kind == "b":
        return lambda value: "1" if value else "0"
    if dtype.kind in "iu":
        return lambda value: str(int(value))
    if dtype.kind == "c":
        return _complex_text(dtype.itemsize)
    width = dtype.itemsize
    return lambda value: number_text(value, width)


def summarize(array: Array, ends: int) -> str:
    """An array's text, `ends` elements at both ends of each dimension.

    Args:
        array: any array; strings are bytes in an object array.
        ends: how many elements (rows, …) to show in front and at the end; negative
            for all.

    Returns:
        The text; a scalar without brackets.
    """
    count = array.size if ends < 0 else min(ends, array.size)
    return _block(array, element_text(array.dtype), count, 0)


def _block(array: Array, word: Callable[[Any], str], ends: int, depth: int) -> str:
    if array.ndim == 0:
        return word(array[()])
    inner = array.ndim - 1
    gap = "\n" * inner + " " * (depth + 1) if inner else " "
    size = array.shape[0]
    if size <= 2 * ends:
        parts = [_block(array[i, ...], word, ends, depth + 1) for i in range(size)]
        return "[" + gap.join(parts) + "]"
    first = [_block(array[i, ...], word, ends, depth + 1) for i in range(ends)]
    last = [
        _block(array[i, ...], word, ends, depth + 1) for i in range(size - ends, size)
    ]
    if not first:
        return "[" + "\n" * inner + " ...]"
    return "[" + gap.join([*first, "...", *last]) + "]"
