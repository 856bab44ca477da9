"""Write `docs/coverage.md`: the names that programs use, and what shows that they work.

    python scripts/write_coverage.py            # writes it
    python scripts/write_coverage.py --check    # fails where the page is out of date

The names and how often they are used stand in tests/coverage/tally.tsv. A name works
where one of the rows beside it calls it and gives what TensorFlow gives; what another
test does, or nothing at all, has a line in `elsewhere.tsv` or `reasons.tsv`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "coverage"
PAGE = ROOT / "docs" / "coverage.md"
sys.path.insert(0, str(FOLDER))

from running import rows  # noqa: E402 - the path above comes first

_INTRO = """\
# Which of TensorFlow's names programs use, and which work here

This page is made by `scripts/write_coverage.py`. It counts the names that are used by
three or more of some five hundred notebooks and scripts for TensorFlow 2. A name works
where a row in tests/coverage calls it and gives what TensorFlow 2.21 (with tf.keras 2)
gives, or where the test that is named holds it against TensorFlow.
"""


def pairs(name: str) -> dict[str, str]:
    """Return the lines of a table of two columns."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return {key: words for key, words in (line.split("\t") for line in lines)}


def tally() -> list[tuple[str, int, int]]:
    """Return names, how often they stand in programs, and in how many programs."""
    lines = (FOLDER / "tally.tsv").read_text(encoding="utf-8").splitlines()
    split = (line.split("\t") for line in lines)
    return [(name, int(uses), int(programs)) for name, uses, programs in split]


def page() -> str:
    """Return the text of the page.

    Raises:
        ValueError: a name has neither row, test nor reason, or more than one of them.
    """
    by_row, elsewhere, reasons = rows(), pairs("elsewhere.tsv"), pairs("reasons.tsv")
    counted = tally()
    for name, _, _ in counted:
        places = [name in table for table in (by_row, elsewhere, reasons)]
        if sum(places) != 1:
            raise ValueError(f"{name}: {sum(places)} rows, tests, reasons; must be 1")
    uses = sum(n for _, n, _ in counted)
    without = [line for line in counted if line[0] in reasons]
    missed = sum(n for _, n, _ in without)
    found = len(counted) - len(without)
    lines = [
        _INTRO,
        "| | names | uses |",
        "|---|---|---|",
        f"| works, by a row | {found - len(elsewhere)} | |",
        f"| works, by a test of its own | {len(elsewhere)} | |",
        f"| works, together | {found} | {uses - missed} |",
        f"| is not here | {len(without)} | {missed} |",
        "",
        "## Not here, and why",
        "",
    ]
    groups: dict[str, list[str]] = defaultdict(list)
    for name, count, programs in without:
        words = f"  - `{name}` ({count} uses, {programs} programs)"
        groups[reasons[name]].append(words)
    for reason, names in sorted(groups.items()):
        lines += [f"- {reason[0].upper()}{reason[1:]}:", *names]
    lines += ["", "## Works", "", "| name | uses | programs | shown by |"]
    lines.append("|---|---|---|---|")
    for name, count, programs in counted:
        if name not in reasons:
            place = elsewhere.get(name, "a row")
            lines.append(f"| `{name}` | {count} | {programs} | {place} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") == text:
            return 0
        print(f"{PAGE} is out of date: run python scripts/write_coverage.py")
        return 1
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
