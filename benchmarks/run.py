"""Measure rillet beside its peers, each in its own environment, repeats interleaved.

    python3 benchmarks/run.py
    python3 benchmarks/run.py --rows eager logistic.step --repeats 5 --json out.json

Needs nothing but Python: the environments are made on the first run. README.md beside
this file tells how to read the table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from harness.case import row_names, select
from harness.driver import Plan, Series, environment_for, measure, say
from harness.envs import UnusableEnvironment, default_folder, ensure
from harness.peers import PEERS
from harness.report import document, table, wrong_result

_WRITE_MNIST = """
import sys
import numpy as np
from rillet import keras
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
np.savez(sys.argv[1], x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
"""


def arguments(argv: list[str]) -> argparse.Namespace:
    """Return the parsed command line."""
    usual = [peer.name for peer in PEERS.values() if peer.usual]
    parser = argparse.ArgumentParser(
        description="Measure rillet beside TensorFlow, PyTorch and JAX."
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        default=[],
        metavar="ROW[.CASE]",
        help=f"what to measure (everything): {', '.join(row_names())}",
    )
    parser.add_argument(
        "--frameworks",
        nargs="+",
        choices=list(PEERS),
        metavar="NAME",
        help=f"columns ({' '.join(usual)}); there are {' '.join(PEERS)}",
    )
    parser.add_argument("--repeats", type=int, default=Plan.repeats, metavar="N")
    parser.add_argument(
        "--envs",
        type=Path,
        default=default_folder(),
        metavar="DIR",
        help="the folder of the frameworks' environments (%(default)s)",
    )
    parser.add_argument(
        "--mnist",
        type=Path,
        metavar="FILE",
        help="an .npz file with MNIST (otherwise the copy that rillet carries)",
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=Plan.limit,
        metavar="SHARE",
        help="throw repeats away in which others took more (%(default)s)",
    )
    parser.add_argument(
        "--patience",
        type=int,
        default=Plan.patience,
        metavar="N",
        help="try N times as many repeats before noisy ones must do (%(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures")
    parser.add_argument("--list", action="store_true", help="list rows and cases")
    chosen = parser.parse_args(argv)
    for option in ("repeats", "patience"):
        if getattr(chosen, option) < 1:
            parser.error(f"--{option}: must be 1 or more")
    chosen.frameworks = chosen.frameworks or usual
    return chosen


def write_mnist(python: Path, folder: str) -> str:
    """Write rillet's copy of MNIST where every framework can read it."""
    path = str(Path(folder) / "mnist.npz")
    subprocess.run(
        [python, "-c", _WRITE_MNIST, path], check=True, env=environment_for("rillet")
    )
    return path


def main(argv: list[str]) -> int:
    """Run the benchmarks; return 1 if a framework failed or gave a wrong result."""
    options = arguments(argv)
    try:
        chosen = select(options.rows)
    except ValueError as error:
        say(f"--rows: {error}")
        return 2
    if options.list:
        for row, case in chosen:
            print(f"{row}.{case.name}: {case.title} [{', '.join(case.peers())}]")
        return 0
    plan = Plan(repeats=options.repeats, limit=options.limit, patience=options.patience)
    needed = [
        name
        for name in options.frameworks
        if any(name in case.peers() for _, case in chosen)
    ]
    try:
        pythons = {
            name: ensure(PEERS[name].environment, options.envs) for name in needed
        }
        needs_mnist = any("mnist" in case.needs for _, case in chosen)
        everything: list[Series] = []
        with tempfile.TemporaryDirectory() as folder:
            mnist = str(options.mnist.resolve()) if options.mnist else ""
            if needs_mnist and not mnist:
                mnist = write_mnist(ensure("rillet", options.envs), folder)
            for row, group in groupby(chosen, key=lambda pair: pair[0]):
                cases = [case for _, case in group]
                everything.extend(measure(row, cases, pythons, plan, mnist))
    except UnusableEnvironment as error:
        say(str(error))
        return 2
    print(table(everything, plan))
    if options.json:
        options.json.write_text(json.dumps(document(everything, plan), indent=1) + "\n")
    return int(any(series.error or wrong_result(series) for series in everything))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
