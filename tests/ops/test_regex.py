"""Patterns match as TensorFlow's do, in time that grows with the text only."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import rillet as tf

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "patterns.json"
FOUND = json.loads(GOLDEN.read_text())
TEXTS = [text.encode("latin-1") for text in FOUND["texts"]]


@pytest.mark.parametrize("row", FOUND["rows"], ids=lambda row: repr(row["pattern"]))
def test_patterns_match_and_rewrite_as_in_tensorflow(row):
    pattern, rewrite = row["pattern"], row["rewrite"]
    if "error" in row:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            tf.strings.regex_full_match(TEXTS, pattern)
        assert caught.value.message == row["error"]
        return
    matches = tf.strings.regex_full_match(TEXTS, pattern).numpy().tolist()
    assert matches == row["full"]
    for name, everywhere in (("all", True), ("first", False)):
        made = tf.strings.regex_replace(TEXTS, pattern, rewrite, everywhere)
        assert made.numpy().tolist() == [x.encode("latin-1") for x in row[name]]


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*b", "(a?){100}a{100}b", ".*.*=.*"]
)
def test_no_pattern_takes_ages(pattern):
    """Each would take Python's `re` years for such a text."""
    text = b"a" * 100_000
    assert not tf.strings.regex_full_match(text, pattern)
    assert tf.strings.regex_replace(text, pattern, "") == text


def test_a_pattern_may_be_bytes_that_are_no_text():
    with pytest.raises(tf.errors.InvalidArgumentError, match="invalid UTF-8"):
        tf.strings.regex_full_match("a", b"\xff")


@pytest.mark.parametrize(
    "simple", ["[^a-z]", r"\W", r"\D+", r"\S", "[^a-z ]+", r"[^\w]", r"\S+", "[a-z]+"]
)
def test_sets_of_characters_give_what_the_same_groups_give(simple):
    """A group makes RE2 walk the text; a set alone goes a shorter way."""
    draw = random.Random(4)
    texts = [
        "".join(draw.choices("abc XYZ019_-.,é漢字😀ß\n\u00a0", k=length)).encode()
        for length in range(12)
        for _ in range(40)
    ]
    texts += [text[:-1] for text in texts]  # some end inside a character
    for rewrite in ("", "-", r"\\"):
        short = tf.strings.regex_replace(texts, simple, rewrite)
        walked = tf.strings.regex_replace(texts, f"({simple})", rewrite)
        assert short.numpy().tolist() == walked.numpy().tolist()
