"""Strings in pieces: one string gives a vector, several give ragged tensors.

`tf.strings.split`, `bytes_split`, the `unicode_*` functions, and the versions of joins
and n-grams for ragged tensors. What is done to single strings stands in `ops.unicode`
and `ops.string_pieces`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import STRING
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.ops import string_joins, string_pieces, unicode
from rillet.ops.casting import cast
from rillet.ops.host import axis_or_none
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.alignment import deepened
from rillet.ops.ragged.building import BuiltRows
from rillet.ops.ragged.dense import longest
from rillet.ops.ragged.indexing import expanded
from rillet.ops.ragged.reductions import axes_of, segments_of
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape
from rillet.ops.string_rules import filled, texts

Array = np.ndarray[Any, Any]


def _pieces(text: bytes, mark: bytes | None, most: int) -> list[bytes]:
    """As Python splits; but cut as often as may be, a text has a rest, empty or not."""
    if not most:
        return [text]
    pieces = text.split(mark, most)
    return [*pieces, b""] if mark is None and len(pieces) == most else pieces


def _split(x: Array, sep: Array, maxsplit: int) -> tuple[Array, Array, Array]:
    mark = sep.item() or None
    rows = [_pieces(value, mark, maxsplit) for value in x.tolist()]
    lengths = [len(row) for row in rows]
    values = [piece for row in rows for piece in row]
    ends = np.cumsum([0, *lengths])
    places = np.empty((len(values), 2), np.int64)
    places[:, 0] = np.repeat(np.arange(len(rows)), lengths)
    places[:, 1] = np.arange(len(values)) - np.repeat(ends[:-1], lengths)
    shape = np.array([len(rows), max(lengths, default=0)], np.int64)
    return places, filled(values, (len(values),)), shape


split_op: Op = define(
    "StringSplitV2",
    types=(STRING, STRING),
    kernel=_split,
    infer=lambda x, sep, **attrs: (
        Spec((None, 2), dtypes.int64),
        Spec((None,), x.dtype),
        Spec((2,), dtypes.int64),
    ),
    attrs={"maxsplit": -1},
    outputs=3,
    quiet=False,
)


def split(
    input: Any, sep: Any = None, maxsplit: int = -1, name: str | None = None
) -> Any:
    """Strings cut at a separator.

    Args:
        input: a string, or a tensor or ragged tensor of strings.
        sep: where to cut; at whitespace where None or empty, which then leaves no empty
            pieces.
        maxsplit: how often to cut at most; -1 for always.
        name: ignored.

    Returns:
        A vector for one string; for several a `RaggedTensor` with one axis more.

    Raises:
        ValueError: where the rank is not known.

    Example:
        >>> import rillet as tf
        >>> tf.strings.split(["hello world", "a b c"])
        <tf.RaggedTensor [[b'hello', b'world'], [b'a', b'b', b'c']]>
        >>> tf.strings.split("a,b,,c", sep=",").numpy().tolist()
        [b'a', b'b', b'', b'c']
    """
    mark = to_tensor(b"" if sep is None else sep)

    def pieces(strings: Any) -> Any:
        places, values, _ = split_op.run(strings, mark, maxsplit=int(maxsplit))
        return _rows(strings, places, values)

    return _in_pieces("strings.split", input, pieces)


def _rows(strings: Any, places: Any, values: Any) -> Any:
    """Pieces of a vector of strings as rows."""
    count = parts.size_of(strings, 0, dtypes.int64)
    return BuiltRows.from_value_rowids(values, places[:, 0], count, validate=False)


def _in_pieces(owner: str, input: Any, pieces: Callable[[Any], Any]) -> Any:
    """A function from a vector of strings to rows, on strings of any form."""
    if isinstance(input, RaggedRows):
        return input._with_flat(_in_pieces(owner, input.flat_values, pieces))
    strings = texts(input)
    rank = strings.shape.rank
    if rank is None:
        raise ValueError(
            house_message(owner, "Rank of `input` must be statically known")
        )
    if rank == 0:
        found = pieces(reshape(strings, [1]))
        return _first(found)
    if rank == 1:
        return pieces(strings)
    like = deepened(strings, rank - 1, dtypes.int64)
    return like._with_flat(pieces(like.flat_values))


def _first(found: Any) -> Any:
    if isinstance(found, tuple):
        return tuple([part._inner for part in found])
    return found._inner


def bytes_split(input: Any, name: str | None = None) -> Any:
    """Strings as their single bytes.

    Args:
        input: a string, or a tensor or ragged tensor of strings.
        name: ignored.

    Returns:
        A vector for one string; for several a `RaggedTensor` with one axis more.

    Example:
        >>> import rillet as tf
        >>> tf.strings.bytes_split(["ab", "c"])
        <tf.RaggedTensor [[b'a', b'b'], [b'c']]>
    """

    def pieces(strings: Any) -> Any:
        places, values, _ = string_pieces.split_op.run(
            strings, delimiter="", skip_empty=False
        )
        return _rows(strings, places, values)

    return _in_pieces("strings.bytes_split", input, pieces)


def unicode_decode_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The code points of strings, and the byte at which each begins.

    Args:
        input: a string, or a tensor or ragged tensor of strings.
        input_encoding: what they are written in.
        errors: ``"strict"``, ``"ignore"`` or ``"replace"``; see `unicode_decode`.
        replacement_char: a code point.
        replace_control_characters: also replace those below 32.
        name: ignored.

    Returns:
        Code points, int32, and offsets, int64: vectors for one string, for several
        `RaggedTensor`s with one axis more.

    Raises:
        InvalidArgumentError: for an unknown encoding, and in ``"strict"``.

    Example:
        >>> import rillet as tf
        >>> points, starts = tf.strings.unicode_decode_with_offsets("né!", "UTF-8")
        >>> points.numpy().tolist(), starts.numpy().tolist()
        ([110, 233, 33], [0, 1, 3])
    """
    found: list[Any] = []

    def pieces(strings: Any) -> Any:
        splits, points, starts = unicode.decode_op.run(
            strings,
            input_encoding=input_encoding,
            errors=errors,
            replacement_char=int(replacement_char),
            replace_control_characters=bool(replace_control_characters),
        )
        found.append(starts)
        return RaggedRows._of(points, splits)

    points = _in_pieces("strings.unicode_decode", input, pieces)
    like = isinstance(points, RaggedRows)
    return points, points._with_flat(found[0]) if like else found[0]


