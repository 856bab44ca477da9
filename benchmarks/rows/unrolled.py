"""Graphs of 2,000 nodes that a Python loop unrolled: how long compiling takes.

The figure is the first call less a warm one; each repeat is a new process, and no
compiled code is on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.case import Data, Figure, Once

from rows._starts import excess_of_first

NODES, SIZE = 2_000, 64

Chain = Callable[[Any, Any, Any], Any]


def elementwise(module: Any, x: Any, weights: Any) -> Any:
    """Apply four nodes a round: tanh, and three with numbers."""
    for _ in range(NODES // 4):
        x = module.tanh(x * 0.75 + 0.125) - 0.0625
    return x


def recurrent(module: Any, x: Any, weights: Any) -> Any:
    """Apply four nodes a round: a product of matrices among them."""
    for _ in range(NODES // 4):
        x = module.tanh(module.matmul(x, weights) * 0.5 + 0.125)
    return x


def _inputs() -> tuple[Any, Any]:
    import numpy as np

    random = np.random.default_rng(0)
    x, weights = random.standard_normal((2, SIZE, SIZE)).astype(np.float32)
    return x, weights / SIZE**0.5


def _tensorflow(chain: Chain, **options: Any) -> Figure:
    def figure(tf: Any, data: Data) -> float:
        x, weights = map(tf.constant, _inputs())
        function = tf.function(lambda x, w: chain(tf, x, w), **options)
        return excess_of_first(lambda: function(x, weights).numpy())

    return figure


def _torch(chain: Chain) -> Figure:
    def figure(torch: Any, data: Data) -> float:
        x, weights = map(torch.from_numpy, _inputs())
        function = torch.compile(lambda x, w: chain(torch, x, w))
        return excess_of_first(lambda: function(x, weights))

    return figure


def _jax(chain: Chain) -> Figure:
    def figure(jax: Any, data: Data) -> float:
        x, weights = _inputs()
        function = jax.jit(lambda x, w: chain(jax.numpy, x, w))
        return excess_of_first(lambda: function(x, weights))

    return figure


def _case(name: str, chain: Chain, what: str) -> Once:
    return Once(
        name=name,
        title=f"{NODES:,} unrolled nodes, {what}: first call less a warm one",
        measure={
            "rillet": _tensorflow(chain),
            "tensorflow": _tensorflow(chain),
            "tensorflow_jit": _tensorflow(chain, jit_compile=True),
            "torch_compile": _torch(chain),
            "jax": _jax(chain),
        },
        caches="cold",
        limit=5.0,
        most_repeats=3,
        aside=("torch_compile",),
    )


CASES = (
    _case("elementwise", elementwise, "elementwise"),
    _case("recurrent", recurrent, "with 500 matrix products"),
)
