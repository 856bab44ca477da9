"""Two processes that train at once: threads that spin in one starve the other."""

from __future__ import annotations

from harness.case import Steps

from rows._mlp import MLP512

CASES = (
    Steps(
        name="mlp512",
        title="784-512-10, two processes at once: speed kept by the slower",
        build=MLP512.builders(),
        unit="share",
        limit=0.4,
        needs=("mnist",),
        check=(0.925, 0.02),
        warm=2,
        processes=2,
        most_repeats=3,
        aside=("torch_compile", "jax_scan"),
    ),
)
