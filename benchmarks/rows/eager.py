"""Eager ops on tensors so small that only the way to the kernel costs anything."""

from __future__ import annotations

from typing import Any

from harness.case import Builder, Data, Step, Steps

LEFT = [[1.0, 2.0], [3.0, 4.0]]
RIGHT = [[0.5, -1.0], [2.0, 0.25]]


def _tensorflow(op: str) -> Builder:
    def build(tf: Any, data: Data) -> Step:
        x, y = tf.constant(LEFT), tf.constant(RIGHT)
        steps = {
            "add": lambda: x + y,
            "matmul": lambda: tf.matmul(x, y),
            "tanh": lambda: tf.tanh(x),
        }
        return steps[op]

    return build


def _torch(op: str) -> Builder:
    def build(torch: Any, data: Data) -> Step:
        x, y = torch.tensor(LEFT), torch.tensor(RIGHT)
        steps = {
            "add": lambda: x + y,
            "matmul": lambda: torch.matmul(x, y),
            "tanh": lambda: torch.tanh(x),
        }
        return steps[op]

    return build


def _jax(op: str) -> Builder:
    def build(jax: Any, data: Data) -> Step:
        jnp = jax.numpy
        x, y = jnp.asarray(LEFT), jnp.asarray(RIGHT)
        steps = {
            "add": lambda: x + y,
            "matmul": lambda: jnp.matmul(x, y),
            "tanh": lambda: jnp.tanh(x),
        }
        return steps[op]

    return build


def _case(op: str, title: str, result: float) -> Steps:
    return Steps(
        name=op,
        title=title,
        build={
            "rillet": _tensorflow(op),
            "tensorflow": _tensorflow(op),
            "torch": _torch(op),
            "jax": _jax(op),
        },
        targets={"tensorflow": 9.0},
        check=(result, 1e-5),
        warm=100,
    )


CASES = (
    _case("add", "eager x + y, 2x2", 11.75),
    _case("matmul", "eager tf.matmul, 2x2", 11.5),
    _case("tanh", "eager tf.tanh, 2x2", 3.7200059),
)
