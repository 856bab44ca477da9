"""Ragged tensors as text in `tf.print` and `tf.strings.format`.

A ragged tensor flows in; out flows a scalar string, made of ops, so that functions
print what they get when they run.
"""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.ops.mask import where
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.alignment import deepened
from rillet.ops.ragged.indexing import rows_at
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.regex import regex_replace
from rillet.ops.string_joins import join, reduce_join, unsorted_segment_join
from rillet.ops.strings import as_string


def text_of(rt: RaggedRows, summarize: int) -> Any:
    """A ragged tensor in nested brackets.

    Args:
        rt: the ragged tensor.
        summarize: how many elements to show at both ends of each axis; -1 for all.

    Returns:
        A scalar string.
    """
    flat = rt.flat_values
    if flat.dtype is dtypes.string:
        shown = join(["'", regex_replace(flat, r"(['\\])", r"\\\1"), "'"])
    else:
        shown = as_string(flat)
    whole = rt._with_flat(shown)
    rank, inner = rt.shape.rank, shown.shape.rank
    if rank is not None and inner is not None and inner > 1:
        whole = deepened(whole, rank - 1, rt._splits.dtype)
    rows = _rows(whole, summarize)
    return join(["[", _line(rows, summarize), "]"])


def _rows(rt: Any, summarize: int) -> Any:
    """The text of each row."""
    inner = rt._inner
    if isinstance(inner, RaggedRows):
        inner = _rows(inner, summarize)
    lengths = parts.lengths_of_splits(rt._splits)
    ids, places = parts.ids_of_lengths(lengths), parts.columns(lengths)
    rows = count_of(rt, lengths.dtype)
    if summarize >= 0:
        own = rows_at(lengths, ids)
        kept = (places < summarize) | (places >= own - summarize)
        gap = where(places == summarize, "...", "")
        keep = kept | (places == summarize)
        inner = where(kept, inner, gap)
        chosen = where(keep)[:, 0]
        inner, ids = rows_at(inner, chosen), rows_at(ids, chosen)
    joined = unsorted_segment_join(inner, ids, rows, ", ")
    return join(["[", joined, "]"])


def _line(rows: Any, summarize: int) -> Any:
    """The text of all rows, or of those at both ends."""
    if summarize >= 0:
        kind = dtypes.int64
        count = parts.size_of(rows, 0, kind)
        places = parts.numbered(count, kind)
        kept = (places < summarize) | (places >= count - summarize)
        rows = where(kept, rows, "...")
        rows = rows_at(rows, where(kept | (places == summarize))[:, 0])
    return reduce_join(rows, 0, separator=", ")
