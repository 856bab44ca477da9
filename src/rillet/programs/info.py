"""What rillet runs on: versions, processor, threads, matrix kernels, cache.

Nothing flows in; lines of text flow out. Called by ``rillet info``. Nothing is loaded
that the programs themselves would not load, llvmlite least of all.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from .. import version
from ..core import folders, threads
from ..ops import blas as kernels

PACKAGES = (
    "numpy",
    "scipy-openblas32",
    "llvmlite",
    "ml-dtypes",
    "opt-einsum",
    "matplotlib",
    "pillow",
)


def versions() -> dict[str, str]:
    """Return rillet's version, Python's, and those of the packages it stands on."""
    found = {
        "rillet": f"{version.RILLET_VERSION} (TensorFlow {version.VERSION})",
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def processor() -> str:
    """Return the processor's model, as the system names it."""
    name = ""
    if sys.platform == "linux":
        name = _from_cpuinfo(_read("/proc/cpuinfo"))
    elif sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(command, capture_output=True, text=True)
        name = done.stdout.strip()
    return name or platform.processor() or platform.machine() or "unknown"


def _from_cpuinfo(text: str) -> str:
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Hardware", "cpu model"):
            return value.strip()
    return ""


def features() -> list[str]:
    """Return the vector extensions that NumPy found on this processor."""
    try:
        known: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    except (KeyError, TypeError):
        return []
    return [*known.get("baseline", ()), *known.get("found", ())]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def blas() -> dict[str, str]:
    """Return what the matrix kernels of this machine are, and who chose them."""
    found = {"kernel": kernels.corename(), "build": kernels.config()}
    forced = os.environ.get("OPENBLAS_CORETYPE")
    if forced:
        found["kernel"] += f" (OPENBLAS_CORETYPE={forced})"
    return found


def workers() -> str:
    """Return how many threads rillet uses, and of how many processors."""
    return (
        f"{threads.count()} (processors: {os.cpu_count()}, "
        f"of which this process may keep busy: {threads.available()})"
    )


def main() -> int:
    """Print everything, a line a fact."""
    rows: list[tuple[str, Callable[[], str]]] = [
        ("processor", processor),
        ("features", lambda: " ".join(features()) or "unknown"),
        ("threads", workers),
        ("BLAS kernel", lambda: blas()["kernel"]),
        ("BLAS build", lambda: blas()["build"]),
        ("cache folder", lambda: str(folders.cache_folder())),
    ]
    for name, number in versions().items():
        print(f"{name:17} {number}")
    for name, make in rows:
        print(f"{name:17} {make()}")
    return 0
