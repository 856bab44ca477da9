"""Write `coverage.json`: what the rows of tests/coverage give in real TensorFlow.

    TF_USE_LEGACY_KERAS=1 python tests/golden/make_coverage.py [NAME ...]

Needs tensorflow, tf_keras and Pillow. With names only their rows are run again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "coverage"))
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import running  # noqa: E402 - the path above comes first

FILE = HERE / "coverage.json"


def main(names: list[str]) -> None:
    """Run rows, each of `running.FRESH` in a process of its own."""
    if names[:1] == ["--one"]:
        import tensorflow as tf

        print(json.dumps(running.outcome(tf, running.rows()[names[1]])))
        return
    found = json.loads(FILE.read_text("utf-8")) if FILE.exists() and names else {}
    import tensorflow as tf

    for name, program in running.rows().items():
        if names and name not in names:
            continue
        try:
            if name in running.FRESH:
                command = [sys.executable, __file__, "--one", name]
                text = subprocess.check_output(command, text=True)
                found[name] = json.loads(text.splitlines()[-1])
            else:
                found[name] = running.outcome(tf, program)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    text = json.dumps(dict(sorted(found.items())), indent=0, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
