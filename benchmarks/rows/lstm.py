"""An LSTM over the rows of MNIST's images: an epoch of 100 steps with Adam."""

from __future__ import annotations

from harness.case import Steps

from rows._lstm import FEATURES, LSTM, UNITS

_CELL = 28 * 4 * UNITS * (3 * UNITS + 2 * FEATURES)

CASES = (
    Steps(
        name="epoch",
        title="LSTM(64) over 28 rows of 28, dense 10, Adam, batch 64, 6,400 images",
        build=LSTM.builders(),
        targets={"tensorflow": 3.3, "torch": 2.4, "jax": 2.2, "jax_scan": 2.1},
        needs=("mnist",),
        check=(0.45, 0.08),
        warm=2,
        operations=6_400 * 2 * (_CELL + 3 * UNITS * 10),
        aside=("torch_compile",),
    ),
)
