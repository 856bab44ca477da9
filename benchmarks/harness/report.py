"""What was measured, as one table for people and as JSON for programs.

`run.py` hands over the list of `driver.Series`.
"""

from __future__ import annotations

import math
import statistics
from typing import Any

from harness.case import Steps
from harness.driver import Plan, Series
from harness.machine import LOAD_IS_MEASURED, describe
from harness.peers import PEERS

HEADER = (
    "work",
    "framework",
    "median",
    "quartiles",
    "result",
    "peer / rillet",
    "target",
    "",
)


def median(series: Series) -> float | None:
    """Return the median figure of a series, or None where it has none."""
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
    result = series.facts.get("result") or [math.nan]
    if abs(result[-1] - expected) <= tolerance:
        return None
    return f"result {result[-1]} is not {expected} within {tolerance}"


def rate(series: Series) -> float | None:
    """Return a series' floating-point operations a second, where its case tells."""
    case, seconds = series.case, median(series)
    if not isinstance(case, Steps) or case.operations is None or not seconds:
        return None
    return case.operations / seconds


def remarks(series: Series, plan: Plan, peak: float | None = None) -> str:
    """Return what a reader must know about a line: failures, noise, wrong results.

    Args:
        series: What was measured.
        plan: How it was measured.
        peak: The machine's floating-point operations a second, if they were measured.
    """
    if series.error:
        return f"failed: {series.error}"
    notes = []
    found = rate(series)
    if found is not None:
        share = f", {found / peak:.0%} of peak" if peak else ""
        notes.append(f"{found / 1e9:.0f} GFLOP/s{share}")
    wanted = plan.repeats_of(series.case)
    quiet = sum(repeat.quiet for repeat in series.repeats)
    if quiet == 0 and series.repeats:
        least = min(repeat.others or 0.0 for repeat in series.repeats)
        most = max(repeat.speed or 1.0 for repeat in series.repeats)
        notes.append(
            f"no quiet repeat, others took {least:.0%} or more, the machine ran at "
            f"{most:.0%} of its speed or less: all used"
        )
    elif quiet < wanted:
        notes.append(f"only {quiet} of {wanted} repeats quiet")
    wrong = wrong_result(series)
    if wrong:
        notes.append(wrong)
    return "; ".join(notes)


def verdict(series: Series, everything: list[Series], peak: float | None = None) -> str:
    """Return what is aimed at in a line, and whether it was met.

    A peer's line has the wanted ratio, rillet's own the bound of its figure or the
    wanted share of the machine's peak.
    """
    case, own = series.case, median(series)
    if series.peer != "rillet":
        return _judged(case.targets.get(series.peer), ratio(series, everything))
    if case.limit is not None:
        bound = show(case.limit, case.unit)
        if case.unit == "share":
            return _said(f"{bound} or more", own and own >= case.limit)
        return _said(f"at most {bound}", own and own <= case.limit)
    if isinstance(case, Steps) and case.share_of_peak is not None:
        bound = f"{case.share_of_peak:.0%} of peak"
        found = rate(series)
        if not found or not peak:
            return bound
        return _said(bound, found / peak >= case.share_of_peak)
    return ""


def table(
    everything: list[Series], plan: Plan, peak: dict[str, Any] | None = None
) -> str:
    """Return the table, as Markdown, with the machine and the versions below it."""
    lines: list[tuple[str, ...]] = [HEADER]
    previous = None
    top = peak["rate"] if peak else None
    for series in everything:
        found = ratio(series, everything)
        lines.append(
            (
                series.case.title if series.case is not previous else "",
                PEERS[series.peer].label,
                show(median(series), series.case.unit),
                _spread(series),
                " ".join(f"{number:.5g}" for number in series.facts.get("result", [])),
                "" if found is None else f"{found:.2f}",
                verdict(series, everything, top),
                remarks(series, plan, top),
            )
        )
        previous = series.case
    return "\n".join([*_aligned(lines), "", *_footer(everything, plan, peak)])


def document(
    everything: list[Series], plan: Plan, peak: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return everything that was measured, for `json.dump`."""
    return {
        "machine": describe(),
        "plan": vars(plan),
        "peak": peak,
        "load_is_measured": LOAD_IS_MEASURED,
        "series": [
            {
                "row": series.row,
                "case": series.case.name,
                "title": series.case.title,
                "framework": series.peer,
                "median": median(series),
                "unit": series.case.unit,
                "ratio": ratio(series, everything),
                "target": series.case.targets.get(series.peer),
                "limit": series.case.limit,
                "operations_per_second": rate(series),
                "error": series.error,
                "wrong_result": wrong_result(series),
                "repeats": [vars(repeat) for repeat in series.repeats],
                **series.facts,
            }
            for series in everything
        ],
    }


def show(figure: float | None, unit: str) -> str:
    """Return a figure with its unit, as short as four digits allow.

    >>> show(0.01234, "s"), show(0.415, "share"), show(3.2e8, "byte")
    ('12.34 ms', '42%', '320 MB')
    """
    if figure is None:
        return "-"
    if unit == "share":
        return f"{figure:.0%}"
    if unit == "byte":
        return f"{figure / 1e6:.0f} MB"
    if unit == "times":
        return f"{figure:.3g} times"
    if abs(figure) < 1e-3:
        return f"{figure * 1e6:.4g} µs"
    return f"{figure * 1e3:.4g} ms" if abs(figure) < 1.0 else f"{figure:.4g} s"


def _spread(series: Series) -> str:
    kept = series.kept()
    if len(kept) < 2:
        return ""
    low, _, high = statistics.quantiles(kept, n=4, method="inclusive")
    return f"{show(low, series.case.unit)} to {show(high, series.case.unit)}"


def _judged(target: float | None, found: float | None) -> str:
    if target is None:
        return ""
    return _said(f"{target:g}", None if found is None else found >= target)


def _said(bound: str, met: bool | float | None) -> str:
    return bound if met is None else f"{bound}, {'met' if met else 'missed'}"


def _aligned(lines: list[tuple[str, ...]]) -> list[str]:
    last = len(HEADER) - 1
    widths = [max(len(line[i]) for line in lines) for i in range(last)]
    right = {2, 5}

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


def _footer(
    everything: list[Series], plan: Plan, peak: dict[str, Any] | None
) -> list[str]:
    facts = describe()
    versions: dict[str, str] = {}
    for series in everything:
        for name, version in series.facts.get("versions", {}).items():
            if name != "numpy" or series.peer == "rillet":
                versions[name] = version
    noisy = sum(not repeat.quiet for s in everything for repeat in s.repeats)
    if LOAD_IS_MEASURED:
        load = (
            f"other processes took over {plan.limit:.0%} of the processors, or the "
            f"machine itself ran slower than before, in {noisy} more, which are thrown "
            "away where quiet ones stand"
        )
    else:
        load = "this system tells nothing of other processes: no repeat was thrown away"
    top = []
    if peak:
        top = [
            f"Peak: {peak['rate'] / 1e9:.0f} GFLOP/s, measured: multiply-adds in "
            f"registers, {peak['width']} floats wide, on {peak['threads']} threads; "
            f"a large product in NumPy's BLAS: {peak['products'] / 1e9:.0f} GFLOP/s."
        ]
    return [
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']}, Python "
        f"{facts['python']}; " + ", ".join(f"{k} {v}" for k, v in versions.items()),
        f"Medians of {plan.repeats} interleaved repeats; {load}.",
        *top,
    ]
