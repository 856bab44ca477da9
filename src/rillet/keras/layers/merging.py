"""Layers that make one tensor of several, element by element or side by side."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.composites import any_ragged
from rillet.keras.serialization import builtin
from rillet.keras.shape_probe import is_shape
from rillet.ops.array import concat, concat_op
from rillet.ops.compare import logical_and
from rillet.ops.elementwise import (
    add_op,
    div_op,
    maximum_op,
    minimum_op,
    mul_op,
    sub_op,
)
from rillet.ops.filling import ones
from rillet.ops.rearrange import expand_dims, expand_dims_op
from rillet.ops.reduce import reduce_all
from rillet.ops.shaping import static_dims


def shapes_of(owner: str, input_shape: Any, least: int = 1) -> list[TensorShape]:
    """The shapes of a list of inputs.

    Raises:
        ValueError: where it is no list, or too short.
    """
    if input_shape is None or is_shape(input_shape) or len(input_shape) < least:
        raise ValueError(
            house_message(
                owner,
                f"A merge layer should be called on a list of at least {least} input"
                f"{'s' if least > 1 else ''}",
                f"Received: input_shape={input_shape}",
                "Give the inputs as a list",
            )
        )
    return [as_shape(s) for s in input_shape]


class Merge(Layer):
    """Merges a list of tensors element by element; abstract.

    Args:
        **kwargs: as for `Layer`.
    """

    _exactly: int | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Look whether the inputs fit; see `Layer.build`."""
        own = type(self).__name__
        shapes = shapes_of(own, input_shape)
        if self._exactly is not None and len(shapes) != self._exactly:
            raise ValueError(
                house_message(
                    own,
                    f"A `{own}` layer should be called on exactly {self._exactly}"
                    " inputs",
                    f"Received: input_shape={input_shape}",
                )
            )
        batches = {s[0] for s in shapes if len(s)} - {None}
        if len(batches) > 1:
            raise ValueError(
                house_message(
                    own,
                    "Cannot merge tensors with different batch sizes",
                    f"Received tensors with shapes {[tuple(s) for s in shapes]}",
                )
            )
        self.compute_output_shape(shapes)
        self.built = True

    def _merged(self, inputs: list[Any]) -> Any:
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """The merged tensor; inputs of lower rank get axes behind the batch."""
        if not isinstance(inputs, list | tuple):
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "A merge layer should be called on a list of inputs",
                    f"Received: inputs={inputs} (not a list of tensors)",
                )
            )
        if any_ragged(*inputs):
            return self._merged(list(inputs))
        rank = max([x.ndim for x in inputs])
        found = []
        for x in inputs:
            while x.ndim < rank:
                x = expand_dims_op(x, 1)
            found.append(x)
        return self._merged(found)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape that the inputs broadcast to.

        Raises:
            ValueError: where they do not.
        """
        own = type(self).__name__
        shapes = shapes_of(own, input_shape)
        rank = max(len(s) for s in shapes)
        out: list[int | None] = [1] * rank
        for shape in shapes:
            dims = shape.as_list()
            dims = [*dims[:1], *[1] * (rank - len(dims)), *dims[1:]]
            out = [_met(own, a, b, shapes) for a, b in zip(out, dims, strict=True)]
        return TensorShape(out)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where all inputs that are masked say so.

        Raises:
            ValueError: where masks and inputs do not pair off.
        """
        masks = _paired(type(self).__name__, inputs, mask)
        whole = None
        for m in masks:
            if m is not None:
                whole = m if whole is None else logical_and(whole, m)
        return whole


def _met(owner: str, a: int | None, b: int | None, shapes: Any) -> int | None:
    if a == 1 or a == b:
        return b
    if b == 1:
        return a
    if a is None or b is None:
        return a if b is None else b
    raise ValueError(
        house_message(
            owner,
            "Inputs have incompatible shapes",
            f"Received shapes {[tuple(s) for s in shapes]}",
            "Sizes are equal, or 1",
        )
    )


def _paired(owner: str, inputs: Any, mask: Any) -> list[Any]:
    """The masks of a list of inputs, none where there are none."""
    if mask is None:
        return []
    if not isinstance(mask, list | tuple) or not isinstance(inputs, list | tuple):
        raise ValueError(
            house_message(owner, "`mask` should be a list", f"Received: mask={mask}")
        )
    if len(mask) != len(inputs):
        raise ValueError(
            house_message(
                owner,
                "The lists `inputs` and `mask` should have the same length",
                f"{len(inputs)} inputs and {len(mask)} masks",
            )
        )
    return [] if all(m is None for m in mask) else list(mask)


def _chain(op: Any, inputs: list[Any]) -> Any:
    out = inputs[0]
    for x in inputs[1:]:
        out = op.run(out, x)
    return out


