"""Write `semantics.json`: what real TensorFlow gives for every row in `expressions/`.

    python tests/golden/semantics/make_semantics.py

needs an environment with tensorflow 2.21. Each row is evaluated in a worker process, so
that a row which kills TensorFlow (an integer division that traps) is kept as a crash.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from golden.semantics import outcomes, rows  # noqa: E402 - the path above comes first

FILE = HERE / "semantics.json"


def serve() -> None:
    """Evaluate the rows that come in on stdin, one a line."""
    import tensorflow as tf

    names = rows.namespace(tf)
    for line in sys.stdin:
        found = outcomes.outcome(names, json.loads(line))
        print(json.dumps(found), flush=True)


class Evaluator:
    """A worker that is started again when a row kills it."""

    def __init__(self) -> None:
        self._worker: subprocess.Popen[str] | None = None

    def __call__(self, expression: str) -> dict[str, Any]:
        """Return the row's outcome, or `{"crash": signal}`."""
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, __file__, "--serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            )
        assert self._worker.stdin is not None and self._worker.stdout is not None
        self._worker.stdin.write(json.dumps(expression) + "\n")
        self._worker.stdin.flush()
        line = self._worker.stdout.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        code, self._worker = self._worker.wait(), None
        return {"crash": -code}


def main() -> None:
    """Evaluate every row and write the file."""
    evaluate = Evaluator()
    found = {row: evaluate(row) for _, row in rows.expressions()}
    version = subprocess.run(
        [sys.executable, "-c", "import tensorflow as tf; print(tf.__version__)"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    ).stdout.strip()
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()]
    head = f'{{"tensorflow": {json.dumps(version)}, "rows": {{\n'
    FILE.write_text(head + ",\n".join(lines) + "\n}}\n")
    crashes = [row for row, value in found.items() if "crash" in value]
    print(f"{len(found)} rows, crashes: {crashes}")


if __name__ == "__main__":
    serve() if "--serve" in sys.argv else main()
