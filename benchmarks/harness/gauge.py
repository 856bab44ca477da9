"""How fast the machine itself runs at this moment, told by short bursts of known work.

A virtual processor shares its core, and the core's caches, with other guests of its
host, and no counter says so: a neighbour may halve the rate of the second-level cache
for minutes and leave multiply-adds as they were. So one burst multiplies in registers,
the other copies within the cache. `driver.py` asks before and after each repeat, and
throws repeats away around which either was slower than it had been. This file's process
runs in rillet's environment, whose LLVM compiles the loop.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from harness.machine import usable_cores
from harness.peak import compile_loop, in_threads, seconds, vector_width

_BURST = 0.01
"""Seconds that a burst takes, roughly."""
_TRIES = 4
"""Bursts of which the best one counts: two new threads may begin on one processor."""
_FIRST = 10
"""Times that the machine's speed is asked before the first repeat."""
_COPIED = 160_000
"""Bytes that a thread copies to and fro: past the first cache, within the second."""


class Gauge:
    """Tells the machine's speed now as a share of the best that was seen.

    Args:
        python: The interpreter of rillet's environment.
        variables: The environment it runs in.
        least: The share at which the machine counts as free.
        patience: Seconds that all waits for that may take together.
    """

    def __init__(
        self,
        python: Path,
        variables: dict[str, str],
        least: float = 0.9,
        patience: float = 900.0,
    ) -> None:
        self.least = least
        self._patience = patience
        self._process = subprocess.Popen(
            [str(python), str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables,
        )
        self._best = [0.0, 0.0]
        for _ in range(_FIRST):
            self.speed()

    def speed(self) -> float:
        """Return the speed now, 1 where the machine is at its best.

        Raises:
            RuntimeError: The gauge's process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the gauge of the machine's speed has ended")
        rates = [1.0 / float(text) for text in line.split()]
        self._best = [max(pair) for pair in zip(self._best, rates, strict=True)]
        return min(now / best for now, best in zip(rates, self._best, strict=True))

    def settle(self) -> float:
        """Wait until the machine is free, or patience ends, and return the speed."""
        while (speed := self.speed()) < self.least and self._patience > 0.0:
            time.sleep(1.0)
            self._patience -= 1.0
        return speed

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _copying(rounds: int, threads: int) -> float:
    """Return how long `threads` threads take to copy `rounds` times each."""
    import numpy as np

    def work() -> None:
        there, here = np.zeros((2, _COPIED // 4), np.float32)
        for _ in range(rounds):
            np.copyto(there, here)

    return in_threads(work, threads)


def main() -> None:
    """Answer each line with the seconds of both bursts."""
    from llvmlite import binding

    threads = usable_cores()
    loop, _engine = compile_loop(vector_width(dict(binding.get_host_cpu_features())))
    multiply = partial(seconds, loop)
    bursts = []
    for work, rounds in ((multiply, 100_000), (_copying, 200)):
        took = min(work(rounds, threads) for _ in range(_TRIES))
        bursts.append(partial(work, int(rounds * _BURST / took) + 1, threads))
    for _ in sys.stdin:
        best = [min(burst() for _ in range(_TRIES)) for burst in bursts]
        print(*best, flush=True)


if __name__ == "__main__":
    main()
