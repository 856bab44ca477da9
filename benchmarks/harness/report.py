"""What was measured, as one table for people and as JSON for programs.

`run.py` hands over the list of `driver.Series`.
"""

from __future__ import annotations

import statistics
from typing import Any

from harness.case import Steps
from harness.driver import Plan, Series
from harness.machine import LOAD_IS_MEASURED, describe
from harness.peers import PEERS

HEADER = ("work", "framework", "ms", "quartiles", "peer / rillet", "target", "")


def median(series: Series) -> float | None:
    """Return the median seconds of a series, or None where it has none."""
    kept = series.kept()
    return statistics.median(kept) if kept else None


def ratio(series: Series, everything: list[Series]) -> float | None:
    """Return the peer's median over rillet's for the same case, or None."""
    own, base = median(series), None
    for other in everything:
        same = (other.row, other.case.name) == (series.row, series.case.name)
        if same and other.peer == "rillet":
            base = median(other)
    if own is None or base is None or base <= 0.0 or series.peer == "rillet":
        return None
    return own / base


def wrong_result(series: Series) -> str | None:
    """Return in words how the first step's result differs from the case's `check`."""
    case = series.case
    if not isinstance(case, Steps) or case.check is None or series.error:
        return None
    expected, tolerance = case.check
    result = series.facts.get("result")
    if result is not None and abs(result - expected) <= tolerance:
        return None
    return f"result {result} is not {expected} within {tolerance}"


def remarks(series: Series, plan: Plan) -> str:
    """Return what a reader must know about a line: failures, noise, wrong results."""
    if series.error:
        return f"failed: {series.error}"
    notes = []
    quiet = sum(repeat.quiet for repeat in series.repeats)
    if quiet == 0:
        least = min(repeat.others or 0.0 for repeat in series.repeats)
        notes.append(f"no quiet repeat, others took {least:.0%} or more: all used")
    elif quiet < plan.repeats:
        notes.append(f"only {quiet} of {plan.repeats} repeats quiet")
    wrong = wrong_result(series)
    if wrong:
        notes.append(wrong)
    return "; ".join(notes)


def table(everything: list[Series], plan: Plan) -> str:
    """Return the table, as Markdown, with the machine and the versions below it."""
    lines: list[tuple[str, ...]] = [HEADER]
    previous = None
    for series in everything:
        target = series.case.targets.get(series.peer)
        found = ratio(series, everything)
        lines.append(
            (
                series.case.title if series.case is not previous else "",
                PEERS[series.peer].label,
                _milliseconds(median(series)),
                _spread(series),
                "" if found is None else f"{found:.2f}",
                _verdict(found, target),
                remarks(series, plan),
            )
        )
        previous = series.case
    return "\n".join([*_aligned(lines), "", *_footer(everything, plan)])


def document(everything: list[Series], plan: Plan) -> dict[str, Any]:
    """Return everything that was measured, for `json.dump`."""
    return {
        "machine": describe(),
        "plan": vars(plan),
        "load_is_measured": LOAD_IS_MEASURED,
        "series": [
            {
                "row": series.row,
                "case": series.case.name,
                "title": series.case.title,
                "framework": series.peer,
                "median_seconds": median(series),
                "ratio": ratio(series, everything),
                "target": series.case.targets.get(series.peer),
                "error": series.error,
                "wrong_result": wrong_result(series),
                "repeats": [vars(repeat) for repeat in series.repeats],
                **series.facts,
            }
            for series in everything
        ],
    }


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1e3:.4g}" if seconds < 1.0 else f"{seconds * 1e3:.0f}"


def _spread(series: Series) -> str:
    kept = series.kept()
    if len(kept) < 2:
        return ""
    low, _, high = statistics.quantiles(kept, n=4, method="inclusive")
    return f"{_milliseconds(low)} to {_milliseconds(high)}"


def _verdict(found: float | None, target: float | None) -> str:
    if target is None:
        return ""
    if found is None:
        return f"{target:g}"
    return f"{target:g}, {'met' if found >= target else 'missed'}"


def _aligned(lines: list[tuple[str, ...]]) -> list[str]:
    last = len(HEADER) - 1
    widths = [max(len(line[i]) for line in lines) for i in range(last)]
    right = {2, 4}

    def row(cells: tuple[str, ...]) -> str:
        padded = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=False))
        ]
        return "| " + " | ".join([*padded, cells[last]]).rstrip() + " |"

    rule = "".join(
        "|" + "-" * (width + 1) + (":" if i in right else "-")
        for i, width in enumerate(widths)
    )
    return [row(lines[0]), rule + "|---|", *(row(line) for line in lines[1:])]


def _footer(everything: list[Series], plan: Plan) -> list[str]:
    facts = describe()
    versions: dict[str, str] = {}
    for series in everything:
        for name, version in series.facts.get("versions", {}).items():
            if name != "numpy" or series.peer == "rillet":
                versions[name] = version
    noisy = sum(not repeat.quiet for s in everything for repeat in s.repeats)
    if LOAD_IS_MEASURED:
        load = (
            f"other processes took over {plan.limit:.0%} of the processors in {noisy} "
            "more, which are thrown away where quiet ones stand"
        )
    else:
        load = "this system tells nothing of other processes: no repeat was thrown away"
    return [
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']}, Python "
        f"{facts['python']}; " + ", ".join(f"{k} {v}" for k, v in versions.items()),
        f"Medians of {plan.repeats} interleaved repeats; {load}.",
    ]
