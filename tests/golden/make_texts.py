"""Makes texts.json: what the real TensorFlow prints and says for `text_rows`.

Run it from the repository with TensorFlow 2.21 in its own environment:

    PYTHONPATH=tests python tests/golden/make_texts.py
"""

import collections
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from golden import text_rows

NAMES = {"tf": tf, "np": np, "collections": collections, "D": tf.debugging}


def printed(row):
    """What a row of arguments prints, or the class and text of the error."""
    with tempfile.TemporaryDirectory() as folder:
        NAMES["path"] = "file://" + os.path.join(folder, "out")
        comma = ", " if row else ""
        try:
            eval(f"tf.print({row}{comma}output_stream=path)", NAMES)
        except Exception as error:
            return {"error": type(error).__name__, "text": str(error)}
        return {"text": Path(folder, "out").read_text(encoding="utf-8")}


def checked(row):
    """The repr of a check's result, or the class and text of its error."""
    try:
        return {"result": repr(eval(row, NAMES))}
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}


def main():
    found = {f"print {row}": printed(row) for row in text_rows.PRINTS}
    for row in text_rows.CHECKS + text_rows.STRINGS:
        found[row] = checked(row)
    path = Path(__file__).with_name("texts.json")
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(found)} texts")


main()
