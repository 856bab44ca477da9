"""Unique by a table and by sorting: the same distinct values, ranks and counts."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

KINDS = ["int8", "uint8", "int16", "uint16", "int32", "int64", "uint32", "uint64"]


def wanted(values):
    """Distinct values in order of appearance, ranks and counts, one by one."""
    ranks: dict[int, int] = {}
    idx = [ranks.setdefault(v, len(ranks)) for v in values]
    return list(ranks), idx, np.bincount(idx).tolist()


@pytest.mark.parametrize("size", [300, 2000])
@pytest.mark.parametrize("place", ["lowest", "highest", "zero", "spread"])
@pytest.mark.parametrize("kind", KINDS)
def test_integers(kind, place, size):
    limits = np.iinfo(kind)
    low, high = limits.min, limits.max
    if place == "lowest":
        high = low + 100
    elif place == "highest":
        low = high - 100
    elif place == "zero":
        low, high = max(low, -50), 50
    rng = np.random.default_rng(size)
    x = rng.integers(low, high, size, kind, endpoint=True)
    x[size // 2 :] = x[: size - size // 2]
    y, idx, count = tf.unique_with_counts(tf.constant(x), tf.int64)
    assert y.dtype.name == kind
    distinct, places, counts = wanted(x.tolist())
    assert y.numpy().tolist() == distinct
    assert idx.numpy().tolist() == places
    assert count.numpy().tolist() == counts
