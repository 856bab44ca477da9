"""What a row file declares: cases, each measured for several frameworks.

A row is a module in `rows/` with `CASES`, a tuple of `Steps` or `Fresh`. Row files are
imported by the driver (which has no framework) and by the workers (which have one), so
they import nothing but this module and the standard library at their top.
"""

from __future__ import annotations

import importlib
from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROWS = Path(__file__).resolve().parent.parent / "rows"

Step = Callable[[], Any]
Builder = Callable[[Any, "Data"], Step]


class Data:
    """Files that rows read, handed to every builder.

    Args:
        mnist: The path of an `.npz` file with `x_train`, `y_train`, `x_test` and
            `y_test` as Keras names them, or None where no row needs it.
    """

    def __init__(self, mnist: str | None = None) -> None:
        self._mnist = mnist

    def mnist(self) -> dict[str, Any]:
        """Return MNIST's four arrays by their names, uint8, images `(n, 28, 28)`."""
        import numpy as np

        if self._mnist is None:
            raise ValueError("the case reads MNIST: declare needs=('mnist',)")
        with np.load(self._mnist) as archive:
            return {name: archive[name] for name in archive.files}


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """One line of the table.

    Args:
        name: What `--rows row.name` selects; a Python identifier.
        title: What the table prints.
        targets: For a peer's name, the ratio peer / rillet that rillet aims at.
        needs: Data the case reads; `"mnist"` is the one there is.
    """

    name: str
    title: str
    targets: Mapping[str, float] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    def peers(self) -> tuple[str, ...]:
        """Return the names of the columns that this case has code for."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Steps(Case):
    """A piece of work that a warm process repeats.

    Args:
        build: For a peer's name, a builder. It is given the framework's module and the
            `Data`; it makes models and inputs and returns the step, which does the work
            once and returns a number or an array of the framework (for work that is
            dispatched and not awaited, one that has `block_until_ready`).
        check: The expected sum of the first step's result and how far it may be off, or
            None: it shows that all frameworks are doing the same work.
        warm: How many calls come before the first measured one.
        least: How many seconds one repeat lasts at least, filled with calls.
    """

    build: Mapping[str, Builder]
    check: tuple[float, float] | None = None
    warm: int = 3
    least: float = 0.5

    def peers(self) -> tuple[str, ...]:
        return tuple(self.build)


@dataclass(frozen=True, kw_only=True)
class Fresh(Case):
    """A piece of work that a new process does once.

    What is measured is `python -c CODE` from start to exit, less the same with
    `baseline` as its code.

    Args:
        code: For a peer's name, the code.
        baseline: The code of the process whose time is taken off.
        warm: How many processes come before the first measured one.
    """

    code: Mapping[str, str]
    baseline: str = "pass"
    warm: int = 1

    def peers(self) -> tuple[str, ...]:
        return tuple(self.code)


def row_names() -> list[str]:
    """Return the names of all rows, in the order of their files' names."""
    return sorted(path.stem for path in ROWS.glob("[!_]*.py"))


def load(row: str) -> tuple[Case, ...]:
    """Return the cases of one row.

    Args:
        row: The name of a file in `rows/`, without its ending.

    Raises:
        ValueError: There is no such row.
    """
    if row not in row_names():
        raise ValueError(f"no row named {row!r}; there are {', '.join(row_names())}")
    module = importlib.import_module(f"rows.{row}")
    cases: tuple[Case, ...] = module.CASES
    return cases


def select(wanted: list[str]) -> list[tuple[str, Case]]:
    """Return `(row, case)` for what `--rows` names.

    Args:
        wanted: Names of rows, or `row.case`; empty for every row.

    Raises:
        ValueError: A name fits no row or no case.
    """
    chosen: list[tuple[str, Case]] = []
    for name in wanted or row_names():
        row, _, case_name = name.partition(".")
        cases = [c for c in load(row) if case_name in ("", c.name)]
        if not cases:
            known = ", ".join(c.name for c in load(row))
            raise ValueError(f"row {row!r} has no case {case_name!r}; it has {known}")
        chosen.extend((row, case) for case in cases)
    return chosen
