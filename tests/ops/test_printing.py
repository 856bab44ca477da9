"""`tf.print` and `tf.strings.format` against what TensorFlow prints."""

from __future__ import annotations

import collections
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from golden.text_rows import PRINTS

import rillet as tf

TEXTS = json.loads(
    (Path(__file__).parents[1] / "golden" / "texts.json").read_text(encoding="utf-8")
)
NAMES = {"tf": tf, "np": np, "collections": collections}


@pytest.mark.parametrize("row", PRINTS)
def test_prints_what_tensorflow_prints(row: str, tmp_path: Path) -> None:
    want = TEXTS[f"print {row}"]
    path = tmp_path / "out"
    comma = ", " if row else ""
    call = f"tf.print({row}{comma}output_stream={'file://' + str(path)!r})"
    if "error" in want:
        with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
            eval(call, NAMES)
    else:
        eval(call, NAMES)
        assert path.read_bytes().decode() == want["text"]


def test_complex_numbers_have_a_text_of_their_own(capsys) -> None:
    tf.print(tf.constant([1 + 2j, 0.5 - 1j]), output_stream=sys.stdout)
    assert capsys.readouterr().out == "[1+2j 0.5-1j]\n"


def test_streams(capsys, tmp_path: Path) -> None:
    tf.print("to stderr")
    tf.print("to stdout", tf.constant(1), output_stream=sys.stdout)
    out, err = capsys.readouterr()
    assert (out, err) == ("to stdout 1\n", "to stderr\n")
    for text in "ab":
        tf.print(text, output_stream=f"file://{tmp_path / 'log'}")
    assert (tmp_path / "log").read_text() == "a\nb\n"


def test_prints_to_the_logger(monkeypatch) -> None:
    heard: list[str] = []
    logger = tf.get_logger()
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda r: heard.append(r.getMessage()))
    monkeypatch.setattr(logger, "handlers", [handler])
    tf.print("x %d", tf.constant(1), output_stream=logger.error)
    assert heard == ["x %d 1"]


@pytest.mark.parametrize("stream", ["/tmp/file", logging.warning, 3])
def test_other_streams_are_refused(stream: object) -> None:
    with pytest.raises(ValueError, match="Unsupported output stream"):
        tf.print("x", output_stream=stream)


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="cannot be written"):
        tf.print("x", output_stream=f"file://{tmp_path}/no/such")


def test_separators_are_strings() -> None:
    with pytest.raises(TypeError, match="`sep` and `end` must be strings"):
        tf.print("x", sep=1)


def test_timestamp() -> None:
    first, second = tf.timestamp(), tf.timestamp()
    assert first.dtype == tf.float64 and 1.7e9 < float(first) <= float(second)
