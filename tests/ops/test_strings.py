"""`tf.strings` against TensorFlow's values and classes of errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from golden.text_rows import STRINGS

import rillet as tf

TEXTS = json.loads(
    (Path(__file__).parents[1] / "golden" / "texts.json").read_text(encoding="utf-8")
)
NAMES = {"tf": tf, "np": np}


@pytest.mark.parametrize("row", STRINGS)
def test_gives_what_tensorflow_gives(row: str) -> None:
    want = TEXTS[row]
    if "result" in want:
        assert repr(eval(row, NAMES)) == want["result"]
        return
    error = getattr(tf.errors, want["error"], None) or getattr(
        __import__("builtins"), want["error"]
    )
    with pytest.raises(error):
        eval(row, NAMES)


REFUSED = [
    (lambda: tf.strings.regex_replace("a", "a", r"\1"), r"\\1 names no group; the pat"),
    (
        lambda: tf.strings.regex_replace("a", r"\p{Nope}", ""),
        r"invalid character class range: \\p\{Nope\}",
    ),
    (lambda: tf.strings.regex_full_match("a", "(?=a)"), r"operator: \(\?="),
    (lambda: tf.strings.regex_full_match("a", "a**"), "bad repetition operator"),
    (lambda: tf.strings.regex_full_match("a", ["a"]), "Pattern must be scalar"),
    (
        lambda: tf.strings.substr("abc", 4, 1),
        "substr: pos 4 out of range for string b'abc",
    ),
    (lambda: tf.strings.to_number("x"), "could not correctly convert string: x"),
    (lambda: tf.strings.to_hash_bucket("a", 0), "must be at least minimum 1"),
    (lambda: tf.strings.length("a", unit="X"), 'allowed values: "BYTE", "UTF8_CHAR"'),
    (lambda: tf.strings.join([["a"], ["b", "c"]]), r"do not match: \[1\] vs. \[2\]"),
    (lambda: tf.strings.as_string(1, precision=2), "not supported for datatype int32"),
]


@pytest.mark.parametrize(("call", "text"), REFUSED)
def test_says_why(call, text: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        call()


def test_text_beside_bytes_that_are_none() -> None:
    assert tf.strings.length(["né", b"\xff"]).numpy().tolist() == [3, 1]


def test_empty_tensors() -> None:
    assert tf.strings.length([]).shape == (0,)
    none = tf.zeros([0], tf.string)
    assert tf.strings.length(none).shape == (0,)
    assert tf.strings.substr(none, 1, 1).shape == (0,)
    assert tf.strings.join([none, "x"]).shape == (0,)
    assert tf.strings.ngrams(tf.zeros([0, 3], tf.string), 2).shape[0] == 0
    assert tf.strings.to_number(none).dtype == tf.float32


def test_scalars_are_joined_by_plus() -> None:
    """TensorFlow's AddV2 on strings; NumPy's result for scalars is no array."""
    joined = tf.constant("a") + "b"
    assert (joined.dtype, joined.numpy()) == (tf.string, b"ab")
