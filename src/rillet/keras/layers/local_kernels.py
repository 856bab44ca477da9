"""The three ways to keep the weights of a locally connected layer.

In: a layer and the sizes of its inputs and outputs, channels last. Out: the shape of
its kernel, and the outputs for inputs and a kernel. Keras numbers the ways 1, 2 and 3.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.tensor import Tensor
from rillet.ops.elementwise import cast
from rillet.ops.gather_nd import scatter_nd_op
from rillet.ops.patches import extract_patches_op
from rillet.ops.products import batch_matmul_op, matmul_op
from rillet.ops.shaping import reshape_op
from rillet.ops.transposes import transpose
from rillet.ops.window_arguments import with_axis

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]


class Joined:
    """A matrix for each place: from the window's inputs to the filters.

    Args:
        layer: the layer, with its windows.
        inputs: ``(*space, channels)``.
        outputs: ``(*space, filters)``.
    """

    def __init__(self, layer: Any, inputs: Sizes, outputs: Sizes) -> None:
        self._first = layer.data_format == "channels_first"
        self._channels = inputs[-1]
        self._taps = math.prod(layer.kernel_size)
        self._outputs = outputs
        ones = (1,) * (2 - layer.rank)
        self._missing = layer.rank == 1
        self._attrs: dict[str, Any] = {
            "ksizes": (1, *ones, *layer.kernel_size, 1),
            "strides": (1, *ones, *layer.strides, 1),
            "rates": (1, 1, 1, 1),
            "padding": "VALID",
        }
        places = math.prod(outputs[:-1])
        #: The kernel's shape.
        self.shape = (places, self._taps * self._channels, outputs[-1])

    def apply(self, x: Any, kernel: Any) -> Any:
        """The outputs for inputs and a kernel, in the layer's layout."""
        if self._first:
            x = transpose(x, (0, *range(2, len(x.shape)), 1))
            kernel = self._channels_inside(kernel)
        if self._missing:
            x = with_axis(x, 1)
        places, depth, filters = self.shape
        patches = extract_patches_op.run(x, **self._attrs)
        rows = transpose(reshape_op.run(patches, (-1, places, depth)), (1, 0, 2))
        found = batch_matmul_op.run(rows, kernel, adj_x=False, adj_y=False)
        outputs = reshape_op.run(transpose(found, (1, 0, 2)), (-1, *self._outputs))
        if not self._first:
            return outputs
        rank = len(self._outputs)
        return transpose(outputs, (0, rank, *range(1, rank)))

    def _channels_inside(self, kernel: Any) -> Any:
        """The kernel with its rows in the order of patches with channels last."""
        places, depth, filters = self.shape
        apart = reshape_op.run(kernel, (places, self._channels, self._taps, filters))
        return reshape_op.run(transpose(apart, (0, 2, 1, 3)), self.shape)


class _Whole:
    """Weights as one matrix, from all inputs to all outputs."""

    def __init__(self, layer: Any, inputs: Sizes, outputs: Sizes) -> None:
        self._first = layer.data_format == "channels_first"
        #: The sizes in the layer's layout.
        self._inputs, self._outputs = self._laid(inputs), self._laid(outputs)
        self._matrix = (math.prod(inputs), math.prod(outputs))
        joins = _joins(layer, inputs[:-1], outputs[:-1])
        rank = layer.rank
        by_axes = joins.reshape(*inputs[:-1], *outputs[:-1])
        at = (0, rank + 1) if self._first else (rank, 2 * rank + 1)
        self._joins = np.expand_dims(by_axes, at)

    def _laid(self, sizes: Sizes) -> Sizes:
        return (sizes[-1], *sizes[:-1]) if self._first else sizes

    def _product(self, x: Any, matrix: Any) -> Any:
        rows = reshape_op.run(x, (-1, self._matrix[0]))
        return reshape_op.run(matmul_op.run(rows, matrix), (-1, *self._outputs))


class Masked(_Whole):
    """One dense matrix, what joins nothing masked; the arguments are `Joined`'s."""

    def __init__(self, layer: Any, inputs: Sizes, outputs: Sizes) -> None:
        super().__init__(layer, inputs, outputs)
        #: The kernel's shape.
        self.shape = (*self._inputs, *self._outputs)
        self._mask = Tensor(self._joins.astype(np.float32))

    def apply(self, x: Any, kernel: Any) -> Any:
        """The outputs for inputs and a kernel, in the layer's layout."""
        kept = kernel * cast(self._mask, kernel.dtype)
        return self._product(x, reshape_op.run(kept, self._matrix))


class Listed(_Whole):
    """A list of the weights that join anything; the arguments are `Joined`'s.

    The list is ordered by output, and then by input.
    """

    def __init__(self, layer: Any, inputs: Sizes, outputs: Sizes) -> None:
        super().__init__(layer, inputs, outputs)
        full = (*self._inputs, *self._outputs)
        joins = np.broadcast_to(self._joins, full).reshape(self._matrix)
        places = np.argwhere(joins.T)[:, ::-1].astype(np.int32)
        self._places = Tensor(np.ascontiguousarray(places))
        #: The kernel's shape.
        self.shape = (len(places),)

    def apply(self, x: Any, kernel: Any) -> Any:
        """The outputs for inputs and a kernel, in the layer's layout."""
        return self._product(x, scatter_nd_op.run(self._places, kernel, self._matrix))


def _joins(layer: Any, inputs: Sizes, outputs: Sizes) -> Array:
    """Which inputs each output sees, along all spatial axes.

    Returns:
        Booleans ``(*inputs, *outputs)``.
    """
    rank = len(inputs)
    found = np.ones((*inputs, *outputs), bool)
    for axis in range(rank):
        taps, stride = layer.kernel_size[axis], layer.strides[axis]
        # With "same", Keras centres a window on its stride's place.
        before = taps // 2 if layer.padding == "same" else 0
        at = np.arange(inputs[axis])[:, None]
        start = np.arange(outputs[axis])[None] * stride - before
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = inputs[axis], outputs[axis]
        found &= ((at >= start) & (at < start + taps)).reshape(shape)
    return found
