"""What a native program is made of: kernels, and calls of them on buffers.

In flow IR texts from `codegen`, `products` and their kin; `schedule` cuts calls into
chains and waves, `jit` compiles the texts, the runtime runs them.

Every kernel is one function ``void @kernel(ptr args, i64 lo, i64 hi, i64 block,
i64 step, ptr scratch)`` that does the rows ``[lo, hi)`` of its extent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from rillet.ops.lowering import Buffer


class Kernel(NamedTuple):
    """A native function.

    Attributes:
        name: a readable identifier, for `explain` and profilers.
        text: LLVM IR that defines ``@kernel`` and declares what it calls.
    """

    name: str
    text: str


#: Words of a kernel besides buffers and numbers: elements of the outer counter a row,
#: and where a failed check is noted.
UNIT: Final = "unit"
STATUS: Final = "status"


class KernelCall:
    """A kernel with what it works on.

    Attributes:
        kernel: the native function.
        words: buffers, integers, floats, `UNIT`, `STATUS`, in the kernel's order.
        extent: how far the outer counter runs.
        rigid: whether rows are those of the extent; else any divisor of it will do,
            and `UNIT` says how much of the counter a row is.
        writes: the buffers written; all others are read.
        aligned: ids of the buffers of which a row touches only its own part.
        work: nanoseconds that one turn of the outer counter takes, roughly.
        block: rows a block that suit the kernel; 0 for any.
        cut: rows that each block must have, the last excepted; 0 for any.
        scratch: bytes of thread-private memory it wants.
        fails: whether it checks something.
        label: the op that it came from.
        flops: floating-point operations of the whole call.
    """

    __slots__ = (
        "aligned", "block", "cut", "extent", "fails", "flops", "kernel", "label",
        "rigid", "scratch", "words", "work", "writes",
    )  # fmt: skip

    def __init__(
        self,
        kernel: Kernel,
        words: Sequence[Any],
        extent: int,
        writes: Sequence[Buffer],
        aligned: Iterable[int],
        work: float,
        *,
        rigid: bool = True,
        block: int = 0,
        cut: int = 0,
        scratch: int = 0,
        fails: bool = False,
        label: str = "",
        flops: float = 0.0,
    ) -> None:
        self.kernel = kernel
        self.words = tuple(words)
        self.extent = extent
        self.writes = list(writes)
        self.aligned = frozenset(aligned)
        self.work = work
        self.rigid = rigid
        self.block = block
        self.cut = cut
        self.scratch = scratch
        self.fails = fails
        self.label = label
        self.flops = flops

    def buffers(self) -> list[Buffer]:
        """The buffers among the words."""
        return [w for w in self.words if isinstance(w, Buffer)]
