"""What says that a symbolic tensor has no value, here or at all.

`ir.SymbolicTensor` gives `NoArray` where others give their array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rillet.core import context
from rillet.core.errors import InaccessibleTensorError, house_message

if TYPE_CHECKING:
    from rillet.graph.ir import SymbolicTensor


class NoArray:
    """What stands where a symbolic tensor's array would be: a type, perhaps a shape."""

    __slots__ = ("dtype", "tensor")

    def __init__(self, tensor: SymbolicTensor) -> None:
        self.tensor = tensor
        self.dtype = tensor.spec.dtype.numpy_dtype

    @property
    def shape(self) -> Any:
        dims = self.tensor.spec.shape
        if dims is None:
            return self.__getattr__("shape")
        return dims

    @property
    def ndim(self) -> int:
        return len(self.tensor.shape)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        if context.state.tracer is None:
            raise out_of_scope(self.tensor, "now no function is")
        raise self.tensor._no_value("NumPy")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        if context.state.tracer is None:
            raise out_of_scope(self.tensor, "now no function is")
        raise self.tensor._no_value(name)


def out_of_scope(tensor: SymbolicTensor, where: str) -> InaccessibleTensorError:
    """The error for a tensor of a graph that is used outside it."""
    made = tensor.node.graph.name.removeprefix("__inference_")
    return InaccessibleTensorError(
        house_message(
            "tf.function",
            f"{tensor!r} is out of scope and cannot be used here",
            f"it was made while {made!r} was traced, {where}",
            "Return it from the function that made it, or keep it in a tf.Variable",
        )
    )
