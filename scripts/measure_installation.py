"""Measure what rillet and its needs take on disk, and fail above a limit.

``measure_installation.py ENVIRONMENT --limit-mb 320`` adds up the files of every
package in the environment but pip and setuptools, which rillet doesn't bring.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

NOT_OURS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")
# As `du -m` counts.
MB = 2**20


def sizes(environment: Path) -> Counter[str]:
    """Return bytes by top-level entry of the environment's site-packages.

    Raises:
        SystemExit: the folder holds no site-packages.
    """
    found = [path for path in environment.rglob("site-packages") if path.is_dir()]
    if not found:
        raise SystemExit(f"measure: no site-packages under {environment}.")
    totals: Counter[str] = Counter()
    for site in found[:1]:
        for path in site.rglob("*"):
            top = path.relative_to(site).parts[0]
            if path.is_file() and not top.startswith(NOT_OURS):
                totals[top] += path.stat().st_size
    return totals


def main() -> int:
    """Read the command line, print the table, compare with the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environment", type=Path)
    parser.add_argument("--limit-mb", type=float, default=320.0)
    options = parser.parse_args()
    totals = sizes(options.environment)
    for name, count in totals.most_common(10):
        print(f"{count / MB:8.1f} MB  {name}")
    whole = sum(totals.values()) / MB
    print(f"{whole:8.1f} MB  in all (limit {options.limit_mb:g})")
    return int(whole > options.limit_mb)


if __name__ == "__main__":
    sys.exit(main())
