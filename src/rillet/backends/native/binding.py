"""A graph compiled for one set of input shapes.

In flow arrays of those shapes; out flow arrays. What an invocation needs (the arena,
addresses, the runtime's words) lies in a `Frame`; frames are used again, and each
thread that runs at the same time has its own.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final

import ml_dtypes  # noqa: F401  NumPy knows bfloat16 by it
import numpy as np

from rillet.backends.native import jit
from rillet.backends.native.calls import STATUS, UNIT, KernelCall
from rillet.backends.native.codegen import item_bytes
from rillet.backends.native.image import STATUS as STATUS_BASE
from rillet.backends.native.image import At, Builder, Image, Runner
from rillet.backends.native.jumps import Jump, Mark
from rillet.backends.native.lower import Batches, HostItem, Lowered, Slot, lowered
from rillet.backends.native.memory import arena, empty, planned
from rillet.backends.native.schedule import (
    Chain,
    Schedule,
    Segment,
    live_ranges,
    scheduled,
)
from rillet.backends.native.static import static
from rillet.backends.reference import node_step
from rillet.core.quiet import restore, silence
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Graph, SymbolicTensor
from rillet.ops.lowering import Buffer
from rillet.ops.openblas import address as _pointer

_ARENA: Final = 0
_CONSTS: Final = 1
_FIRST: Final = 2
_LINE: Final = 64
#: The roles of buffers whose memory is planned.
_IN_ARENA: Final = ("temp", "state")
#: References to a variable's tensor, and to its array, that nobody else holds.
_ALONE: Final = 3

Array = np.ndarray[Any, Any]


def address(array: Array) -> int:
    """Where an array's elements begin."""
    return _pointer(array).value or 0