@builtin("layer")
class Add(Merge):
    """The sum of a list of tensors.

    Args:
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant([[1., 2.]])
        >>> tf.keras.layers.Add()([x, x, x]).numpy().tolist()
        [[3.0, 6.0]]
    """

    def _merged(self, inputs: list[Any]) -> Any:
        return _chain(add_op, inputs)


@builtin("layer")
class Subtract(Merge):
    """The first of two tensors less the second.

    Args:
        **kwargs: as for `Layer`.
    """

    _exactly = 2

    def _merged(self, inputs: list[Any]) -> Any:
        return sub_op.run(inputs[0], inputs[1])


@builtin("layer")
class Multiply(Merge):
    """The product of a list of tensors, element by element.

    Args:
        **kwargs: as for `Layer`.
    """

    def _merged(self, inputs: list[Any]) -> Any:
        return _chain(mul_op, inputs)


@builtin("layer")
class Average(Merge):
    """The mean of a list of tensors, element by element.

    Args:
        **kwargs: as for `Layer`.
    """

    def _merged(self, inputs: list[Any]) -> Any:
        return div_op.run(_chain(add_op, inputs), len(inputs))


@builtin("layer")
class Maximum(Merge):
    """The greatest of a list of tensors, element by element.

    Args:
        **kwargs: as for `Layer`.
    """

    def _merged(self, inputs: list[Any]) -> Any:
        return _chain(maximum_op, inputs)


@builtin("layer")
class Minimum(Merge):
    """The least of a list of tensors, element by element.

    Args:
        **kwargs: as for `Layer`.
    """

    def _merged(self, inputs: list[Any]) -> Any:
        return _chain(minimum_op, inputs)


@builtin("layer")
class Concatenate(Merge):
    """A list of tensors one behind the other along an axis.

    Args:
        axis: the axis.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where shapes differ elsewhere than along the axis.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Concatenate()
        >>> layer([tf.ones([2, 1]), tf.zeros([2, 2])]).numpy().tolist()
        [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Look whether the inputs fit; see `Layer.build`."""
        shapes = shapes_of("Concatenate", input_shape)
        rest = []
        for shape in shapes:
            dims = shape.as_list()
            if not -len(dims) <= self.axis < len(dims):
                raise ValueError(
                    house_message(
                        "Concatenate",
                        "`axis` should be a dimension of the inputs",
                        f"axis={self.axis}, shapes {[tuple(s) for s in shapes]}",
                    )
                )
            del dims[self.axis]
            rest.append(dims)
        fits = all(
            len(dims) == len(rest[0])
            and all(
                a is None or b is None or a == b
                for a, b in zip(dims, rest[0], strict=True)
            )
            for dims in rest
        )
        if not fits:
            raise ValueError(
                house_message(
                    "Concatenate",
                    "A `Concatenate` layer requires inputs with matching shapes except"
                    " for the concatenation axis",
                    f"Received: input_shape={[tuple(s) for s in shapes]},"
                    f" axis={self.axis}",
                )
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The inputs side by side."""
        if not isinstance(inputs, list | tuple):
            raise ValueError(
                house_message(
                    "Concatenate",
                    "A merge layer should be called on a list of inputs",
                    f"Received: inputs={inputs} (not a list of tensors)",
                )
            )
        if any_ragged(*inputs):
            return concat(list(inputs), self.axis)
        return concat_op(list(inputs), self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The first shape with the sum of sizes along the axis."""
        shapes = shapes_of("Concatenate", input_shape)
        out = shapes[0].as_list()
        for shape in shapes[1:]:
            dims = shape.as_list()
            total, more = out[self.axis], dims[self.axis]
            out = [b if a is None else a for a, b in zip(out, dims, strict=True)]
            known = total is not None and more is not None
            out[self.axis] = total + more if known else None  # type: ignore[operator]
        return TensorShape(out)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks side by side; inputs without one count as seen."""
        masks = _paired("Concatenate", inputs, mask)
        if not masks:
            return None
        found = []
        for x, m in zip(inputs, masks, strict=True):
            if m is None:
                found.append(ones(static_dims(x), "bool"))
                continue
            while len(m.shape) < len(x.shape):
                m = expand_dims(m, -1)
            if m.shape[-1] == 1 and x.shape[-1] != 1:
                m = logical_and(m, ones(static_dims(x), "bool"))
            found.append(m)
        return reduce_all(concat(found, self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of a list of tensors; see `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The first of two tensors less the second; see `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of a list of tensors; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of a list of tensors; see `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The greatest of a list of tensors; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The least of a list of tensors; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """A list of tensors one behind the other; see `Concatenate`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
