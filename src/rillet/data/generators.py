"""Elements that a Python generator yields, each checked against its spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.scopes import init_scope
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.data.plan import Plan, Run
from rillet.data.structure import (
    DatasetSpec,
    Element,
    as_leaves,
    flatten,
    leaf_of,
    same_nest,
)


class GeneratorPlan(Plan):
    """What a Python generator yields.

    Args:
        generator: a function that gives something to iterate over.
        args: tensors that it is called with, as NumPy values.
        signature: a nest of specs of what it yields.
    """

    kind = "_FlatMapDataset"

    def __init__(
        self, generator: Callable[..., Any], args: tuple[Any, ...], signature: Any
    ) -> None:
        self._args = [as_leaves(x) for x in args]
        super().__init__(signature, (), self._args)
        self._generator = generator

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        given = [_plain(run.array(x)) for x in self._args]
        with init_scope():
            made = iter(self._generator(*given))
        spec, flat = self.spec, self.structure.flat
        return _Yielded(made, spec, flat)


def _plain(array: Any) -> Any:
    return array.copy() if array.ndim else array[()]


class _Yielded:
    """A generator's values as elements; goes on after one that does not fit."""

    def __init__(self, made: Iterator[Any], spec: Any, flat: list[Any]) -> None:
        self._made = made
        self._spec = spec
        self._flat = flat

    def __iter__(self) -> _Yielded:
        return self

    def __next__(self) -> Element:
        tracer, context.state.tracer = context.state.tracer, None
        try:
            value = next(self._made)
        finally:
            context.state.tracer = tracer
        flat = self._flat
        if len(flat) == 1 and isinstance(self._spec, TensorSpec):
            return (_fitted(value, flat[0]),)
        if isinstance(self._spec, tuple) and isinstance(value, list):
            value = tuple(value)
        if not same_nest(self._spec, value):
            raise InvalidArgumentError(
                house_message(
                    "Dataset.from_generator",
                    "TypeError: `generator` yielded an element that did not match the"
                    " expected structure",
                    f"the expected structure was {self._spec!r}, but the yielded"
                    f" element was {_short(value)}",
                )
            )
        pairs = zip(flatten(value), flat, strict=True)
        return tuple([_fitted(part, spec) for part, spec in pairs])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 200 else text[:197] + "..."


def _fitted(value: Any, spec: Any) -> Any:
    """One value that a generator yielded, as an array of its spec."""
    if isinstance(spec, CompositeSpec):
        return _composite(value, spec)
    if isinstance(spec, DatasetSpec) or not isinstance(spec, TensorSpec):
        return leaf_of(value)
    kind = spec.dtype.numpy_dtype
    if isinstance(value, Tensor):
        array = value._array
    else:
        array = _array(value, spec)
    if array.dtype != kind:
        raise InvalidArgumentError(
            house_message(
                "Dataset.from_generator",
                "TypeError: `generator` yielded an element of type"
                f" {array.dtype} where an element of type {spec.dtype.name} was"
                " expected",
                _short(value),
            )
        )
    if not spec.shape.is_compatible_with(TensorShape.of(array.shape)):
        raise InvalidArgumentError(
            house_message(
                "Dataset.from_generator",
                f"TypeError: `generator` yielded an element of shape {array.shape}"
                f" where an element of shape {spec.shape} was expected",
                _short(value),
            )
        )
    return array


def _composite(value: Any, spec: CompositeSpec) -> Any:
    """One composite that a generator yielded, as a leaf of its spec."""
    if not isinstance(value, CompositeTensor) and spec.value_type is Tensor:
        value = to_tensor(value)
    if not spec.is_compatible_with(value):
        raise TypeError(
            house_message(
                "Dataset.from_generator",
                "`generator` yielded an element that did not match its spec",
                f"{_short(value)} for {spec!r}",
            )
        )
    return leaf_of(value)


def _array(value: Any, spec: TensorSpec) -> Any:
    kind = spec.dtype.numpy_dtype
    try:
        if spec.dtype.name == "string":
            return np.asarray(context_strings(value))
        found = np.array(value, kind)
        if found.dtype.kind in "iufc" and np.asarray(value).dtype.kind in "OSU":
            raise ValueError("text")
        return found
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(
            house_message(
                "Dataset.from_generator",
                "TypeError: `generator` yielded an element that could not be converted"
                " to the expected type",
                f"The expected type was {spec.dtype.name}, but the yielded element was"
                f" {_short(value)}",
            )
        ) from None


def context_strings(value: Any) -> Any:
    """A value of text as an array of bytes objects."""
    array = np.array(value, object)
    flat = [v.encode() if isinstance(v, str) else v for v in array.ravel().tolist()]
    if not all(isinstance(v, bytes) for v in flat):
        raise ValueError("not text")
    out = np.empty(array.shape, object)
    out.reshape(-1)[:] = flat
    return out
