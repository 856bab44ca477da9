"""The shape that a layer of unknown arithmetic gives: found by running it on zeros.

In: a layer and shapes, some sizes unknown. Out: the shapes of its outputs. Each unknown
size is tried with two values; what differs in the outputs is unknown there too.
`Layer.compute_output_shape` and `Model.build` call it; no tape sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.core import context, nest
from rillet.core.dtypes import as_dtype, float32, string
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor
from rillet.keras.call_context import calls
from rillet.keras.call_form import form_of
from rillet.keras.tracking import Tracked

#: Two sizes that arithmetic on shapes rarely maps to one.
_TRIALS = (2, 3)
#: The attribute that says which type inputs on trial have.
_KIND = "_kind_on_trial"


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape and no nest of shapes."""
    if isinstance(value, TensorShape):
        return True
    return isinstance(value, list | tuple) and all(
        d is None or isinstance(d, int | np.integer) for d in value
    )


def map_shapes(function: Any, shapes: Any) -> Any:
    """Apply a function to each shape of a nest."""
    if is_shape(shapes):
        return function(as_shape(shapes))
    if isinstance(shapes, dict):
        return {k: map_shapes(function, v) for k, v in shapes.items()}
    return type(shapes)([map_shapes(function, s) for s in shapes])


def probe(layer: Any, input_shape: Any) -> Any:
    """The shapes of a layer's outputs for inputs of `input_shape`."""
    results = []
    unknown = _has_unknown(input_shape)
    for size in _TRIALS if unknown else _TRIALS[:1]:
        outputs = run_on_zeros(layer, input_shape, size)
        results.append(nest.map_structure(lambda y: as_shape(y.shape), outputs))
    if not unknown:
        return results[0]
    return nest.map_structure(
        lambda a, b: a.most_specific_compatible_shape(b), *results
    )


def run_on_zeros(layer: Any, input_shape: Any, size: int) -> Any:
    """Call a layer on zeros, each unknown size replaced by `size`."""
    dtype = layer.__dict__.get(_KIND) or layer._compute_type or float32

    def zeros(shape: TensorShape) -> Tensor:
        sizes = [size if d is None else d for d in shape.as_list()]
        nothing: Any = b"" if dtype is string else 0
        return Tensor(np.full(sizes, nothing, dtype.numpy_dtype))

    inputs = map_shapes(zeros, input_shape)
    arguments = {"training": False} if form_of(layer).training else {}
    with context.recording_stopped(), _unchanged(layer):
        return layer(inputs, **arguments)


@contextmanager
def probed_with(layer: Any, dtype: Any) -> Iterator[None]:
    """Trials of a layer meanwhile get inputs of this type, if it holds no floats."""
    kind = None if dtype is None else as_dtype(dtype)
    if kind is None or kind.is_floating:
        yield
        return
    layer.__dict__[_KIND] = kind
    try:
        yield
    finally:
        del layer.__dict__[_KIND]


@contextmanager
def _unchanged(layer: Any) -> Iterator[None]:
    """Variables that the layer's `call` changes meanwhile get their values back."""
    around = calls.undo
    calls.undo = []
    for part in layer._flatten():
        remember(part)
    try:
        yield
    finally:
        kept, calls.undo = calls.undo, around
        for cell, tensor in kept:
            cell.tensor = tensor
        if around is not None:
            around += kept


def remember(part: Any) -> None:
    """Note the values of a layer's own variables where a call only tells shapes."""
    if calls.undo is None:
        return
    if isinstance(part, Tracked):
        own = part._own_variables(True) + part._own_variables(False)
    else:
        own = list(part.variables)
    calls.undo += [(v._cell, v._cell.tensor) for v in own]


def _has_unknown(shapes: Any) -> bool:
    found: list[bool] = []
    map_shapes(lambda s: found.append(None in s.as_list()), shapes)
    return any(found)
