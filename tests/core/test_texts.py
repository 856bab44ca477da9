"""`tf.compat`: bytes, text and paths."""

from __future__ import annotations

from pathlib import Path

import pytest

import rillet as tf


def test_bytes_and_text() -> None:
    assert tf.compat.as_bytes("é") == b"\xc3\xa9" == tf.compat.as_bytes(b"\xc3\xa9")
    assert tf.compat.as_bytes(bytearray(b"a")) == b"a"
    assert tf.compat.as_text(b"\xc3\xa9") == "é" == tf.compat.as_str("é")
    assert tf.compat.as_str_any(3) == "3" and tf.compat.as_str_any(b"a") == "a"
    assert tf.compat.path_to_str(Path("a")) == "a" == tf.compat.path_to_str("a")


@pytest.mark.parametrize("convert", [tf.compat.as_bytes, tf.compat.as_text])
def test_numbers_are_no_strings(convert) -> None:
    with pytest.raises(TypeError, match="Expected binary or unicode string: got 3"):
        convert(3)


def test_dimensions_and_horizon() -> None:
    assert tf.compat.dimension_at_index([2, None], 1) is None
    assert tf.compat.dimension_value(3) == 3
    assert tf.compat.forward_compatible(2020, 1, 1)
    with tf.compat.forward_compatibility_horizon(2019, 1, 1):
        assert not tf.compat.forward_compatible(2020, 1, 1)
    assert tf.compat.forward_compatible(2020, 1, 1)


def test_version_2_is_rillet_itself_and_1_is_not_there() -> None:
    assert tf.compat.v2 is tf
    assert not hasattr(tf.compat, "v1")
