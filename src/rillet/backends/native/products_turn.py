"""The transpose of a matrix, for products that would turn it again and again.

In flow a matrix's extents; out flows a `Plan`, as from `products`. The caller is
`lower`: where a product with a transposed matrix stands in a loop, or in many blocks,
the matrix is turned once, before.
"""

from __future__ import annotations

import functools
from typing import Final

from rillet.backends.native.calls import Kernel
from rillet.backends.native.host import Facts, facts
from rillet.backends.native.products import Plan
from rillet.backends.native.products_form import Form
from rillet.backends.native.products_memory import Memory
from rillet.backends.native.products_packing import Packing
from rillet.backends.native.writer import HEAD, VECTORISED, Writer, fixed_mask

_ELEMENTS: Final = {"float32": ("float", 4), "float64": ("double", 8)}
_BLOCK_ELEMENTS: Final = 1 << 15
_ELEMENT_NS: Final = 0.2


def transposition(
    rows: int,
    columns: int,
    dtype: str,
    *,
    step: int = 0,
    machine: Facts | None = None,
) -> Plan:
    """Plans the transpose of a matrix.

    Args:
      rows: rows of the matrix "a", which are columns of "out".
      columns: columns of "a": the extent, rows of "out".
      dtype: "float32" or "float64".
      step: elements from a row of "a" to the next; `columns` where it is 0.
      machine: what code is made for; this machine by default.

    Returns:
      The plan; its "out" is `(columns, rows)`.

    Raises:
      ValueError: another dtype.

    Example:
      >>> transposition(256, 64, "float32").extent
      64
    """
    if dtype not in _ELEMENTS:
        raise ValueError(
            f"transposition: the dtype must be one of {', '.join(_ELEMENTS)}: got "
            f"{dtype}"
        )
    machine = machine or facts()
    element, size = _ELEMENTS[dtype]
    lanes = machine.vector_bytes // size
    text = _text(element, lanes, rows, step or columns, machine.vector_bytes >= 32)
    return Plan(
        Kernel(f"transposition_{element}", text),
        ("a", "out"),
        columns,
        {"a": False, "out": True},
        rows * _ELEMENT_NS,
        max(16, _BLOCK_ELEMENTS // max(rows, 1) // 16 * 16),
        0,
        False,
    )


@functools.lru_cache(maxsize=64)
def _text(element: str, lanes: int, rows: int, step: int, masked: bool) -> str:
    form = Form(
        kind="rows",
        element=element,
        lanes=lanes,
        rows=1,
        vectors=1,
        tail_vectors=0,
        tail_lanes=0,
        transposed_a=False,
        transposed_b=True,
        columns=rows,
        step_a=0,
        step_b=step,
        step_out=rows,
        adds=False,
        packs=True,
        ahead=0,
        stack=0,
        masked=masked,
    )
    w = Writer()
    memory = Memory(form, w)
    packing = Packing(memory)
    size = memory.size
    source = w.move(w.word(0, "ptr"), "%lo", size)
    target = w.move(w.word(1, "ptr"), w.mul("%lo", str(rows)), size)
    extent = w.sub("%hi", "%lo")

    def strip(first: str, count: int) -> None:
        line = w.move(source, w.mul(first, str(step)), size)
        lines = [w.move(line, str(i * step), size) for i in range(count)]
        mask = fixed_mask(count, lanes) if count < lanes else ""
        packing.turn(lines, w.move(target, first, size), rows, extent, mask)

    whole = rows // lanes * lanes
    if whole:
        w.loop("0", str(whole), str(lanes), lambda first: strip(first, lanes))
    if whole < rows:
        strip(str(whole), rows - whole)
    w.do("ret void")
    return "\n".join([VECTORISED, *sorted(memory.declared), HEAD, w.text(), "}", ""])
