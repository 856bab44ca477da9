"""`tf.py_function` and `tf.numpy_function`: Python called from inside a graph.

Eagerly they call the function. Traced they become one node with effects, which keeps
its place in program order and sees variables as they stand there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.scopes import init_scope
from rillet.core.spec import Spec, TensorSpec
from rillet.core.tensor import Tensor

_state = context.state


def py_function(
    func: Callable[..., Any] | None = None,
    inp: Any = None,
    Tout: Any = None,
    name: str | None = None,
) -> Any:
    """Call a Python function of tensors, also from inside a graph; differentiable.

    Args:
        func: takes a tensor for each of `inp`.
        inp: a list of tensors.
        Tout: the result's type, or a list of them; empty for no result.
        name: ignored when eager.

    Returns:
        A tensor, or a list of them where `Tout` is one. Inside a graph their shapes
        are unknown.

    Raises:
        InvalidArgumentError: where `func` gives other types than `Tout`.

    Example:
        >>> import rillet as tf
        >>> float(tf.py_function(lambda x: x * 2, [3.], tf.float32))
        6.0
    """
    if not callable(func):
        raise ValueError(house_message("py_function", "func must be callable"))
    specs, several = _specs(Tout)
    inputs = [to_tensor(x) for x in (inp if inp is not None else [])]
    if _state.tracer is None:
        return _packed(_checked("py_function", func(*inputs), specs), several)
    function = func

    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        with init_scope():
            tensors = [Tensor(a) for a in arrays]
            found = _checked("py_function", function(*tensors), specs)
            return [y._array for y in found]

    return _traced(run, inputs, specs, several, function, _rule(function, specs))


def _rule(function: Any, specs: list[Spec]) -> Callable[..., list[Any]]:
    """The gradient: the function once more, under a tape, when the graph runs."""

    def rule(g: Any, y: Any, *inputs: Any, **attrs: Any) -> list[Any]:
        flows = list(g) if isinstance(g, tuple) else [g]
        count = len(inputs)
        which = [i for i, x in enumerate(inputs) if x.dtype.is_floating]
        if not which:
            return [None] * count
        tape_of = context.service("autodiff.tape")

        def backward(*tensors: Any) -> list[Any]:
            assert tape_of is not None
            xs, gs = tensors[:count], tensors[count:]
            sources = [xs[i] for i in which]
            with tape_of() as tape:
                tape.watch(sources)
                found = _checked("py_function", function(*xs), specs)
            pairs = [p for p in zip(found, gs, strict=True) if p[0].dtype.is_floating]
            parts = tape.gradient(
                [p[0] for p in pairs], sources, [p[1] for p in pairs], "zero"
            )
            return [to_tensor(part) for part in parts]

        kinds = [TensorSpec(inputs[i].shape, inputs[i].dtype) for i in which]
        found = py_function(backward, [*inputs, *flows], kinds)
        out: list[Any] = [None] * count
        for i, part in zip(which, found, strict=True):
            out[i] = part
        return out

    return rule


def numpy_function(
    func: Callable[..., Any] | None = None,
    inp: Any = None,
    Tout: Any = None,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """Call a Python function of NumPy arrays, also from inside a graph.

    Args:
        func: takes an array for each of `inp`, gives arrays.
        inp: a list of tensors.
        Tout: the result's type, or a list of them.
        stateful: accepted; the function always runs.
        name: ignored when eager.

    Returns:
        A tensor, or a list of them where `Tout` is one; no gradient flows through.

    Raises:
        InvalidArgumentError: where `func` gives other types than `Tout`.

    Example:
        >>> import numpy as np
        >>> import rillet as tf
        >>> float(tf.numpy_function(np.sinh, [0.], tf.float32))
        0.0
    """
    if not callable(func):
        raise ValueError(house_message("numpy_function", "func must be callable"))
    return told_function(func, inp if inp is not None else [], Tout, None)


def told_function(
    func: Callable[..., Any], inp: Any, Tout: Any, told: Callable[..., Any] | None
) -> Any:
    """`numpy_function` of a function that can also be told in ops.

    Args:
        func: takes an array for each of `inp`, gives arrays.
        inp: a list of tensors.
        Tout: the result's type, or a list of them.
        told: takes tensors and gives tensors; it does what `func` does, where a graph
            is written to a file that cannot hold Python.
    """
    specs, several = _specs(Tout)
    inputs = [to_tensor(x) for x in inp]
    function = func

    def call(arrays: list[Any]) -> list[Any]:
        given = [a.copy() if a.ndim else a[()] for a in arrays]
        return _checked("numpy_function", function(*given), specs, strict=True)

    if _state.tracer is None:
        found = call([x._array for x in inputs])
        # TensorFlow gives a list of one only in graphs.
        return _packed(found, several and len(found) != 1)

    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        with init_scope():
            return [y._array for y in call(arrays)]

    return _traced(run, inputs, specs, several, function, None, told)


def _specs(kinds: Any) -> tuple[list[Spec], bool]:
    several = isinstance(kinds, list | tuple)
    out = []
    for kind in nest.flatten(kinds) if several else [kinds]:
        if isinstance(kind, TensorSpec):
            out.append(Spec(kind.shape._dims, kind.dtype))
        elif kind is not None:
            out.append(Spec(None, as_dtype(kind)))
    return out, several or not out


def _checked(op: str, found: Any, specs: list[Spec], strict: bool = False) -> list[Any]:
    """What a function gave, as tensors of the types that were promised."""
    if not specs:
        return []
    parts = (
        list(found) if isinstance(found, list | tuple) and len(specs) != 1 else [found]
    )
    if len(specs) == 1 and isinstance(found, list | tuple) and len(found) == 1:
        parts = list(found)
    if len(parts) != len(specs):
        raise InvalidArgumentError(
            house_message(
                op, f"the function must give {len(specs)} values", f"got {len(parts)}"
            )
        )
    out = []
    for i, (part, spec) in enumerate(zip(parts, specs, strict=True)):
        value = np.asarray(part) if strict and not isinstance(part, Tensor) else part
        tensor = to_tensor(value, hint=spec.dtype)
        if tensor.dtype is not spec.dtype:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"{i}-th value returned by the function is {tensor.dtype.name},"
                    f" but expects {spec.dtype.name}",
                    f"Tout says {spec.dtype.name}",
                    "Cast the result, or change Tout",
                )
            )
        out.append(tensor)
    return out


def _packed(found: list[Any], several: bool) -> Any:
    return found if several else found[0]


def _traced(
    run: Any,
    inputs: list[Any],
    specs: list[Spec],
    several: bool,
    func: Any,
    grad: Any,
    told: Any = None,
) -> Any:
    host = context.service("graph.host_call")
    assert host is not None
    text = f"py_function {getattr(func, '__name__', 'function')}"
    return _packed(list(host(run, inputs, specs, text, grad, told)), several)
