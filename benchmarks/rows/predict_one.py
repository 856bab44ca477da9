"""The 784-512-10 network on one sample: what the way to the arithmetic costs."""

from __future__ import annotations

from functools import partial

from harness.case import Steps

from rows import _apply

_CALL = partial(_apply.call, count=1)
_PREDICT = partial(_apply.predict, count=1)

CASES = (
    Steps(
        name="predict",
        title="predict on one sample, 784-512-10",
        build={
            "rillet": _PREDICT,
            "tensorflow": _PREDICT,
            "tensorflow_jit": partial(_PREDICT, jit_compile=True),
            "tf_keras": _PREDICT,
        },
        targets={"tensorflow": 300.0},
        needs=("mnist",),
        check=(1.0, 1e-4),
        warm=10,
    ),
    Steps(
        name="call",
        title="a call of the compiled model on one sample",
        build={
            "rillet": _CALL,
            "tensorflow": _CALL,
            "tensorflow_jit": partial(_CALL, jit_compile=True),
            "tf_keras": _CALL,
            "torch": partial(_apply.torch_call, count=1),
            "torch_compile": partial(_apply.torch_call, count=1, compiled=True),
            "jax": partial(_apply.jax_call, count=1),
        },
        targets={"tensorflow": 12.0, "torch": 1.0},
        needs=("mnist",),
        check=(1.0, 1e-4),
        warm=20,
    ),
)
