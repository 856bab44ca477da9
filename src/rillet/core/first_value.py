"""What a variable begins with: its first value, and the shape it is declared with."""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.scopes import init_scope
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor


def declared_shape(
    shape: Any, validate_shape: bool, first: Tensor
) -> TensorShape | None:
    """The shape that values must fit; None for the first value's own."""
    if shape is None:
        return None if validate_shape else TensorShape(None)
    declared = as_shape(shape)
    if not declared.is_compatible_with(first.shape):
        raise ValueError(
            house_message(
                "Variable",
                "the initial value does not fit the shape",
                f"the value has shape {first.shape}, asked for {declared}",
            )
        )
    return declared


def first_value(initial_value: Any, kind: DType | None) -> tuple[Any, Tensor]:
    """What a variable starts from, and that as a tensor; also while tracing."""
    if context.state.tracer is None:
        value = initial_value() if callable(initial_value) else initial_value
        return value, to_tensor(value, kind)
    with init_scope():
        value = initial_value() if callable(initial_value) else initial_value
        if isinstance(value, Tensor) and type(value) is not Tensor:
            evaluate = context.service("graph.evaluate")
            value = None if evaluate is None else evaluate(value)
            if value is None:
                raise InvalidArgumentError(
                    house_message(
                        "Variable",
                        "the initial value depends on the arguments of a tf.function,"
                        " so the variable cannot be made before the function runs",
                        fix="Pass a constant, or a function that gives the value",
                    )
                )
            value = Tensor(value)
        return value, to_tensor(value, kind)
