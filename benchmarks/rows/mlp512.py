"""The course's MNIST network, 784-512-10: an epoch of training with RMSprop."""

from __future__ import annotations

from harness.case import Steps

from rows._mlp import MLP512

_PRODUCTS = 2 * 784 * 512 + 3 * 512 * 10
"""Multiply-adds a sample: forward, the weights' gradients, and the hidden layer's."""

CASES = (
    Steps(
        name="epoch",
        title="784-512-10, RMSprop, batch 128, an epoch",
        build=MLP512.builders(),
        targets={
            "tensorflow": 4.2,
            "torch": 3.3,
            "torch_compile": 2.0,
            "jax": 1.55,
            "jax_scan": 1.3,
        },
        needs=("mnist",),
        check=(0.925, 0.02),
        warm=2,
        operations=60_000 * 2 * _PRODUCTS,
        share_of_peak=0.7,
    ),
)
