"""What lookups and encodings do, told in ops: files cannot hold Python.

In: tensors, vocabularies. Out: the tensors that the layers' own NumPy gives. Only what
writes a model's graph calls these; layers run faster as they are.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64, string
from rillet.core.tensor import Tensor
from rillet.keras.layers.vocabulary import Vocabulary
from rillet.ops.array import concat, stack
from rillet.ops.checks import Assert
from rillet.ops.compare import equal, greater_equal, less, not_equal
from rillet.ops.cumulative import cumsum
from rillet.ops.elementwise import add, cast, minimum, multiply, subtract
from rillet.ops.gather import gather
from rillet.ops.gather_nd import gather_nd, scatter_nd
from rillet.ops.lookup.records import find_op
from rillet.ops.mask import where
from rillet.ops.one_hot import one_hot
from rillet.ops.quotients import floormod
from rillet.ops.ragged.strings import split_op
from rillet.ops.reduce import reduce_all, reduce_max
from rillet.ops.regex import regex_replace
from rillet.ops.sequences import range as sequence
from rillet.ops.shaping import reshape
from rillet.ops.sizes import shape
from rillet.ops.sorting import lower_bound_op, upper_bound_op
from rillet.ops.string_hash import to_hash_bucket_fast
from rillet.ops.string_pieces import ngrams_op
from rillet.ops.strings import lower
from rillet.ops.unicode import decode_op, encode_op

#: TensorFlow's pattern for what Python's `string.punctuation` holds.
PUNCTUATION: Final = r"[!-/:-@\[-`{-~]"


def _wide(value: Any) -> Tensor:
    return Tensor(np.asarray(value, np.int64))


def _row(x: Any) -> Any:
    return reshape(x, [1, -1])


def sizes(x: Any) -> Any:
    """The shape of a tensor, int64."""
    return shape(x, out_type=int64)


def numbers(words: Vocabulary, texts: Any) -> Any:
    """`Vocabulary.numbers`."""
    places, other = words.unknown_places, int(words.mask is not None)
    default = _wide(other if places == 1 else -1)
    found = find_op.run(texts, default, table=words.to_numbers())
    if words.mask is not None:
        mask = to_tensor(words.mask, texts.dtype)
        found = where(equal(texts, mask), _wide(0), found)
    if places == 1:
        return found
    known = greater_equal(found, _wide(0))
    if places == 0:
        rule = "When `num_oov_indices=0` all inputs should be in vocabulary"
        Assert(reduce_all(known), [rule, texts])
        return found
    if texts.dtype is string:
        buckets = to_hash_bucket_fast(texts, places)
    else:
        buckets = floormod(cast(texts, int64), _wide(places))
    return where(known, found, add(buckets, _wide(other)))


def words_at(words: Vocabulary, ids: Any) -> Any:
    """`Vocabulary.words_at`."""
    table, ids = words.to_words(), cast(ids, int64)
    found = find_op.run(ids, Tensor(table.default), table=table)
    if words.mask is None:
        return found
    return where(equal(ids, _wide(0)), to_tensor(words.mask, found.dtype), found)


def encoding(
    ids: Any, mode: str, depth: int, kind: Any, weights: Any = None
) -> Any:
    """`categories.encode`."""
    if mode == "one_hot":
        if ids.shape.rank and ids.shape[-1] == 1:
            ids = reshape(ids, sizes(ids)[:-1])
        return one_hot(ids, depth, dtype=kind)
    single = not ids.shape.rank or ids.shape.rank == 1
    table = reshape(ids, [1, -1]) if single else ids
    said = where(greater_equal(table, 0))
    parts = None
    if mode == "count" and weights is not None:
        parts = gather_nd(reshape(weights, sizes(table)), said)
    found = counts(
        said[:, 0],
        gather_nd(table, said),
        sizes(table)[0],
        mode,
        depth,
        kind,
        parts if mode == "count" else weights,
    )
    return found[0] if single else found


def counts(
    rows: Any, ids: Any, count: Any, mode: str, depth: int, kind: Any, weights: Any
) -> Any:
    """How often rows have numbers.

    Args:
        rows: the row of each number.
        ids: the numbers.
        count: how many rows there are.
        mode: ``"multi_hot"``, ``"count"`` or ``"tf_idf"``.
        depth: how many numbers there are.
        kind: the result's type.
        weights: see `categories.encode`; of `ids`, with ``"count"``.
    """
    at = stack([cast(rows, int64), cast(ids, int64)], 1)
    ones = Tensor(np.ones((), kind.numpy_dtype))
    if mode == "count" and weights is not None:
        each = cast(weights, kind)
    else:
        each = multiply(cast(greater_equal(at[:, 0], 0), kind), ones)
    found = scatter_nd(at, each, stack([count, _wide(depth)]))
    if mode == "multi_hot":
        return minimum(found, ones)
    if mode == "tf_idf" and weights is not None:
        return multiply(found, Tensor(np.asarray(weights, kind.numpy_dtype)))
    return found


class Words:
    """Words of texts: which text each is from, and its place there.

    Args:
        values: the words.
        rows: the text of each.
        columns: its place in the text.
        count: how many texts there are.
    """

    def __init__(self, values: Any, rows: Any, columns: Any, count: Any) -> None:
        self.values = values
        self.rows = rows
        self.columns = columns
        self.count = count

    def table(self, values: Any, width: int | None) -> Any:
        """A value a word as a row a text, filled with zeros.

        Args:
            values: int64 values.
            width: the length of the rows; that of the longest where None.
        """
        rows, columns = self.rows, self.columns
        longest: Any
        if width is None:
            first = concat([columns, _wide([-1])], 0)
            longest = add(reduce_max(first), _wide(1))
        else:
            longest = _wide(width)
            kept = reshape(where(less(columns, longest)), [-1])
            rows, columns, values = [gather(x, kept) for x in (rows, columns, values)]
        at = stack([rows, columns], 1)
        return scatter_nd(at, values, stack([self.count, longest]))

    def lengths(self) -> Any:
        """How many words texts have."""
        splits = self.splits()
        return subtract(splits[1:], splits[:-1])

    def splits(self) -> Any:
        """Where the words of texts begin, and the end."""
        ends = sequence(add(self.count, _wide(1)), dtype=int64)
        found = lower_bound_op.run(_row(self.rows), _row(ends), out_type=int64)
        return reshape(found, [-1])

    def joined(self, widths: tuple[int, ...]) -> Words:
        """The runs of words of several lengths, each joined by blanks."""
        values, splits = ngrams_op.run(self.values, self.splits(), ngram_widths=widths)
        return from_splits(values, splits, self.count)


def from_splits(values: Any, splits: Any, count: Any) -> Words:
    """Words from where texts' begin."""
    places = sequence(sizes(values)[0], dtype=int64)
    beyond = upper_bound_op.run(_row(splits), _row(places), out_type=int64)
    rows = subtract(reshape(beyond, [-1]), _wide(1))
    return Words(values, rows, subtract(places, gather(splits, rows)), count)


