"""What rillet runs on: versions, processor, threads, matrix kernels, cache.

Nothing flows in; lines of text flow out. Called by ``rillet info``. Nothing is loaded
that the programs themselves would not load, llvmlite least of all.
"""

from __future__ import annotations

import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "numpy",
    "scipy-openblas32",
    "llvmlite",
    "ml-dtypes",
    "optree",
    "opt-einsum",
    "h5py",
    "matplotlib",
    "pillow",
)


def versions() -> dict[str, str]:
    """Return rillet's version, Python's, and those of the packages it stands on."""
    version = importlib.import_module("rillet.version")
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
    numpy = importlib.import_module("numpy")
    try:
        known: Any = numpy.show_config(mode="dicts")["SIMD Extensions"]
    except (KeyError, TypeError):
        return []
    return [*known.get("baseline", ()), *known.get("found", ())]


def affinity() -> int:
    """Return how many processors this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota(root: str = "/sys/fs/cgroup", own: str = "/proc/self/cgroup") -> float | None:
    """Return the processors' worth of time that a container's limit allows.

    Args:
        root: where the control groups are mounted.
        own: the file that names this process's groups.

    Returns:
        None where there is no limit, or no such thing on this system.
    """
    limits = []
    for line in _read(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            limits += [_limit_2(f) for f in _upward(Path(root), path, "cpu.max")]
        elif "cpu" in controllers.split(","):
            base = Path(root) / "cpu"
            limits += [_limit_1(f) for f in _upward(base, path, "cpu.cfs_quota_us")]
    return min((limit for limit in limits if limit), default=None)


def _upward(root: Path, path: str, name: str) -> list[Path]:
    """Return a file's places in a group and in every group above it."""
    group = root / path.lstrip("/")
    groups = [group, *group.parents]
    return [folder / name for folder in groups if folder.is_relative_to(root)]


def _limit_2(file: Path) -> float | None:
    words = _read(file).split()
    if len(words) != 2 or words[0] == "max":
        return None
    return int(words[0]) / int(words[1])


def _limit_1(file: Path) -> float | None:
    allowed = _read(file).strip()
    period = _read(file.with_name("cpu.cfs_period_us")).strip()
    if not allowed or not period or int(allowed) <= 0:
        return None
    return int(allowed) / int(period)


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def blas() -> dict[str, str]:
    """Return what the matrix kernels of this machine are, and who chose them."""
    kernels = importlib.import_module("rillet.ops.blas")
    found = {"kernel": kernels.corename(), "build": kernels.config()}
    forced = os.environ.get("OPENBLAS_CORETYPE")
    if forced:
        found["kernel"] += f" (OPENBLAS_CORETYPE={forced})"
    return found


def threads() -> str:
    """Return how many threads rillet uses, and what bounds them."""
    used = importlib.import_module("rillet.ops.blas").thread_count()
    limit = quota()
    allowed = "none" if limit is None else f"{limit:g} processors"
    return (
        f"{used} (processors: {os.cpu_count()}, allowed to this process: {affinity()}, "
        f"container's limit: {allowed})"
    )


def cache() -> str:
    """Return the folder of compiled programs."""
    return str(importlib.import_module("rillet.core.folders").cache_folder())


def main() -> int:
    """Print everything, a line a fact."""
    rows: list[tuple[str, Callable[[], str]]] = [
        ("processor", processor),
        ("features", lambda: " ".join(features()) or "unknown"),
        ("threads", threads),
        ("BLAS kernel", lambda: blas()["kernel"]),
        ("BLAS build", lambda: blas()["build"]),
        ("cache folder", cache),
    ]
    for name, version in versions().items():
        print(f"{name:17} {version}")
    for name, make in rows:
        print(f"{name:17} {make()}")
    return 0
