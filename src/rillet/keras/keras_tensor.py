"""The placeholder of the functional API: a shape and a type, and where it came from.

`keras.Input` makes the first ones; a layer or an operator that is given some makes
further ones (`symbolic`, `op_layers`). Models are made of the path between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from rillet.core import context
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import Spec, TensorSpec
from rillet.core.tensor import Reference, Tensor

_NO_LENGTH = (
    "Keras symbolic inputs/outputs do not implement `__len__`: a placeholder of the"
    " functional API has no value to look at"
)


class KerasHistory(NamedTuple):
    """Where a placeholder came from."""

    layer: Any
    node_index: int
    tensor_index: int


class _NoArray:
    """What stands where a placeholder's array would be: its type and sizes."""

    __slots__ = ("dtype", "tensor")

    def __init__(self, tensor: KerasTensor) -> None:
        self.tensor = tensor
        self.dtype = tensor.dtype.numpy_dtype

    @property
    def shape(self) -> Any:
        dims = self.tensor.spec.shape
        return self.__getattr__("shape") if dims is None else dims

    @property
    def ndim(self) -> int:
        return len(self.tensor.shape)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.tensor._no_value()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self.tensor._no_value()


class KerasTensor(Tensor):
    """A tensor to come: what an input of a model, or a layer's output, will look like.

    Args:
        shape: the shape, None for sizes that may vary.
        dtype: the type.
        name: the name of the layer that made it.
        layer: that layer.
        known: its value, where the shapes alone tell it, as an array.
        partial: the elements known of a vector, None for the others; or None.
        composite: the spec of a ragged or sparse tensor, where it will be one.
    """

    __slots__ = (
        "_history",
        "_layer_name",
        "_made_by",
        "_name",
        "composite",
        "known",
        "partial",
        "spec",
    )

    def __init__(
        self,
        shape: Any,
        dtype: Any,
        name: str | None = None,
        layer: Any = None,
        known: Any = None,
        partial: Any = None,
        composite: Any = None,
    ) -> None:
        self.composite = composite
        self.spec = Spec(as_shape(shape)._dims, as_dtype(dtype))
        self.known = known
        self.partial = partial
        self._name = name
        self._layer_name = name if layer is None else layer.name
        self._made_by = layer
        self._history: KerasHistory | None = None

    @property
    def _array(self) -> Any:  # type: ignore[override]
        return self.known if self.known is not None else _NoArray(self)

    @property
    def _keras_history(self) -> KerasHistory:
        if self._history is None:
            raise AttributeError("'KerasTensor' object has no attribute")
        return self._history

    @property
    def layer(self) -> Any:
        """The layer that made it."""
        return self._made_by

    @property
    def node(self) -> Any:
        """The call of a layer that made it."""
        history = self._keras_history
        return history.layer._inbound_nodes[history.node_index]

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return TensorShape.of(self.spec.shape)

    @property
    def dtype(self) -> DType:
        """The type."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def name(self) -> str | None:
        """The name of the layer that made it."""
        return self._name

    @property
    def type_spec(self) -> Any:
        """The shape and type as a spec."""
        if self.composite is not None:
            return self.composite
        return TensorSpec(self.shape, self.dtype, self._name)

    def set_shape(self, shape: Any) -> None:
        """Add what the program knows of the shape.

        Raises:
            ValueError: where it contradicts what is known.
        """
        merged = self.shape.merge_with(as_shape(shape))
        self.spec = Spec(merged._dims, self.spec.dtype)

    def ref(self) -> Reference:
        """A hashable reference to this very placeholder."""
        return Reference(self)

    def _describe(self, op: Any, inputs: tuple[Any, ...], attrs: Any) -> Any:
        """What an op gives for placeholders: further ones."""
        whole = any(p.composite is not None for p in placeholders_in(list(inputs)))
        kind = "composite_op" if whole else "op"
        describe = context.service(f"keras.describe_{kind}")
        if describe is None:
            raise self._no_value()
        return describe(op, inputs, attrs)

    def _no_value(self) -> Exception:
        return TypeError(
            house_message(
                "KerasTensor",
                "You are passing a Keras symbolic input/output to code that needs a"
                " value",
                f"{self!r} is a placeholder",
                "Call the model on data, or put the computation into a"
                " `keras.layers.Lambda` or the `call` of a layer",
            )
        )

    def numpy(self) -> NoReturn:
        """Not defined: a placeholder has no value."""
        raise AttributeError(
            house_message(
                "KerasTensor.numpy",
                "'KerasTensor' object has no attribute 'numpy'",
                f"{self!r} is a placeholder without a value",
                "Call the model on data and read what it gives",
            )
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise self._no_value()

    def __bool__(self) -> NoReturn:
        raise TypeError(
            house_message(
                "bool(KerasTensor)",
                _NO_LENGTH,
                repr(self),
                "Put the condition into the `call` of a layer",
            )
        )

    def _scalar(self, to: str) -> NoReturn:
        raise TypeError(
            house_message(
                f"{to}(KerasTensor)",
                "the argument must be a number, not a 'KerasTensor'",
                f"{self!r} is a placeholder without a value",
            )
        )

    def __len__(self) -> int:
        raise TypeError(house_message("len(KerasTensor)", _NO_LENGTH, repr(self)))

    def __iter__(self) -> Iterator[Any]:
        dims = self.spec.shape
        if not dims or dims[0] is None:
            raise TypeError(
                house_message(
                    "iter(KerasTensor)",
                    "Cannot iterate over a Tensor with unknown first dimension",
                    repr(self),
                    "It stands for a whole batch: call layers and tf functions on it",
                )
            )
        return iter([self[i] for i in range(dims[0])])

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            house_message(
                "KerasTensor",
                "a placeholder cannot be pickled",
                repr(self),
                "Pickle the model",
            )
        )

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        value = "" if self.partial is None else f" inferred_value={list(self.partial)}"
        if not value and self.known is not None:
            value = f" inferred_value={self.known.tolist()}"
        by = self._layer_name
        made = f" (created by layer '{by}')" if by else ""
        if self.composite is not None:
            return f"<KerasTensor: type_spec={self.composite!r}{made}>"
        return f"<KerasTensor: shape={self.shape} dtype={self.dtype.name}{value}{made}>"

    def __str__(self) -> str:
        by = self._layer_name
        about = f", description=\"created by layer '{by}'\"" if by else ""
        return f"KerasTensor(type_spec={self.type_spec!r}, name={self._name!r}{about})"


def placeholders_in(structure: Any) -> list[KerasTensor]:
    """The placeholders in a nest of lists, tuples, dictionaries and slices."""
    found: list[KerasTensor] = []
    _gather(structure, found)
    return found


def _gather(value: Any, found: list[KerasTensor]) -> None:
    if isinstance(value, KerasTensor):
        found.append(value)
    elif isinstance(value, list | tuple):
        for part in value:
            _gather(part, found)
    elif isinstance(value, dict):
        for part in value.values():
            _gather(part, found)
    elif isinstance(value, slice):
        for part in (value.start, value.stop, value.step):
            _gather(part, found)


def replaced(structure: Any, given: Any) -> Any:
    """A nest with other values where its placeholders stand.

    Args:
        structure: lists, tuples, dictionaries and slices.
        given: a function from a placeholder to what stands in for it.
    """
    if isinstance(structure, KerasTensor):
        return given(structure)
    if isinstance(structure, list):
        return [replaced(v, given) for v in structure]
    if isinstance(structure, tuple):
        parts = [replaced(v, given) for v in structure]
        if hasattr(structure, "_fields"):
            return type(structure)(*parts)
        return tuple(parts)
    if isinstance(structure, dict):
        return {k: replaced(v, given) for k, v in structure.items()}
    if isinstance(structure, slice):
        return slice(
            replaced(structure.start, given),
            replaced(structure.stop, given),
            replaced(structure.step, given),
        )
    return structure
