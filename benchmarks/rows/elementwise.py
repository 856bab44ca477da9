"""A chain of elementwise functions and a sum by row: one pass, or one for each."""

from __future__ import annotations

from typing import Any

from harness.case import Data, Step, Steps

ROWS, COLUMNS = 4096, 1024
MEAN = 1.49933
"""The function's mean over numbers spread evenly from 0 to 1, by quadrature."""


def inputs() -> Any:
    """Return the numbers, the same in every framework."""
    import numpy as np

    return np.random.default_rng(0).random((ROWS, COLUMNS), dtype=np.float32)


def _tensorflow(tf: Any, **options: Any) -> Step:
    x = tf.constant(inputs())

    @tf.function(**options)
    def sums(x: Any) -> Any:
        y = tf.tanh(x) * tf.exp(-(x**2)) + tf.sqrt(x + 1.0)
        return tf.reduce_sum(y, axis=1)

    return lambda: sums(x)


def tensorflow(tf: Any, data: Data) -> Step:
    return _tensorflow(tf)


def tensorflow_jit(tf: Any, data: Data) -> Step:
    return _tensorflow(tf, jit_compile=True)


def _torch_sums(torch: Any, x: Any) -> Any:
    return (torch.tanh(x) * torch.exp(-(x**2)) + torch.sqrt(x + 1.0)).sum(dim=1)


def torch(torch: Any, data: Data) -> Step:
    x = torch.from_numpy(inputs())
    return lambda: _torch_sums(torch, x)


def torch_compile(torch: Any, data: Data) -> Step:
    x = torch.from_numpy(inputs())
    sums = torch.compile(lambda x: _torch_sums(torch, x))
    return lambda: sums(x)


def jax(jax: Any, data: Data) -> Step:
    jnp = jax.numpy
    x = jnp.asarray(inputs())

    @jax.jit
    def sums(x: Any) -> Any:
        return jnp.sum(jnp.tanh(x) * jnp.exp(-(x**2)) + jnp.sqrt(x + 1.0), axis=1)

    return lambda: sums(x)


CASES = (
    Steps(
        name="compiled",
        title="tanh(x)*exp(-x²)+sqrt(x+1) summed by row, 4096x1024",
        build={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tensorflow_jit": tensorflow_jit,
            "torch": torch,
            "torch_compile": torch_compile,
            "jax": jax,
        },
        targets={"tensorflow": 4.0, "torch": 6.0, "torch_compile": 2.0, "jax": 2.0},
        check=(MEAN * ROWS * COLUMNS, 5e-4 * ROWS * COLUMNS),
    ),
)
