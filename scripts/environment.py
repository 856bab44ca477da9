"""Make or refresh a virtual environment, with nothing but Python and its pip.

The Makefile calls this before every target: ``environment.py FOLDER --extras test``
lays down FOLDER, installs the project there in editable form with the named extras,
and notes what it did in a stamp, so that the next call returns at once. It runs where
Debian's Python lacks ensurepip, and on Windows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
STAMP = "rillet-environment.json"


def interpreter(folder: Path) -> Path:
    """Return the path of the environment's own Python."""
    if os.name == "nt":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def create(folder: Path) -> None:
    """Lay down an empty environment with pip in it.

    Raises:
        SystemExit: neither the environment's pip nor this Python's pip can be had.
    """
    with_pip = [sys.executable, "-m", "venv", str(folder)]
    if subprocess.run(with_pip, stdout=subprocess.DEVNULL).returncode == 0:
        return
    # Debian splits ensurepip from venv; this Python's own pip fills the gap.
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([*with_pip[:-1], "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter(folder))]
    if subprocess.run([*pip, "install", "-q", "pip"]).returncode:
        raise SystemExit(
            "environment: no pip can be installed into "
            f"{folder}: this Python has neither ensurepip nor pip 22.3 or newer; "
            "install your system's python3-venv package."
        )


@dataclass(frozen=True)
class Content:
    """What an environment shall hold: the project, a built file of it, or a list."""

    extras: tuple[str, ...]
    requirements: Path | None = None
    package: Path | None = None

    def arguments(self) -> list[str]:
        """Return what pip is asked to install."""
        if self.requirements:
            return ["-r", str(self.requirements)]
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        if self.package:
            return [str(self.package.resolve()) + extras]
        return ["-e", str(ROOT) + extras]

    def fingerprint(self) -> dict[str, Any]:
        """Return what the environment's content depends on."""
        source = self.requirements or self.package or ROOT / "pyproject.toml"
        return {
            "python": sys.version,
            "source": hashlib.sha256(source.read_bytes()).hexdigest(),
            "root": str(ROOT),
            "extras": sorted(self.extras),
        }


def is_fresh(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Tell whether the environment already holds all that is wanted."""
    same = all(found.get(key) == wanted[key] for key in wanted if key != "extras")
    return same and set(found["extras"]) >= set(wanted["extras"])


def prepare(folder: Path, content: Content) -> None:
    """Bring the environment in ``folder`` up to date, or do nothing where it is.

    Raises:
        SystemExit: pip could not install what was asked; its words stand above.
    """
    stamp = folder / STAMP
    wanted = content.fingerprint()
    if stamp.exists():
        found = json.loads(stamp.read_text(encoding="utf-8"))
        if is_fresh(found, wanted):
            return
        # The targets share one environment: the extras of each call add up.
        content = replace(content, extras=(*{*content.extras, *found["extras"]},))
        wanted = content.fingerprint()
        if found["python"] != wanted["python"]:
            shutil.rmtree(folder)
    elif folder.exists():
        shutil.rmtree(folder)  # an earlier try that broke off
    if not interpreter(folder).exists():
        create(folder)
    arguments = content.arguments()
    print(f"environment: {folder}: pip install {arguments[-1]}", file=sys.stderr)
    pip = [str(interpreter(folder)), "-m", "pip", "install", "-q"]
    pip += ["--disable-pip-version-check", *arguments]
    if subprocess.run(pip).returncode:
        raise SystemExit(f"environment: pip failed in {folder}: see its words above.")
    stamp.write_text(json.dumps(wanted), encoding="utf-8")


def clean(folders: list[Path]) -> None:
    """Remove folders and files inside the project; what is outside it is refused."""
    for folder in folders:
        if ROOT not in folder.resolve().parents:
            raise SystemExit(f"environment: {folder} is outside {ROOT}: not removed.")
        if folder.is_file():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--extras", default="", help="comma-separated extras")
    parser.add_argument("--requirements", type=Path, help="a list to install instead")
    parser.add_argument("--package", type=Path, help="a wheel or sdist to install")
    parser.add_argument("--clean", action="store_true", help="remove what is named")
    options = parser.parse_args()
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"environment: Python {'.'.join(map(str, OLDEST))} or newer is needed: "
            f"{sys.executable} is {sys.version.split()[0]}; "
            "say which to use with `make PYTHON=/path/to/python3.11 ...`."
        )
    if options.clean:
        clean(options.folders)
        return 0
    extras = tuple(extra for extra in options.extras.split(",") if extra)
    for folder in options.folders:
        prepare(folder, Content(extras, options.requirements, options.package))
    return 0


if __name__ == "__main__":
    sys.exit(main())
