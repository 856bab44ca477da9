"""Run the expressions of `ragged_rows.py` with real TensorFlow; writes `ragged.json`.

TF_USE_LEGACY_KERAS=1 python tests/golden/make_ragged.py
"""

from __future__ import annotations

import json
from pathlib import Path

import ragged_rows
import ragged_text
import tensorflow as tf

FILE = Path(__file__).parent / "ragged.json"


def main() -> None:
    """Write the file."""
    rows = [*ragged_rows.ROWS, *ragged_rows.KERAS_ROWS]
    found = {row: ragged_text.outcome(row, tf) for row in rows}
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
