"""What `tf.print` and failed checks say: expressions, run on rillet and on TensorFlow.

`PRINTS` are argument lists of `tf.print`; `CHECKS` are calls of `tf.debugging`, written
`D`; `STRINGS` are calls of `tf.strings`. `make_texts.py` keeps
TensorFlow's outcomes in `texts.json`.
"""

from pathlib import Path


def _lines(name):
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return text.removesuffix("\n").split("\n")


PRINTS = _lines("texts_prints.txt")
CHECKS = _lines("texts_checks.txt")
STRINGS = _lines("texts_strings.txt")
