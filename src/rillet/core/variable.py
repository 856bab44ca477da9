"""Variables: the state that training changes.

A variable owns a cell, and the cell holds a tensor. Reading hands that tensor out;
writing puts another one in its place, so a value that was read never changes after.
Recorders see each read; a tracer turns reads and writes into nodes. Scatter methods
and operators are signed in by `ops.state` and `ops.operators`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rillet.core import context
from rillet.core.attributes import missing_attribute
from rillet.core.cell import Cell as Cell
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.first_value import declared_shape, first_value
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Reference, Tensor, left_tape, value_text

_state = context.state


class VariableSynchronization(enum.Enum):
    """When the copies of a distributed variable are brought together."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How the writes to a distributed variable's copies are combined."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class Variable:
    """A tensor that can be assigned to, `tf.Variable`.

    Args:
        initial_value: the first value, anything `tf.convert_to_tensor` takes, or a
            function of no arguments that gives it.
        trainable: whether tapes watch it by themselves; true where None.
        validate_shape: false lets later values have any shape.
        name: the name; ``Variable`` where None.
        dtype: the type; that of the value where None.
        constraint: a function applied to the value after an optimizer's update.
        shape: a shape that the values must fit, with None for sizes that may change.
        synchronization: kept for distributed programs.
        aggregation: kept for distributed programs.

    Raises:
        ValueError: where there is no initial value, or it does not fit.

    Example:
        >>> import rillet as tf
        >>> v = tf.Variable([1., 2.])
        >>> v.assign_add([1., 1.]).numpy().tolist()
        [2.0, 3.0]
    """

    is_tensor_like = True
    __array_priority__ = 100

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
        experimental_enable_variable_lifting: bool = True,
    ) -> None:
        if initial_value is None:
            raise ValueError(
                house_message(
                    "Variable",
                    "`initial_value` must be a Tensor or a Python object convertible"
                    " to a Tensor",
                    "got None",
                )
            )
        if constraint is not None and not callable(constraint):
            raise ValueError(
                house_message(
                    "Variable", "`constraint` must be a function", f"got {constraint!r}"
                )
            )
        kind = None if dtype is None else as_dtype(dtype)
        value, tensor = first_value(initial_value, kind)
        if isinstance(value, Tensor) and _state.recorders:
            left_tape(value, "a new tf.Variable")
        self._shape = declared_shape(shape, validate_shape, tensor)
        self._cell = Cell(tensor, True if trainable is None else bool(trainable))
        self._name = "/".join((*_state.names, name or "Variable"))
        self._constraint = constraint
        self.synchronization = synchronization
        self.aggregation = aggregation
        if _state.tracer is not None:
            _state.tracer.created_variable(self)
        if _state.made is not None:
            _state.made.append(self)

    def _dense_tensor(self) -> Tensor:
        """The value; recorders note the read."""
        if _state.tracer is not None:
            return _state.tracer.read_variable(self)
        tensor = self._cell.read()
        if _state.recorders:
            tensor = Tensor(tensor._array)
            for recorder in _state.recorders:
                recorder.read(self, tensor)
        return tensor

    def read_value(self) -> Tensor:
        """The value now; later assignments do not change it."""
        return self._dense_tensor()

    def value(self) -> Tensor:
        """The same as `read_value`."""
        return self._dense_tensor()

    def read_value_no_copy(self) -> Tensor:
        """The same as `read_value`: reading never copies."""
        return self._dense_tensor()

    def initialized_value(self) -> Tensor:
        """The same as `read_value`."""
        return self._dense_tensor()

    def numpy(self) -> Any:
        """The value as a NumPy array of its own, or a NumPy scalar."""
        return self._dense_tensor().numpy()

    @property
    def shape(self) -> TensorShape:
        """The shape of the values."""
        return self._shape if self._shape is not None else self._cell.tensor.shape

    @property
    def dtype(self) -> DType:
        """The type of the values."""
        return self._cell.tensor.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._cell.tensor.ndim

    @property
    def trainable(self) -> bool:
        """Whether tapes watch the variable by themselves."""
        return self._cell.trainable

    @property
    def name(self) -> str:
        """The name, with ``:0``."""
        return f"{self._name}:0"

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The function applied after an optimizer's update, or None."""
        return self._constraint

    @property
    def device(self) -> str:
        """The device that holds the variable."""
        return self._cell.tensor.device

    @property
    def handle(self) -> Cell:
        """The cell that the value stands in."""
        return self._cell

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Narrow the shape that values must fit."""
        self._shape = self.shape.merge_with(shape)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Always true: a variable is made with its value."""
        return to_tensor(True)

    def ref(self) -> Reference:
        """A hashable reference to this very variable, for keys of dicts and sets."""
        return Reference(self)

    def experimental_ref(self) -> Reference:
        """The same as `ref`."""
        return Reference(self)

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Give the variable a new value.

        Args:
            value: the value; of the variable's shape and type.
            use_locking: ignored; assignments never tear.
            name: ignored when eager.
            read_value: whether to return the variable.

        Returns:
            The variable as it stands after the assignment, or None.

        Raises:
            ValueError: where shape or type differ; the variable keeps its value.
        """
        return self._write(value, "assign", read_value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Add `delta`; arguments, result and errors as those of `assign`."""
        return self._write(delta, "assign_add", read_value)

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtract `delta`; arguments, result and errors as those of `assign`."""
        return self._write(delta, "assign_sub", read_value)

    def _write(self, value: Any, how: str, read_value: bool) -> Any:
        cell = self._cell
        tensor = self._checked(value, cell.tensor.dtype, how)
        if _state.tracer is not None:
            _state.tracer.assign_variable(self, tensor, how)
        else:
            for recorder in _state.recorders:
                recorder.left(tensor, f"Variable.{how}")
            cell.write(tensor._array, how)
        return UnreadVariable(self) if read_value else None

    def _checked(self, value: Any, dtype: DType, how: str) -> Tensor:
        """`value` as a tensor that may be assigned, or an error before any change."""
        tensor = value if type(value) is Tensor else to_tensor(value, hint=dtype)
        if tensor.dtype is not dtype:
            raise ValueError(
                house_message(
                    f"Variable.{how}",
                    "Tensor conversion requested dtype"
                    f" {dtype.name} for Tensor with dtype {tensor.dtype.name}",
                    f"{self._label()}, the value is {describe(tensor)}",
                    f"Convert the value with tf.cast(value, tf.{dtype.name})",
                )
            )
        if type(tensor) is not Tensor:
            return tensor
        old = self._cell.tensor._array.shape
        if tensor._array.shape != old and (
            how != "assign"
            or self._shape is None
            or not self._shape.is_compatible_with(tensor.shape)
        ):
            kind = ValueError if how == "assign" else InvalidArgumentError
            raise kind(
                house_message(
                    f"Variable.{how}",
                    "Cannot assign value to variable: Shape mismatch",
                    f"{self._label()}, the value has shape {tensor.shape}",
                    f"Give a value of shape {self.shape}, or make the variable with"
                    " shape=tf.TensorShape(None)"
                    if how == "assign"
                    else f"Give a value of shape {self.shape}",
                )
            )
        return tensor

    def _slice_assigner(self, method: str, key: Any) -> Callable[..., Any]:
        """What ``variable[key].assign`` and its two kin are."""

        def assign(value: Any, use_locking: bool = False, name: Any = None) -> Any:
            update = context.service("ops.slice_update")
            if update is None:
                raise RuntimeError("Variable: slices are assigned by rillet.ops")
            with self._cell.lock:
                old = self._dense_tensor()
                new = value
                if method != "assign":
                    part = old[key]
                    new = part + value if method == "assign_add" else part - value
                return self.assign(update(old, key, to_tensor(new, hint=self.dtype)))

        return assign

    def __len__(self) -> int:
        return len(self._cell.tensor)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._dense_tensor())

    def __int__(self) -> int:
        return int(self._dense_tensor())

    def __float__(self) -> float:
        return float(self._dense_tensor())

    def __complex__(self) -> complex:
        return complex(self._dense_tensor())

    def __index__(self) -> int:
        return self._dense_tensor().__index__()

    def __bool__(self) -> bool:
        return bool(self._dense_tensor())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self._dense_tensor().__array__(dtype, copy)

    def __hash__(self) -> int:
        raise TypeError(
            house_message(
                "hash(variable)",
                "Variable is unhashable, since == compares element by element",
                self._label(),
                "Use variable.ref() as the key",
            )
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            house_message(
                "variable[...] = value",
                "'Variable' object does not support item assignment",
                self._label(),
                "Use variable[...].assign(value)",
            )
        )

    def __copy__(self) -> Variable:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        twin = Variable.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(self.__dict__)
        twin._cell = Cell(Tensor(self._cell.read()._array.copy()), self.trainable)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        kept = dict(self.__dict__)
        kept["_cell"] = (self._cell.read(), self._cell.trainable)
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._cell = Cell(*kept["_cell"])

    def __getattr__(self, name: str) -> Any:
        raise missing_attribute(type(self), "Variable", name)

    def _label(self) -> str:
        """The variable in the words of a message."""
        dtype = self._cell.tensor.dtype.name
        return f"variable '{self.name}' has shape {self.shape} and dtype {dtype}"

    def _shown_name(self) -> str:
        return self.name

    def __repr__(self) -> str:
        tensor = self._cell.read()
        text = value_text(tensor._array, repr)
        return (
            f"<tf.Variable '{self._shown_name()}' shape={self.shape}"
            f" dtype={tensor.dtype.name}, numpy={text}>"
        )

    if TYPE_CHECKING:

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __getitem__(self, key: Any) -> Tensor: ...


class UnreadVariable(Variable):
    """What an assignment returns: the variable, under the name TensorFlow shows."""

    def __init__(self, variable: Variable) -> None:
        self.__dict__.update(variable.__dict__)

    def _shown_name(self) -> str:
        return "UnreadVariable"
