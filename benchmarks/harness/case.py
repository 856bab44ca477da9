"""What a row file declares: cases, each measured for several frameworks.

A row is a module in `rows/` with `CASES`, a tuple of `Steps`, `Once` or `Fresh`. Row
files are imported by the driver (which has no framework) and by the workers (which have
one), so they import nothing at their top but the harness, what rows share (`rows/_*`)
and the standard library.
"""

from __future__ import annotations

import importlib
from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

ROWS = Path(__file__).resolve().parent.parent / "rows"

Step = Callable[[], Any]
Builder = Callable[[Any, "Data"], Step]
Wrap = Callable[[Step], Step]
Figure = Callable[[Any, "Data"], float]
Unit = Literal["s", "byte", "share", "times"]
Caches = Literal["kept", "cold", "warm"]


def as_it_is(step: Step) -> Step:
    """Return the step: the `Wrap` of frameworks that run it eagerly.

    >>> as_it_is(min) is min
    True
    """
    return step


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

    def images(self, split: str = "train") -> tuple[Any, Any]:
        """Return MNIST ready for training, made with no second copy in memory.

        Args:
            split: `"train"` or `"test"`.

        Returns:
            Images `(n, 28, 28)` of float32 from 0 to 1, and labels `(n,)` of int32.
        """
        mnist = self.mnist()
        images = mnist[f"x_{split}"].astype("float32")
        images /= 255.0
        return images, mnist[f"y_{split}"].astype("int32")


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """One line of the table.

    Args:
        name: What `--rows row.name` selects; a Python identifier.
        title: What the table prints.
        targets: For a peer's name, the ratio peer / rillet that rillet aims at.
        needs: Data the case reads; `"mnist"` is the one there is.
        aside: Columns that are measured only where `--frameworks` names them, since
            they take minutes and no target asks for them.
        unit: What the figure is: seconds, bytes, a share of 1 or a number of times.
        limit: The figure that rillet's own must not pass: the most it may be, or, of a
            share, the least.
        most_repeats: No more repeats than these, whatever the command line asks for.
    """

    name: str
    title: str
    targets: Mapping[str, float] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    unit: Unit = "s"
    limit: float | None = None
    most_repeats: int | None = None

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
        check: The expected result of the first step and how far it may be off, or None:
            it shows that all frameworks are doing the same work. The result of an array
            is its sum, that of a tuple (a loss and an accuracy) its last number.
        warm: How many calls come before the first measured one.
        least: How many seconds one repeat lasts at least, filled with calls.
        operations: Floating-point operations of the matrix products in one call, from
            which the table tells the rate.
        share_of_peak: The share of the machine's peak that rillet's rate must reach.
        processes: With 2, two processes do the work at once, and the figure is the
            share of its speed alone that the slower one keeps.
    """

    build: Mapping[str, Builder]
    check: tuple[float, float] | None = None
    warm: int = 3
    least: float = 0.5
    operations: int | None = None
    share_of_peak: float | None = None
    processes: int = 1

    def peers(self) -> tuple[str, ...]:
        return tuple(self.build)


@dataclass(frozen=True, kw_only=True)
class Once(Case):
    """A figure that a new process finds out once a repeat: a first call, a peak.

    Args:
        measure: For a peer's name, a function of the framework's module and the `Data`
            that does the work and returns the figure, in the case's unit.
        caches: `"kept"` leaves the frameworks' caches of compiled code on disk as they
            are for the user; `"cold"` gives each repeat an empty folder; `"warm"` gives
            all repeats one folder, filled by a run that is not measured.
    """

    measure: Mapping[str, Figure]
    caches: Caches = "kept"

    def peers(self) -> tuple[str, ...]:
        return tuple(self.measure)


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
