"""The frameworks' virtual environments: found where they are, made where they are not.

`run.py` and `profile_row.py` ask for an environment's interpreter. Environments lie in
a cache folder outside the repository, or in the folder that `--envs` names, one folder
for each name in `peers.ENVIRONMENTS`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from fnmatch import fnmatch
from pathlib import Path

from harness.peers import ENVIRONMENTS, Environment

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_MARK = "made-by-rillet-benchmarks"
_PROBE = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


class UnusableEnvironment(RuntimeError):
    """An environment cannot be used or made; the message says which and why."""


def default_folder() -> Path:
    """Return the folder for environments: the user's cache, on every system."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "rillet-benchmarks"


def interpreter(folder: Path) -> Path:
    """Return where an environment keeps its Python."""
    if sys.platform == "win32":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def ensure(name: str, envs: Path) -> Path:
    """Return the interpreter of an environment, which is made if it does not stand.

    Args:
        name: A key of `peers.ENVIRONMENTS`.
        envs: The folder that holds the environments.

    Raises:
        UnusableEnvironment: A folder of that name stands there with other releases and
            was not made by this script, or pip failed.
    """
    environment = ENVIRONMENTS[name]
    folder = envs / name
    python = interpreter(folder)
    if python.exists():
        wrong = mismatches(environment, python)
        if not wrong:
            return python
        if not (folder / _MARK).exists():
            raise UnusableEnvironment(
                f"{folder} holds {'; '.join(wrong)}, and this script did not make it: "
                "install what is asked for there, or name another folder with --envs"
            )
    elif folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise UnusableEnvironment(
            f"{folder} is no virtual environment and is not empty: name another folder "
            "with --envs"
        )
    _make(environment, folder)
    wrong = mismatches(environment, python)
    if wrong:
        raise UnusableEnvironment(f"{folder}: pip installed {'; '.join(wrong)}")
    return python


def mismatches(environment: Environment, python: Path) -> list[str]:
    """Return what an interpreter lacks of an environment's requirements, in words."""
    wanted = dict(item.split("==") for item in environment.requirements)
    if environment.name == "rillet":
        wanted = {re.split(r"[^\w.-]", item)[0]: "*" for item in _own_requirements()}
    done = subprocess.run(
        [python, "-c", _PROBE, *wanted], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return [f"an interpreter that does not run ({done.stderr.strip()[-200:]})"]
    found = json.loads(done.stdout)
    return [
        f"{name} {found[name] or 'not at all'} (wanted {version})"
        for name, version in wanted.items()
        if found[name] is None or not fnmatch(found[name].split("+")[0], version)
    ]


def _own_requirements() -> list[str]:
    with open(REPOSITORY / "pyproject.toml", "rb") as file:
        requirements: list[str] = tomllib.load(file)["project"]["dependencies"]
    return requirements


def _make(environment: Environment, folder: Path) -> None:
    print(f"making the environment {folder} ...", file=sys.stderr, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    windows = sys.platform == "win32"
    venv.create(folder, with_pip=True, symlinks=not windows)
    what = list(environment.requirements) or _own_requirements()
    command = [str(interpreter(folder)), "-m", "pip", "install", "--quiet", *what]
    if subprocess.run(command, check=False).returncode != 0:
        raise UnusableEnvironment(f"{folder}: failed: {' '.join(command)}")
