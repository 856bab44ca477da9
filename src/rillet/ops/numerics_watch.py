"""`tf.debugging.enable_check_numerics`: every op's result is looked at as it comes.

A watch puts itself among the recorders of its thread, so it sees what tapes see, the
ops of gradients included, and costs nothing while it is off. Functions and the steps of
Keras run op by op meanwhile. It remembers how variables went: `rillet.explain` words
from that what a loop of the user's own did.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from rillet.core import context
from rillet.core.devices import look_at_ops
from rillet.core.dtypes import FLOATING
from rillet.core.errors import InvalidArgumentError
from rillet.core.tensor import Tensor

# They only hand on what another op made, or choose from it.
_QUIET_OPS: Final = frozenset(
    """ConcatV2 ExpandDims Fill Identity IdentityN Maximum Minimum Reshape Slice Squeeze
    StridedSlice TopKV2 Transpose Unpack""".split()
)

#: Numbers up to which a tensor is printed whole.
_PRINTED: Final = 16


class History:
    """How a variable went since the watch began.

    Args:
        variable: the variable.
        array: what it held first.
        gone: called when nobody holds the variable any more.

    Attributes:
        first: what it held first.
        array: what it held when it was last read.
        steps: how often it changed between two reads.
        moves: the squared lengths of the first two changes.
    """

    def __init__(self, variable: Any, array: Any, gone: Any = None) -> None:
        self._variable = weakref.ref(variable, gone)
        self.first = self.array = array
        self.steps = 0
        self.moves: list[float] = []

    @property
    def variable(self) -> Any:
        """The variable; None where nobody holds it any more."""
        return self._variable()

    def read(self, array: Any) -> None:
        """Note a read."""
        if array is self.array:
            return
        if array.shape == self.array.shape:
            self.steps += 1
            if len(self.moves) < 2:
                with np.errstate(all="ignore"):
                    move = np.subtract(array, self.array, dtype=np.float64)
                    self.moves.append(float(np.square(move).sum()))
        self.array = array


class NumericsWatch:
    """A recorder that refuses NaN and infinity."""

    def __init__(self) -> None:
        self.histories: dict[int, History] = {}

    def record(
        self, op: Any, inputs: tuple[Any, ...], outputs: tuple[Any, ...], attrs: Any
    ) -> None:
        """Look at the results of an op.

        Raises:
            InvalidArgumentError: where one holds NaN or infinity.
        """
        if op.name in _QUIET_OPS:
            return
        for place, y in enumerate(outputs):
            array = y._array
            if array.dtype in FLOATING and not np.isfinite(array).all():
                raise _found(op.name, inputs, outputs, place, None)

    def read(self, variable: Any, tensor: Any) -> None:
        """Look at a variable that is read, as at an op's result.

        Raises:
            InvalidArgumentError: where it holds NaN or infinity.
        """
        array = tensor._array
        if array.dtype not in FLOATING:
            return
        found = self.histories.get(id(variable))
        if found is None or found.variable is not variable:
            key, held = id(variable), self.histories
            held[key] = History(variable, array, lambda _: held.pop(key, None))
        else:
            found.read(array)
        if not np.isfinite(array).all():
            raise _found("ReadVariableOp", (), (tensor,), 0, variable)

    def left(self, tensor: Any, how: str) -> None:
        """A value left the tensors: of no interest here."""


def _found(
    name: str,
    inputs: tuple[Any, ...],
    outputs: tuple[Any, ...],
    place: int,
    variable: Any,
) -> InvalidArgumentError:
    y = outputs[place]
    array = y._array
    infinite = np.isinf(array)
    counts = {
        "-Inf": int((infinite & (array < 0)).sum()),
        "+Inf": int((infinite & (array > 0)).sum()),
        "NaN": int(np.isnan(array).sum()),
    }
    kinds = [kind for kind, count in counts.items() if count]
    lines = [
        f"!!! Detected Infinity or NaN in output {place} of eagerly-executing op"
        f' "{name}" (# of outputs: {len(outputs)}) !!!'
    ]
    hint = context.service("explain.numerics_hint")
    if hint is not None:
        with context.recording_stopped():
            told = hint(name, inputs, variable)
        lines += [f"  {told}", ""] if told else []
    lines += [f"  dtype: {y.dtype}", f"  shape: {y.shape}"]
    for kind in kinds:
        sign = "+" if kind == "NaN" else ""
        lines.append(f"  # of {sign}{kind} elements: {counts[kind]}")
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    if len(tensors) == 1:
        lines += ["", f"  Input tensor: {_shown(tensors[0])}"]
    elif tensors:
        lines += ["", f"  Input tensors ({len(tensors)}):"]
        lines += [f"         {i}: {_shown(x)}" for i, x in enumerate(tensors)]
    had = kinds[0] if len(kinds) == 1 else " and ".join(kinds)
    if len(kinds) == 3:
        had = f"{kinds[0]}, {kinds[1]}, and {kinds[2]}"
    text = "\n".join(lines)
    return InvalidArgumentError(f"\n\n{text}\n\n : Tensor had {had} values")


def _shown(tensor: Tensor) -> str:
    """A small tensor as it prints; of a large one the form and the range."""
    array = tensor._array
    if array.size <= _PRINTED or array.dtype.kind not in "fiu":
        return str(tensor)
    good = array[np.isfinite(array)]
    text = f"{tensor.dtype.name}{list(array.shape)}"
    if good.size:
        text += f" from {good.min():.4g} to {good.max():.4g}"
    lost = array.size - good.size
    return f"{text}, {lost} of {array.size} not finite" if lost else text


_WATCH: Final = NumericsWatch()


def enable_check_numerics(
    stack_height_limit: int = 30, path_length_limit: int = 50
) -> None:
    """From here on, an op of this thread whose result is NaN or infinite raises.

    Functions and the steps of models run op by op meanwhile. The message names layer,
    step and likely cause where they are known.

    Args:
        stack_height_limit: kept for TensorFlow programs; Python's own traceback shows
            where the op ran.
        path_length_limit: likewise.

    Example:
        >>> import rillet as tf
        >>> tf.debugging.enable_check_numerics()
        >>> try:
        ...     tf.math.log(-1.0)
        ... except tf.errors.InvalidArgumentError as error:
        ...     print(error.message.splitlines()[-1])
        ... finally:
        ...     tf.debugging.disable_check_numerics()
         : Tensor had NaN values
    """
    if _WATCH not in context.state.recorders:
        _WATCH.histories.clear()
        context.state.recorders = (_WATCH, *context.state.recorders)
        look_at_ops(1)


def watching() -> bool:
    """Whether this thread's results are looked at."""
    return _WATCH in context.state.recorders


def histories() -> list[History]:
    """How the variables went that were read since the watch began."""
    return [h for h in _WATCH.histories.values() if h.variable is not None]


@contextmanager
def looking_away() -> Iterator[None]:
    """A ``with`` block in which nothing is looked at, and steps run as usual."""
    looks = watching()
    with context.recording_stopped():
        if looks:
            look_at_ops(-1)
        try:
            yield
        finally:
            if looks:
                look_at_ops(1)


def disable_check_numerics() -> None:
    """Stop what `enable_check_numerics` began on this thread."""
    if watching():
        look_at_ops(-1)
        _WATCH.histories.clear()
    context.drop_recorder(_WATCH)
