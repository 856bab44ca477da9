"""Gradients that users write, stop or compute again: `tf.custom_gradient` and kin.

A function with a gradient of its own enters the tape as one entry whose rule calls it,
so it nests, and differentiates again where its gradient is made of ops.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from rillet.autodiff.tape import GradientTape
from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.dispatch import Recorded
from rillet.ops.identity import identity

_state = context.state


class _Reads:
    """A recorder that lists the trainable variables which a function reads."""

    def __init__(self) -> None:
        self.variables: dict[int, Variable] = {}

    def record(self, op: Any, inputs: Any, outputs: Any, attrs: Any) -> None:
        """Ops are of no interest."""

    def read(self, variable: Variable, tensor: Tensor) -> None:
        """Keep a trainable variable."""
        if variable.trainable:
            self.variables.setdefault(id(variable._cell), variable)

    def left(self, tensor: Any, how: str) -> None:
        """Values that leave are of no interest."""


class _only_reads(context.recording_stopped):
    """A ``with`` block that no tape sees, while reads of variables are listed."""

    def __enter__(self) -> None:
        super().__enter__()
        _state.recorders = tuple(r for r in self._kept if isinstance(r, _Reads))


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """A decorator that gives a function a gradient of its own.

    Args:
        f: a function of tensors that returns ``(result, grad_fn)``. `grad_fn` takes a
            gradient for each result and returns one for each argument. Where `f` reads
            variables, `grad_fn` takes them as ``variables=`` and returns a pair: the
            gradients of the arguments, and a list with those of the variables.

    Returns:
        A function that gives the result alone.

    Raises:
        TypeError: where `f` reads variables that `grad_fn` does not take.

    Example:
        >>> import rillet as tf
        >>> @tf.custom_gradient
        ... def log1pexp(x):
        ...     e = tf.exp(x)
        ...     return tf.math.log(1 + e), lambda g: g * (1 - 1 / (1 + e))
        >>> x = tf.constant(100.)
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = log1pexp(x)
        >>> float(tape.gradient(y, x))
        1.0
    """
    if f is None:
        return custom_gradient
    function = f

    @functools.wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return _run(function, args, kwargs)

    return decorated


def _run(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    tensors = [to_tensor(a) if _is_value(a) else a for a in nest.flatten(args)]
    outer = _state.recorders
    reads = _Reads()
    # Tapes see what happens inside: grad_fn may use it, and be differentiated again.
    with context.pushed_recorder(reads):
        result, grad_fn = function(*nest.pack_sequence_as(args, tensors), **kwargs)
    with context.recording_stopped():
        flat = [identity(to_tensor(y)) for y in nest.flatten(result)]
    # a variable given as an argument is differentiated as that argument
    given = [a._cell for a in nest.flatten(args) if isinstance(a, Variable)]
    variables = [v for v in reads.variables.values() if v._cell not in given]
    if outer:
        rule = _rule(grad_fn, result, len(tensors), variables)
        values = [v._dense_tensor() for v in variables]
        entry = Recorded(function.__name__, rule)
        for recorder in _state.recorders:
            recorder.record(entry, (*tensors, *values), tuple(flat), None)
    return nest.pack_sequence_as(result, flat)


def _is_value(a: Any) -> bool:
    return isinstance(a, Tensor | Variable | int | float | complex) or hasattr(
        a, "__array__"
    )


def _rule(
    grad_fn: Callable[..., Any], result: Any, count: int, variables: list[Variable]
) -> Callable[..., list[Any]]:
    """The gradient rule of one call: gradients of arguments, then of variables."""

    def rule(gs: Any, ys: Any, *inputs: Any) -> list[Any]:
        flows = gs if isinstance(gs, tuple) else (gs,)
        if not variables:
            found = grad_fn(*flows)
            extra: list[Any] = []
        else:
            if not _takes_variables(grad_fn):
                raise TypeError(
                    house_message(
                        "custom_gradient",
                        "If using @custom_gradient with a function that uses variables,"
                        " then grad_fn must accept a `variables` argument",
                        f"the function reads {[v.name for v in variables]}",
                    )
                )
            found, extra = grad_fn(*flows, variables=variables)
        args = nest.flatten(found)
        if len(args) != count:
            raise ValueError(
                house_message(
                    "custom_gradient",
                    "grad_fn returns a gradient an argument",
                    f"it gave {len(args)} for {count} arguments",
                )
            )
        return [None if g is None else to_tensor(g) for g in [*args, *extra]]

    return rule


def _takes_variables(grad_fn: Callable[..., Any]) -> bool:
    parameters = inspect.signature(grad_fn).parameters.values()
    return any(p.name == "variables" or p.kind is p.VAR_KEYWORD for p in parameters)


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function like `f` that keeps nothing for its gradient but computes it again.

    Args:
        f: a function of tensors; it may read variables.

    Returns:
        A function with the same results and gradients, which costs a second forward
        run in the backward one and saves the memory of intermediate tensors.
    """

    @custom_gradient
    def inner(*args: Any, **kwargs: Any) -> Any:
        with _only_reads():
            result = f(*args, **kwargs)

        def grad_fn(*flows: Any, variables: Any = None) -> Any:
            watched = list(variables or [])
            copies = [identity(a) if _is_value(a) else a for a in args]
            with GradientTape() as tape:
                tape.watch([c for c in copies if isinstance(c, Tensor)])
                again = f(*copies, **kwargs)
            found = tape.gradient(
                again, copies + watched, nest.pack_sequence_as(again, flows)
            )
            if variables is None:
                return found
            return found[: len(copies)], found[len(copies) :]

        return result, grad_fn

    return functools.wraps(f)(inner)


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function like `f` whose gradient is that of the identity."""

    @custom_gradient
    def inner(*args: Any, **kwargs: Any) -> Any:
        def grad_fn(*flows: Any, **_: Any) -> Any:
            variables = _.get("variables")
            if variables is None:
                return flows if len(flows) > 1 else flows[0]
            return flows, [None] * len(variables)

        return f(*args, **kwargs), grad_fn

    return functools.wraps(f)(inner)
