"""Show where one case's time goes, under cProfile, in the framework's own environment.

    python3 benchmarks/profile_row.py curve.step
    python3 benchmarks/profile_row.py eager.add --framework tensorflow --sort cumulative

cProfile slows Python calls and not native code: read the order, not the milliseconds.
"""

from __future__ import annotations

import argparse
import pstats
import sys
import tempfile
from pathlib import Path

from harness.case import Steps, select
from harness.driver import say
from harness.envs import UnusableEnvironment, default_folder, ensure
from harness.peers import PEERS
from harness.processes import Worker, WorkerFailed
from run import write_mnist


def main(argv: list[str]) -> int:
    """Profile the case that the command line names; return 1 if it fails."""
    parser = argparse.ArgumentParser(description="Profile one benchmark case.")
    parser.add_argument("case", metavar="ROW.CASE")
    parser.add_argument("--framework", choices=list(PEERS), default="rillet")
    parser.add_argument("--sort", default="tottime", help="a key of pstats (tottime)")
    parser.add_argument("--lines", type=int, default=30, metavar="N")
    parser.add_argument("--envs", type=Path, default=default_folder(), metavar="DIR")
    parser.add_argument("--mnist", type=Path, metavar="FILE")
    options = parser.parse_args(argv)
    try:
        ((row, case),) = select([options.case])
    except ValueError as error:
        say(f"{options.case}: name one case as ROW.CASE ({error})")
        return 2
    if not isinstance(case, Steps) or options.framework not in case.peers():
        say(f"{options.case}: has no step for {options.framework}")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = ensure(PEERS[options.framework].environment, options.envs)
            mnist = str(options.mnist.resolve()) if options.mnist else ""
            if "mnist" in case.needs and not mnist:
                mnist = write_mnist(ensure("rillet", options.envs), folder)
            worker = Worker(python, row, options.framework, mnist)
            file = str(Path(folder) / "profile")
            calls = worker.ask(do="open", case=case.name)["calls"]
            worker.ask(do="profile", calls=calls, file=file)
            worker.close()
        except (UnusableEnvironment, WorkerFailed) as error:
            say(f"{error}\n{getattr(error, 'log', '')}")
            return 1
        print(f"{options.case}, {PEERS[options.framework].label}, {calls} calls")
        pstats.Stats(file).sort_stats(options.sort).print_stats(options.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
