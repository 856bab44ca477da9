"""Where a model begins: `keras.Input` and the layer that stands for it."""

from __future__ import annotations

from typing import Any

from rillet.core.composite import CompositeSpec
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.sparse_tensor import SparseTensorSpec
from rillet.keras import operators as _operators  # noqa: F401
from rillet.keras.base_layer import Layer
from rillet.keras.keras_tensor import KerasTensor
from rillet.keras.naming import unique_name
from rillet.keras.nodes import Node
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.ragged.spec import RaggedTensorSpec


@builtin("layer")
class InputLayer(Layer):
    """The entry of a model: it says the shape and type of the inputs.

    Args:
        input_shape: the shape without the batch.
        batch_size: the batch's size, where it is fixed.
        dtype: the type; Keras's float type where None.
        input_tensor: a placeholder to wrap.
        sparse: whether inputs are `tf.sparse.SparseTensor`s.
        name: a name.
        ragged: whether inputs are `tf.RaggedTensor`s; sizes of None are ragged.
        type_spec: the spec of the whole input, batch included.
        **kwargs: `batch_input_shape`; `optional`, ignored.

    Raises:
        ValueError: where the shape is given twice, or an argument is unknown.
    """

    _leaf = True
    _placeholder: KerasTensor

    def __init__(
        self,
        input_shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        input_tensor: Any = None,
        sparse: bool | None = None,
        name: str | None = None,
        ragged: bool | None = None,
        type_spec: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("optional", None)
        shape = _batch_shape(input_shape, batch_size, type_spec, kwargs)
        if sparse and ragged:
            raise ValueError(
                house_message(
                    "Input", "Cannot set both sparse and ragged to True", "both are"
                )
            )
        kind = getattr(input_tensor, "dtype", None) or getattr(type_spec, "dtype", None)
        kind = as_dtype(dtype or kind or floatx())
        # Inputs are numbered from 1 on in Keras: input_1, input_2.
        super().__init__(name=name or unique_name("input", 1), dtype=kind.name)
        if input_tensor is not None:
            shape = tuple(as_shape(input_tensor.shape).as_list())
        self._batch_input_shape = shape
        made = input_tensor if _is_free(input_tensor) else None
        if made is None:
            whole = type_spec if isinstance(type_spec, CompositeSpec) else None
            if whole is None:
                whole = _composite_spec(shape, kind, sparse, ragged)
            made = KerasTensor(shape, kind, self.name, self, composite=whole)
        else:
            made._name = made._layer_name = self.name
            made._made_by = self
        self.__dict__["_placeholder"] = made
        Node(self, (), {}, made)
        self.sparse = isinstance(made.composite, SparseTensorSpec)
        self.ragged = isinstance(made.composite, RaggedTensorSpec)
        self.built = True
        self.supports_masking = True

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs, batch included."""
        return [self._batch_input_shape]

    @property
    def output_shape(self) -> Any:
        """The same as `input_shape`."""
        return [self._batch_input_shape]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return as_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        """The inputs themselves."""
        return inputs

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        place = kept.pop("_placeholder")
        shape = place.shape.as_list()
        kept["_placeholder_like"] = (shape, place.dtype.name, place.composite)
        return kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        shape, dtype, whole = state.pop("_placeholder_like")
        self.__dict__.update(state)
        made = KerasTensor(shape, dtype, self.name, self, composite=whole)
        self.__dict__["_placeholder"] = made
        Node(self, (), {}, self._placeholder)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "batch_input_shape": self._batch_input_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
        }


def _composite_spec(shape: Any, kind: Any, sparse: Any, ragged: Any) -> Any:
    """The spec of sparse or ragged inputs; None for tensors."""
    if sparse:
        return SparseTensorSpec(shape, kind)
    if not ragged:
        return None
    dims = shape or ()
    depth = max([i for i, n in enumerate(dims) if i and n is None], default=0)
    return RaggedTensorSpec(shape, kind, depth)


def _is_free(tensor: Any) -> bool:
    """Whether a placeholder is given that no layer has made."""
    return isinstance(tensor, KerasTensor) and tensor._history is None


def _batch_shape(
    input_shape: Any, batch_size: Any, type_spec: Any, kwargs: dict[str, Any]
) -> tuple[int | None, ...] | None:
    """The shape with the batch that the constructor's arguments name."""
    whole = kwargs.pop("batch_input_shape", kwargs.pop("batch_shape", None))
    if kwargs:
        raise ValueError(
            house_message(
                "InputLayer",
                "Unrecognized keyword arguments",
                ", ".join(map(repr, kwargs)),
            )
        )
    if whole is not None and input_shape is not None:
        raise ValueError(
            house_message(
                "InputLayer",
                "Only provide the input_shape OR batch_input_shape argument, not both"
                " at the same time",
                f"input_shape={input_shape}, batch_input_shape={whole}",
            )
        )
    if type_spec is not None:
        whole = type_spec.shape
    if whole is not None:
        return tuple(as_shape(whole).as_list())
    if input_shape is None:
        return None
    if isinstance(input_shape, int):
        input_shape = (input_shape,)
    return (batch_size, *as_shape(input_shape).as_list())


def Input(  # Keras's name for it
    shape: Any = None,
    batch_size: int | None = None,
    name: str | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    tensor: Any = None,
    ragged: bool | None = None,
    type_spec: Any = None,
    **kwargs: Any,
) -> KerasTensor:
    """A placeholder: what a model's input will look like.

    Args:
        shape: the shape without the batch.
        batch_size: the batch's size, where it is fixed.
        name: a name.
        dtype: the type; Keras's float type where None.
        sparse: whether inputs are `tf.sparse.SparseTensor`s.
        tensor: a placeholder to wrap.
        ragged: whether inputs are `tf.RaggedTensor`s; sizes of None are ragged.
        type_spec: the spec of the whole input, batch included.
        **kwargs: `batch_shape` or `batch_input_shape`, the shape with the batch.

    Returns:
        A placeholder to call layers on, or to begin a `Sequential` with.

    Raises:
        ValueError: where there is no shape, or two.

    Example:
        >>> import rillet as tf
        >>> tf.keras.Input((3,)).shape
        TensorShape([None, 3])
    """
    whole = kwargs.pop("batch_input_shape", kwargs.pop("batch_shape", None))
    if kwargs:
        raise ValueError(
            house_message(
                "Input",
                f"Unrecognized keyword arguments {', '.join(map(repr, kwargs))}",
                "it takes shape, batch_size, name, dtype, tensor, type_spec and"
                " batch_shape",
            )
        )
    if shape is None and whole is None and tensor is None and type_spec is None:
        raise ValueError(
            house_message(
                "Input",
                "Please provide to Input a `shape` or a `tensor` or a `type_spec`"
                " argument. Note that `shape` does not include the batch dimension",
            )
        )
    arguments: dict[str, Any] = {"input_shape": shape, "batch_size": batch_size}
    if whole is not None:
        arguments = {"batch_input_shape": whole, "input_shape": shape}
    layer = InputLayer(
        name=name,
        dtype=dtype,
        input_tensor=tensor,
        sparse=sparse,
        ragged=ragged,
        type_spec=type_spec,
        **arguments,
    )
    return layer._placeholder
