"""Strings into values: raw numbers, compressed bytes, base64, JSON examples."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
import zlib
from typing import Any

import numpy as np

from rillet.core.dtypes import COMPLEX, FLOATING, STRING, DType, as_dtype, string
from rillet.core.errors import DataLossError, InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import integer
from rillet.ops.parsing.examples_json import example_of
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input
from rillet.ops.string_rules import mapped, texts

Array = np.ndarray[Any, Any]
#: What decompression may give, at most.
_MOST = 1 << 32
_RAW = """bool uint8 int8 uint16 int16 int32 int64""".split()


def _raw(x: Array, out_type: DType, little_endian: bool = True) -> Array:
    op = "io.decode_raw"
    kind = out_type.numpy_dtype
    held = x.reshape(-1).tolist()
    length = len(held[0]) if held else 0
    for number, text in enumerate(held):
        if len(text) != length:
            raise InvalidArgumentError(
                house_message(
                    op,
                    "DecodeRaw requires input strings to all be the same size",
                    f"element {number} has size {len(text)} != {length}",
                    "Give fixed_length to cut and pad them",
                )
            )
    if length % kind.itemsize:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Input to DecodeRaw has length {length} that is not a multiple of"
                f" {kind.itemsize}, the size of {out_type.name}",
            )
        )
    shape = (*x.shape, length // kind.itemsize)
    return _numbers(b"".join(held), kind, little_endian).reshape(shape)


def _numbers(data: bytes, kind: np.dtype[Any], little_endian: bool) -> Array:
    if kind.kind == "b":
        return np.frombuffer(data, np.uint8) != 0
    found = np.frombuffer(data, kind).copy()
    if little_endian != (sys.byteorder == "little"):
        return found.byteswap()
    return found


def _padded(
    x: Array, fixed_length: Any, out_type: DType, little_endian: bool = True
) -> Array:
    op = "io.decode_raw"
    kind = out_type.numpy_dtype
    length = int(fixed_length)
    if length <= 0 or length % kind.itemsize:
        raise InvalidArgumentError(
            house_message(
                op,
                f"fixed_length ({length}) must be a multiple of the size of out_type"
                f" ({kind.itemsize}), greater than zero",
            )
        )
    held = [text[:length].ljust(length, b"\0") for text in x.reshape(-1).tolist()]
    shape = (*x.shape, length // kind.itemsize)
    return _numbers(b"".join(held), kind, little_endian).reshape(shape)


raw_op: Op = define(
    "DecodeRaw",
    types=(STRING,),
    kernel=_raw,
    infer=lambda x, out_type, **attrs: Spec(
        None if x.shape is None else (*x.shape, None), out_type
    ),
    attrs={"out_type": string, "little_endian": True},
    quiet=False,
)
padded_op: Op = define(
    "DecodePaddedRaw",
    types=(STRING, None),
    kernel=_padded,
    infer=lambda x, fixed_length, out_type, **attrs: Spec(
        None
        if x.shape is None
        else (
            *x.shape,
            fixed_length // out_type.size if isinstance(fixed_length, int) else None,
        ),
        out_type,
    ),
    attrs={"out_type": string, "little_endian": True},
    quiet=False,
)


def decode_raw(
    input_bytes: Any,
    out_type: Any,
    little_endian: bool = True,
    fixed_length: Any = None,
    name: str | None = None,
) -> Tensor:
    """The bytes of strings as numbers.

    Args:
        input_bytes: strings, of one length unless `fixed_length` is given.
        out_type: the type of the numbers.
        little_endian: whether a number's low byte comes first.
        fixed_length: how many bytes of each string count; shorter ones get zeros.
        name: ignored when eager.

    Returns:
        Numbers, along one more axis.

    Raises:
        InvalidArgumentError: where lengths differ or do not fit the type.

    Example:
        >>> import rillet as tf
        >>> tf.io.decode_raw(tf.constant("ab"), tf.uint8).numpy().tolist()
        [97, 98]
    """
    op = "io.decode_raw"
    kind = as_dtype(out_type)
    numeric = kind.name in _RAW or kind.numpy_dtype in FLOATING | COMPLEX
    if not numeric:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Value for attr 'out_type' of {kind.name} is not in the list of"
                " allowed values",
                f"allowed are {', '.join(_RAW)}, floats and complex numbers",
            )
        )
    x = texts(input_bytes)
    found: Tensor
    if fixed_length is None:
        found = raw_op.run(x, out_type=kind, little_endian=little_endian)
    else:
        length = integer(op, "fixed_length", fixed_length)
        found = padded_op.run(x, length, out_type=kind, little_endian=little_endian)
    return found


def _inflated(data: bytes, kind: str) -> bytes:
    work = zlib.decompressobj(15 if kind == "ZLIB" else 31)
    out = work.decompress(data, _MOST)
    if work.unconsumed_tail:
        raise DataLossError(
            house_message(
                "io.decode_compressed",
                f"the bytes would become more than {_MOST >> 30} GiB",
                f"{len(data)} bytes",
            )
        )
    return out


def _decompress(x: Array, compression_type: str = "") -> Array:
    if not compression_type:
        return x

    def one(data: bytes) -> bytes:
        try:
            return _inflated(data, compression_type)
        except zlib.error as error:
            raise DataLossError(
                house_message("io.decode_compressed", f"inflate() failed: {error}")
            ) from None

    return mapped(one, x)


compressed_op: Op = define(
    "DecodeCompressed",
    types=(STRING,),
    kernel=_decompress,
    infer=same_as_input,
    attrs={"compression_type": ""},
    quiet=False,
)


def decode_compressed(
    bytes: Any, compression_type: str = "", name: str | None = None
) -> Tensor:
    """Decompressed strings.

    Args:
        bytes: strings.
        compression_type: ``"ZLIB"``, ``"GZIP"``, or empty for none.
        name: ignored when eager.

    Returns:
        Strings of the same shape.

    Raises:
        DataLossError: where a string is not so compressed.
        InvalidArgumentError: where the compression is unknown.
    """
    if compression_type not in ("", "ZLIB", "GZIP"):
        raise InvalidArgumentError(
            house_message(
                "io.decode_compressed",
                "Only ZLIB, GZIP or NONE are supported compressions",
                f"got {compression_type!r}",
            )
        )
    found: Tensor = compressed_op.run(texts(bytes), compression_type=compression_type)
    return found


_ALPHABET = re.compile(rb"[A-Za-z0-9_-]*={0,2}")


def _unbase(data: bytes) -> bytes:
    bare = data.rstrip(b"=")
    rule = ""
    if not _ALPHABET.fullmatch(data):
        rule = "Invalid character found in base64"
    elif len(bare) % 4 == 1:
        rule = "Base64 string length cannot be 1 modulo 4"
    if rule:
        raise InvalidArgumentError(
            house_message("io.decode_base64", rule, repr(data[:40]))
        )
    try:
        return base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))
    except binascii.Error as error:
        raise InvalidArgumentError(
            house_message("io.decode_base64", str(error), repr(data[:40]))
        ) from None


def _base(x: Array, pad: bool = False) -> Array:
    def one(data: bytes) -> bytes:
        out = base64.urlsafe_b64encode(data)
        return out if pad else out.rstrip(b"=")

    return mapped(one, x)


encode_base64_op: Op = define(
    "EncodeBase64",
    types=(STRING,),
    kernel=_base,
    infer=same_as_input,
    attrs={"pad": False},
    quiet=False,
)
decode_base64_op: Op = define(
    "DecodeBase64",
    types=(STRING,),
    kernel=lambda x: mapped(_unbase, x),
    infer=same_as_input,
    quiet=False,
)


def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Strings in web-safe base64.

    Args:
        input: strings.
        pad: whether ``=`` fills up to four.
        name: ignored when eager.

    Returns:
        Strings of the same shape.

    Example:
        >>> import rillet as tf
        >>> tf.io.encode_base64("hello").numpy()
        b'aGVsbG8'
    """
    found: Tensor = encode_base64_op.run(texts(input), pad=pad)
    return found


def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """Strings of web-safe base64.

    Args:
        input: strings, padded or not.
        name: ignored when eager.

    Returns:
        Strings of the same shape.

    Raises:
        InvalidArgumentError: where a string is none.
    """
    found: Tensor = decode_base64_op.run(texts(input))
    return found


def _json(x: Array) -> Array:
    def one(data: bytes) -> bytes:
        try:
            return example_of(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise InvalidArgumentError(
                house_message(
                    "io.decode_json_example", f"Error while parsing JSON: {error}"
                )
            ) from None

    return mapped(one, x)


json_op: Op = define(
    "DecodeJSONExample",
    types=(STRING,),
    kernel=_json,
    infer=same_as_input,
    quiet=False,
)


def decode_json_example(json_examples: Any, name: str | None = None) -> Tensor:
    """Examples in JSON as serialized `tf.train.Example` messages.

    Args:
        json_examples: strings, in Protocol Buffers' JSON.
        name: ignored when eager.

    Returns:
        Strings of the same shape.

    Raises:
        InvalidArgumentError: where a string is no such JSON.
    """
    found: Tensor = json_op.run(texts(json_examples))
    return found
