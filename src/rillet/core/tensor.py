"""The tensor: an immutable array with a shape and a type.

`Tensor` wraps a NumPy array that nothing writes any more. Operators come from
`ops.operators`, which signs them in through `install_operators`; values become tensors
in `core.convert`. Symbolic tensors of a graph are a subclass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from rillet.core import context
from rillet.core.attributes import GRAPH_ONLY, missing_attribute
from rillet.core.dtypes import FROM_NUMPY, DType
from rillet.core.errors import ResourceExhaustedError, house_message
from rillet.core.shapes import TensorShape

_state = context.state
_shape_of = TensorShape.of


class Tensor:
    """An immutable array of one type, `tf.Tensor`.

    Tensors are made by `tf.constant`, `tf.convert_to_tensor` and every op.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant([[1., 2., 3.], [4., 5., 6.]])
        >>> x.shape, x.dtype
        (TensorShape([2, 3]), tf.float32)
        >>> tf.reduce_sum(x)
        <tf.Tensor: shape=(), dtype=float32, numpy=21.0>
    """

    __slots__ = ("_array", "_keras_logits", "_keras_mask", "_origin", "__weakref__")
    __array_priority__ = 100
    _array: np.ndarray[Any, Any]
    _keras_logits: Any
    _keras_mask: Any
    _origin: tuple[Any, Any]
    #: Where a tensor has no value, only a shape and a type: what tells it of ops.
    _describe: Any = None

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array

    @property
    def shape(self) -> TensorShape:
        """The sizes of the tensor's dimensions."""
        return _shape_of(self._array.shape)

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return FROM_NUMPY[self._array.dtype]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def device(self) -> str:
        """The device that holds the tensor."""
        return "/job:localhost/replica:0/task:0/device:CPU:0"

    @property
    def backing_device(self) -> str:
        """The device whose memory the tensor lies in."""
        return self.device

    @property
    def is_tensor_like(self) -> bool:
        """Always true."""
        return True

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check that the tensor has `shape`.

        Raises:
            ValueError: where it has another.
        """
        if not self.shape.is_compatible_with(shape):
            raise ValueError(
                house_message(
                    "Tensor.set_shape",
                    "the tensor has another shape",
                    f"shape is {self.shape}, asked for {TensorShape(shape)}",
                )
            )

    def numpy(self) -> Any:
        """The value as a NumPy array of its own, or a NumPy scalar.

        Returns:
            An array of the same shape and type that the caller may write; a 0-d
            tensor gives a NumPy scalar (`bytes` for a string).
        """
        if _state.recorders:
            left_tape(self, "numpy()")
        array = self._array
        try:
            return array.copy() if array.ndim else array[()]
        except MemoryError as error:
            raise ResourceExhaustedError(
                house_message("numpy", "OOM: there is not enough memory", str(error))
            ) from None

    def ref(self) -> Reference:
        """A hashable reference to this very tensor, for keys of dicts and sets."""
        return Reference(self)

    def experimental_ref(self) -> Reference:
        """The same as `ref`."""
        return Reference(self)

    def cpu(self) -> Tensor:
        """This tensor, in the processor's memory."""
        return self

    def gpu(self, gpu_index: int = 0) -> Tensor:
        """This tensor; there is no other device."""
        return self

    def consumers(self) -> NoReturn:
        """Not defined for a tensor that has a value."""
        raise AttributeError(GRAPH_ONLY.format(name="consumers"))

    def eval(self, feed_dict: Any = None, session: Any = None) -> NoReturn:
        """Not supported outside sessions; use `numpy`."""
        raise NotImplementedError(
            house_message(
                "Tensor.eval",
                "there is no session",
                "the tensor holds its value",
                "Call .numpy() to read it",
            )
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if _state.recorders:
            left_tape(self, "a NumPy function")
        array = self._array
        if dtype is not None and np.dtype(dtype) != array.dtype:
            if copy is False:
                raise ValueError(
                    house_message(
                        "np.asarray(tensor)",
                        "another dtype needs a copy, and copy=False forbids it",
                        f"the tensor is {self.dtype.name}, asked for {np.dtype(dtype)}",
                    )
                )
            return array.astype(dtype)
        if copy:
            return array.copy()
        view = array.view()
        view.flags.writeable = False
        return view

    def __dlpack__(self, **options: Any) -> Any:
        if _state.recorders:
            left_tape(self, "DLPack")
        view = self._array.view()
        view.flags.writeable = False
        try:
            return view.__dlpack__(**options)
        except BufferError:  # the reader cannot be told not to write
            return self._array.copy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def __int__(self) -> int:
        return int(self._scalar("int"))

    def __float__(self) -> float:
        return float(self._scalar("float"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex"))

    def __index__(self) -> int:
        return self._scalar("index").__index__()

    def __bool__(self) -> bool:
        return bool(self._scalar("bool"))

    def _scalar(self, to: str) -> Any:
        if _state.recorders and to != "bool":
            left_tape(self, f"{to}()")
        array = self._array
        if to == "bool" and array.size == 0:
            return False
        if array.size == 1 and (array.ndim == 0 or to != "index"):
            return array.reshape(())[()]
        if to == "bool":
            raise ValueError(
                house_message(
                    "bool(tensor)",
                    "The truth value of an array with more than one element is"
                    " ambiguous",
                    f"shape is {self.shape}",
                    "Reduce it with tf.reduce_any or tf.reduce_all",
                )
            )
        raise TypeError(
            house_message(
                f"{to}(tensor)",
                "only a tensor of one element converts to a Python number",
                f"shape is {self.shape}",
            )
        )

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError(
                house_message("len(tensor)", "a scalar tensor has no len()")
            )
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError(
                house_message("iter(tensor)", "Cannot iterate over a scalar tensor")
            )
        return map(self.__getitem__, range(len(self._array)))

    def __hash__(self) -> int:
        raise TypeError(
            house_message(
                "hash(tensor)",
                "Tensor is unhashable, since == compares element by element",
                f"shape is {self.shape}",
                "Use tensor.ref() as the key",
            )
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            house_message(
                "tensor[...] = value",
                f"'{type(self).__name__}' object does not support item assignment:"
                " a tensor never changes",
                f"shape is {self.shape}",
                "Use a tf.Variable and variable[...].assign(value), or"
                " tf.tensor_scatter_nd_update",
            )
        )

    def __delitem__(self, key: Any) -> None:
        raise TypeError(
            house_message(
                "del tensor[...]",
                f"'{type(self).__name__}' object doesn't support item deletion:"
                " a tensor never changes",
                f"shape is {self.shape}",
                "Use tf.boolean_mask or tf.concat of the parts to keep",
            )
        )

    def __getattr__(self, name: str) -> Any:
        if name in ("assign", "assign_add", "assign_sub"):
            try:
                variable, key = object.__getattribute__(self, "_origin")
            except AttributeError:
                pass
            else:
                return variable._slice_assigner(name, key)
        raise missing_attribute(type(self), type(self).__name__, name)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return Tensor(self._array.copy())

    def __reduce__(self) -> Any:
        return _unpickle, (self._array.copy(),)

    def __format__(self, spec: str) -> str:
        array = self._array
        return format(array[()] if array.ndim == 0 else array, spec)

    def __repr__(self) -> str:
        text = value_text(self._array, repr)
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={text}>"

    def __str__(self) -> str:
        text = value_text(self._array, str)
        return f"tf.Tensor({text}, shape={self.shape}, dtype={self.dtype.name})"

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
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __getitem__(self, key: Any) -> Tensor: ...


class Reference:
    """A hashable stand-in for a tensor or variable, equal to itself alone."""

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def deref(self) -> Any:
        """The object that this reference stands for."""
        return self._wrapped

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


def value_text(array: np.ndarray[Any, Any], how: Callable[[Any], str]) -> str:
    """An array's value as TensorFlow prints it: several lines start on a new one."""
    if array.ndim == 0:
        value: Any = array[()]
        if isinstance(value, bytes):
            return repr(value)
        # TensorFlow shows a float's value in full in repr, shortest in str
        return str(value) if how is str else format(value.item(), "")
    text = how(array)
    return "\n" + text if "\n" in text else text


def left_tape(tensor: Tensor, how: str) -> None:
    """Tell the recorders that a value leaves the tape by `how`."""
    for recorder in _state.recorders:
        recorder.left(tensor, how)


def _unpickle(array: np.ndarray[Any, Any]) -> Tensor:
    return Tensor(array)


def install_operators(table: dict[str, Callable[..., Any]], *classes: type) -> None:
    """Give `classes` the operators of `table`; ops sign in through here."""
    for owner in classes:
        for name, function in table.items():
            setattr(owner, name, function)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, a variable or another of rillet's tensor-like values.

    Example:
        >>> import rillet as tf
        >>> tf.is_tensor(tf.constant(1)), tf.is_tensor([1])
        (True, False)
    """
    return bool(getattr(x, "is_tensor_like", False))
