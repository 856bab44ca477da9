"""The LLVM IR of the narrow products, and the compiler that makes code of it.

In flow a vector width and group sizes; out flow addresses of native functions. The
caller is `narrow`; nothing is written to disk.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Any, Final

from llvmlite import binding as llvm
from llvmlite import ir

_INDEX: Final = ir.IntType(64)
_FUSED: Final = ("contract",)


def compiler() -> tuple[Callable[[str, Sequence[str]], list[int]], int, int]:
    """Returns a compiler for this processor, its vector width in bytes and registers.

    The compiler takes IR and names of functions and returns their addresses; the code
    lives as long as the compiler.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3
    )
    engine = llvm.create_lljit_compiler(machine)
    kept: list[Any] = [engine]

    def compile_ir(source: str, names: Sequence[str]) -> list[int]:
        builder = llvm.JITLibraryBuilder().add_ir(source)
        for name in names:
            builder = builder.export_symbol(name)
        library = builder.link(engine, names[0])
        kept.append(library)
        return [library[name] for name in names]

    if features.get("avx512f"):
        return compile_ir, 64, 32
    if features.get("avx"):
        return compile_ir, 32, 16
    on_arm = platform.machine().lower() in ("aarch64", "arm64")
    return compile_ir, 16, 32 if on_arm else 16


def module(name: str, itemsize: int, lanes: int, vectors: int, group: int) -> str:
    """Returns IR of two functions, `<name>_rows` and `<name>_columns`.

    Both take (large, step, narrow, narrow_step, sums, sums_step, rows, columns):
    addresses of a large matrix in rows of `columns` elements, of narrow rows and of
    rows of sums, each with the elements from a row to the next. Narrow rows are read
    and sums written `lanes * vectors` elements wide, in rising order. `rows` writes
    sums of every large row against all narrow rows; `columns` adds to the sums of every
    large column.

    Args:
      itemsize: 4 for float32, 8 for float64.
      lanes: elements in a vector.
      vectors: vectors in a padded row.
      group: large rows taken together.
    """
    made = ir.Module(name)
    made.triple = llvm.get_default_triple()
    scalar = ir.FloatType() if itemsize == 4 else ir.DoubleType()
    shape = _Shape(scalar, ir.VectorType(scalar, lanes), itemsize, lanes, vectors)
    _define(made, f"{name}_rows", _rows_body, shape, group)
    _define(made, f"{name}_columns", _columns_body, shape, group)
    return str(made)


