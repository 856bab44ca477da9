"""Lines of LLVM IR that read and write the 64-bit words of a table.

In flow names of values and indices from `layout`; out flows IR. Callers are `thread_ir`
and `pool_ir`.
"""

from __future__ import annotations


def word(result: str, base: str, index: int | str) -> str:
    """IR that takes the address of a word."""
    return f"  %{result} = getelementptr i64, ptr %{base}, i64 {_number(index)}"


def _number(index: int | str) -> str:
    return f"{int(index)}" if isinstance(index, int) else f"%{index}"


def load(result: str, base: str, index: int | str, kind: str = "i64") -> str:
    """IR that reads a word."""
    place = f"{result}.place"
    return f"{word(place, base, index)}\n  %{result} = load {kind}, ptr %{place}"


def store(name: str, value: str, base: str, index: int) -> str:
    """IR that writes a word; the name is for its address."""
    return f"{word(name, base, index)}\n  store {value}, ptr %{name}"
