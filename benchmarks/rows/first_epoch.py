"""What the first epoch costs beyond a warm one: tracing and compiling.

Each repeat is a new process. "Cold" has an empty cache of compiled code on disk, "warm"
one that an earlier process filled; TensorFlow and eager PyTorch keep no such cache.
"""

from __future__ import annotations

from harness.case import Caches, Once

from rows._cnn import CNN
from rows._mlp import MLP50, MLP512, MLP_SIGMOID
from rows._starts import starts_of
from rows._training import Task

_TASKS = {
    "mlp512": (MLP512, "784-512-10", 0.6),
    "mlp50": (MLP50, "784-50-10", 0.6),
    "mlp_sigmoid": (MLP_SIGMOID, "784-25-15-10 sigmoids", 0.6),
    "cnn": (CNN, "CNN", 2.0),
}
_SHARES: dict[Caches, float] = {"cold": 1.0, "warm": 0.1}
"""The share of a task's bound that a start may take, by what is on disk."""


def _case(name: str, task: Task, title: str, caches: Caches, limit: float) -> Once:
    return Once(
        name=f"{name}_{caches}",
        title=f"{title}: first epoch less a warm one, {caches} disk cache",
        measure=starts_of(task.builders()),
        caches=caches,
        limit=limit,
        needs=("mnist",),
        most_repeats=3,
        aside=("jax_scan",) if name != "cnn" else ("jax", "jax_scan"),
    )


CASES = tuple(
    _case(name, task, title, caches, limit * share)
    for name, (task, title, limit) in _TASKS.items()
    for caches, share in _SHARES.items()
)
