"""The most memory that a process has held after two epochs of training.

Everything counts: the interpreter, the framework, the 188 MB of images, which every
framework is handed in the same way. No peer may need less than rillet.
"""

from __future__ import annotations

from typing import Any

from harness.case import Builder, Data, Figure, Once
from harness.machine import peak_memory

from rows._cnn import CNN
from rows._mlp import MLP512
from rows._training import Task

EPOCHS = 2


def _peak_of(build: Builder) -> Figure:
    def figure(module: Any, data: Data) -> float:
        step = build(module, data)
        for _ in range(EPOCHS):
            step()
        peak = peak_memory()
        if peak is None:
            raise OSError("this system does not tell a process's peak memory")
        return peak

    return figure


def _case(name: str, task: Task, title: str) -> Once:
    measure = {peer: _peak_of(build) for peer, build in task.builders().items()}
    return Once(
        name=name,
        title=f"{title}: peak memory of two epochs",
        measure=measure,
        unit="byte",
        targets={peer: 1.0 for peer in measure if peer != "rillet"},
        needs=("mnist",),
        most_repeats=3,
        aside=("jax_scan",) if name != "cnn" else ("jax", "jax_scan"),
    )


CASES = (
    _case("mlp512", MLP512, "784-512-10, RMSprop, batch 128"),
    _case("cnn", CNN, "CNN, Adam, batch 64"),
)
