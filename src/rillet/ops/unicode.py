"""Encodings: strings as code points and back, from one encoding to another.

In flow tensors of bytes; `tf.strings` shows these functions. Python's codecs read the
bytes; invalid sequences are found as Unicode recommends: each maximal part is one.
"""

from __future__ import annotations

import codecs
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import INDEX, STRING, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input
from rillet.ops.shaping import reshape_op
from rillet.ops.string_rules import filled, mapped, not_allowed, texts

Array = np.ndarray[Any, Any]

_OUTPUTS: Final = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
_ERRORS: Final = ("strict", "replace", "ignore")
_REPLACEMENT: Final = 0xFFFD
_READING: Final = {
    "input_encoding": "UTF-8",
    "errors": "replace",
    "replacement_char": _REPLACEMENT,
    "replace_control_characters": False,
}


def _codec(op: str, name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise InvalidArgumentError(
            house_message(op, f"Could not create converter for input encoding: {name}")
        ) from None
    # Without a byte order of its own a text is big-endian.
    return f"{found}-be" if found in ("utf-16", "utf-32") else found


def _scanned(data: bytes, codec: str) -> list[tuple[str | None, int]]:
    """Each character with the byte it starts at; None for an invalid sequence."""
    found: list[tuple[str | None, int]] = []
    at = 0
    while at < len(data):
        bad = None
        try:
            text = codecs.decode(data[at:], codec)
        except UnicodeDecodeError as error:
            bad = error
            text = codecs.decode(data[at : at + error.start], codec)
        for character in text:
            found.append((character, at))
            at += len(character.encode(codec))
        if bad is None:
            break
        found.append((None, at))
        at += max(1, bad.end - bad.start)
    return found


def _code_points(
    op: str,
    data: bytes,
    input_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> list[tuple[int, int]]:
    """The code points of a string, each with the byte it starts at."""
    if errors not in _ERRORS:
        raise not_allowed(op, "errors", errors, _ERRORS)
    out = []
    for character, at in _scanned(data, _codec(op, input_encoding)):
        if character is None:
            if errors == "strict":
                raise InvalidArgumentError(
                    house_message(op, "Invalid formatting on input string", repr(data))
                )
            if errors == "replace":
                out.append((replacement_char, at))
        elif replace_control_characters and ord(character) < 0x20:
            if errors != "ignore":
                out.append((replacement_char, at))
        else:
            out.append((ord(character), at))
    return out


def _written(
    op: str, points: list[int], output_encoding: str, errors: str, replacement: int
) -> bytes:
    if output_encoding not in _OUTPUTS:
        raise not_allowed(op, "output_encoding", output_encoding, _OUTPUTS)
    if errors not in _ERRORS:
        raise not_allowed(op, "errors", errors, _ERRORS)
    characters = []
    for point in points:
        if 0 <= point < 0xD800 or 0xE000 <= point < 0x110000:
            characters.append(chr(point))
        elif errors == "strict":
            raise InvalidArgumentError(
                house_message(
                    op,
                    "Code point is out of range for Unicode, or is a surrogate",
                    str(point),
                )
            )
        elif errors == "replace":
            characters.append(chr(replacement))
    return "".join(characters).encode(_codec(op, output_encoding))


def _transcode(
    x: Array,
    input_encoding: str,
    output_encoding: str,
    errors: str,
    replacement_char: int,
    replace_control_characters: bool,
) -> Array:
    op = "strings.unicode_transcode"

    def change(data: bytes) -> bytes:
        points = _code_points(
            op,
            data,
            input_encoding,
            errors,
            replacement_char,
            replace_control_characters,
        )
        return _written(
            op, [p for p, _ in points], output_encoding, errors, replacement_char
        )

    return mapped(change, x)


transcode_op: Op = define(
    "UnicodeTranscode",
    types=(STRING,),
    kernel=_transcode,
    infer=same_as_input,
    attrs={**_READING, "output_encoding": "UTF-8"},
    quiet=False,
)


def unicode_transcode(
    input: Any,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = _REPLACEMENT,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """Strings in another encoding.

    Args:
        input: strings.
        input_encoding: what they are written in, by any name that Python knows.
        output_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
        errors: ``"strict"`` to raise at an invalid sequence, ``"ignore"`` to leave it
            out, ``"replace"`` to put `replacement_char` in its place.
        replacement_char: a code point.
        replace_control_characters: also replace those below 32.
        name: ignored when eager.

    Returns:
        Strings in the same shape.

    Raises:
        InvalidArgumentError: for an unknown encoding, and in ``"strict"``.

    Example:
        >>> import rillet as tf
        >>> tf.strings.unicode_transcode("né", "UTF-8", "UTF-16-BE").numpy()
        b'\\x00n\\x00\\xe9'
    """
    return transcode_op.run(
        texts(input),
        input_encoding=input_encoding,
        output_encoding=output_encoding,
        errors=errors,
        replacement_char=int(replacement_char),
        replace_control_characters=bool(replace_control_characters),
    )


def _decode(x: Array, **attrs: Any) -> tuple[Array, Array, Array]:
    rows = [_code_points("strings.unicode_decode", v, **attrs) for v in x.tolist()]
    ends = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    points = np.array([p for row in rows for p, _ in row], np.int32)
    return ends, points, np.array([at for row in rows for _, at in row], np.int64)


decode_op: Op = define(
    "UnicodeDecodeWithOffsets",
    types=(STRING,),
    kernel=_decode,
    infer=lambda x, **attrs: (
        Spec((x.shape[0] + 1 if x.shape and x.shape[0] else None,), dtypes.int64),
        Spec((None,), dtypes.int32),
        Spec((None,), dtypes.int64),
    ),
    attrs=_READING,
    outputs=3,
    quiet=False,
)


def _encode(
    values: Array,
    splits: Array,
    output_encoding: str,
    errors: str,
    replacement_char: int,
) -> Array:
    points, ends = values.tolist(), splits.tolist()
    out = [
        _written(
            "strings.unicode_encode",
            points[start:end],
            output_encoding,
            errors,
            replacement_char,
        )
        for start, end in zip(ends[:-1], ends[1:], strict=True)
    ]
    return filled(out, (len(out),))


encode_op: Op = define(
    "UnicodeEncode",
    types=(type_set(dtypes.int32), INDEX),
    kernel=_encode,
    infer=lambda values, splits, **attrs: Spec(
        (splits.shape[0] - 1 if splits.shape and splits.shape[0] else None,),
        dtypes.string,
    ),
    attrs={
        "output_encoding": "UTF-8",
        "errors": "replace",
        "replacement_char": _REPLACEMENT,
    },
    quiet=False,
)


def unicode_encode(
    input: Any,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = _REPLACEMENT,
    name: str | None = None,
) -> Tensor:
    """Strings from code points.

    Args:
        input: code points, int32, along the last axis.
        output_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
        errors: what to do with a number that is no code point: ``"strict"``,
            ``"ignore"`` or ``"replace"``.
        replacement_char: a code point to put in its place.
        name: ignored when eager.

    Returns:
        Strings, without the last axis.

    Raises:
        ValueError: for a scalar.
        InvalidArgumentError: for another encoding, and in ``"strict"``.

    Example:
        >>> import rillet as tf
        >>> tf.strings.unicode_encode([[104, 105], [233, 33]], "UTF-8").numpy().tolist()
        [b'hi', b'\\xc3\\xa9!']
    """
    values = to_tensor(input)
    if values.shape.rank == 0:
        raise ValueError(
            house_message(
                "strings.unicode_encode", "input_tensor's rank must be at least 1"
            )
        )
    *outer, size = values.shape.as_list()
    rows = int(np.prod(outer, dtype=np.int64))
    flat = encode_op.run(
        reshape_op(values, (rows * size,)),
        Tensor(np.arange(rows + 1, dtype=np.int64) * size),
        output_encoding=output_encoding,
        errors=errors,
        replacement_char=int(replacement_char),
    )
    return reshape_op(flat, tuple(outer))
