"""`tf.GradientTape`: a record of what ran, and the gradients read back from it.

A tape is a recorder on the stack in `core.context`. It keeps the ops that depend on
something watched, and hands them to `autodiff.backward`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rillet.autodiff import jacobian
from rillet.autodiff.backward import Entry, gradients
from rillet.autodiff.sources import (
    UnconnectedGradients,
    gradient_tensors,
    like_sources,
    no_target,
    source_key,
    zeros_for,
)
from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import COMPLEX, FLOATING, DType, variant
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.filling import ones_like_op
from rillet.ops.host import is_symbolic

_state = context.state
_DIFFERENTIABLE = FLOATING | COMPLEX
_NOTES = 16
_HOME = str(Path(__file__).parents[1]) + os.sep


class GradientTape:
    """Records ops for automatic differentiation, `tf.GradientTape`.

    Trainable variables are watched by themselves when read inside the ``with`` block;
    tensors after `watch`.

    Args:
        persistent: whether gradients can be taken more than once.
        watch_accessed_variables: whether trainable variables are watched by themselves.

    Example:
        >>> import rillet as tf
        >>> x = tf.Variable(1.0)
        >>> with tf.GradientTape() as tape:
        ...     y = x**2 + 2 * x - 5
        >>> tape.gradient(y, x).numpy()
        np.float32(4.0)
    """

    def __init__(
        self, persistent: bool = False, watch_accessed_variables: bool = True
    ) -> None:
        self._persistent = persistent
        self._watches = watch_accessed_variables
        self._recording = False
        self._used = False
        self._clear()

    def _clear(self) -> None:
        self._release()
        self._variables: dict[int, Variable] = {}
        self._notes: dict[str, str] = {}

    def _release(self) -> None:
        """Let go of every tensor; which variables were watched can still be asked."""
        self._entries: list[Entry] = []
        self._live: dict[int, Any] = {}

    def __enter__(self) -> GradientTape:
        self._start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        if self._recording:
            raise ValueError(house_message("GradientTape", "Tape is still recording"))
        if self._used and not self._persistent:
            self._clear()
            self._used = False
        self._recording = True
        _state.recorders = (*_state.recorders, self)

    def _stop(self) -> None:
        self._recording = False
        context.drop_recorder(self)

    def record(
        self,
        op: Any,
        inputs: tuple[Any, ...],
        outputs: tuple[Any, ...],
        attrs: dict[str, Any] | None,
    ) -> None:
        """Note an op that ran, if it depends on something watched."""
        live = self._live
        for x in inputs:
            if id(x) in live:
                break
        else:
            return
        if op.grad is None:
            self._note(f"op {op.name}, which has no gradient")
            return
        kept = False
        for y in outputs:
            if type(y) is Tensor:
                if y._array.dtype not in _DIFFERENTIABLE:
                    continue
            elif isinstance(y, Tensor) and not _flows(y):
                continue
            live[id(y)] = y
            kept = True
        if kept:
            self._entries.append((op, inputs, outputs, attrs))
        else:
            self._note(f"op {op.name} to {outputs[0].dtype.name}")

    def read(self, variable: Variable, tensor: Tensor) -> None:
        """Note that a variable was read, watching it if it is trainable."""
        cell = variable._cell
        live = self._live
        if id(cell) not in live:
            if not (self._watches and cell.trainable):
                return
            live[id(cell)] = cell
            self._variables[id(cell)] = variable
        if tensor._array.dtype in _DIFFERENTIABLE:
            live[id(tensor)] = tensor
            self._entries.append((None, (cell,), (tensor,), None))

    def left(self, tensor: Any, how: str) -> None:
        """Note that a value left the tape, if it depends on something watched."""
        if id(tensor) in self._live:
            self._note(how)

    def _note(self, how: str) -> None:
        if how not in self._notes and len(self._notes) < _NOTES:
            self._notes[how] = _caller()

    def watch(self, tensor: Any) -> None:
        """Record what is computed from `tensor` on.

        Args:
            tensor: a tensor or variable, or a nest of them.

        Raises:
            ValueError: where something else is given.
        """
        for item in gradient_tensors(nest.flatten(tensor)):
            if not isinstance(item, Tensor | Variable):
                raise ValueError(
                    house_message(
                        "GradientTape.watch",
                        "Passed in object is not a Tensor",
                        f"got {describe(item)}",
                    )
                )
            if not _flowing(item.dtype):
                get_logger().warning(
                    "GradientTape.watch: the dtype of the watched tensor must be"
                    " floating (e.g. tf.float32), got %r",
                    item.dtype,
                )
            if isinstance(item, Variable):
                self._live[id(item._cell)] = item._cell
                self._variables.setdefault(id(item._cell), item)
            else:
                self._live[id(item)] = item

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A ``with`` block whose ops are not recorded."""
        if not self._recording:
            raise RuntimeError(
                house_message(
                    "GradientTape.stop_recording",
                    "Tape is not recording",
                    fix="Use it inside the tape's `with` block",
                )
            )
        self._stop()
        try:
            yield
        finally:
            self._recording = True
            _state.recorders = (*_state.recorders, self)

    def reset(self) -> None:
        """Forget everything recorded and watched so far."""
        recording = self._recording
        if recording:
            self._stop()
        self._clear()
        self._used = False
        if recording:
            self._start()

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables watched, in the order they were first read."""
        return tuple(self._variables.values())

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradient of the sum of targets with respect to each source.

        Args:
            target: a tensor, or a nest of them.
            sources: a tensor or variable, or a nest of them.
            output_gradients: the gradient that flows into each target; ones where None.
            unconnected_gradients: ``"none"`` or ``"zero"``: what is returned where the
                target does not depend on a source.

        Returns:
            A gradient a source, in the form of `sources`: a tensor, `IndexedSlices`
            for gathered rows, or None.

        Raises:
            RuntimeError: where a tape that is not persistent is read twice.
        """
        self._take("gradient")
        mode = unconnected_gradients
        if mode is not UnconnectedGradients.NONE:
            mode = UnconnectedGradients(mode)
        given = nest.flatten(sources)
        flat = gradient_tensors(given)
        seeds = self._seeds(target, output_gradients)
        found = gradients(self._entries, seeds, self._keys(flat))
        if all([g is None for g in found]):
            _state.chain_break = _told(self._notes)
        if not self._persistent:
            self._release()
        if mode is UnconnectedGradients.ZERO:
            pairs = zip(found, flat, strict=True)
            found = [zeros_for(s) if g is None else g for g, s in pairs]
        if flat is not given:
            found = like_sources(found, given)
        return nest.pack_sequence_as(sources, found)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The gradient of every element of the target with respect to each source.

        Args:
            target: a tensor.
            sources: a tensor or variable, or a nest of them.
            unconnected_gradients: as in `gradient`.
            parallel_iterations: ignored; rows are computed one after another.
            experimental_use_pfor: ignored.

        Returns:
            A tensor a source, of the target's shape followed by the source's.

        Raises:
            RuntimeError: where a tape that is not persistent is read twice.

        Example:
            >>> import rillet as tf
            >>> x = tf.constant([1., 2.])
            >>> with tf.GradientTape() as tape:
            ...     tape.watch(x)
            ...     y = x * x
            >>> tape.jacobian(y, x).numpy().tolist()
            [[2.0, 0.0], [0.0, 4.0]]
        """
        self._take("jacobian")
        mode = UnconnectedGradients(unconnected_gradients)
        keys = self._keys(nest.flatten(sources))
        found = jacobian.of_sources(self._entries, target, sources, keys, mode)
        if not self._persistent:
            self._release()
        return found

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each row of the target with respect to the source's row.

        Args:
            target: a tensor ``(batch, ...)``.
            source: a tensor ``(batch, ...)``.
            unconnected_gradients: checked alone: zeros stand for what is unconnected,
                as in TensorFlow.
            parallel_iterations: ignored.
            experimental_use_pfor: ignored.

        Returns:
            A tensor ``(batch, *target's rest, *source's rest)``.

        Raises:
            ValueError: where the first sizes differ.
            RuntimeError: where a tape that is not persistent is read twice.
        """
        self._take("batch_jacobian")
        UnconnectedGradients(unconnected_gradients)
        (key,) = self._keys([source])
        found = jacobian.of_rows(self._entries, target, source, key)
        if not self._persistent:
            self._release()
        return found

    def _take(self, method: str) -> None:
        """Make sure the tape can still be read."""
        if self._used and not self._persistent:
            raise RuntimeError(
                house_message(
                    f"GradientTape.{method}",
                    "A non-persistent GradientTape can only be used to compute one set"
                    " of gradients (or jacobians)",
                    fix="Use tf.GradientTape(persistent=True), or take all gradients in"
                    " one call with a list of sources",
                )
            )
        if self._recording and not self._persistent:
            self._stop()
        self._used = True

    def _keys(self, sources: list[Any]) -> list[int]:
        """What the walk back knows the sources by; 0 for one that is not watched."""
        found = [source_key(source) for source in sources]
        return [key if key in self._live else 0 for key in found]

    def _seeds(self, target: Any, output_gradients: Any) -> list[tuple[Any, Any]]:
        """The targets, each with the gradient that flows into it."""
        flat = gradient_tensors(nest.flatten(target))
        given: list[Any] = [None] * len(flat)
        if output_gradients is not None:
            given = gradient_tensors(nest.flatten(output_gradients))
            if len(given) != len(flat):
                raise ValueError(
                    house_message(
                        "GradientTape.gradient",
                        "one output gradient a target",
                        f"got {len(given)} for {len(flat)} targets",
                    )
                )
        seeds: list[tuple[Any, Any]] = []
        for item, g in zip(flat, given, strict=True):
            if item is None or callable(item):
                raise no_target(item)
            if isinstance(item, Variable):
                tensor, key = item._cell.tensor, item._cell
            else:
                tensor = key = to_tensor(item)
            if not _flowing(tensor.dtype):
                get_logger().warning(
                    "GradientTape.gradient: the dtype of the target must be floating"
                    " (e.g. tf.float32), got %r",
                    tensor.dtype,
                )
                continue
            seeds.append(
                (key, _ones(tensor) if g is None else to_tensor(g, tensor.dtype))
            )
        return seeds

    def __reduce__(self) -> Any:
        raise TypeError(house_message("GradientTape", "a tape cannot be pickled"))


def _flows(y: Tensor) -> bool:
    """Whether gradients flow through an output."""
    if type(y) is Tensor:
        return y._array.dtype in _DIFFERENTIABLE
    return _flowing(y.dtype)


def _flowing(kind: DType) -> bool:
    """Whether gradients flow through values of a type."""
    return kind is variant or kind.numpy_dtype in _DIFFERENTIABLE


def _ones(tensor: Any) -> Any:
    if is_symbolic(tensor):
        return ones_like_op.run(tensor)
    return Tensor(np.ones(tensor._array.shape, tensor._array.dtype))


def _caller() -> str:
    """The file and line of the program outside rillet that runs now."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HOME):
        if frame.f_back is None:
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _told(notes: dict[str, str]) -> str | None:
    """Where values left the tape, in words."""
    if not notes:
        return None
    shown = "; ".join(f"{how} at {where}" for how, where in list(notes.items())[:3])
    return f"The chain from the loss to the variables broke at: {shown}"


context.register_service("autodiff.tape", GradientTape)
