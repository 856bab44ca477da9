"""Where things lie in the tables that Python writes and the pool's native code reads.

All tables consist of 64-bit words. `image` writes an `Image`, which says what a
program does, and a `Job`, one invocation of it; `pool` keeps a `Pool`, which the
threads share. Numbers are indices of words.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Image(IntEnum):
    """The head of a program's table; the numbers with `_at` are indices in it."""

    WAVES = 0
    WAVES_AT = 1
    CHAINS_AT = 2
    ENTRIES_AT = 3
    GROUPS = 4
    GROUPS_AT = 5
    RELOCATIONS_AT = 6
    ALONE = 7  # never worth a second thread
    ENDLESS = 8  # it branches backwards: looks at the clock inside a step
    HEAD = 9


class Wave(IntEnum):
    """What all threads do together, or a branch between waves."""

    KIND = 0
    FIRST = 1  # chain; a branch: the word that holds the flag's address
    LAST = 2  # chain, not done; a branch: the wave to go on with
    BLOCKS = 3  # in all chains; a branch: the flag that branches, 0 or 1
    ROUSE = 4  # worth the waking of threads that sleep
    SIZE = 5


TOGETHER: Final = 0
SERIAL: Final = 1
BRANCH: Final = 2


class Chain(IntEnum):
    """Calls that go through the same blocks of rows."""

    FIRST = 0  # its first block among those of the wave
    BLOCKS = 1
    ROWS = 2  # of a block
    EXTENT = 3
    BEGIN = 4  # entry
    END = 5
    SIZE = 6


class Entry(IntEnum):
    """A call, or one end of a loop."""

    KIND = 0
    FIRST = 1  # the function's address; the loop's count; its first entry
    SECOND = 2  # the word its arguments begin at; the loop's first step
    THIRD = 3  # the loop's stride
    SIZE = 4


CALL: Final = 0
LOOP: Final = 1
END_LOOP: Final = 2
LOOP_DEPTH: Final = 8


class Group(IntEnum):
    """The words that hold addresses of one base."""

    BASE = 0
    BEGIN = 1  # relocation
    END = 2
    SIZE = 3


class Relocation(IntEnum):
    """One such word."""

    WORD = 0
    OFFSET = 1  # bytes from the base
    SIZE = 2


class Job(IntEnum):
    """One invocation."""

    IMAGE = 0
    WORDS = 1
    BASES = 2
    PLACED = 3  # the bases that the words were last computed from
    STATUS = 4
    SCRATCH = 5
    SCRATCH_BYTES = 6
    BUDGET = 7  # ticks until Python looks for signals
    DEADLINE = 8
    STEP = 9
    LAST = 10
    WAVE = 11
    FAILED = 12
    SIZE = 13


class Pool(IntEnum):
    """What threads share; claims, sleepers and the rest on lines of their own."""

    CLAIM = 0
    DONE = 1
    WAVE = 2
    JOB = 3
    SLEEPERS = 16
    CALLER_SLEEPS = 17
    ROUSED = 18  # those asleep were called, and need not be called again
    OWNER = 32
    LEAVE = 48
    WORKERS = 49
    PATIENCE = 50  # ticks that a thread spins before it sleeps
    SIZE = 64


class Own(IntEnum):
    """What a thread keeps on its stack."""

    SCRATCH = 0
    BYTES = 1
    RAW = 2  # what `malloc` gave for it
    SIDE = 3  # what it adds to a claim
    SIZE = 4


COUNT_BITS: Final = 16
"""A claim word is `ended << 63 | epoch << 48 | blocks << 32 | taken from the end << 16
| taken from the front`: one addition takes a block, and tells whether there was one to
take. That a job has ended stands in the same word, because sleepers wait for a change
of its upper half: told elsewhere, it could come between a look and the sleep."""

COUNT_MASK: Final = (1 << COUNT_BITS) - 1
FROM_FRONT: Final = 1
FROM_END: Final = 1 << COUNT_BITS
BLOCKS_SHIFT: Final = 2 * COUNT_BITS
EPOCH_SHIFT: Final = 3 * COUNT_BITS
EPOCH_MASK: Final = (1 << 15) - 1
ENDED: Final = -(1 << 63)
MOST_BLOCKS: Final = COUNT_MASK - (1 << 12)
"""Of a wave; the rest is room for threads that ask once too often."""

STATUS_WORDS: Final = 8
OUT_OF_MEMORY: Final = -1
"""The status when there was none for a thread's scratch."""
