"""Operators and `tf.*` functions on placeholders: each call becomes a layer.

In: an op that met a placeholder (`ops.dispatch` asks the placeholder, that asks here),
or an operator of Python on one. Out: placeholders, made by a layer that calls the same
public function when the model runs. `op_symbols` knows the functions' names.
"""

from __future__ import annotations

import operator
import sys
import threading
from typing import Any, Self

from rillet.core import nest
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.base_layer import Layer
from rillet.keras.keras_tensor import placeholders_in, replaced
from rillet.keras.naming import unique_name
from rillet.keras.nodes import Node
from rillet.keras.op_symbols import function_of, symbol_of
from rillet.keras.serialization import builtin
from rillet.keras.symbolic import Scratch, described_call, described_tensor


@builtin("layer")
class TFOpLambda(Layer):
    """A layer that calls one function of `tf`, made where that got a placeholder.

    Args:
        function: the function, or TensorFlow's name for it without ``tf.``.
        name: a name; ``tf.`` and the function's name, numbered, where None.
        **kwargs: `trainable` and `dtype`.

    Raises:
        ValueError: where the name is none of a function that files may name.
    """

    _leaf = True

    def __init__(self, function: Any, name: str | None = None, **kwargs: Any) -> None:
        symbol = kwargs.pop("symbol", None)
        if isinstance(function, str):
            symbol, function = function, function_of(function)
        elif symbol is None:
            symbol = symbol_of(function)
        kwargs["autocast"] = False
        super().__init__(name=name or unique_name(f"tf.{symbol}"), **kwargs)
        self.__dict__["symbol"] = symbol
        self.__dict__["function"] = function
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; placeholders give placeholders."""
        if placeholders_in([args, kwargs]):
            return described_call(self, args, kwargs)
        return self._call_fully(args, kwargs)

    def _call_fully(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            return self.call(*args, **kwargs)
        except Exception as error:
            self._tell(error, args[0] if args else None, kwargs)
            raise

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the function gives."""
        return self.__dict__["function"](*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The name, the type, and TensorFlow's name of the function."""
        return {
            "name": self._name,
            "trainable": self._trainable,
            "dtype": self.dtype,
            "function": self.__dict__["symbol"],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer that `get_config` described."""
        return cls(**config)

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        del kept["function"]
        return kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["function"] = function_of(state["symbol"])


@builtin("layer")
class SlicingOpLambda(TFOpLambda):
    """A layer that takes `x[key]`; see `TFOpLambda`."""

    def call(self, x: Any, slice_spec: Any) -> Any:
        """The part of `x` that the key names."""
        return operator.getitem(x, _key(slice_spec))


def _key(spec: Any) -> Any:
    """An index as files write it (slices as dictionaries) as Python's."""
    if isinstance(spec, dict) and {"start", "stop", "step"} >= set(spec):
        return slice(spec.get("start"), spec.get("stop"), spec.get("step"))
    if isinstance(spec, list | tuple):
        return tuple(_key(s) for s in spec)
    return spec


def called(symbol: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function gives for placeholders, through a new layer.

    Args:
        symbol: TensorFlow's name of the function, without ``tf.``.
        args: its arguments.
        kwargs: those by name.
    """
    kind = SlicingOpLambda if symbol == "__operators__.getitem" else TFOpLambda
    return kind(symbol)(*args, **kwargs)


class _Replay:
    """A call of a public function that was traced whole, and is now gone through.

    The function itself goes on where it met the placeholder; each of its ops gets what
    the trace found for it, so that it returns the placeholders of the new layer.
    """

    def __init__(self, frame: Any, steps: list[tuple[Any, tuple[Any, ...]]]) -> None:
        self.frame = frame
        self._steps = steps
        self._at = 0

    def next(self, op: Any) -> Any:
        """What the next op of this kind gave."""
        for place in range(self._at, len(self._steps)):
            found, outputs = self._steps[place]
            if found is op:
                self._at = place + 1
                return outputs[0] if op.outputs == 1 else outputs
        raise NotImplementedError(
            house_message(
                f"tf op {op.name}",
                "this function cannot be called on a Keras placeholder directly: it"
                " looks at values",
                fix="Call it in the `call` of a layer, or in a keras.layers.Lambda",
            )
        )


#: Where Python's operators on placeholders stand, between functions of `rillet.ops`.
_OPERATORS = ("rillet.keras.operators", "rillet.keras.keras_tensor")


class _Replays(threading.local):
    """The call that this thread goes through."""

    current: _Replay | None = None


_replays = _Replays()


def described_op(op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """What an op gives for placeholders, as part of the public function it runs in.

    Args:
        op: the op's record.
        inputs: its inputs, placeholders among them.
        attrs: its attributes.

    Returns:
        Placeholders.
    """
    frame = _public_frame()
    replay = _replays.current
    if replay is None or replay.frame is not frame:
        replay = _replays.current = _begun(frame, op, inputs, attrs)
    return replay.next(op)


def described_composite_op(
    op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]
) -> Any:
    """What an op gives where a placeholder will be ragged or sparse: a layer's.

    Args:
        op: the op's record.
        inputs: its inputs, placeholders among them.
        attrs: its attributes.
    """
    return TFOpLambda(op, symbol=symbol_of(op))(*inputs, **attrs)


def forget_calls() -> None:
    """Let go of the function that was gone through last."""
    _replays.current = None


def _public_frame() -> Any:
    """The frame of the outermost function of `rillet.ops` that runs now."""
    frame: Any = sys._getframe(2)
    while not frame.f_globals.get("__name__", "").startswith("rillet.ops"):
        frame = frame.f_back
    found = frame
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module == "rillet.core.composite":
            pass  # what stands around a function that composites have versions of
        elif module.startswith(("rillet.ops", "rillet.core")):
            found = frame
        elif module not in _OPERATORS:
            break
        frame = frame.f_back
    return found


def _begun(frame: Any, op: Any, inputs: Any, attrs: Any) -> _Replay:
    function = _function_in(frame)
    if function is None:
        args, kwargs = tuple(inputs), dict(attrs)
        if frame.f_code.co_qualname.startswith("_forward."):
            # An operator on a variable or tensor, before it was read.
            args = frame.f_locals["x"], frame.f_locals["y"]
        layer = TFOpLambda(op.run, symbol=symbol_of(op))
    else:
        args, kwargs = _arguments(frame, getattr(function, "__wrapped__", function))
        layer = TFOpLambda(function)
    scratch = Scratch(f"{layer.name}_described")
    made: dict[int, Any] = {}

    def one(value: Any) -> Any:
        if hasattr(value, "_dense_tensor"):
            value = value._dense_tensor()
        if not isinstance(value, Tensor):
            return value
        made[id(value)] = described_tensor(value, layer)
        return made[id(value)]

    with scratch.tracer:
        given = replaced([args, kwargs], scratch.stand_in)
        found = layer._call_fully(given[0], given[1])
        outputs = nest.map_structure(one, found)
    Node(layer, args, kwargs, outputs)
    return _Replay(frame, _steps(scratch, made))


def _steps(scratch: Scratch, made: dict[int, Any]) -> list[tuple[Any, Any]]:
    """The ops that depend on placeholders, each with what it gives."""
    depends = {id(t) for t in scratch._stands.values()}
    steps: list[tuple[Any, Any]] = []
    for node in scratch.tracer.graph.nodes:
        if any(id(t) in depends for t in node.inputs):
            depends.update(id(t) for t in node.outputs)
            outs = tuple(
                made[id(t)] if id(t) in made else described_tensor(t, None)
                for t in node.outputs
            )
            steps.append((node.op, outs))
    return steps


def _function_in(frame: Any) -> Any:
    """The function that a frame runs, where a module holds it; else None."""
    code = frame.f_code
    candidates = [
        value
        for value in frame.f_globals.values()
        if getattr(getattr(value, "__wrapped__", value), "__code__", None) is code
    ]
    if len(candidates) <= 1:
        return candidates[0] if candidates else None
    values = frame.f_locals
    for function in candidates:
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        if all(values.get(n) is c.cell_contents for n, c in cells.items()):
            return function
    return None


def _arguments(frame: Any, function: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the running function was called with, defaults left out."""
    code, values = frame.f_code, frame.f_locals
    count = code.co_argcount
    names = code.co_varnames[:count]
    last: tuple[Any, ...] = function.__defaults__ or ()
    defaults = dict(zip(names[count - len(last) :], last, strict=True))
    defaults.update(function.__kwdefaults__ or {})
    only = code.co_varnames[count : count + code.co_kwonlyargcount]
    rest = count + code.co_kwonlyargcount
    if code.co_flags & 0x04:
        return (
            (*[values[n] for n in names], *values[code.co_varnames[rest]]),
            _given(only, values, defaults),
        )
    others = _given((*names[1:], *only), values, defaults)
    return tuple(values[n] for n in names[:1]), others


def _given(names: Any, values: Any, defaults: dict[str, Any]) -> dict[str, Any]:
    """Arguments by name that differ from their defaults."""
    found: dict[str, Any] = {}
    for name in names:
        value = values[name]
        if name == "name":
            continue
        if name in defaults and _same(value, defaults[name]):
            continue
        found[name] = value
    return found


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    if type(value) is not type(default):
        return False
    return isinstance(value, bool | int | float | str | DType) and value == default
