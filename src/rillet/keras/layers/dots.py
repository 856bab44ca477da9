"""Dot: products of two tensors, example by example."""

from __future__ import annotations

import math
from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.keras.layers.merging import Merge, shapes_of
from rillet.keras.serialization import builtin
from rillet.ops.arithmetic import l2_normalize
from rillet.ops.products import batch_matmul_op
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import transpose_op


def batch_dot(x: Any, y: Any, axes: tuple[int, int]) -> Any:
    """For each example, the sum of products over one axis of each tensor.

    Args:
        x: a float tensor of rank 2 or more.
        y: a tensor of the same type and batch.
        axes: the axis of `x` and that of `y`, counted from the front.

    Returns:
        A tensor with the other axes of `x`, then those of `y`; ``(batch, 1)`` where
        none is left.
    """
    of_x, of_y = static_dims(x), static_dims(y)
    a, b = axes
    if a != len(of_x) - 1:
        x = transpose_op(x, [i for i in range(len(of_x)) if i != a] + [a])
    if b != len(of_y) - 1:
        y = transpose_op(y, [i for i in range(len(of_y)) if i != b] + [b])
    left = [d for i, d in enumerate(of_x) if i not in (0, a)]
    right = [d for i, d in enumerate(of_y) if i not in (0, b)]
    x = reshape_op.run(x, (of_x[0], math.prod(left), of_x[a]))
    y = reshape_op.run(y, (of_y[0], math.prod(right), of_y[b]))
    out = batch_matmul_op.run(x, y, adj_y=True)
    return reshape_op.run(out, (of_x[0], *(left + right or [1])))


@builtin("layer")
class Dot(Merge):
    """The products of two tensors, summed over one axis of each.

    Args:
        axes: that axis, or one for each tensor; the batch, 0, is none of them.
        normalize: divide by the lengths along the axes, which gives cosines.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `axes` is no integer and no pair, or sizes differ.

    Example:
        >>> import rillet as tf
        >>> x, y = tf.constant([[1., 2.]]), tf.constant([[3., 4.]])
        >>> tf.keras.layers.Dot(axes=1)([x, y]).numpy().tolist()
        [[11.0]]
    """

    _exactly = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, int):
            if not isinstance(axes, list | tuple):
                raise TypeError(
                    house_message(
                        "Dot",
                        "Invalid type for argument `axes`: it should be a list or an"
                        " int",
                        f"Received: axes={axes!r}",
                    )
                )
            if len(axes) != 2 or not all(isinstance(a, int) for a in axes):
                raise ValueError(
                    house_message(
                        "Dot",
                        "Invalid format for argument `axes`: it should contain two"
                        " integers",
                        f"Received: axes={axes!r}",
                    )
                )
        self.axes = axes
        self.normalize = normalize

    def _pair(self, x: Any, y: Any) -> tuple[int, int]:
        """The axes for two shapes, counted from the front."""
        a, b = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return a % len(x), b % len(y)

    def build(self, input_shape: Any) -> None:
        """Look whether the inputs fit; see `Layer.build`."""
        shapes = shapes_of("Dot", input_shape, 2)
        if len(shapes) != 2:
            raise ValueError(
                house_message(
                    "Dot",
                    "A `Dot` layer should be called on a list of 2 inputs",
                    f"Received: input_shape={input_shape}",
                )
            )
        x, y = shapes
        a, b = self._pair(x, y)
        if x[a] is not None and y[b] is not None and x[a] != y[b]:
            raise ValueError(
                house_message(
                    "Dot",
                    "Incompatible input shapes: axis values differ",
                    f"axis values {x[a]} != {y[b]}; input shapes {x}, {y} with axes"
                    f" {self.axes}",
                )
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The products, of the other axes' sizes."""
        x, y = inputs
        axes = self._pair(x.shape, y.shape)
        if self.normalize:
            x = l2_normalize(x, axis=axes[0])
            y = l2_normalize(y, axis=axes[1])
        return batch_dot(x, y, axes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The batch, the other axes of the first and those of the second."""
        x, y = shapes_of("Dot", input_shape, 2)
        a, b = self._pair(x, y)
        left = [d for i, d in enumerate(x.as_list()) if i not in (0, a)]
        right = [d for i, d in enumerate(y.as_list()) if i not in (0, b)]
        return TensorShape([x[0], *(left + right or [1])])

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: no axis of time is left for sure."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axes": self.axes,
            "normalize": self.normalize,
        }


def dot(inputs: Any, axes: Any, normalize: bool = False, **kwargs: Any) -> Any:
    """The products of two tensors over one axis of each; see `Dot`."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
