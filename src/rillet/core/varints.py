"""Protocol Buffers' numbers of variable length, and fields that begin with them.

In flow numbers and the bytes of messages; out flow bytes. Writers of examples, of
stored tensors and of checkpoints call it.
"""

from __future__ import annotations

from typing import Final

_LENGTH: Final = 2
#: The numbers of one byte, which most lengths and all usual tags are.
_SHORT: Final = [bytes([value]) for value in range(128)]


def varint(value: int) -> bytes:
    """A number as bytes; negative ones in two's complement of 64 bits."""
    if 0 <= value < 128:
        return _SHORT[value]
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def bytes_field(number: int, content: bytes) -> bytes:
    """A field that holds bytes: a text, or a message inside."""
    return varint(number << 3 | _LENGTH) + varint(len(content)) + content