class Frame:
    """What one invocation needs."""

    __slots__ = ("_memory", "arena", "bases", "runners")

    def __init__(
        self,
        size: int,
        bases: int,
        images: list[Image | None],
        guards: tuple[int, ...] = (),
    ) -> None:
        self._memory = arena(size, guards)
        self.arena = -(-address(self._memory) // _LINE) * _LINE
        self.bases: list[int] = [0] * bases
        self.runners: list[Runner | None] = [i.runner() if i else None for i in images]

    def view(self, offset: int, type: str, shape: tuple[int, ...]) -> Array:
        """A part of the arena as an array."""
        start = self.arena - address(self._memory) + offset
        count = int(np.prod(shape, dtype=np.int64)) * item_bytes(type)
        return self._memory[start : start + count].view(_numpy(type)).reshape(shape)


def _numpy(type: str) -> Any:
    return np.dtype(type)


def _nothing() -> None:
    """Where no array was looked at yet."""


class _Known:
    """A variable's array as it was last seen, and where it lies."""

    __slots__ = ("address", "array")

    def __init__(self) -> None:
        self.array: Callable[[], Any] = _nothing
        self.address = 0


class Binding:
    """A compiled graph.

    Args:
        graph: the graph.
        outputs: the tensors wanted.
        specs: what the inputs are.
        batches: which of them are rows of whole arrays, for runs of many steps.
    """

    def __init__(
        self,
        graph: Graph,
        outputs: list[SymbolicTensor],
        specs: Sequence[Spec],
        batches: Batches | None = None,
    ) -> None:
        made, wanted = static(graph, outputs, specs)
        self.graph = made
        self.batches = batches
        self.lowered: Lowered = lowered(made, wanted, batches)
        self.schedule: Schedule = scheduled(self.lowered)
        self._bases: dict[int, int] = {}
        self._order: list[Buffer] = []
        self._frames: list[Frame] = []
        self._plan_memory()
        self._number_bases()
        self.codes = self._compiled()
        self._images = [self._image(s) for s in self.schedule.segments]
        self._hosts = {
            id(h): _host_step(h)
            for h in [
                *self.schedule.before,
                *[h for s in self.schedule.segments for h in s.host],
            ]
        }
        self._sort_bases()

    # Making

    def _plan_memory(self) -> None:
        ranges = live_ranges(self.schedule)
        temps = [r for r in ranges.values() if r[0].role in _IN_ARENA]
        self._places, self.arena_bytes, self._guards = planned(temps)
        consts: list[Array] = []
        self._const_places: dict[int, int] = {}
        size = 0
        for buffer, _, _ in ranges.values():
            if buffer.role == "const":
                self._const_places[id(buffer)] = size
                consts.append(np.ascontiguousarray(buffer.source))
                size += -(-consts[-1].nbytes // _LINE) * _LINE + _LINE
        memory = np.zeros(size + _LINE, np.uint8)
        self._const_memory = memory
        self._const_base = -(-address(memory) // _LINE) * _LINE
        at = self._const_base - address(memory)
        for value, offset in zip(consts, self._const_places.values(), strict=True):
            raw = value.reshape(-1).view(np.uint8)
            memory[at + offset : at + offset + raw.size] = raw
        self._ranges = ranges

    def _number_bases(self) -> None:
        named = [x[0] for x in self.lowered.outputs if isinstance(x, tuple)]
        found = [buffer for buffer, _, _ in self._ranges.values()]
        for buffer in [*named, *found]:
            if buffer.role in (*_IN_ARENA, "const") or id(buffer) in self._bases:
                continue
            self._bases[id(buffer)] = _FIRST + len(self._order)
            self._order.append(buffer)

    def _sort_bases(self) -> None:
        """Which bases are inputs, variables and outputs, for quick filling."""
        self._inputs: list[tuple[int, int]] = []
        self._variables: list[tuple[int, Any, bool, _Known]] = []
        self._made: list[tuple[int, Any, tuple[int, ...], int]] = []
        self._rows_base = -1
        written = {id(b) for _, b in self.lowered.writes}
        for buffer in self._order:
            base = self._bases[id(buffer)]
            if buffer.role == "input":
                self._inputs.append((base, buffer.source))
            elif buffer.role == "variable":
                own = id(buffer) in written
                self._variables.append((base, buffer.source._cell, own, _Known()))
            elif buffer.role == "rows":
                self._rows_base = base
            elif buffer.role == "output":
                self._made.append((base, _numpy(buffer.type), buffer.shape, id(buffer)))
        self._plain = (
            not self._hosts
            and not self.lowered.streams
            and not self.lowered.host_writes
            and len(self._images) == 1
        )
        self._given: list[tuple[int, tuple[int, ...] | None]] = []
        keys = {key: i for i, (_, _, _, key) in enumerate(self._made)}
        for x in self.lowered.outputs:
            if isinstance(x, tuple) and id(x[0]) in keys:
                buffer, shape = x
                self._given.append(
                    (keys[id(buffer)], None if shape == buffer.shape else shape)
                )
            else:
                self._plain = False

    def _at(self, buffer: Buffer) -> At:
        if buffer.role in _IN_ARENA:
            return At(_ARENA, self._places.get(id(buffer), 0))
        if buffer.role == "const":
            return At(_CONSTS, self._const_places[id(buffer)])
        return At(self._bases[id(buffer)])

    def _compiled(self) -> dict[int, jit.Code]:
        calls = [
            call
            for segment in self.schedule.segments
            for wave in segment.waves
            for chain in wave
            for call in chain.calls
        ]
        codes = jit.compile([call.kernel for call in calls])
        return {id(call): code for call, code in zip(calls, codes, strict=True)}

    def _image(self, segment: Segment) -> Image | None:
        if not segment.waves:
            return None
        builder = Builder()
        scratch = 0
        for wave in segment.waves:
            if isinstance(wave, Mark):
                builder.place(wave.label)
            elif isinstance(wave, Jump):
                builder.branch(self._at(wave.flag), wave.to.label, wave.when)
            whole = [c for c in wave if c.whole]
            together = [c for c in wave if not c.whole]
            if together:
                with builder.wave():
                    for chain in together:
                        self._chain(builder, chain)
            for chain in whole:
                for call in chain.calls:
                    with builder.wave(serial=True):
                        work = call.work * call.extent
                        rows = call.extent if call.rigid else 1
                        with builder.chain(rows, rows, work / max(rows, 1)):
                            self._call(builder, call, rows)
            for chain in wave:
                scratch = max([scratch, *[c.scratch for c in chain.calls]])
        return builder.build(_FIRST + len(self._order), scratch)

    def _chain(self, builder: Builder, chain: Chain) -> None:
        rows = chain.block_rows()
        with builder.chain(chain.rows, rows, chain.work / max(chain.rows, 1)):
            for call in chain.calls:
                self._call(builder, call, chain.rows)

    def _call(self, builder: Builder, call: KernelCall, rows: int) -> None:
        arguments: list[Any] = []
        for word in call.words:
            if isinstance(word, Buffer):
                arguments.append(self._at(word))
            elif word == UNIT:
                arguments.append(call.extent // rows)
            elif word == STATUS:
                arguments.append(At(STATUS_BASE))
            else:
                arguments.append(word)
        builder.call(self.codes[id(call)], arguments)

    # Running

    def run(self, inputs: list[Any]) -> list[Any] | None:
        """Run once.

        Args:
            inputs: arrays of the shapes the graph was compiled for.

        Returns:
            The outputs; None where a check failed, and nothing is written.
        """
        frames = self._frames
        try:
            frame = frames.pop()
        except IndexError:
            frame = self._frame()
        try:
            return self._run(frame, inputs)
        finally:
            frames.append(frame)

    def _draw(self, frame: Frame, steps: int) -> list[Array]:
        """Let random streams go on by some steps; the words that kernels read."""
        held = []
        for buffer, instance, blocks, times in self.lowered.streams:
            drawn = [instance.reserve(blocks) for _ in range(steps * times)]
            words = np.array([_stream_words(x) for x in drawn], np.uint32)
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
        self, wholes: list[Array], rows: Array | int, steps: int
    ) -> tuple[list[Array], int]:
        """Run steps on batches of whole arrays.

        Args:
            wholes: for each input the whole array, or what every step gets.
            rows: the rows of all steps' batches; or the first row.
            steps: how many.

        Returns:
            The outputs, and how many steps were done before a check failed.
        """
        assert self.batches is not None
        try:
            frame = self._frames.pop()
        except IndexError:
            frame = self._frame()
        try:
            return self._run_steps(frame, wholes, rows, steps, self.batches)
        finally:
            self._frames.append(frame)

    def _run_steps(
        self,
        frame: Frame,
        wholes: list[Array],
        rows: Array | int,
        steps: int,
        batches: Batches,
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
        swapped = self._hold(bases, held)
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
                swapped = self._hold(bases, held) if done else []
                runner.run(bases, done)
        finally:  # an interrupt comes between steps
            for cell, tensor in swapped:
                cell.tensor = tensor
        found = [
            made[at] if shape is None else made[at].reshape(shape)
            for at, shape in self._given
        ]
        return found, done

    def _frame(self) -> Frame:
        bases = _FIRST + len(self._order)
        frame = Frame(self.arena_bytes, bases, self._images, self._guards)
        frame.bases[_ARENA] = frame.arena
        frame.bases[_CONSTS] = self._const_base
        return frame

    def _run(self, frame: Frame, inputs: list[Any]) -> list[Any] | None:
        bases = frame.bases
        held: list[Any] = []
        for base, number in self._inputs:
            array = inputs[number]
            flags = array.flags
            if not flags.carray and not (flags.c_contiguous and flags.aligned):
                array = np.require(array, requirements=["C", "A"])
                held.append(array)
            bases[base] = address(array)
        swapped = self._hold(bases, held)
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
            return [
                made[at] if shape is None else made[at].reshape(shape)
                for at, shape in self._given
            ]
        return self._general(frame, inputs, made, swapped)

    def _hold(self, bases: list[int], held: list[Any]) -> list[tuple[Any, Tensor]]:
        """Fill in variables' addresses; copy those that must not change in place."""
        swapped: list[tuple[Any, Tensor]] = []
        late = self.schedule.copies
        for base, cell, own, known in self._variables:
            tensor = cell.tensor
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
        found = self._seen(buffer, shape, frame, inputs, arrays)
        return found.copy() if buffer.role in (*_IN_ARENA, "variable") else found

    def _seen(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        frame: Frame,
        inputs: list[Any],
        arrays: dict[int, Array],
    ) -> Array:
        if buffer.role in _IN_ARENA:
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
                args.append(seen.copy() if x[0].role in _IN_ARENA else seen)
        found = self._hosts[id(item)](args)
        for y, value in zip(item.outputs, found, strict=True):
            if isinstance(y, Slot):
                slots[y.number] = value
                continue
            value = np.ascontiguousarray(value).reshape(y.shape)
            arrays[id(y)] = value
            if id(y) in self._bases:
                frame.bases[self._bases[id(y)]] = address(value)


def _host_step(item: HostItem) -> Callable[[list[Any]], list[Any]]:
    """What runs a node on the host."""
    node = item.node
    if node.op is PLACEHOLDER:
        return list
    if node.op is CONST:
        return lambda args: [node.attrs["value"]]
    if node.op is READ:
        return lambda args: [node.attrs["variable"]._cell.tensor._array]
    step = node_step(node)

    def run(args: list[Any]) -> list[Any]:
        token = silence()
        try:
            return step(args)
        finally:
            restore(token)

    return run


def _stream_words(stream: Any) -> list[int]:
    key, counter = stream.key, stream.counter
    return [*_words(key, 2), *_words(counter, 4)]


def _words(value: Any, count: int) -> list[int]:
    if isinstance(value, int):
        return [(value >> (32 * i)) & 0xFFFFFFFF for i in range(count)]
    return [int(v) for v in value]
