"""Three small layers of sigmoids with Adam: 1,875 tiny steps an epoch."""

from __future__ import annotations

from harness.case import Steps

from rows._mlp import MLP_SIGMOID

CASES = (
    Steps(
        name="epoch",
        title="784-25-15-10 sigmoids, Adam, batch 32, an epoch",
        build=MLP_SIGMOID.builders(),
        targets={"tensorflow": 22.0, "torch": 17.0, "jax": 2.3, "jax_scan": 1.8},
        needs=("mnist",),
        check=(0.8, 0.08),
        warm=2,
        aside=("torch_compile",),
    ),
)
