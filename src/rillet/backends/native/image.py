"""A native program, ready to run: waves, chains, calls; and one invocation of it.

In flow compiled kernels and where their arguments lie; the caller is `schedule`, which
knows the graph. Out flows an `Image`, from which any number of `Runner` can be made:
each has words of its own, so several threads may run one program.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from rillet.backends.native import layout, pool
from rillet.backends.native.jit import Code
from rillet.backends.native.layout import Chain, Job

STATUS: Final = -1
"""The base of the words in which a kernel says that it failed."""

_ROUSING_NS: Final = 20_000  # what it takes until a sleeping thread has begun
_SHARING_NS: Final = 1_000  # less than this is done before another has seen it
_SIGNALS: Final = 0.1  # seconds between two looks for signals
_LINE: Final = 64


class At(NamedTuple):
    """The address of a buffer, known when the program is called.

    Attributes:
      base: which of the addresses that the caller gives; or `STATUS`.
      offset: bytes from there.
    """

    base: int
    offset: int = 0


Argument = int | float | At


class Label:
    """A wave that branches go to."""

    def __init__(self) -> None:
        self.wave = -1


class _Wave:
    """A wave that is being written."""

    def __init__(self, kind: int, first: int) -> None:
        self.kind = kind
        self.first = first
        self.last = first
        self.blocks = 0
        self.nanoseconds = 0.0
        self.target: Label | None = None
        self.when = 0


class Image:
    """A program as the pool's threads read it: no addresses but those of code.

    Attributes:
      bases: how many addresses a call gives.
      scratch: bytes that each thread has for its own.
    """

    def __init__(
        self,
        table: list[int],
        words: list[int],
        codes: list[Code],
        status: list[tuple[int, int]],
        bases: int,
        scratch: int,
    ) -> None:
        """Takes over what a `Builder` wrote.

        Args:
          table: the program, as `layout` describes it.
          words: what arguments consist of, without addresses.
          codes: kept as long as the image.
          status: the words that hold addresses of the status, with byte offsets.
          bases: how many addresses a call gives.
          scratch: bytes for each thread.
        """
        self._table = (ctypes.c_int64 * len(table))(*table)
        self._words = words
        self._codes = codes
        self._status = status
        self.bases = bases
        self.scratch = scratch

    def runner(self) -> Runner:
        """Returns an invocation, to be used by one thread at a time."""
        return Runner(self)


class Runner:
    """One invocation of a program: its words, its status, its caller's scratch."""

    def __init__(self, image: Image) -> None:
        """Makes an invocation.

        Args:
          image: the program.
        """
        word = ctypes.c_int64
        self._image = image
        self._words = (word * max(1, len(image._words)))(*image._words)
        self._bases = (word * max(1, image.bases))()
        self._placed = (word * max(1, image.bases))(*[-1] * image.bases)
        self._status = (word * layout.STATUS_WORDS)()
        self._scratch = ctypes.create_string_buffer(image.scratch + _LINE)
        status = ctypes.addressof(self._status)
        for place, offset in image._status:
            self._words[place] = status + offset
        driver = pool.driver()
        self._job = (word * Job.SIZE)()
        for index, value in (
            (Job.IMAGE, ctypes.addressof(image._table)),
            (Job.WORDS, ctypes.addressof(self._words)),
            (Job.BASES, ctypes.addressof(self._bases)),
            (Job.PLACED, ctypes.addressof(self._placed)),
            (Job.STATUS, status),
            (Job.SCRATCH, -(-ctypes.addressof(self._scratch) // _LINE) * _LINE),
            (Job.SCRATCH_BYTES, image.scratch),
            (Job.BUDGET, int(_SIGNALS * driver.ticks)),
        ):
            self._job[index] = value
        self._address = ctypes.addressof(self._job)
        self._run = driver.run
        self._pack = struct.Struct(f"={image.bases}q").pack_into

    def run(self, bases: Sequence[int], steps: int = 1, first: int = 0) -> bool:
        """Runs steps of the program.

        Between steps, about ten times a second, Python looks for signals; what a
        handler raises leaves `steps_done` at what was done.

        Args:
          bases: the addresses of buffers, in the order of `At.base`.
          steps: how many.
          first: the number that the first step's kernels are told.

        Returns:
          Whether all steps were done: where a kernel failed, `status`, `steps_done`
          and `wave` tell more.
        """
        self._pack(self._bases, 0, *bases)
        last = first + steps
        threads = pool.current()  # kept while its words are used
        reached = self._run(threads.address, self._address, first, last)
        while reached != last:
            if reached < 0:
                return False
            threads = pool.current()
            reached = self._run(threads.address, self._address, -1, last)
        return True

    @property
    def status(self) -> tuple[int, ...]:
        """What the kernel that failed wrote; zeros where none did."""
        return tuple(self._status)

    @property
    def next_step(self) -> int:
        """The step that would come next, or that failed."""
        return int(self._job[Job.STEP])

    @property
    def wave(self) -> int:
        """The wave in which a kernel failed, or -1."""
        return int(self._job[Job.WAVE]) - 1 if self._job[Job.FAILED] else -1


class Builder:
    """Writes an image.

    Example:
      >>> builder = Builder()
      >>> with builder.wave():
      ...     pass
      >>> builder.build(bases=0).runner().run(())
      True
    """

    def __init__(self) -> None:
        self._words: list[int] = []
        self._places: dict[int, list[tuple[int, int]]] = {}
        self._waves: list[_Wave] = []
        self._chains: list[list[int]] = []
        self._entries: list[list[int]] = []
        self._codes: dict[int, Code] = {}
        self._depth = 0
        self._serial = False

    @contextmanager
    def wave(self, serial: bool = False) -> Iterator[None]:
        """What is written inside, all threads do together; then they meet.

        Args:
          serial: one thread does it, chain after chain.
        """
        wave = _Wave(layout.TOGETHER, len(self._chains))
        self._waves.append(wave)
        yield
        wave.last = len(self._chains)
        wave.blocks = sum(chain[Chain.BLOCKS] for chain in self._chains[wave.first :])
        if wave.blocks > layout.MOST_BLOCKS:
            raise ValueError(
                f"native program: a wave has {wave.blocks} blocks: at most "
                f"{layout.MOST_BLOCKS} are allowed; take more rows a block"
            )
        if serial or wave.blocks <= 1 or wave.nanoseconds < _SHARING_NS:
            wave.kind = layout.SERIAL

    @contextmanager
    def chain(self, extent: int, rows: int, row_ns: float) -> Iterator[None]:
        """The calls that are written inside go through the same blocks.

        Args:
          extent: how many rows there are.
          rows: how many a block has, the last one excepted.
          row_ns: what a row takes in all calls, in nanoseconds, loops included.
        """
        wave = self._waves[-1]
        before = self._chains[wave.first :]
        first = sum(chain[Chain.BLOCKS] for chain in before)
        blocks = -(-extent // rows)
        begin = len(self._entries)
        yield
        wave.nanoseconds += extent * row_ns
        self._chains.append([first, blocks, rows, extent, begin, len(self._entries)])

    def call(self, code: Code, arguments: Sequence[Argument]) -> None:
        """A kernel, in the chain that is being written.

        Args:
          code: the kernel.
          arguments: its words, in its own order.
        """
        self._codes[code.address] = code
        place = len(self._words)
        for argument in arguments:
            self._word(argument)
        self._entries.append([layout.CALL, code.address, place, 0])

    @contextmanager
    def loop(self, count: int, first: int = 0, stride: int = 1) -> Iterator[None]:
        """The calls that are written inside are repeated, block by block.

        Instead of the step they are told `first`, `first + stride`, and so on.

        Args:
          count: how many times.
          first: what the first time's kernels are told.
          stride: what is added each time.
        """
        if self._depth == layout.LOOP_DEPTH:
            raise ValueError(
                f"native program: loops are nested deeper than {layout.LOOP_DEPTH}"
            )
        begin = len(self._entries)
        self._entries.append([layout.LOOP, count, first, stride])
        self._depth += 1
        yield
        self._depth -= 1
        self._entries.append([layout.END_LOOP, begin + 1, 0, 0])
        if count < 1:
            del self._entries[begin:]

    def place(self, label: Label) -> None:
        """Puts a label before the wave that comes next."""
        label.wave = len(self._waves)

    def branch(self, flag: At, label: Label, when: bool = True) -> None:
        """Goes on at a label if a byte in memory says so, with the next wave if not.

        Args:
          flag: the byte, which is true unless it is 0.
          label: placed before or after.
          when: what the flag must be for the branch to be taken.
        """
        wave = _Wave(layout.BRANCH, len(self._words))
        self._word(flag)
        wave.target, wave.when = label, int(when)
        self._waves.append(wave)

    def build(self, bases: int, scratch: int = 0) -> Image:
        """Returns the image.

        Args:
          bases: how many addresses a call gives.
          scratch: bytes that a thread's kernels may use, 64-byte aligned.

        Raises:
          ValueError: a label was not placed, or a base is not among the addresses.
        """
        self._check(bases)
        groups: list[tuple[int, int, int]] = []
        relocations: list[tuple[int, int]] = []
        for base, places in sorted(self._places.items()):
            if base != STATUS:
                begin = len(relocations)
                relocations += places
                groups.append((base, begin, len(relocations)))
        rouse = self._rouse()
        endless = False
        waves = []
        for number, wave in enumerate(self._waves):
            last, blocks = wave.last, wave.blocks
            if wave.target is not None:
                last, blocks = wave.target.wave, wave.when
                endless = endless or last <= number
            waves.append((wave.kind, wave.first, last, blocks, int(rouse[number])))
        table: list[int] = [0] * layout.Image.HEAD
        table[layout.Image.WAVES] = len(waves)
        table[layout.Image.GROUPS] = len(groups)
        table[layout.Image.ALONE] = int(
            all(wave.kind != layout.TOGETHER for wave in self._waves)
        )
        table[layout.Image.ENDLESS] = int(endless)
        _append(table, layout.Image.WAVES_AT, waves)
        _append(table, layout.Image.CHAINS_AT, self._chains)
        _append(table, layout.Image.ENTRIES_AT, self._entries)
        _append(table, layout.Image.GROUPS_AT, groups)
        _append(table, layout.Image.RELOCATIONS_AT, relocations)
        codes, status = list(self._codes.values()), self._places.get(STATUS, [])
        return Image(table, self._words, codes, status, bases, scratch)

    def _check(self, bases: int) -> None:
        """Looks for what would make native code read at random."""
        for wave in self._waves:
            if wave.target is not None and wave.target.wave < 0:
                raise ValueError(
                    "native program: a branch goes to a label that was not placed: "
                    "call place(label) before the wave that it stands for"
                )
        for base in self._places:
            if not STATUS <= base < bases:
                raise ValueError(
                    f"native program: an argument lies in base {base} but calls give "
                    f"{bases} addresses; build(bases={base + 1}) or more"
                )

    def _rouse(self) -> list[bool]:
        """Which waves are worth waking sleepers for: enough is shared from there on.

        A thread that has woken stays awake as long as no serial wave takes longer than
        it is willing to spin.
        """
        worth = [False] * len(self._waves)
        ahead = 0.0
        for number in reversed(range(len(self._waves))):
            wave = self._waves[number]
            if wave.kind == layout.TOGETHER:
                ahead += wave.nanoseconds
                worth[number] = ahead >= _ROUSING_NS
            elif wave.kind == layout.SERIAL and wave.nanoseconds > _ROUSING_NS:
                ahead = 0.0
        return worth

    def _word(self, argument: Argument) -> None:
        """Writes one word of arguments."""
        place = len(self._words)
        if isinstance(argument, At):
            self._places.setdefault(argument.base, []).append((place, argument.offset))
            self._words.append(0)
        elif isinstance(argument, float):
            self._words.append(struct.unpack("=q", struct.pack("=d", argument))[0])
        else:
            self._words.append(argument)


def _append(table: list[int], head: int, rows: Sequence[Sequence[int]]) -> None:
    """Writes rows at a table's end, and where they begin into its head."""
    table[head] = len(table)
    for row in rows:
        table.extend(row)
