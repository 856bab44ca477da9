"""Elements and vectors of a matrix product in memory.

In flows a `Form`; out flow loads, which widen to what sums are, and stores, which
round. Callers are the generators `products_ir` and `products_packing`.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native.products_form import Form
from rillet.backends.native.writer import Writer

_SIZES: Final = {"float": 4, "double": 8, "half": 2, "bfloat": 2}
_SHORT: Final = {"float": "f32", "double": "f64", "half": "f16", "i16": "i16"}


class Memory:
    """Writes loads and stores.

    Attributes:
      form: what is written for.
      w: the text.
      scalar: LLVM's name of the sums' type.
      vector: and of a vector of them.
      size: bytes of an element.
      sum_size: bytes of a sum.
      declared: declarations of the functions that were called.
    """

    def __init__(self, form: Form, writer: Writer) -> None:
        self.form = form
        self.w = writer
        self.half = form.element in ("half", "bfloat")
        self.scalar = "float" if self.half else form.element
        self.size = _SIZES[form.element]
        self.sum_size = _SIZES[self.scalar]
        self.vector = f"<{form.lanes} x {self.scalar}>"
        self.flags = f"<{form.lanes} x i1>"
        self.declared: set[str] = set()

    def scalar_at(self, pointer: str) -> str:
        """An element of a, as sums are."""
        w = self.w
        if self.form.element == "bfloat":
            bits = w.op(f"load i16, ptr {pointer}, align 2")
            wide = w.op(f"zext i16 {bits} to i32")
            return w.op(f"bitcast i32 {w.op(f'shl i32 {wide}, 16')} to float")
        value = w.op(f"load {self.form.element}, ptr {pointer}, align {self.size}")
        if self.form.element == "half":
            return w.op(f"fpext half {value} to float")
        return value

    def spread(self, value: str) -> str:
        w, lanes = self.w, self.form.lanes
        first = w.op(
            f"insertelement {self.vector} poison, {self.scalar} {value}, i64 0"
        )
        return w.op(
            f"shufflevector {self.vector} {first}, {self.vector} poison, "
            f"<{lanes} x i32> zeroinitializer"
        )

    def load_sum(self, pointer: str, mask: str) -> str:
        lanes = self.form.lanes
        return self._load_as(lanes, self.scalar, self.sum_size, pointer, mask)

    def store_sum(self, value: str, pointer: str, mask: str) -> None:
        self._store_as(self.scalar, self.sum_size, value, pointer, mask)

    def load(self, pointer: str, mask: str) -> str:
        """A vector of elements, as sums are."""
        return self.widened(pointer, mask, self.form.lanes)

    def widened(self, pointer: str, mask: str, lanes: int) -> str:
        w = self.w
        if not self.half:
            return self._load_as(lanes, self.scalar, self.sum_size, pointer, mask)
        vector = f"<{lanes} x float>"
        if self.form.element == "half":
            value = self._load_as(lanes, "half", 2, pointer, mask)
            return w.op(f"fpext <{lanes} x half> {value} to {vector}")
        bits = self._load_as(lanes, "i16", 2, pointer, mask)
        wide = w.op(f"zext <{lanes} x i16> {bits} to <{lanes} x i32>")
        upper = w.op(f"shl <{lanes} x i32> {wide}, {self._all(16)}")
        return w.op(f"bitcast <{lanes} x i32> {upper} to {vector}")

    def store(self, value: str, pointer: str, mask: str) -> None:
        """Rounds sums to elements and stores them."""
        w, lanes = self.w, self.form.lanes
        if not self.half:
            self.store_sum(value, pointer, mask)
        elif self.form.element == "half":
            narrow = w.op(f"fptrunc {self.vector} {value} to <{lanes} x half>")
            self._store_as("half", 2, narrow, pointer, mask)
        else:
            self._store_as("i16", 2, self._bfloat_bits(value), pointer, mask)

    def _bfloat_bits(self, value: str) -> str:
        """The upper halves, rounded to even; a NaN stays one."""
        w, lanes = self.w, self.form.lanes
        whole = f"<{lanes} x i32>"
        bits = w.op(f"bitcast {self.vector} {value} to {whole}")
        upper = w.op(f"lshr {whole} {bits}, {self._all(16)}")
        odd = w.op(f"and {whole} {upper}, {self._all(1)}")
        bias = w.op(f"add {whole} {odd}, {self._all(0x7FFF)}")
        rounded = w.op(f"add {whole} {bits}, {bias}")
        plain = w.op(f"lshr {whole} {rounded}, {self._all(16)}")
        quiet = w.op(f"or {whole} {upper}, {self._all(0x40)}")
        wrong = w.op(f"fcmp uno {self.vector} {value}, zeroinitializer")
        chosen = w.op(f"select {self.flags} {wrong}, {whole} {quiet}, {whole} {plain}")
        return w.op(f"trunc {whole} {chosen} to <{lanes} x i16>")

    def _all(self, number: int) -> str:
        return f"splat (i32 {number})"

    def _load_as(
        self, lanes: int, kind: str, size: int, pointer: str, mask: str
    ) -> str:
        vector = f"<{lanes} x {kind}>"
        if not mask:
            return self.w.op(f"load {vector}, ptr {pointer}, align {size}")
        name = f"@llvm.masked.load.v{lanes}{_SHORT[kind]}.p0"
        self.declared.add(
            f"declare {vector} {name}(ptr, i32 immarg, {self.flags}, {vector})"
        )
        return self.w.op(
            f"call {vector} {name}(ptr {pointer}, i32 {size}, {self.flags} {mask}, "
            f"{vector} zeroinitializer)"
        )

    def _store_as(
        self, kind: str, size: int, value: str, pointer: str, mask: str
    ) -> None:
        lanes = self.form.lanes
        vector = f"<{lanes} x {kind}>"
        if not mask:
            self.w.do(f"store {vector} {value}, ptr {pointer}, align {size}")
            return
        name = f"@llvm.masked.store.v{lanes}{_SHORT[kind]}.p0"
        self.declared.add(
            f"declare void {name}({vector}, ptr, i32 immarg, {self.flags})"
        )
        self.w.do(
            f"call void {name}({vector} {value}, ptr {pointer}, i32 {size}, "
            f"{self.flags} {mask})"
        )
