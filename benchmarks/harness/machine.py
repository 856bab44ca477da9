"""The machine: what it is, and how busy others keep it.

`driver.py` reads the processors' counters around each repeat; `report.py` prints what
the machine is.
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
LOAD_IS_MEASURED = _STAT.exists()
"""Whether this system tells how long its processors were busy. Linux does; elsewhere no
repeat is thrown away, and the table says so."""


@dataclass(frozen=True)
class Busy:
    """A reading of the processors' counters.

    Args:
        seconds: Processor time since the machine started in which any processor was
            doing anything, other guests' share of a virtual machine's time included.
        tick: The counters' resolution in seconds.
    """

    seconds: float
    tick: float


def read_busy() -> Busy | None:
    """Return the counters now, or None on a system that shows none."""
    if not LOAD_IS_MEASURED:
        return None
    fields = _STAT.read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
    tick = 1.0 / os.sysconf("SC_CLK_TCK")
    return Busy((user + nice + system + irq + softirq + steal) * tick, tick)


def share_of_others(
    before: Busy | None, after: Busy | None, wall: float, own: float
) -> float | None:
    """Return which share of all processors' time other processes took.

    Two ticks are taken off for the readings' rounding, so that a short repeat on an
    idle machine counts as quiet.

    Args:
        before: The counters before the repeat.
        after: The counters after it.
        wall: Seconds between the two readings.
        own: Processor seconds that the measured process used in between.

    Returns:
        A share from 0 to 1, or None where the counters cannot be read.

    >>> share_of_others(Busy(10.0, 0.01), Busy(11.02, 0.01), wall=1.0, own=1.0)
    0.0
    """
    if before is None or after is None:
        return None
    others = after.seconds - before.seconds - own - 2 * after.tick
    return max(0.0, others) / (wall * (os.cpu_count() or 1))


def usable_cores() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_memory() -> int | None:
    """Return the most memory this process has held, in bytes, where it can be asked."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def keep_to(cores: int) -> None:
    """Bind this process, and those that it starts, to the first of its processors.

    Raises:
        ValueError: There are fewer, or this system binds no process.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise ValueError("this system binds no process to processors")
    usable = sorted(os.sched_getaffinity(0))
    if not 1 <= cores <= len(usable):
        raise ValueError(f"{cores} processors asked for, {len(usable)} usable")
    os.sched_setaffinity(0, usable[:cores])


def describe() -> dict[str, str | int]:
    """Return the machine's processor, cores, system and the driver's Python."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        facts = {}
        for line in cpuinfo.read_text().split("\n\n", 1)[0].splitlines():
            key, _, value = line.partition(":")
            facts[key.strip()] = value.strip()
        if "model name" in facts:
            numbers = [facts.get(key) for key in ("cpu family", "model")]
            if all(numbers):
                kind = f"family {numbers[0]}, model {numbers[1]}"
                return f"{facts['model name']} ({kind})"
            return facts["model name"]
    return platform.processor() or platform.machine()
