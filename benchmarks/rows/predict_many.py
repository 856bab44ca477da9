"""The 784-512-10 network on all 10,000 test images.

Keras's `predict` cuts them into its usual batches of 32; PyTorch and JAX get them
whole.
"""

from __future__ import annotations

from functools import partial

from harness.case import Steps

from rows import _apply

COUNT = 10_000
_PREDICT = partial(_apply.predict, count=COUNT)

CASES = (
    Steps(
        name="predict",
        title="predict on 10,000 samples, 784-512-10",
        build={
            "rillet": _PREDICT,
            "tensorflow": _PREDICT,
            "tensorflow_jit": partial(_PREDICT, jit_compile=True),
            "tf_keras": _PREDICT,
            "torch": partial(_apply.torch_call, count=COUNT),
            "torch_compile": partial(_apply.torch_call, count=COUNT, compiled=True),
            "jax": partial(_apply.jax_call, count=COUNT),
        },
        targets={"tensorflow": 3.7, "torch": 1.1},
        needs=("mnist",),
        check=(COUNT, 0.1),
        operations=COUNT * 2 * (784 * 512 + 512 * 10),
    ),
)
