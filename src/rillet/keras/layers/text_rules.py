"""How `TextVectorization` standardises texts, cuts them and joins words, as bytes.

In: the names of the layer's settings. Out: functions of one text or one list of words.
"""

from __future__ import annotations

import string as _letters
from collections.abc import Callable
from typing import Any, Final

_BOTH: Final = "lower_and_strip_punctuation"
PUNCTUATION: Final = _letters.punctuation.encode()


def standard_of(how: Any) -> Callable[[bytes], bytes]:
    """The function that standardises a text."""
    if how == _BOTH:
        return lambda text: text.lower().translate(None, PUNCTUATION)
    if how == "lower":
        return bytes.lower
    if how == "strip_punctuation":
        return lambda text: text.translate(None, PUNCTUATION)
    return lambda text: text


def cutter(how: Any) -> Callable[[bytes], list[bytes]]:
    """The function that splits a text."""
    if how == "whitespace":
        return bytes.split
    if how == "character":
        return lambda text: [c.encode() for c in text.decode(errors="replace")]
    return lambda text: [text]


def joined(words: list[bytes], sizes: tuple[int, ...]) -> list[bytes]:
    """The runs of words of several lengths, each joined by blanks."""
    return [
        b" ".join(words[i : i + size])
        for size in sizes
        for i in range(len(words) - size + 1)
    ]
