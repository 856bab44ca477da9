"""A graph compiled for one set of input shapes, and run.

In flow arrays of those shapes; out flow arrays. What an invocation needs (the arena,
addresses, the runtime's words) lies in a `Frame`; frames are used again, and each
thread that runs at the same time has its own.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from rillet.backends.native.compiled import Compiled
from rillet.backends.native.frames import (
    CONSTS,
    FIRST,
    IN_ARENA,
    Arenas,
    Array,
    Frame,
    address,
    stream_words,
)
from rillet.backends.native.items import Batches, HostItem, Slot
from rillet.backends.native.memory import empty
from rillet.core.cell import Contended
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.lowering import Buffer

#: References to a variable's tensor, and to its array, that nobody else holds.
_ALONE: Final = 3


class Binding(Compiled):
    """A compiled graph that runs; see `Compiled` for the arguments.

    Attributes:
        arenas: where memory comes from that bindings share; None for its own.
        recipe: what it was made by, where that serves several sizes.
        specs: what the inputs are.
    """

    arenas: Arenas | None = None
    recipe: Any = None
    specs: Sequence[Spec] = ()

    def run(self, inputs: list[Any], locked: bool = False) -> list[Any] | None:
        """Run once.

        Args:
            inputs: arrays of the shapes the graph was compiled for.
            locked: whether variables that are only read are locked, too.

        Returns:
            The outputs; None where a check failed, and nothing is written.

        Raises:
            Contended: where they must be, and are not; nothing is done then.
        """
        frame = self._frame()
        try:
            return self._run(frame, inputs, locked)
        finally:
            self._leave(frame)

    def _draw(self, frame: Frame, steps: int) -> list[Array]:
        """Let random streams go on by some steps; the words that kernels read."""
        held = []
        for buffer, instance, blocks, times in self.lowered.streams:
            blocks, times = self.of(blocks), self.of(times)
            drawn = [instance.reserve(blocks) for _ in range(steps * times)]
            words = np.array([stream_words(x) for x in drawn], np.uint32)
            if id(buffer) in self._bases:
                frame.bases[self._bases[id(buffer)]] = address(words)
            held.append(words)
        return held

    @property
    def runs_steps(self) -> bool:
        """Whether many steps can run without Python in between."""
        return (
            not self._hosts
            and not self.lowered.host_writes
            and len(self._images) == 1
            and len(self._given) == len(self.lowered.outputs)
        )

    def run_steps(
        self,
        wholes: list[Array],
        rows: Array | int,
        steps: int,
        locked: bool = False,
    ) -> tuple[list[Array], int]:
        """Run steps on batches of whole arrays.

        Args:
            wholes: for each input the whole array, or what every step gets.
            rows: the rows of all steps' batches; or the first row.
            steps: how many.
            locked: as in `run`.

        Returns:
            The outputs, and how many steps were done before a check failed.

        Raises:
            Contended: as in `run`.
        """
        assert self.batches is not None
        frame = self._frame()
        try:
            return self._run_steps(frame, wholes, rows, steps, self.batches, locked)
        finally:
            self._leave(frame)

    def _run_steps(
        self,
        frame: Frame,
        wholes: list[Array],
        rows: Array | int,
        steps: int,
        batches: Batches,
        locked: bool,
    ) -> tuple[list[Array], int]:
        bases = frame.bases
        for base, number in self._inputs:
            array = wholes[number]
            bases[base] = address(array)
            if number in batches.inputs and isinstance(rows, int):
                bases[base] += rows * array.strides[0]
        if not isinstance(rows, int) and self._rows_base >= 0:
            bases[self._rows_base] = address(rows)
        held: list[Any] = []
        swapped = self._hold(bases, held, locked)
        made: list[Array] = []
        joined = {id(x[0]) for x, all in zip(self.lowered.outputs, batches.joined,
                                             strict=True) if all}  # fmt: skip
        for base, dtype, shape, key in self._made:
            if key in joined:
                shape = (shape[0] * steps, *shape[1:])
            array = empty(shape, dtype)
            bases[base] = address(array)
            made.append(array)
        held.append(self._draw(frame, steps))
        runner = frame.runners[0]
        assert runner is not None
        try:
            done = steps if runner.run(bases, steps) else runner.next_step
            if done < steps and self.schedule.copies:
                # The step that failed has written, too: do those before it again.
                swapped = self._hold(bases, held, locked, True) if done else []
                runner.run(bases, done)
        finally:  # an interrupt comes between steps
            for cell, tensor in swapped:
                cell.tensor = tensor
        return self._results(made), done

    def _results(self, made: list[Array]) -> list[Array]:
        """The outputs in the shapes asked for."""
        return [
            made[at] if shape is None else made[at].reshape(shape)
            for at, shape in self._given
        ]

    def _frame(self) -> Frame:
        """A frame that nobody uses; whoever takes it leaves it."""
        shared = self.arenas
        memory = None if shared is None else shared.take(self.arena_bytes)
        try:
            frame = self._frames.pop()
            if memory is not None:
                frame.lie_in(memory)
            return frame
        except IndexError:
            pass
        bases = FIRST + len(self._order)
        frame = Frame(self.arena_bytes, bases, self._images, self._guards, memory)
        frame.bases[CONSTS] = self._const_base
        return frame

    def _leave(self, frame: Frame) -> None:
        if self.arenas is not None:
            self.arenas.give(frame.left())
        self._frames.append(frame)

    def _run(
        self, frame: Frame, inputs: list[Any], locked: bool
    ) -> list[Any] | None:
        bases = frame.bases
        held: list[Any] = []
        for base, number in self._inputs:
            array = inputs[number]
            flags = array.flags
            if not flags.carray and not (flags.c_contiguous and flags.aligned):
                array = np.require(array, requirements=["C", "A"])
                held.append(array)
            bases[base] = address(array)
        if self._written and not self._plain and not locked:
            raise Contended  # what runs on the host may read variables later
        swapped = self._hold(bases, held, locked)
        made: list[Array] = []
        for base, dtype, shape, _ in self._made:
            array = empty(shape, dtype)
            bases[base] = address(array)
            made.append(array)
        if self._plain:
            runner = frame.runners[0]
            assert runner is not None
            if not runner.run(bases):
                return None
            for cell, tensor in swapped:
                cell.tensor = tensor
            return self._results(made)
        return self._general(frame, inputs, made, swapped)

    def _hold(
        self, bases: list[int], held: list[Any], locked: bool, again: bool = False
    ) -> list[tuple[Any, Tensor]]:
        """Fill in variables' addresses; copy those that must not change in place.

        Where `again`, what is only read stays as it was filled in and held before.
        """
        swapped: list[tuple[Any, Tensor]] = []
        late = self.schedule.copies
        for base, cell, own, known in self._variables:
            if again and not own:
                continue
            tensor = cell.tensor
            if cell.lent and not own and id(cell) not in self._written:
                del tensor  # the writer must not find it held
                if self._written and not locked:
                    raise Contended
                tensor = cell.read()
            array = tensor._array
            if known.array() is array:
                # looked at before: as native code needs it, and where it lay
                alone = not late
                where = known.address
            else:
                alone = not late and array.base is None
                if not array.flags.carray:
                    alone = False
                    if not own:
                        array = np.require(array, requirements=["C", "A"])
                where = address(array)
                if array is tensor._array and (alone or not own):
                    known.array, known.address = weakref.ref(array), where
            if not own:
                held.append(tensor)
                held.append(array)
            elif not (
                alone
                and sys.getrefcount(tensor) == _ALONE
                and sys.getrefcount(array) == _ALONE
            ):
                array = array.copy()
                swapped.append((cell, Tensor(array)))
                where = address(array)
            bases[base] = where
        return swapped

    def _general(
        self,
        frame: Frame,
        inputs: list[Any],
        made: list[Array],
        swapped: list[tuple[Any, Tensor]],
    ) -> list[Any] | None:
        slots: list[Any] = [None] * self.lowered.slots
        arrays: dict[int, Array] = {
            key: array for (_, _, _, key), array in zip(self._made, made, strict=True)
        }
        streams = self._draw(frame, 1)
        for item in self.schedule.before:
            self._on_host(item, frame, inputs, slots, arrays)
        for segment, runner in zip(self.schedule.segments, frame.runners, strict=True):
            if runner is not None and not runner.run(frame.bases):
                return None
            for item in segment.host:
                self._on_host(item, frame, inputs, slots, arrays)
        found = [
            self._value(x, frame, inputs, slots, arrays) for x in self.lowered.outputs
        ]
        late = [
            (variable, self._value(x, frame, inputs, slots, arrays))
            for variable, x in self.lowered.host_writes
        ]
        del streams
        for cell, tensor in swapped:
            cell.tensor = tensor
        for variable, value in late:
            variable._cell.tensor = Tensor(value)
        return found

    def _value(
        self, x: Any, frame: Frame, inputs: list[Any], slots: list[Any], arrays: Any
    ) -> Any:
        """What a buffer or a slot holds; never a part of the arena."""
        if isinstance(x, Slot):
            return slots[x.number]
        buffer, shape = x
        found = self._seen(buffer, self._shape(shape), frame, inputs, arrays)
        return found.copy() if buffer.role in (*IN_ARENA, "variable") else found

    def _seen(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        frame: Frame,
        inputs: list[Any],
        arrays: dict[int, Array],
    ) -> Array:
        if buffer.role in IN_ARENA:
            # what is empty was never planned
            return frame.view(self._places.get(id(buffer), 0), buffer.type, shape)
        if buffer.role == "input":
            found = inputs[buffer.source]
        elif buffer.role == "const":
            found = buffer.source
        elif buffer.role == "variable":
            found = buffer.source._cell.tensor._array
        else:
            found = arrays[id(buffer)]
        return found if found.shape == shape else found.reshape(shape)

    def _on_host(
        self,
        item: HostItem,
        frame: Frame,
        inputs: list[Any],
        slots: list[Any],
        arrays: dict[int, Array],
    ) -> None:
        args: list[Any] = []
        for x in item.inputs:
            if isinstance(x, int):
                args.append(inputs[x])
            elif isinstance(x, Slot):
                args.append(slots[x.number])
            else:
                seen = self._seen(x[0], x[1], frame, inputs, arrays)
                args.append(seen.copy() if x[0].role in IN_ARENA else seen)
        found = self._hosts[id(item)](args)
        for y, value in zip(item.outputs, found, strict=True):
            if isinstance(y, Slot):
                slots[y.number] = value
                continue
            value = np.ascontiguousarray(value).reshape(y.shape)
            arrays[id(y)] = value
            if id(y) in self._bases:
                frame.bases[self._bases[id(y)]] = address(value)
