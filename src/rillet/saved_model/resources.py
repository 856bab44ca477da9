"""What a graph of TensorFlow's passes by reference: variables, tables, arrays.

`op_readers` and its kin ask here what a value is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.lookup.store import Store


class ArrayHandle(NamedTuple):
    """What names an array of TensorFlow 1; its elements go by as a tensor list.

    Attributes:
        dtype: the type of its elements.
        shape: what is known of their sizes.
        grows: whether writing past its end makes it longer.
        is_gradient: whether it holds what flows back to another array.
    """

    dtype: DType
    shape: Any
    grows: bool
    is_gradient: bool = False


def is_resource(x: Any) -> bool:
    """Whether a value is passed by reference."""
    return isinstance(x, Variable | Store | ArrayHandle)


def is_list(x: Any) -> bool:
    """Whether a value is a tensor list, or an optional value."""
    return isinstance(x, Tensor) and x.dtype is dtypes.variant


def variable_of(x: Any, step: Any) -> Variable:
    """A variable.

    Raises:
        UnimplementedError: where it is another resource.
    """
    if not isinstance(x, Variable):
        raise UnimplementedError(
            house_message(
                "SavedModel",
                f"{step.op} of a resource that is no variable",
                f"node '{step.name}' is given {x!r}",
            )
        )
    return x


def store_of(x: Any, step: Any) -> Store:
    """What a table holds.

    Raises:
        UnimplementedError: where it is another resource.
    """
    if not isinstance(x, Store):
        raise UnimplementedError(
            house_message(
                "SavedModel",
                f"{step.op} of a resource that is no table",
                f"node '{step.name}' is given {x!r}",
            )
        )
    return x
