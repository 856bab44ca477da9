"""Measure rillet beside its peers, each in its own environment, repeats interleaved.

    python3 benchmarks/run.py
    python3 benchmarks/run.py --rows eager logistic.step --repeats 5 --json out.json

Needs nothing but Python: the environments are made on the first run. README.md beside
this file tells how to read the table.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.case import Case, Steps, row_names, select
from harness.driver import Plan, Series, measure, say
from harness.envs import UnusableEnvironment, default_folder, ensure
from harness.gauge import Gauge
from harness.machine import keep_to
from harness.peak import measure_peak
from harness.peers import PEERS
from harness.processes import environment_for
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
    parser.add_argument(
        "--cores",
        type=int,
        metavar="N",
        help="bind every framework to N processors (all; not on macOS and Windows)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures")
    parser.add_argument("--list", action="store_true", help="list rows and cases")
    chosen = parser.parse_args(argv)
    for option in ("repeats", "patience"):
        if getattr(chosen, option) < 1:
            parser.error(f"--{option}: must be 1 or more")
    chosen.asides = chosen.frameworks is not None
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
    plan = Plan(
        repeats=options.repeats,
        limit=options.limit,
        patience=options.patience,
        asides=options.asides,
    )
    everything: list[Series] = []
    peak = None
    interrupted = False
    # Where a script runs this in the background, its shell has Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.cores is not None:
            keep_to(options.cores)
        peak = peak_for(chosen, options, plan)
        for series in measure_all(chosen, options, plan):
            everything.append(series)
    except (UnusableEnvironment, ValueError) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("interrupted: the table holds the cases that were finished")
        interrupted = True
    print(table(everything, plan, peak))
    if options.json:
        text = json.dumps(document(everything, plan, peak), indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    failed = any(series.error or wrong_result(series) for series in everything)
    return 130 if interrupted else int(failed)


def peak_for(
    chosen: list[tuple[str, Case]], options: argparse.Namespace, plan: Plan
) -> dict[str, Any] | None:
    """Measure the machine's peak if one of the chosen cases tells its operations.

    Raises:
        UnusableEnvironment: rillet's environment cannot be used or made.
    """
    if not any(isinstance(case, Steps) and case.operations for _, case in chosen):
        return None
    say("measuring the machine's peak")
    own = ensure("rillet", options.envs)
    return measure_peak(own, environment_for("rillet"), plan.limit)


def measure_all(
    chosen: list[tuple[str, Case]], options: argparse.Namespace, plan: Plan
) -> Iterator[Series]:
    """Measure the chosen cases, row after row.

    Raises:
        UnusableEnvironment: An environment cannot be used or made.
    """
    pythons = {
        name: ensure(PEERS[name].environment, options.envs)
        for name in options.frameworks
        if any(name in plan.columns_of(case) for _, case in chosen)
    }
    own = ensure("rillet", options.envs)
    gauge = Gauge(own, environment_for("rillet"))
    with closing(gauge), tempfile.TemporaryDirectory() as folder:
        mnist = str(options.mnist.resolve()) if options.mnist else ""
        if any("mnist" in case.needs for _, case in chosen) and not mnist:
            mnist = write_mnist(own, folder)
        for row, group in groupby(chosen, key=lambda pair: pair[0]):
            cases = [case for _, case in group]
            yield from measure(row, cases, pythons, plan, mnist, gauge)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
