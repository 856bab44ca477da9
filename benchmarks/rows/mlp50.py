"""A small network, 784-50-10, with SGD: an epoch, most of it reading the images."""

from __future__ import annotations

from harness.case import Steps

from rows._mlp import MLP50

CASES = (
    Steps(
        name="epoch",
        title="784-50-10, SGD, batch 256, an epoch",
        build=MLP50.builders(),
        targets={
            "tensorflow": 6.0,
            "torch": 3.3,
            "torch_compile": 2.3,
            "jax": 1.8,
            "jax_scan": 1.35,
        },
        needs=("mnist",),
        check=(0.57, 0.08),
        warm=2,
        operations=60_000 * 2 * (2 * 784 * 50 + 3 * 50 * 10),
    ),
)
