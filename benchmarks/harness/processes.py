"""The processes that run frameworks' code, and the commands they are sent.

`runners.py` opens them; `worker.py` is what runs in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.envs import REPOSITORY
from harness.peers import PEERS, UNSET

WORKER = Path(__file__).resolve().parent / "worker.py"


class WorkerFailed(RuntimeError):
    """A framework's code failed; the message is its error, `log` its stderr's end."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


def environment_for(peer: str) -> dict[str, str]:
    """Return the environment variables of a peer's processes."""
    variables = {k: v for k, v in os.environ.items() if k not in UNSET}
    variables.pop("PYTHONPATH", None)
    if PEERS[peer].environment == "rillet":
        variables["PYTHONPATH"] = str(REPOSITORY / "src")
    return variables | PEERS[peer].variables


class Worker:
    """A warm process that runs one framework's code for one row.

    Args:
        python: The interpreter of the framework's environment.
        row: The row's name.
        peer: The column's name.
        mnist: The path of MNIST's arrays, or an empty string.
        variables: Environment variables beside the column's own.

    Raises:
        WorkerFailed: The framework cannot be imported, or the row's file fails.
    """

    def __init__(
        self,
        python: Path,
        row: str,
        peer: str,
        mnist: str,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._log = tempfile.TemporaryFile(mode="w+", errors="replace")
        command = [python, str(WORKER), row, peer, PEERS[peer].module, mnist]
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            env=environment_for(peer) | dict(variables),
        )
        try:
            self._answer()
        except BaseException:
            self.close()
            raise

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and return its answer.

        Raises:
            WorkerFailed: The command failed or the process ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed("the worker has ended", self._stderr()) from None
        return self._answer()

    def close(self) -> None:
        """End the process."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(timeout=10)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise WorkerFailed(f"the worker ended with code {code}", self._stderr())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerFailed(answer["error"], self._stderr())
        return answer

    def _stderr(self) -> str:
        self._log.seek(0)
        return self._log.read()[-4000:]
