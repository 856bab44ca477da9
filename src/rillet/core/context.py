"""Who is recording, who is tracing, and the tables where higher storeys sign in.

Ops know neither tape nor graph: both put themselves on the stacks here, a stack a
thread, and `ops.dispatch` asks those stacks after each kernel.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any, Protocol


class Recorder(Protocol):
    """What a tape offers to dispatch."""

    def record(
        self, op: Any, inputs: tuple[Any, ...], outputs: tuple[Any, ...], attrs: Any
    ) -> None:
        """Note an op that ran, if any of its inputs is watched."""

    def read(self, variable: Any, tensor: Any) -> None:
        """Note that `tensor` is what a variable held when it was read."""

    def left(self, tensor: Any, how: str) -> None:
        """Note that a tensor's value left what the tape can see."""


class Tracer(Protocol):
    """What a graph under construction offers to dispatch."""

    def trace(self, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """Add a node for `op`; return its symbolic outputs."""

    def read_variable(self, variable: Any) -> Any:
        """Add a read; return the symbolic value."""

    def assign_variable(self, variable: Any, value: Any, how: str) -> Any:
        """Add a write; `how` is "assign", "assign_add" or "assign_sub"."""

    def constant(self, tensor: Any) -> Any:
        """A symbolic stand-in for a tensor that a program wrote down."""


class _State(threading.local):
    """The stacks of one thread."""

    recorders: tuple[Any, ...] = ()
    tracer: Any = None
    devices: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    chain_break: str | None = None
    #: Variables made since somebody began to note them (`scopes.variables_made`).
    made: list[Any] | None = None


state = _State()

#: What hears of each graph that is called: `tf.summary.trace_on`.
graph_listeners: list[Callable[[Any], None]] = []

#: Services of higher storeys that lower ones call by name, e.g. "keras.save_model".
_services: dict[str, Callable[..., Any]] = {}
#: Modules that register a service when they are imported, by its name.
_registering: dict[str, str] = {}


def register_service(name: str, function: Callable[..., Any]) -> None:
    """Offer `function` to lower storeys under `name`."""
    _services[name] = function


def register_module(name: str, module: str) -> None:
    """Say which module registers a service: it is imported when somebody asks."""
    _registering[name] = module


def service(name: str) -> Callable[..., Any] | None:
    """The function that a higher storey offers under `name`, or None."""
    if name not in _services and name in _registering:
        importlib.import_module(_registering[name])
    return _services.get(name)


def to_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """A program's function as rillet should call it: converted while a graph is traced.

    Args:
        function: a function or bound method that the program gave.

    Returns:
        `function` itself outside of tracing.
    """
    if state.tracer is None:
        return function
    convert = _services.get("autograph.convert")
    return function if convert is None else convert(function)


def executing_eagerly() -> bool:
    """Whether ops run at once: true everywhere but inside a function being traced.

    Example:
        >>> import rillet as tf
        >>> tf.executing_eagerly()
        True
    """
    return state.tracer is None


class pushed_recorder:
    """A ``with`` block in which `recorder` sees every op of this thread."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        state.recorders = (*state.recorders, self._recorder)

    def __exit__(self, *exc: object) -> None:
        drop_recorder(self._recorder)


def drop_recorder(recorder: Recorder) -> None:
    """Take `recorder` off this thread's stack, wherever on it it stands."""
    state.recorders = tuple(r for r in state.recorders if r is not recorder)


class recording_stopped:
    """A ``with`` block that no recorder of this thread sees."""

    def __enter__(self) -> None:
        self._kept = state.recorders
        state.recorders = ()

    def __exit__(self, *exc: object) -> None:
        state.recorders = self._kept


_uid_lock = threading.Lock()
_uids: dict[str, int] = {}


def unique_number(prefix: str) -> int:
    """0, 1, 2, … for each `prefix`, over all threads."""
    with _uid_lock:
        number = _uids.get(prefix, -1) + 1
        _uids[prefix] = number
    return number


def reset_unique_numbers() -> None:
    """Start every prefix at 0 again (`keras.backend.clear_session`)."""
    with _uid_lock:
        _uids.clear()
