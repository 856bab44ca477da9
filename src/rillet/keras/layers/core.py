"""Dense, Activation and Lambda: the layers that most models begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from rillet.core import nest
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.scopes import variables_made
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.variable import Variable
from rillet.keras import activations, constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.composites import is_ragged
from rillet.keras.function_code import described_function, restored_function
from rillet.keras.input_spec import InputSpec
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import cast
from rillet.ops.identity import identity
from rillet.ops.neural import bias_add_op
from rillet.ops.products import matmul_op
from rillet.ops.reduce import reduce_any
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.sparse.dense import sparse_dense_matmul


@builtin("layer")
class Dense(Layer):
    """Every output is a weighted sum of all inputs: ``activation(x · kernel + bias)``.

    Args:
        units: how many outputs.
        activation: a function or its name; none where None.
        use_bias: whether there is a bias.
        kernel_initializer: what gives the kernel, of shape ``(in, units)``.
        bias_initializer: what gives the bias, of shape ``(units,)``.
        kernel_regularizer: a penalty of the kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        **kwargs: as for `Layer`.

    Raises:
        TypeError: where `units` is no number.
        ValueError: where it is not positive.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Dense(2, kernel_initializer="ones")
        >>> layer([[1., 2.]] * tf.ones([1, 2])).numpy().tolist()
        [[3.0, 3.0]]
    """

    _leaf = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = _units(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias; see `Layer.build`."""
        dtype = as_dtype(self.dtype or "float32")
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(
                house_message(
                    "Dense",
                    "A Dense layer can only be built with a floating-point dtype",
                    f"dtype={dtype.name}",
                )
            )
        shape = as_shape(input_shape)
        size = shape[-1]
        if size is None:
            raise ValueError(
                house_message(
                    "Dense",
                    "The last dimension of the inputs to a Dense layer should be"
                    " defined. Found None",
                    f"Full input shape received: {shape}",
                    "Give all rows one length and say it: input_length=n for an"
                    " Embedding, Input((n,)) before it, or x.to_tensor() of a ragged"
                    " tensor",
                )
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.kernel = self.add_weight(
            "kernel",
            shape=[size, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            dtype=self.dtype,
            trainable=True,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                dtype=self.dtype,
                trainable=True,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The weighted sums, of shape ``(..., units)``."""
        if is_ragged(inputs):
            return inputs._with_flat(self.call(inputs.flat_values))
        wanted = self._compute_type
        if inputs.dtype is not wanted:
            inputs = cast(inputs, wanted)
        if isinstance(inputs, SparseTensor):
            outputs = sparse_dense_matmul(inputs, self.kernel._dense_tensor())
        elif inputs.ndim == 2:
            outputs = matmul_op.run(inputs, self.kernel._dense_tensor())
        else:
            outputs = _over_leading(inputs, self.kernel._dense_tensor(), self.units)
        if self.bias is not None:
            outputs = bias_add_op.run(outputs, self.bias._dense_tensor())
        if self.activation is not None:
            outputs = self.activation(outputs)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with `units` in the last place."""
        shape = as_shape(input_shape).with_rank_at_least(2)
        if shape[-1] is None:
            raise ValueError(
                house_message(
                    "Dense",
                    "The last dimension of the input shape of a Dense layer should be"
                    " defined. Found None",
                    f"input_shape={shape}",
                )
            )
        return shape[:-1].concatenate([self.units])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def _over_leading(inputs: Any, kernel: Any, units: int) -> Any:
    """A product with the last axis of a tensor of any rank, the rest as rows."""
    dims = list(inputs.shape)
    rows = matmul_op.run(reshape_op.run(inputs, (-1, dims[-1])), kernel)
    sizes = [*dims[:-1], units]
    if sizes.count(None) == 1:
        sizes[sizes.index(None)] = -1
    elif None in sizes:
        sizes = [*static_dims(inputs)[:-1], units]
    return reshape_op.run(rows, tuple(sizes))


def _units(units: Any) -> int:
    """How many outputs a `Dense` has."""
    try:
        found = int(units)
    except (TypeError, ValueError) as error:
        named = isinstance(units, str)
        raise type(error)(
            house_message(
                "Dense",
                "`units` is the number of outputs, a positive integer",
                f"units={units!r}",
                f"Write Dense(1, {units!r}) for one output" if named else "",
            )
        ) from None
    if found <= 0:
        raise ValueError(
            house_message(
                "Dense",
                "Received an invalid value for `units`, expected a positive integer",
                f"units={units}",
            )
        )
    return found


@builtin("layer")
class Identity(Layer):
    """Gives its inputs as they are: the place of a layer that may come later.

    Args:
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Identity()(tf.constant([1., 2.])).numpy().tolist()
        [1.0, 2.0]
    """

    _leaf = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return nest.map_structure(identity, inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)


@builtin("layer")
class Activation(Layer):
    """Applies a function to its inputs.

    Args:
        activation: the function, or its name.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Activation("relu")(tf.constant([-1., 2.])).numpy().tolist()
        [0.0, 2.0]
    """

    _leaf = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """The function's values."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        function = activations.serialize(self.activation)
        return {**super().get_config(), "activation": function}


@builtin("layer")
class Lambda(Layer):
    """Makes a layer of a function without weights.

    Args:
        function: takes the inputs, gives the outputs.
        output_shape: the outputs' shape without the batch, or a function of the
            inputs' shape; found by running the function where None.
        mask: the outputs' mask, or a function of inputs and mask.
        arguments: further keyword arguments for the function.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Lambda(lambda x: x * 2)(tf.constant([1., 2.])).numpy()
        array([2., 4.], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments or {}
        self.function = function
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        """The function's values."""
        given = dict(self.arguments)
        names = _argument_names(self.function)
        if "mask" in names:
            given["mask"] = mask
        if "training" in names:
            given["training"] = training
        with variables_made() as made:
            outputs = self.function(inputs, **given)
        if made:
            self._refuse(made)
        return outputs

    def _refuse(self, made: list[Any]) -> None:
        """Refuse variables that the function made and nobody would find or train.

        Raises:
            ValueError: where there are such.
        """
        held = {id(w) for w in self.weights}
        lost = [v.name for v in made if id(v) not in held]
        if lost:
            raise ValueError(
                house_message(
                    f"Lambda layer {self.name!r}",
                    "the following Variables were created within a Lambda layer, but"
                    " are not tracked by said layer",
                    ", ".join(lost),
                    "Make the layers before, or write a subclass of Layer",
                )
            )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What the constructor's `mask` says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the constructor's `output_shape` says, or what the function gives."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return as_shape(self._output_shape(input_shape))
        return TensorShape([as_shape(input_shape)[0]]).concatenate(self._output_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the function by name, or as code.

        Raises:
            ValueError: where a lambda uses what cannot be written down.
        """
        config = {
            **super().get_config(),
            "function": described_function(self.function),
            "arguments": self.arguments,
        }
        shape = self._output_shape
        if shape is not None:
            callable_shape = callable(shape)
            config["output_shape"] = (
                described_function(shape) if callable_shape else shape
            )
        if callable(self.mask):
            config["mask"] = described_function(self.mask)
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The layer that `get_config` described.

        Raises:
            ValueError: where the function is code, and `safe_mode` is on.
        """
        config = dict(config)
        for key in ("function", "mask", "output_shape"):
            value = config.get(key)
            written = isinstance(value, dict | str) or (
                isinstance(value, list | tuple)
                and bool(value)
                and isinstance(value[0], str)
            )
            if written:
                config[key] = restored_function(value, custom_objects)
        if isinstance(config.get("output_shape"), list):
            config["output_shape"] = tuple(config["output_shape"])
        return cls(**config)


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    if code is None:
        return ()
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


@builtin("layer")
class Masking(Layer):
    """Masks time steps whose every feature equals a value.

    Args:
        mask_value: that value.
        **kwargs: as for `Layer`.
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True for the steps that hold another value anywhere."""
        return reduce_any(inputs != self.mask_value, axis=-1)

    def call(self, inputs: Any) -> Any:
        """The inputs, masked steps set to 0."""
        kept = reduce_any(inputs != self.mask_value, axis=-1, keepdims=True)
        return inputs * cast(kept, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mask_value": self.mask_value}
