"""Layers that put their inputs into another shape, and Rescaling."""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.windows import layout_name
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import cast
from rillet.ops.rearrange import expand_dims
from rillet.ops.shaping import broadcast_to, reshape_op, static_dims
from rillet.ops.transposes import transpose


@builtin("layer")
class Flatten(Layer):
    """Puts all but the batch into one axis.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Flatten()(tf.zeros([2, 28, 28])).shape
        TensorShape([2, 784])
    """

    _leaf = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout_name("Flatten", data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self._channels_first = self.data_format == "channels_first"

    def call(self, inputs: Any) -> Any:
        """The inputs, of shape ``(batch, rest)``."""
        dims = static_dims(inputs)
        rank = len(dims)
        if self._channels_first and rank > 1:
            inputs = transpose(inputs, [0, *range(2, rank), 1])
        if rank == 1:
            return reshape_op.run(inputs, (dims[0], 1))
        size = self.compute_output_shape(inputs.shape)[1]
        if isinstance(dims[0], int) or size is None:
            return reshape_op.run(inputs, (dims[0], -1 if size is None else size))
        return reshape_op.run(inputs, (-1, size))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """``(batch, product of the rest)``."""
        dims = as_shape(input_shape).as_list()
        if not dims:
            return TensorShape([1])
        total = TensorShape(dims[1:]).num_elements()
        return TensorShape([dims[0], total])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}


@builtin("layer")
class Reshape(Layer):
    """Puts each example into a shape.

    Args:
        target_shape: the sizes without the batch; one may be -1.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Reshape((2, -1))(tf.zeros([3, 8])).shape
        TensorShape([3, 2, 4])
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(target_shape, int):
            target_shape = (target_shape,)
        self.target_shape = tuple(int(d) for d in target_shape)

    def _sizes(self, given: list[int | None]) -> list[int | None]:
        """The target with its -1 worked out.

        Raises:
            ValueError: where the sizes do not hold an example's elements.
        """
        out: list[int | None] = list(self.target_shape)
        known = 1
        for d in self.target_shape:
            known *= d if d != -1 else 1
        total = TensorShape(given).num_elements()
        unknown = self.target_shape.count(-1)
        fits = total is None or (total % known == 0 if unknown and known else True)
        if total is not None and not unknown:
            fits = total == known
        if unknown > 1 or not fits:
            raise ValueError(
                house_message(
                    "Reshape",
                    "total size of new array must be unchanged",
                    f"input_shape = {given}, output_shape = {list(self.target_shape)}",
                )
            )
        if unknown:
            at = self.target_shape.index(-1)
            out[at] = None if total is None or not known else total // known
        return out

    def call(self, inputs: Any) -> Any:
        """The inputs in the new shape."""
        dims = list(inputs.shape)
        sizes = [-1 if d is None else d for d in self._sizes(dims[1:])]
        batch = static_dims(inputs)[0]
        if -1 not in sizes and not isinstance(batch, int):
            batch = -1
        return reshape_op.run(inputs, (batch, *sizes))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The batch and the target's sizes."""
        dims = as_shape(input_shape).as_list()
        return TensorShape([dims[0], *self._sizes(dims[1:])])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "target_shape": self.target_shape}


@builtin("layer")
class Permute(Layer):
    """Reorders the axes of each example.

    Args:
        dims: the axes, counted from 1, in their new order.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `dims` is no order of 1, 2, and so on.
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                house_message(
                    "Permute",
                    "Invalid permutation argument `dims`: the set of indices must be"
                    " consecutive and start from 1",
                    f"dims={self.dims}",
                )
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """The inputs, axes reordered."""
        return transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The sizes in their new order."""
        sizes = as_shape(input_shape).as_list()
        return TensorShape([sizes[0], *[sizes[d] for d in self.dims]])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "dims": self.dims}


@builtin("layer")
class RepeatVector(Layer):
    """Repeats each example `n` times along a new axis.

    Args:
        n: how often.
        **kwargs: as for `Layer`.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int):
            raise TypeError(
                house_message("RepeatVector", "Expected an integer for `n`", f"{n!r}")
            )
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """The inputs, of shape ``(batch, n, features)``."""
        batch, features = static_dims(inputs)
        spread = expand_dims(inputs, 1)
        return broadcast_to(spread, (batch, self.n, features))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """``(batch, n, features)``."""
        batch, features = as_shape(input_shape).as_list()
        return TensorShape([batch, self.n, features])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "n": self.n}


@builtin("layer")
class Rescaling(Layer):
    """Multiplies by `scale` and adds `offset`.

    Args:
        scale: the factor.
        offset: what is added.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Rescaling(1 / 255)(tf.constant([[0, 255]])).numpy().tolist()
        [[0.0, 1.0]]
    """

    _leaf = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        """The scaled inputs, in the layer's float type."""
        dtype = as_dtype(self.compute_dtype or "float32")
        return cast(inputs, dtype) * cast(self.scale, dtype) + cast(self.offset, dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
