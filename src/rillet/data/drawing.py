"""Random nodes of a function that runs on many elements: each gets its own numbers.

A kernel of a random op reserves so much of its stream for each call. So the numbers of
many calls stand at known places of the stream, and are made together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.graph.inference import host_value
from rillet.graph.ir import CONST, Node, SymbolicTensor
from rillet.ops import philox, seeds

Array = np.ndarray[Any, Any]


class NotBatchable(Exception):
    """A node has no rule for many elements at once."""


def drawing(node: Node) -> Callable[[list[Any], int], Any]:
    """What a random node does for many elements.

    Args:
        node: draws numbers of a shape that is known.

    Returns:
        Values of its inputs and the number of elements -> an array (count, ...).

    Raises:
        NotBatchable: where numbers of other ops or types are drawn.
    """
    dims = node.outputs[0].spec.shape
    kind = node.outputs[0].spec.dtype.numpy_dtype
    made = _MADE.get((node.op.name, kind.name))
    stream: seeds.Instance | None = node.attrs.get("_instance")
    if made is None or stream is None or dims is None or None in dims:
        raise NotBatchable(node.name)
    size = math.prod([d or 0 for d in dims])
    if not size:
        raise NotBatchable(node.name)
    limits = [_known(x) for x in node.inputs[1:]]
    groups = -(-size // philox.per_block(kind))
    apart = size * philox.RESERVED_PER_OUTPUT

    def run(args: list[Any], count: int) -> Any:
        first = stream.reserve_outputs(size * count)
        starts = np.arange(count, dtype=np.uint64)[:, None] * np.uint64(apart)
        places = starts + np.arange(groups, dtype=np.uint64)
        words = philox.blocks_at(first, places.reshape(-1))
        values = made(words, kind, *limits)
        return values.reshape(count, -1)[:, :size].reshape(count, *dims)

    return run


def _known(x: Any) -> Any:
    """A limit, which must not depend on the element."""
    if not isinstance(x, SymbolicTensor):
        return x
    if x.known is not None:
        return host_value(x.known)
    if x.node.op is CONST:
        return host_value(x.node.attrs["value"])
    raise NotBatchable(x.name)


def _whole_numbers(words: Array, kind: Any, low: int, high: int) -> Array:
    if not low < high:
        raise NotBatchable("the limits leave no number")
    span = np.uint32(high - low)
    bits = words - words // span * span
    whole: Array = (bits + np.uint32(low & 0xFFFFFFFF)).view(kind)
    return whole


_MADE: dict[tuple[str, str], Callable[..., Array]] = {
    ("RandomUniform", "float32"): philox.uniforms_of,
    ("RandomUniform", "float64"): philox.uniforms_of,
    ("RandomStandardNormal", "float32"): philox.normals_of,
    ("RandomStandardNormal", "float64"): philox.normals_of,
    ("RandomUniformInt", "int32"): _whole_numbers,
}
