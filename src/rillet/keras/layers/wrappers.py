"""Layers around one other layer: Wrapper, TimeDistributed, SpectralNormalization."""

from __future__ import annotations

from typing import Any, Self

from rillet.core import context, nest
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor
from rillet.keras import initializers
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import mode
from rillet.keras.call_form import form_of
from rillet.keras.composites import is_ragged
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.serialization import builtin
from rillet.keras.shape_probe import map_shapes
from rillet.ops.arithmetic import l2_normalize
from rillet.ops.array import stack
from rillet.ops.elementwise import div_op
from rillet.ops.products import matmul_op
from rillet.ops.reduce import reduce_any
from rillet.ops.shaping import reshape_op, static_dims


@builtin("layer")
class Wrapper(Layer):
    """A layer that calls another one; base of the wrappers.

    Args:
        layer: the layer inside.
        **kwargs: as for `Layer`.

    Raises:
        TypeError: where `layer` is no layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise TypeError(
                house_message(
                    type(self).__name__,
                    "Layer wrapped by another must be a `tf.keras.layers.Layer`",
                    f"supplied to wrapper: {layer!r}",
                )
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside; see `Layer.build`."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer._build_input_shape = input_shape
            self.layer.built = True
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """A wrapper from what `get_config` gave."""
        rest = dict(config)
        layer = deserialize(rest.pop("layer"), custom_objects)
        return cls(layer, **rest)


def flat_steps(x: Any) -> Any:
    """``(batch, time, ...)`` as ``(batch · time, ...)``."""
    dims = static_dims(x)
    if dims[0] is None or dims[1] is None:
        return reshape_op.run(x, (-1, *dims[2:]))
    return reshape_op.run(x, (dims[0] * dims[1], *dims[2:]))


@builtin("layer")
class TimeDistributed(Wrapper):
    """Applies a layer to each step of sequences, with the same weights.

    Args:
        layer: the layer, which sees inputs ``(batch, ...)``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `layer` is no layer, or inputs have no axis of time.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(4))
        >>> layer(tf.zeros([2, 3, 5])).shape
        TensorShape([2, 3, 4])
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                house_message(
                    "TimeDistributed",
                    "Please initialize `TimeDistributed` layer with a"
                    " `tf.keras.layers.Layer` instance",
                    f"You passed: {layer!r}",
                )
            )
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside for one step; see `Layer.build`."""
        for shape in nest.flatten(map_shapes(lambda s: [s], input_shape)):
            if isinstance(shape, TensorShape) and len(shape) < 3:
                raise ValueError(
                    house_message(
                        "TimeDistributed",
                        "`TimeDistributed` Layer should be passed an `input_shape` with"
                        " at least 3 dimensions",
                        f"received: {shape}",
                        "The second axis is that of time",
                    )
                )
        self.input_spec = nest.map_structure(
            lambda s: InputSpec(shape=[None, *s[1:]]), _as_shapes(input_shape)
        )
        super().build(map_shapes(_without_time, input_shape))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """What the layer gives for each step, ``(batch, time, ...)``."""
        if is_ragged(inputs):
            return inputs._like(self.layer(inputs.values))
        form = form_of(self.layer)
        kwargs: dict[str, Any] = {}
        if form.training:
            kwargs["training"] = training
        first = static_dims(nest.flatten(inputs)[0])
        if getattr(self.layer, "_stateful", False):
            return self._by_step(inputs, mask, kwargs, first[1], form)
        if form.mask and mask is not None:
            kwargs["mask"] = nest.map_structure(flat_steps, mask)
        outputs = self.layer(nest.map_structure(flat_steps, inputs), **kwargs)

        def apart(y: Any) -> Any:
            sizes = [*first[:2], *static_dims(y)[1:]]
            if sizes.count(None) == 1:
                sizes[sizes.index(None)] = -1
            return reshape_op.run(y, tuple(sizes))

        if isinstance(outputs, Tensor):
            return apart(outputs)
        return nest.map_structure(apart, outputs)

    def _by_step(
        self, inputs: Any, mask: Any, kwargs: Any, steps: int, form: Any
    ) -> Any:
        """One step after the other, for a layer that keeps state."""
        found = []
        for t in range(steps):
            if form.mask and mask is not None:
                kwargs["mask"] = nest.map_structure(lambda m, t=t: m[:, t], mask)
            step = nest.map_structure(lambda x, t=t: x[:, t], inputs)
            found.append(self.layer(step, **kwargs))
        return nest.map_structure(lambda *ys: stack(list(ys), 1), *found)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the steps' outputs, or, where the layer makes none, the given."""
        given = mask
        first = nest.flatten(inputs)[0]
        inner = None
        if mask is not None:
            flat = nest.map_structure(
                lambda m: m if m is None or len(m.shape) < 2 else flat_steps(m), mask
            )
            if len(nest.flatten(mask)[0].shape) == 2:
                flat = None  # a mask of steps says nothing within a step
            inner = flat
        found = self.layer.compute_mask(nest.map_structure(flat_steps, inputs), inner)
        if found is None:
            if given is None:
                return None
            one = nest.flatten(given)[0]
            while len(one.shape) > 2:
                one = reduce_any(one, axis=-1)
            return one
        dims = static_dims(first)
        return nest.map_structure(
            lambda m: reshape_op(m, (*dims[:2], *static_dims(m)[1:])), found
        )

    def _makes_masks(self) -> bool:
        return self.layer._makes_masks()

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the layer gives for a step, with the axis of time."""
        first = nest.flatten(map_shapes(lambda s: tuple(s.as_list()), input_shape))
        batch, steps = first[0], first[1]
        inner = self.layer.compute_output_shape(map_shapes(_without_time, input_shape))
        return map_shapes(lambda s: TensorShape([batch, steps, *s[1:]]), inner)


def _as_shapes(shapes: Any) -> Any:
    return map_shapes(lambda s: s, shapes)


def _without_time(shape: TensorShape) -> TensorShape:
    return TensorShape([shape[0], *shape[2:]])


@builtin("layer")
class SpectralNormalization(Wrapper):
    """Divides a layer's kernel by its largest singular value while training.

    The value is followed by power iterations. Source: Miyato et al. (2018).

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: how many iterations a step takes.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `power_iterations` is not positive.
        AttributeError: where the layer has neither weight.

    Example:
        >>> import rillet as tf
        >>> dense = tf.keras.layers.Dense(2)
        >>> layer = tf.keras.layers.SpectralNormalization(dense)
        >>> layer(tf.ones([1, 3]), training=True).shape
        TensorShape([1, 2])
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                house_message(
                    "SpectralNormalization",
                    "`power_iterations` should be greater than zero",
                    f"received: power_iterations={power_iterations}",
                )
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        """Build the layer and the vector that follows it; see `Layer.build`."""
        super().build(input_shape)
        self.input_spec = InputSpec(shape=[None, *as_shape(input_shape)[1:]])
        kernel = getattr(self.layer, "kernel", None)
        if kernel is None:
            kernel = getattr(self.layer, "embeddings", None)
        if kernel is None:
            raise AttributeError(
                house_message(
                    "SpectralNormalization",
                    f"{type(self.layer).__name__} object has no attribute 'kernel' nor"
                    " 'embeddings'",
                    f"the layer is '{self.layer.name}'",
                )
            )
        # The inner layer's weight is a part of this one too, as files have it.
        self.kernel = kernel
        self.vector_u = self.add_weight(
            "vector_u",
            shape=(1, kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            dtype=kernel.dtype,
        )

    def call(self, inputs: Any, training: Any = False) -> Any:
        """What the layer gives, its kernel normalised first where training."""
        if training is None:
            training = mode.phase
        if training:
            self.normalize_weights()
        return self.layer(inputs)

    def normalize_weights(self) -> None:
        """Divide the kernel by the estimate of its largest singular value."""
        kernel = self.kernel
        size = kernel.shape[-1]
        with context.recording_stopped():
            w = reshape_op(kernel.read_value(), (-1, size))
            u = self.vector_u.read_value()
            for _ in range(self.power_iterations):
                v = l2_normalize(matmul_op.run(u, w, transpose_b=True))
                u = l2_normalize(matmul_op.run(v, w))
            sigma = matmul_op.run(matmul_op.run(v, w), u, transpose_b=True)
            self.vector_u.assign(u)
            kernel.assign(reshape_op(div_op.run(w, sigma), tuple(kernel.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape that the layer gives."""
        return TensorShape(self.layer.compute_output_shape(input_shape).as_list())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "power_iterations": self.power_iterations}
