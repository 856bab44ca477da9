"""What one invocation of a native program needs, apart from its code.

In flow a memory plan and images; out flow frames, which are used again. `binding` fills
them with addresses and runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ml_dtypes  # noqa: F401  NumPy knows bfloat16 by it
import numpy as np

from rillet.backends.native.element_types import item_bytes
from rillet.backends.native.image import Image, Runner
from rillet.backends.native.memory import arena
from rillet.ops.openblas import address as _pointer

#: The bases that every program has: its arena, its constants; then its own.
ARENA: Final = 0
CONSTS: Final = 1
FIRST: Final = 2
LINE: Final = 64
#: The roles of buffers whose memory is planned.
IN_ARENA: Final = ("temp", "state")

Array = np.ndarray[Any, Any]


def address(array: Array) -> int:
    """Where an array's elements begin."""
    return _pointer(array).value or 0


_NONE: Final[Array] = np.empty(0, np.uint8)


class Arenas:
    """Memory that programs for several sizes share: each run takes a piece.

    Attributes:
        size: what was asked for most, with room to grow.
    """

    def __init__(self) -> None:
        self.size = 0
        self._free: list[Array] = []

    def take(self, size: int) -> Array:
        """Memory of at least that size; whoever takes it gives it back."""
        if size > self.size:
            self.size = size + size // 4
        while self._free:
            try:
                found = self._free.pop()
            except IndexError:  # another thread was faster
                break
            if found.size >= size + LINE:
                return found
        return arena(self.size)

    def give(self, memory: Array) -> None:
        """Give memory back."""
        if memory.size >= self.size:
            self._free.append(memory)


class Frame:
    """What one invocation needs."""

    __slots__ = ("_memory", "arena", "bases", "runners")

    def __init__(
        self,
        size: int,
        bases: int,
        images: list[Image | None],
        guards: tuple[int, ...] = (),
        memory: Array | None = None,
    ) -> None:
        self.bases: list[int] = [0] * bases
        self.lie_in(arena(size, guards) if memory is None else memory)
        self.runners: list[Runner | None] = [i.runner() if i else None for i in images]

    def lie_in(self, memory: Array) -> None:
        """Have the arena there."""
        self._memory = memory
        self.arena = self.bases[ARENA] = -(-address(memory) // LINE) * LINE

    def left(self) -> Array:
        """The memory, for others to use: the frame has none until `lie_in`."""
        memory, self._memory = self._memory, _NONE
        return memory

    def view(self, offset: int, type: str, shape: tuple[int, ...]) -> Array:
        """A part of the arena as an array."""
        start = self.arena - address(self._memory) + offset
        count = int(np.prod(shape, dtype=np.int64)) * item_bytes(type)
        return self._memory[start : start + count].view(numpy_type(type)).reshape(shape)


def numpy_type(type: str) -> Any:
    """NumPy's type of that name."""
    return np.dtype(type)


def _nothing() -> None:
    """Where no array was looked at yet."""


class Known:
    """A variable's array as it was last seen, and where it lies."""

    __slots__ = ("address", "array")

    def __init__(self) -> None:
        self.array: Callable[[], Any] = _nothing
        self.address = 0


def stream_words(stream: Any) -> list[int]:
    """Key and counter of a random stream, as kernels read them."""
    key, counter = stream.key, stream.counter
    return [*_words(key, 2), *_words(counter, 4)]


def _words(value: Any, count: int) -> list[int]:
    if isinstance(value, int):
        return [(value >> (32 * i)) & 0xFFFFFFFF for i in range(count)]
    return [int(v) for v in value]
