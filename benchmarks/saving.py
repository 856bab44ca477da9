"""How fast checkpoints and SavedModels are saved and restored, beside the disk.

    python benchmarks/saving.py [MEGABYTES] [FOLDER]

The baseline writes and reads the same bytes in pieces of 4 MB and takes their CRC-32C,
as every bundle must. Medians of three; ratios are the baseline's time over rillet's.
Loading small golden models is timed after import, the first time in processes of their
own, which have rillet's bytecode as an installed package has. Peaks of memory while
loading are those of processes of their own.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

import rillet as tf

PIECE = 4 << 20
GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden" / "saved_models"
LOADER = """
import sys
import rillet as tf

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return int([s for s in lines if s.startswith("VmHWM")][0].split()[1])

tf.saved_model.load(sys.argv[2])
before = peak()
loaded = tf.saved_model.load(sys.argv[1])
print(peak() - before)
"""
FIRST = """
import sys, time
import rillet as tf

begun = time.perf_counter()
tf.saved_model.load(sys.argv[1])
print(time.perf_counter() - begun)
"""


def timed(function: Callable[[], Any], times: int = 3) -> float:
    """The median of the seconds that a call takes."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        function()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def raw_write(path: Path, data: memoryview) -> None:
    """Write bytes with their checksum, and wait for the disk."""
    check = 0
    with open(path, "wb") as file:
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE].tobytes()
            check = google_crc32c.extend(check, piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def raw_read(path: Path) -> None:
    """Read bytes into memory of their own, and take their checksum."""
    out = np.empty(path.stat().st_size, np.uint8)
    view, check, at = memoryview(out.data), 0, 0
    with open(path, "rb", buffering=0) as file:
        while size := file.readinto(view[at : at + PIECE]):
            check = google_crc32c.extend(check, out[at : at + size].tobytes())
            at += size


def side_by_side(mine: Any, base: Any, clean: Any, times: int = 3) -> list[float]:
    """Medians of two calls, taken in turns, each on a disk that has settled."""
    found: list[list[float]] = [[], []]
    for _ in range(times):
        for place, function in enumerate((base, mine)):
            clean()
            getattr(os, "sync", lambda: None)()
            found[place].append(timed(function, 1))
    return [statistics.median(times) for times in found]


def row(name: str, mine: float, base: float, megabytes: int) -> None:
    """Print one comparison."""
    print(
        f"{name:12s} {mine:7.2f} s {megabytes / mine:8.0f} MB/s"
        f"   disk and CRC {base:7.2f} s   ratio {base / mine:5.2f}"
    )


def large(top: Path, megabytes: int) -> None:
    """Save and restore a checkpoint of so many megabytes."""
    count = max(1, megabytes // 64)
    draw = np.random.default_rng(0)
    module = tf.Module()
    module.parts = [
        tf.Variable(draw.random(16 << 20, np.float32)) for _ in range(count)
    ]
    whole = np.concatenate([v.numpy() for v in module.parts])
    path, data = top / "raw", memoryview(whole).cast("B")
    checkpoint, prefix = tf.train.Checkpoint(m=module), str(top / "ckpt")
    folder = top / "model"

    def clean() -> None:
        for old in top.glob("ckpt*"):
            old.unlink()
        path.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    base, mine = side_by_side(
        lambda: checkpoint.write(prefix), lambda: raw_write(path, data), clean
    )
    row("save", mine, base, count * 64)
    base, mine = side_by_side(
        lambda: tf.saved_model.save(module, folder),
        lambda: raw_write(path, data),
        clean,
    )
    row("save model", mine, base, count * 64)
    clean()
    raw_write(path, data)
    checkpoint.write(prefix)
    tf.saved_model.save(module, folder)
    base, mine = side_by_side(
        lambda: checkpoint.read(prefix).assert_consumed(),
        lambda: raw_read(path),
        lambda: None,
    )
    row("restore", mine, base, count * 64)
    base, mine = side_by_side(
        lambda: tf.saved_model.load(folder), lambda: raw_read(path), lambda: None
    )
    row("load model", mine, base, count * 64)
    peak(str(folder), top, count * 64)


def peak(folder: str, top: Path, megabytes: int) -> None:
    """The memory that loading takes, beside the size of the file."""
    small = str(top / "small")
    tf.saved_model.save(tf.Module(), small)
    done = subprocess.run(
        [sys.executable, "-c", LOADER, folder, small], capture_output=True, text=True
    )
    if done.returncode:
        print("peak of loading: not told by this system")
        return
    taken = int(done.stdout) / 1024
    print(f"peak of loading {taken:.0f} MB, {taken / megabytes:.2f} times the file")


def first_load(folder: str) -> float:
    """The seconds of the first load in a process, after import."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST, folder],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def small(top: Path) -> None:
    """Load small models."""
    for name in ("keras_dense", "module", "signatures", "version_one", "k_export"):
        folder = top / name
        with zipfile.ZipFile(GOLDEN / f"{name}.zip") as archive:
            archive.extractall(folder)
        first = statistics.median(first_load(str(folder)) for _ in range(6))
        later = timed(lambda folder=folder: tf.saved_model.load(folder), 9)
        print(
            f"load {name:12s} first {first * 1e3:6.1f} ms, then {later * 1e3:6.1f} ms"
        )


def main() -> None:
    """Run all."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    place = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(dir=place) as top:
        small(Path(top))
        large(Path(top), megabytes)


if __name__ == "__main__":
    main()
