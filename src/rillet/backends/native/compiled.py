"""A graph made ready to run: static, lowered, scheduled, compiled, with memory planned.

In flow a graph and what its inputs are; out flow images for the pool, and where each
buffer will be found. `binding` runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rillet.backends.native import jit
from rillet.backends.native.calls import STATUS, UNIT, KernelCall
from rillet.backends.native.chains import Chain
from rillet.backends.native.frames import (
    ARENA,
    CONSTS,
    FIRST,
    IN_ARENA,
    LINE,
    Array,
    Frame,
    Known,
    address,
    numpy_type,
)
from rillet.backends.native.image import STATUS as STATUS_BASE
from rillet.backends.native.image import At, Builder, Image
from rillet.backends.native.items import Batches, HostItem, Lowered
from rillet.backends.native.jumps import Jump, Mark
from rillet.backends.native.lower import lowered
from rillet.backends.native.memory import planned
from rillet.backends.native.schedule import (
    Schedule,
    Segment,
    live_ranges,
    scheduled,
)
from rillet.backends.native.sized_arrays import SizedArray
from rillet.backends.native.sizes import Of
from rillet.backends.native.static import static
from rillet.backends.reference import node_step
from rillet.core.quiet import restore, silence
from rillet.core.spec import Spec
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Graph, SymbolicTensor
from rillet.ops.lowering import Buffer


class Compiled:
    """A compiled graph, not yet run.

    Args:
        graph: the graph.
        outputs: the tensors wanted.
        specs: what the inputs are.
        batches: which of them are rows of whole arrays, for runs of many steps.
        made: what `static` gives for these, where it is known.
    """

    #: What sizes are, where the program is made for any: see `recipes`.
    of: Of = int

    def __init__(
        self,
        graph: Graph,
        outputs: list[SymbolicTensor],
        specs: Sequence[Spec],
        batches: Batches | None = None,
        made: tuple[Graph, list[SymbolicTensor]] | None = None,
    ) -> None:
        self.prepare(*(made or static(graph, outputs, specs)), batches)
        self.codes = self._compiled()
        self.lay_out()

    def prepare(
        self, made: Graph, wanted: list[SymbolicTensor], batches: Batches | None
    ) -> None:
        """All that is the same for any sizes, but the code."""
        self.graph = made
        self._written = frozenset([id(v._cell) for v, _ in made.writes])
        self.batches = batches
        self.lowered: Lowered = lowered(made, wanted, batches)
        self.schedule: Schedule = scheduled(self.lowered)
        self._bases: dict[int, int] = {}
        self._order: list[Buffer] = []
        self._ranges = live_ranges(self.schedule)
        self._number_bases()
        self._hosts = {
            id(h): _host_step(h)
            for h in [
                *self.schedule.before,
                *[h for s in self.schedule.segments for h in s.host],
            ]
        }

    def lay_out(self, arrays: Sequence[Array] = ()) -> None:
        """Where everything lies, and how far kernels run.

        Args:
            arrays: the constants that hang on sizes, as `likeness` numbers them.
        """
        self._frames: list[Frame] = []
        temps = [r for r in self._ranges.values() if r[0].role in IN_ARENA]
        self._places, self.arena_bytes, self._guards = planned(temps, self.of)
        self._place_constants(arrays)
        self._images = [self._image(s) for s in self.schedule.segments]
        self._sort_bases()

    def _place_constants(self, arrays: Sequence[Array]) -> None:
        consts: list[Array] = []
        self._const_places: dict[int, int] = {}
        size = 0
        for buffer, _, _ in self._ranges.values():
            if buffer.role == "const":
                self._const_places[id(buffer)] = size
                value = buffer.source
                if arrays and isinstance(value, SizedArray):
                    value = arrays[value.number]
                consts.append(np.ascontiguousarray(value))
                size += -(-consts[-1].nbytes // LINE) * LINE + LINE
        memory = np.zeros(size + LINE, np.uint8)
        self._const_memory = memory
        self._const_base = -(-address(memory) // LINE) * LINE
        at = self._const_base - address(memory)
        for value, offset in zip(consts, self._const_places.values(), strict=True):
            raw = value.reshape(-1).view(np.uint8)
            memory[at + offset : at + offset + raw.size] = raw

    def _number_bases(self) -> None:
        named = [x[0] for x in self.lowered.outputs if isinstance(x, tuple)]
        found = [buffer for buffer, _, _ in self._ranges.values()]
        for buffer in [*named, *found]:
            if buffer.role in (*IN_ARENA, "const") or id(buffer) in self._bases:
                continue
            self._bases[id(buffer)] = FIRST + len(self._order)
            self._order.append(buffer)

    def _sort_bases(self) -> None:
        """Which bases are inputs, variables and outputs, for quick filling."""
        self._inputs: list[tuple[int, int]] = []
        self._variables: list[tuple[int, Any, bool, Known]] = []
        self._made: list[tuple[int, Any, tuple[int, ...], int]] = []
        self._rows_base = -1
        written = {id(b) for _, b in self.lowered.writes}
        for buffer in self._order:
            base = self._bases[id(buffer)]
            if buffer.role == "input":
                self._inputs.append((base, buffer.source))
            elif buffer.role == "variable":
                own = id(buffer) in written
                self._variables.append((base, buffer.source._cell, own, Known()))
            elif buffer.role == "rows":
                self._rows_base = base
            elif buffer.role == "output":
                shape = self._shape(buffer.shape)
                self._made.append((base, numpy_type(buffer.type), shape, id(buffer)))
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
                buffer, shape = x[0], self._shape(x[1])
                at = keys[id(buffer)]
                self._given.append((at, None if shape == self._made[at][2] else shape))
            else:
                self._plain = False

    def _shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Sizes as they are now."""
        return tuple([self.of(n) for n in shape])

    def _at(self, buffer: Buffer) -> At:
        if buffer.role in IN_ARENA:
            return At(ARENA, self._places.get(id(buffer), 0))
        if buffer.role == "const":
            return At(CONSTS, self._const_places[id(buffer)])
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
                        extent = self.of(call.extent)
                        work = call.work * extent
                        rows = extent if call.rigid else 1
                        with builder.chain(rows, rows, work / max(rows, 1)):
                            self._call(builder, call, rows)
            for chain in wave:
                scratch = max([scratch, *[self.of(c.scratch) for c in chain.calls]])
        return builder.build(FIRST + len(self._order), scratch)

    def _chain(self, builder: Builder, chain: Chain) -> None:
        rows, block, work = chain.laid_out(self.of)
        with builder.chain(rows, block, work / max(rows, 1)):
            for call in chain.calls:
                self._call(builder, call, rows)

    def _call(self, builder: Builder, call: KernelCall, rows: int) -> None:
        arguments: list[Any] = []
        for word in call.words:
            if isinstance(word, Buffer):
                arguments.append(self._at(word))
            elif word == UNIT:
                arguments.append(self.of(call.extent) // rows)
            elif word == STATUS:
                arguments.append(At(STATUS_BASE))
            else:
                arguments.append(self.of(word) if isinstance(word, int) else word)
        builder.call(self.codes[id(call)], arguments)


def _host_step(item: HostItem) -> Callable[[list[Any]], list[Any]]:
    """What runs a node on the host."""
    node = item.node
    if node.op is PLACEHOLDER:
        return list
    if node.op is CONST:
        return lambda args: [node.attrs["value"]]
    if node.op is READ:
        return lambda args: [node.attrs["variable"]._cell.read()._array]
    step = node_step(node, item.used)

    def run(args: list[Any]) -> list[Any]:
        token = silence()
        try:
            return step(args)
        finally:
            restore(token)

    return run
