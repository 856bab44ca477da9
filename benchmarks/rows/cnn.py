"""A small convolutional network: an epoch of 200 steps with Adam."""

from __future__ import annotations

from harness.case import Steps

from rows._cnn import CNN

_FIRST = 26 * 26 * 9 * 32
_SECOND = 11 * 11 * 9 * 32 * 64
_DENSE = 5 * 5 * 64 * 10

CASES = (
    Steps(
        name="epoch",
        title="CNN 3x3x32, pool, 3x3x64, pool, dense 10, Adam, batch 64, 12,800 images",
        build=CNN.builders(),
        targets={"tensorflow": 1.8, "torch": 2.3, "torch_compile": 3.7},
        needs=("mnist",),
        check=(0.86, 0.05),
        warm=2,
        operations=12_800 * 2 * (2 * _FIRST + 3 * _SECOND + 3 * _DENSE),
        aside=("jax", "jax_scan"),
    ),
)