def standard(texts: Any, how: Any) -> Any:
    """Texts, standardised."""
    if how in ("lower", "lower_and_strip_punctuation"):
        texts = lower(texts)
    if how in ("strip_punctuation", "lower_and_strip_punctuation"):
        texts = regex_replace(texts, PUNCTUATION, "")
    return texts


def rows_of_words(table: Any, padded: bool) -> Words:
    """The words of a matrix; where it is padded, empty ones are none."""
    blank = Tensor(np.array(b"", object))
    said = not_equal(table, blank) if padded else equal(table, table)
    at = where(said)
    places = subtract(cumsum(cast(said, int64), 1), _wide(1))
    columns = gather_nd(places, at)
    return Words(gather_nd(table, at), at[:, 0], columns, sizes(table)[0])


def one_a_text(texts: Any) -> Words:
    """Texts that are words."""
    count = sizes(texts)[0]
    rows = sequence(count, dtype=int64)
    return Words(texts, rows, multiply(rows, _wide(0)), count)


def words_of(texts: Any, how: Any, cut: Any, runs: Any) -> Words:
    """The words of texts, as `TextVectorization` finds them.

    Args:
        texts: the texts, or words where `cut` is callable or None.
        how: how to standardise; nothing where callable.
        cut: how to split.
        runs: the lengths of runs of words; None for words alone.
    """
    how, rank = None if callable(how) else how, texts.shape.rank
    if callable(cut) or (cut is None and rank and rank > 1):
        if rank is not None and rank != 2:
            texts = reshape(texts, [-1, texts.shape[-1]] if rank else [1, 1])
        found = rows_of_words(texts, callable(cut))
        found.values = standard(found.values, how)
    else:
        found = _split(standard(reshape(texts, [-1]), how), cut)
    return found.joined(runs) if runs else found


def _split(texts: Any, cut: Any) -> Words:
    count = sizes(texts)[0]
    if cut is None:
        return one_a_text(texts)
    if cut == "whitespace":
        at, values, _ = split_op.run(texts, Tensor(np.array(b"", object)))
        return Words(values, at[:, 0], at[:, 1], count)
    ends, points, _ = decode_op.run(texts, input_encoding="UTF-8")
    each = sequence(add(sizes(points)[0], _wide(1)), dtype=int64)
    return from_splits(encode_op.run(points, each), ends, count)