def _define(made: Any, name: str, body: Any, shape: _Shape, group: int) -> None:
    """Emits a function that does the large rows by groups, then what is left singly."""
    function = ir.Function(made, ir.FunctionType(ir.VoidType(), [_INDEX] * 8), name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    rows = function.args[6]
    size = ir.Constant(_INDEX, group)
    whole = builder.mul(builder.udiv(rows, size), size)
    begin = ir.Constant(_INDEX, 0)
    for start, stop, together in ((begin, whole, group), (whole, rows, 1)):

        def turn(b: Any, row: Any, together: int = together) -> None:
            body(b, function.args, row, together, shape)

        _loop(builder, start, stop, together, turn)
    builder.ret_void()


class _Shape:
    """Types and sizes, and the address arithmetic over them."""

    def __init__(
        self, scalar: Any, vector: Any, itemsize: int, lanes: int, vectors: int
    ) -> None:
        self.scalar = scalar
        self.vector = vector
        self.itemsize = itemsize
        self.lanes = lanes
        self.vectors = vectors

    def at(self, builder: Any, base: Any, index: Any) -> Any:
        """The address of an element, as an integer."""
        return builder.add(base, builder.mul(index, ir.Constant(_INDEX, self.itemsize)))

    def padded(self, builder: Any, base: Any, step: Any, row: Any, vector: int) -> Any:
        """A pointer to a vector of a row."""
        index = builder.add(
            builder.mul(row, step), ir.Constant(_INDEX, vector * self.lanes)
        )
        address = self.at(builder, base, index)
        return builder.inttoptr(address, self.vector.as_pointer())

    def load_row(self, builder: Any, base: Any, step: Any, row: Any) -> list[Any]:
        """The vectors of a row."""
        return [
            builder.load(self.padded(builder, base, step, row, v), align=self.itemsize)
            for v in range(self.vectors)
        ]

    def store_row(
        self, builder: Any, base: Any, step: Any, row: Any, values: list[Any]
    ) -> None:
        """Writes the vectors of a row."""
        for v, value in enumerate(values):
            pointer = self.padded(builder, base, step, row, v)
            builder.store(value, pointer, align=self.itemsize)

    def spread(self, builder: Any, address: Any) -> Any:
        """The element at an address in every lane."""
        pointer = builder.inttoptr(address, self.scalar.as_pointer())
        value = builder.load(pointer, align=self.itemsize)
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return builder.shuffle_vector(first, undefined, zeros)


def _loop(
    builder: Any,
    begin: Any,
    end: Any,
    step: int,
    body: Callable[[Any, Any], None],
) -> None:
    """Emits `for index in range(begin, end, step): body(builder, index)`."""

    def turn(b: Any, index: Any, _: list[Any]) -> list[Any]:
        body(b, index)
        return []

    _carrying_loop(builder, begin, end, step, [], turn)


def _carrying_loop(
    builder: Any,
    begin: Any,
    end: Any,
    step: int,
    carried: list[Any],
    body: Callable[[Any, Any, list[Any]], list[Any]],
) -> list[Any]:
    """The same with values that each turn takes from the one before."""
    before = builder.block
    head = builder.append_basic_block("head")
    inside = builder.append_basic_block("inside")
    after = builder.append_basic_block("after")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(_INDEX)
    index.add_incoming(begin, before)
    values = [builder.phi(value.type) for value in carried]
    for phi, value in zip(values, carried, strict=True):
        phi.add_incoming(value, before)
    builder.cbranch(builder.icmp_signed("<", index, end), inside, after)
    builder.position_at_end(inside)
    results = body(builder, index, values)
    index.add_incoming(builder.add(index, ir.Constant(_INDEX, step)), builder.block)
    for phi, result in zip(values, results, strict=True):
        phi.add_incoming(result, builder.block)
    builder.branch(head)
    builder.position_at_end(after)
    return values


def _large_rows(
    builder: Any, shape: _Shape, large: Any, step: Any, first: Any, group: int
) -> list[Any]:
    """The addresses of a group of rows."""
    rows = [builder.add(first, ir.Constant(_INDEX, i)) for i in range(group)]
    return [shape.at(builder, large, builder.mul(row, step)) for row in rows]


def _rows_body(
    builder: Any, arguments: Any, first: Any, group: int, shape: _Shape
) -> None:
    """`sums[row] = sum over k of large[row, k] * narrow[k]` for a group of rows."""
    large, step, narrow, narrow_step, sums, sums_step, _, columns = arguments
    rows = _large_rows(builder, shape, large, step, first, group)
    zero = ir.Constant(shape.vector, None)

    def turn(b: Any, k: Any, carried: list[Any]) -> list[Any]:
        row = shape.load_row(b, narrow, narrow_step, k)
        results = []
        for i, base in enumerate(rows):
            factor = shape.spread(b, shape.at(b, base, k))
            for v in range(shape.vectors):
                term = b.fmul(factor, row[v], flags=_FUSED)
                before = carried[i * shape.vectors + v]
                results.append(b.fadd(before, term, flags=_FUSED))
        return results

    start = [zero] * (group * shape.vectors)
    begin = ir.Constant(_INDEX, 0)
    totals = _carrying_loop(builder, begin, columns, 1, start, turn)
    for i in range(group):
        row = builder.add(first, ir.Constant(_INDEX, i))
        part = totals[i * shape.vectors : (i + 1) * shape.vectors]
        shape.store_row(builder, sums, sums_step, row, part)


def _columns_body(
    builder: Any, arguments: Any, first: Any, group: int, shape: _Shape
) -> None:
    """`sums[k] += sum over rows of large[row, k] * narrow[row]` for a group of rows."""
    large, step, narrow, narrow_step, sums, sums_step, _, columns = arguments
    rows = _large_rows(builder, shape, large, step, first, group)
    numbers = [builder.add(first, ir.Constant(_INDEX, i)) for i in range(group)]
    held = [shape.load_row(builder, narrow, narrow_step, row) for row in numbers]

    def turn(b: Any, k: Any) -> None:
        totals = shape.load_row(b, sums, sums_step, k)
        for base, row in zip(rows, held, strict=True):
            factor = shape.spread(b, shape.at(b, base, k))
            for v in range(shape.vectors):
                term = b.fmul(factor, row[v], flags=_FUSED)
                totals[v] = b.fadd(totals[v], term, flags=_FUSED)
        shape.store_row(b, sums, sums_step, k, totals)

    _loop(builder, ir.Constant(_INDEX, 0), columns, 1, turn)