def unicode_decode(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The code points of strings.

    Args:
        input: a string, or a tensor or ragged tensor of strings.
        input_encoding: what they are written in, by any name that Python knows.
        errors: ``"strict"`` to raise at an invalid sequence, ``"ignore"`` to leave it
            out, ``"replace"`` to put `replacement_char` in its place.
        replacement_char: a code point.
        replace_control_characters: also replace those below 32.
        name: ignored.

    Returns:
        Numbers, int32: a vector for one string; for several a `RaggedTensor` with one
        axis more.

    Raises:
        InvalidArgumentError: for an unknown encoding, and in ``"strict"``.

    Example:
        >>> import rillet as tf
        >>> tf.strings.unicode_decode(["né", "a"], "UTF-8")
        <tf.RaggedTensor [[110, 233], [97]]>
    """
    return unicode_decode_with_offsets(
        input, input_encoding, errors, replacement_char, replace_control_characters
    )[0]


def unicode_encode(
    input: Any,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """Strings of code points.

    Args:
        input: code points, int32, along the last axis; a tensor or ragged tensor.
        output_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
        errors: what to do with a number that is no code point: ``"strict"``,
            ``"ignore"`` or ``"replace"``.
        replacement_char: a code point to put in its place.
        name: ignored.

    Returns:
        Strings, without the last axis.

    Raises:
        ValueError: for a scalar.
        InvalidArgumentError: for another encoding, and in ``"strict"``.

    Example:
        >>> import rillet as tf
        >>> points = tf.ragged.constant([[104, 105], [33]])
        >>> tf.strings.unicode_encode(points, "UTF-8").numpy().tolist()
        [b'hi', b'!']
    """
    if not isinstance(input, RaggedRows):
        values = to_tensor(input)
        if values.shape.rank in (0, 1) or values.shape.is_fully_defined():
            return _encode_dense(values, output_encoding, errors, replacement_char)
        input = deepened(values, values.shape.rank - 1, dtypes.int64)
    inner = input._inner
    if isinstance(inner, RaggedRows) or inner.shape.rank != 1:
        if not isinstance(inner, RaggedRows):
            inner = deepened(inner, inner.shape.rank - 1, input._splits.dtype)
        found = unicode_encode(inner, output_encoding, errors, replacement_char)
        return input._like(found)
    return unicode.encode_op.run(
        inner,
        input._splits,
        output_encoding=output_encoding,
        errors=errors,
        replacement_char=int(replacement_char),
    )


def _encode_dense(values: Any, encoding: str, errors: str, replacement: int) -> Any:
    if values.shape.rank == 1 and values.shape[0] is None:
        rows = expanded_rows(values)
        return unicode_encode(rows, encoding, errors, replacement)[0]
    return unicode.unicode_encode(values, encoding, errors, replacement)


def expanded_rows(values: Any) -> Any:
    """A vector as the only row of a ragged tensor."""
    count = parts.size_of(values, 0, dtypes.int64)
    return RaggedRows._of(values, parts.splits_of_lengths(count[None]))


def unicode_split_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """The characters of strings, and the byte at which each begins.

    Args:
        input: a string, or a tensor or ragged tensor of strings.
        input_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
        errors: as in `unicode_decode`.
        replacement_char: a code point.
        name: ignored.

    Returns:
        Characters and offsets: vectors for one string, for several `RaggedTensor`s.

    Example:
        >>> import rillet as tf
        >>> parts, starts = tf.strings.unicode_split_with_offsets(["né"], "UTF-8")
        >>> parts, starts
        (<tf.RaggedTensor [[b'n', b'\\xc3\\xa9']]>, <tf.RaggedTensor [[0, 1]]>)
    """
    points, starts = unicode_decode_with_offsets(
        input, input_encoding, errors, replacement_char
    )
    flat = points.flat_values if isinstance(points, RaggedRows) else points
    ends = parts.numbered(parts.size_of(flat, 0, dtypes.int64) + 1, dtypes.int64)
    pieces = unicode.encode_op.run(
        flat,
        ends,
        output_encoding=input_encoding,
        errors=errors,
        replacement_char=int(replacement_char),
    )
    if isinstance(points, RaggedRows):
        return points._with_flat(pieces), starts
    return pieces, starts


def unicode_split(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """The characters of strings.

    Args:
        input: a string, or a tensor or ragged tensor of strings.
        input_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
        errors: as in `unicode_decode`.
        replacement_char: a code point.
        name: ignored.

    Returns:
        A vector for one string; for several a `RaggedTensor` with one axis more.

    Example:
        >>> import rillet as tf
        >>> tf.strings.unicode_split("né", "UTF-8").numpy().tolist()
        [b'n', b'\\xc3\\xa9']
    """
    return unicode_split_with_offsets(input, input_encoding, errors, replacement_char)[
        0
    ]


def ngrams(
    data: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: str | None = None,
) -> Any:
    """`tf.strings.ngrams` of the rows of a ragged tensor."""
    inner = data._inner
    options = (separator, pad_values, padding_width, preserve_short_sequences)
    if isinstance(inner, RaggedRows):
        return data._like(ngrams(inner, ngram_width, *options))
    kind = data._splits.dtype
    splits = cast(data._splits, dtypes.int64)
    found, cut = string_pieces.ngrams_of_rows(inner, splits, ngram_width, *options)
    return RaggedRows._of(found, cast(cut, kind))


def reduce_join(x: Any, axis: Any, keep_dims: bool = False, separator: str = "") -> Any:
    """The handler of `tf.strings.reduce_join`."""
    axes = axes_of("strings.reduce_join", x, axis_or_none("reduce_join", axis))
    if axes is None:
        axes = list(range(x.shape.rank))

    def by_segments(data: Any, ids: Any, count: Any) -> Any:
        return string_joins.unsorted_segment_join(data, ids, count, separator)

    for at in reversed(axes):
        x = _joined(x, at, separator, by_segments)
        if keep_dims:
            x = expanded(x, at)
    return x


def _joined(x: Any, axis: int, separator: str, by_segments: Any) -> Any:
    if not isinstance(x, RaggedRows):
        return string_joins.reduce_join(x, axis, separator=separator)
    if axis == 0:
        lengths = parts.lengths_of_splits(x._splits)
        width = longest(x._splits)
        return segments_of(by_segments, x._inner, parts.columns(lengths), width)
    if axis == 1:
        count = count_of(x, x._splits.dtype)
        return segments_of(by_segments, x._inner, x.value_rowids(), count)
    return x._like(_joined(x._inner, axis - 1, separator, by_segments))
