"""Write `src/rillet/__init__.pyi` from the table in `rillet.exports`.

    python scripts/make_stub.py [--check]

Type checkers and editors read the stub; programs resolve the same names on first use.
With ``--check`` nothing is written: the exit code says whether the stub is up to date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
STUB = HERE / "src" / "rillet" / "__init__.pyi"
sys.path.insert(0, str(HERE / "src"))

from rillet import exports  # noqa: E402  the path above comes first

HEAD = '''"""Types of the names that rillet resolves on first use.

Made by scripts/make_stub.py from rillet/exports.py; do not edit.
"""

'''


def stub() -> str:
    """The stub's text."""
    names = exports.resolve()
    spaces = [n for n in exports.NAMESPACES if exports.is_present(n)]
    found = [(m, f"{inner} as {public}") for public, (m, inner) in names.items()]
    found += [("rillet", f"{name} as {name}") for name in spaces]
    rows = [_row(module, what) for module, what in sorted(found, key=_order)]
    listed = "".join(f'    "{name}",\n' for name in sorted([*names, *spaces]))
    return (
        HEAD
        + "\n".join(rows)
        + f"\n\n__version__: str\nnewaxis: None\n\n__all__ = [\n{listed}]\n"
    )


def _order(entry: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    """Imports by module, then by name, numbers in names by their value."""
    parts = re.split(r"(\d+)", entry[1].split()[0])
    return entry[0], [(int(p), "") if p.isdigit() else (-1, p) for p in parts]


def _row(module: str, what: str) -> str:
    """One import, in three lines where one would be too long."""
    row = f"from {module} import {what}"
    return row if len(row) <= 88 else f"from {module} import (\n    {what},\n)"


def main() -> int:
    """Write the stub, or check it."""
    text = stub()
    if "--check" in sys.argv[1:]:
        return 0 if STUB.exists() and STUB.read_text("utf-8") == text else 1
    STUB.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
