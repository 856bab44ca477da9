"""What a native program is made of: kernels, and calls of them on buffers.

In flow IR texts from `codegen`, `products` and their kin; `schedule` cuts calls into
chains and waves, `jit` compiles the texts, the runtime runs them.

Every kernel is one function ``void @kernel(ptr args, i64 lo, i64 hi, i64 block,
i64 step, ptr scratch)`` that does the rows ``[lo, hi)`` of its extent.
"""

from __future__ import annotations

from typing import NamedTuple


class Kernel(NamedTuple):
    """A native function.

    Attributes:
        name: a readable identifier, for `explain` and profilers.
        text: LLVM IR that defines ``@kernel`` and declares what it calls.
    """

    name: str
    text: str
