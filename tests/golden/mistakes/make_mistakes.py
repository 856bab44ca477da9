"""Keep the classes of exception that real TensorFlow raises at beginners' mistakes.

    PYTHONPATH=tests TF_USE_LEGACY_KERAS=1 PYTHON tests/golden/mistakes/make_mistakes.py

PYTHON has TensorFlow 2.21 and tf_keras. Impossible sizes are not tried: TensorFlow
would touch the memory.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import tensorflow as tf  # noqa: E402  the settings above come first
from golden.mistakes import in_functions, tables  # noqa: E402
from golden.mistakes.mistake import run  # noqa: E402

TARGET = Path(__file__).with_name("mistakes.json")


def main() -> None:
    """Run every row and write the classes."""
    kept: dict[str, str] = {}
    for row in tables.CHECKED:
        error = run(tf, row).error
        kept[row.name] = type(error).__name__ if error is not None else ""
    inside: dict[str, str] = {}
    for name, program in in_functions.PROGRAMS.items():
        try:
            program(tf)
        except Exception as error:
            inside[name] = type(error).__name__
    text = {"tensorflow": tf.__version__, "errors": kept, "in_functions": inside}
    TARGET.write_text(json.dumps(text, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
