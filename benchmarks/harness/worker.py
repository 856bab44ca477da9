"""The process that runs one framework's code: commands in on stdin, answers on stdout.

Started by `driver.Worker` with the interpreter of the framework's environment. Each
command and each answer is a line of JSON. Whatever the framework prints goes to stderr,
which the driver keeps for the day something fails.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _HERE]
sys.path.insert(0, str(_HERE.parent))

from harness import case as cases  # noqa: E402 - the path above comes first
from harness.machine import peak_memory  # noqa: E402 - as above


def processor_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    return time.process_time() + sum(os.times()[2:4])


def settle(value: Any) -> None:
    """Wait for work that was dispatched and not awaited."""
    wait = getattr(value, "block_until_ready", None)
    if wait is not None:
        wait()


def numbers(value: Any) -> list[float]:
    """Return a step's result as numbers: a tuple's items, or an array's sum."""
    if value is None:
        return []
    import numpy as np

    parts = value if isinstance(value, tuple) else (value,)
    return [float(np.sum(np.asarray(part), dtype=np.float64)) for part in parts]


class Session:
    """The state between commands: the framework and the step that is open.

    Args:
        row: The row's name.
        peer: The column's name, a key of `build`.
        module: The module handed to builders.
        data: What rows read.
    """

    def __init__(self, row: str, peer: str, module: str, data: cases.Data) -> None:
        self._cases = {case.name: case for case in cases.load(row)}
        self._peer = peer
        self._module = importlib.import_module(module)
        self._data = data
        self._step: cases.Step | None = None

    def versions(self) -> dict[str, str]:
        """Return the framework's and NumPy's versions."""
        name = self._module.__name__
        version = getattr(self._module, "__version__", "?")
        if name == "rillet":  # its __version__ is the TensorFlow release it equals
            version = self._module.version.RILLET_VERSION
        found = {name: str(version)}
        if "numpy" in sys.modules:
            found["numpy"] = sys.modules["numpy"].__version__
        return found

    def open(self, name: str) -> dict[str, Any]:
        """Build a case's step, warm it up and find how many calls fill `least`.

        Returns:
            `first` and `result`, the first call's seconds and the numbers it returned;
            `calls`, the number of calls that one repeat will make.
        """
        case = self._cases[name]
        if not isinstance(case, cases.Steps):
            raise TypeError(f"{name}: a worker runs Steps, not {type(case).__name__}")
        self._step = None
        self._step = case.build[self._peer](self._module, self._data)
        start = time.perf_counter()
        value = self._step()
        settle(value)
        first = time.perf_counter() - start
        result = numbers(value)
        for _ in range(case.warm - 1):
            settle(self._step())
        calls = 1
        while (seconds := self.repeat(calls)["seconds"]) < case.least:
            calls = max(calls + 1, int(calls * min(10.0, 1.1 * case.least / seconds)))
        return {"first": first, "result": result, "calls": calls}

    def repeat(self, calls: int) -> dict[str, Any]:
        """Call the step and time it.

        Returns:
            `seconds` of the wall clock and `cpu` of all this process's threads and
            ended children.
        """
        step = self._step
        if step is None:
            raise RuntimeError("repeat: no case is open")
        value = None
        cpu = processor_seconds()
        start = time.perf_counter()
        for _ in range(calls):
            value = step()
        settle(value)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "cpu": processor_seconds() - cpu}

    def once(self, name: str) -> dict[str, Any]:
        """Find out the figure of a case that is measured in a new process.

        Returns:
            `figure`, and `cpu` of this process and of those that it has awaited.
        """
        case = self._cases[name]
        if not isinstance(case, cases.Once):
            raise TypeError(f"{name}: once runs Once, not {type(case).__name__}")
        figure = float(case.measure[self._peer](self._module, self._data))
        return {"figure": figure, "cpu": processor_seconds()}

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry one command out."""
        if command["do"] == "open":
            return self.open(command["case"])
        if command["do"] == "once":
            return self.once(command["case"])
        if command["do"] == "repeat":
            return self.repeat(command["calls"])
        if command["do"] == "report":
            return {"versions": self.versions(), "peak_memory": peak_memory()}
        if command["do"] == "profile":
            return self.profile(command["calls"], command["file"])
        raise ValueError(f"unknown command {command['do']!r}")

    def profile(self, calls: int, file: str) -> dict[str, Any]:
        """Run the open case under cProfile and write what it found to `file`."""
        import cProfile

        profiler = cProfile.Profile()
        profiler.enable()
        measured = self.repeat(calls)
        profiler.disable()
        profiler.dump_stats(file)
        return measured


def main(argv: list[str]) -> int:
    """Serve commands until stdin ends.

    Args:
        argv: The row, the column, the module and the MNIST file (empty for none).
    """
    row, peer, module, mnist = argv
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    def attempt(work: Callable[[], dict[str, Any]]) -> None:
        try:
            reply(work())
        except Exception as error:  # told to the driver; the next case may do better
            traceback.print_exc()
            sys.stderr.flush()
            reply({"error": f"{type(error).__name__}: {error}".split("\n")[0]})

    session: Session | None = None

    def begin() -> dict[str, Any]:
        nonlocal session
        session = Session(row, peer, module, cases.Data(mnist or None))
        return {}

    attempt(begin)
    if session is None:
        return 1
    for line in sys.stdin:
        attempt(partial(session.answer, json.loads(line)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
