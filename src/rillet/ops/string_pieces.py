"""Strings in pieces: n-grams of neighbours, the bytes of one.

In flow tensors of bytes; `tf.strings` shows these functions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import dispatched
from rillet.core.dtypes import INDEX, STRING
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import cast, mul_op
from rillet.ops.host import integers, is_symbolic
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range_op
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.string_rules import filled, texts

Array = np.ndarray[Any, Any]


def _row_ngrams(
    row: list[bytes],
    widths: tuple[int, ...],
    separator: bytes,
    pads: tuple[bytes, bytes],
    pad_width: int,
    preserve: bool,
) -> list[bytes]:
    """The n-grams of one row, all of one width before those of the next."""
    out: list[bytes] = []
    for width in widths:
        pad = width - 1 if pad_width < 0 else min(pad_width, width - 1)
        padded = [pads[0]] * pad + row + [pads[1]] * pad
        for start in range(len(padded) - width + 1):
            out.append(separator.join(padded[start : start + width]))
    if preserve and not out and row:
        pad = 0 if pad_width < 0 else pad_width
        out.append(separator.join([pads[0]] * pad + row + [pads[1]] * pad))
    return out


def _ngrams(
    data: Array,
    splits: Array,
    separator: str,
    ngram_widths: tuple[int, ...],
    left_pad: str,
    right_pad: str,
    pad_width: int,
    preserve_short_sequences: bool,
) -> tuple[Array, Array]:
    values, ends = data.tolist(), splits.tolist()
    pads = left_pad.encode(), right_pad.encode()
    out: list[bytes] = []
    counts = [0]
    for start, end in zip(ends[:-1], ends[1:], strict=True):
        out += _row_ngrams(
            values[start:end],
            ngram_widths,
            separator.encode(),
            pads,
            pad_width,
            preserve_short_sequences,
        )
        counts.append(len(out))
    return filled(out, (len(out),)), np.array(counts, splits.dtype)


ngrams_op: Op = define(
    "StringNGrams",
    types=(STRING, INDEX),
    kernel=_ngrams,
    infer=lambda data, splits, **attrs: (Spec((None,), data.dtype), splits),
    attrs={
        "separator": " ",
        "ngram_widths": (),
        "left_pad": "",
        "right_pad": "",
        "pad_width": 0,
        "preserve_short_sequences": False,
    },
    outputs=2,
    quiet=False,
)


@dispatched
def ngrams(
    data: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: str | None = None,
) -> Tensor:
    """Neighbouring strings joined, along the last axis.

    Args:
        data: strings, of one dimension or more.
        ngram_width: how many strings make one, or several such numbers.
        separator: what stands between them.
        pad_values: strings put before and behind each row, as a pair, or one for both;
            None for no padding.
        padding_width: how many are put; as many as the width needs where None.
        preserve_short_sequences: give a row that is too short as one piece.
        name: ignored when eager.

    Returns:
        Strings whose last axis holds the n-grams of a row, by width.

    Raises:
        ValueError: where a width is not positive, or `data` is a scalar.

    Example:
        >>> import rillet as tf
        >>> tf.strings.ngrams(["a", "b", "c"], 2).numpy().tolist()
        [b'a b', b'b c']
    """
    op = "strings.ngrams"
    values = texts(data)
    if values.shape.rank == 0:
        raise ValueError(house_message(op, "Data must have rank>0"))
    *outer, size = static_dims(values)
    rows = math.prod(outer)
    if is_symbolic(rows) or is_symbolic(size):
        ends = mul_op(
            cast(range_op.run(0, rows + 1, 1, Tidx=dtypes.int32), "int64"),
            cast(size, "int64"),
        )
    else:
        ends = Tensor(np.arange(rows + 1, dtype=np.int64) * size)
    flat, _ = ngrams_of_rows(
        reshape_op(values, (-1,)),
        ends,
        ngram_width,
        separator,
        pad_values,
        padding_width,
        preserve_short_sequences,
    )
    if is_symbolic(flat):
        return flat if not outer else reshape_op(flat, (*outer, -1))
    return reshape_op(flat, (*outer, len(flat) // rows if rows else 0))


def ngrams_of_rows(
    values: Any,
    splits: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
) -> tuple[Any, Any]:
    """The n-grams of rows of strings.

    Args:
        values: the strings of all rows, a vector.
        splits: where rows begin and end, ``(rows + 1,)``, int64.
        ngram_width: how many strings each has, or several such numbers.
        separator: what stands between them.
        pad_values: what stands before and after rows: a string, a pair, or None.
        padding_width: how many of these at most.
        preserve_short_sequences: whether a short row gives one n-gram of what it has.

    Returns:
        The n-grams of all rows, and their row splits.
    """
    op = "strings.ngrams"
    widths = integers(op, "ngram_width", ngram_width)
    if any(width < 1 for width in widths):
        raise ValueError(
            house_message(
                op,
                "All ngram_widths must be greater than 0",
                f"Got {ngram_width}",
            )
        )
    if padding_width is not None and padding_width < 1:
        raise ValueError(house_message(op, "padding_width must be greater than 0"))
    pads = pad_values if isinstance(pad_values, list | tuple) else [pad_values] * 2
    pad_width = -1 if padding_width is None else padding_width
    found = ngrams_op.run(
        values,
        splits,
        separator=separator,
        ngram_widths=widths,
        left_pad=pads[0] or "",
        right_pad=pads[1] or "",
        pad_width=0 if pad_values is None else pad_width,
        preserve_short_sequences=bool(preserve_short_sequences),
    )
    return found[0], found[1]


def _split(x: Array, delimiter: str, skip_empty: bool) -> tuple[Array, Array, Array]:
    marks = delimiter.encode()
    rows = [_pieces(value, marks, skip_empty) for value in x.tolist()]
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    values = [piece for row in rows for piece in row]
    longest = max([len(row) for row in rows], default=0)
    return (
        np.array(places, np.int64).reshape(-1, 2),
        filled(values, (len(values),)),
        np.array([len(rows), longest], np.int64),
    )


def _pieces(value: bytes, marks: bytes, skip_empty: bool) -> list[bytes]:
    if not marks:
        return [value[i : i + 1] for i in range(len(value))]
    if not value:
        return []
    out, start = [], 0
    for i, byte in enumerate(value):
        if byte in marks:
            out.append(value[start:i])
            start = i + 1
    out.append(value[start:])
    return [piece for piece in out if piece or not skip_empty]


split_op: Op = define(
    "StringSplit",
    types=(STRING,),
    kernel=_split,
    infer=lambda x, **attrs: (
        Spec((None, 2), dtypes.int64),
        Spec((None,), x.dtype),
        Spec((2,), dtypes.int64),
    ),
    attrs={"delimiter": "", "skip_empty": True},
    outputs=3,
    quiet=False,
)
