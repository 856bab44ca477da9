"""Programs run in processes of their own: each changes `sys` and its modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def rillet(tmp_path: Path) -> Command:
    """Return a function that runs `rillet WORD ...` in a folder of the test's own."""

    def command(*words: str, status: int | None = 0, **environment: str) -> Done:
        variables = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
        variables |= {"PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-m", "rillet", *words],
            cwd=tmp_path,
            env=variables | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        if status is not None:
            assert done.returncode == status, done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a program and gives its path."""

    def write(source: str, name: str = "program.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a notebook of code cells and gives its path."""

    def write(*sources: str, name: str = "book.ipynb") -> str:
        cells: list[dict[str, Any]] = [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source.splitlines(keepends=True),
            }
            for source in sources
        ]
        heading = {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]}
        whole = {
            "cells": [heading, *cells],
            "metadata": {"kept": True},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = tmp_path / name
        path.write_text(json.dumps(whole), encoding="utf-8")
        return str(path)

    return write
