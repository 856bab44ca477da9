"""Loop nests as LLVM IR.

In flow a `Nest`; out flow a kernel's text and what its words are. Leading sizes are
words, never constants, so the text of a nest is the same for every batch size. Inner
loops are left to LLVM's vectoriser; accumulators lie in memory that its passes turn
into registers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from rillet.backends.native import host
from rillet.backends.native.calls import STATUS, UNIT, Kernel, KernelCall
from rillet.backends.native.halves_ir import narrowed, widened
from rillet.backends.native.nests import Nest
from rillet.ops.expressions import FLOATS, HALVES, Expr, Index, Opaque, Parted, Var
from rillet.ops.lowering import Buffer, Fold

_LLVM = {
    "bool": "i1", "int8": "i8", "uint8": "i8", "int16": "i16", "uint16": "i16",
    "int32": "i32", "uint32": "i32", "int64": "i64", "uint64": "i64",
    "float32": "float", "float64": "double", "float16": "half", "bfloat16": "bfloat",
}  # fmt: skip
_BYTES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4,
    "uint32": 4, "int64": 8, "uint64": 8, "float32": 4, "float64": 8, "float16": 2,
    "bfloat16": 2,
}  # fmt: skip
_SHORT = {"float32": "f32", "float64": "f64"}
_TILE = 64
_FEW = 16
#: Inner loops shorter than this, and no multiple of a vector, run under masks.
_MASKED = 256
_LANES = 16
#: Distances below this stand in code; others are words, so that all parts of a tensor
#: are copied by one kernel.
_NEAR = 16


def memory_type(type: str) -> str:
    """LLVM's name of a type in memory."""
    if type == "bool":
        return "i8"
    return "i16" if _by_bits(type) else _LLVM[type]


def _by_bits(type: str) -> bool:
    """Whether half floats of a type are converted without LLVM's instructions."""
    return type == "bfloat16" or (type == "float16" and not host.converts_halves())


def llvm_type(type: str) -> str:
    """LLVM's name of a type in registers."""
    return _LLVM[type]


def item_bytes(type: str) -> int:
    """How many bytes an element takes."""
    return _BYTES[type]


def literal(value: Any, type: str) -> str:
    """A number in LLVM's spelling."""
    if type == "bool":
        return "true" if value else "false"
    if type in FLOATS:
        number = float(value)
        if type == "float32" and math.isfinite(number):
            try:
                number = struct.unpack("f", struct.pack("f", number))[0]
            except OverflowError:
                number = math.copysign(math.inf, number)
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    bits = _BYTES[type] * 8
    number = int(value) & ((1 << bits) - 1)
    if number >= 1 << (bits - 1):
        number -= 1 << bits
    return str(number)


def generated(nest: Nest) -> KernelCall:
    """The code of a nest."""
    return Printer(nest).generated()


def outer_extent(nest: Nest) -> int:
    """How far the outer counter of a nest runs."""
    return nest.domain[0].extent if nest.domain else 1


class Printer:
    """Prints one nest."""

    def __init__(self, nest: Nest) -> None:
        self._nest = nest
        self._lines: list[str] = []
        self._count = 0
        self._loops = 0
        self._scopes: list[dict[Any, str]] = [{}]
        self._vars: dict[Any, str] = {}
        self._buffers: dict[int, tuple[Buffer, str]] = {}
        self._numbers: list[tuple[int, str, str]] = []
        self._declared: dict[str, str] = {}
        self._metadata: list[str] = []
        self._accs: dict[Any, str] = {}
        self._entry: list[str] = []
        self._fails = False

    # Small things

    def _new(self, line: str) -> str:
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {line}")
        return name

    def _shared(self, key: Any, line: str) -> str:
        """The value of a line; one that is there already is used again."""
        for scope in self._scopes:
            if key in scope:
                return scope[key]
        name = self._scopes[-1][key] = self._new(line)
        return name

    def _pointer(self, buffer: Buffer) -> str:
        found = self._buffers.get(id(buffer))
        if found is None:
            found = self._buffers[id(buffer)] = (buffer, f"%p{len(self._buffers)}")
        return found[1]

    def _number(self, value: int, what: str = "size") -> str:
        """A word; sizes and distances stay apart, lest code depend on equal ones."""
        for known, name, use in self._numbers:
            if (known, use) == (value, what):
                return name
        name = f"%n{len(self._numbers)}"
        self._numbers.append((value, name, what))
        return name

    def _alloca(self, type: str, count: int = 1) -> str:
        self._count += 1
        name = f"%s{self._count}"
        size = f", i64 {count}" if count > 1 else ""
        self._entry.append(f"  {name} = alloca {type}{size}, align 64")
        return name

    def _intrinsic(self, name: str, result: str, arguments: list[str]) -> str:
        self._declared[name] = f"declare {result} @{name}({', '.join(arguments)})"
        return name

    # Loops

    def _loop(
        self,
        start: str,
        stop: str,
        body: Callable[[str], None],
        step: int = 1,
        hint: str = "",
    ) -> None:
        """``for i in range(start, stop, step): body(i)``."""
        self._loops += 1
        at = f"L{self._loops}"
        before = f"{at}.before"
        self._lines.append(f"  br label %{before}")
        self._lines.append(f"{before}:")
        enter = self._new(f"icmp slt i64 {start}, {stop}")
        self._lines.append(f"  br i1 {enter}, label %{at}, label %{at}.end")
        self._lines.append(f"{at}:")
        counter, following = f"%{at}.i", f"%{at}.next"
        self._lines.append(
            f"  {counter} = phi i64 [ {start}, %{before} ],"
            f" [ {following}, %{at}.latch ]"
        )
        self._scopes.append({})
        body(counter)
        self._scopes.pop()
        self._lines.append(f"  br label %{at}.latch")
        self._lines.append(f"{at}.latch:")
        self._lines.append(f"  {following} = add nuw nsw i64 {counter}, {step}")
        again = self._new(f"icmp slt i64 {following}, {stop}")
        meta = f", !llvm.loop !{self._loop_metadata(hint)}" if hint else ""
        self._lines.append(f"  br i1 {again}, label %{at}, label %{at}.end{meta}")
        self._lines.append(f"{at}.end:")

    def _loop_metadata(self, hint: str) -> int:
        at = len(self._metadata)
        parts = [f"!{at}"]
        self._metadata.append("")
        if hint == "masked":
            parts.append(f"!{len(self._metadata)}")
            self._metadata.append('!{!"llvm.loop.vectorize.predicate.enable", i1 true}')
        self._metadata[at] = f"distinct !{{{', '.join(parts)}}}"
        return at

    # Expressions

    def _index(self, index: Index) -> str:
        parts = []
        for atom, c in index.terms.items():
            value = self._atom(atom)
            if c != 1:
                value = self._shared(("mul", value, c), f"mul nsw i64 {value}, {c}")
            parts.append(value)
        parts.sort()
        out = parts[0] if parts else str(index.const)
        for part in parts[1:]:
            out = self._shared(("add", out, part), f"add nsw i64 {out}, {part}")
        if parts and index.const:
            more = str(index.const)
            if abs(index.const) >= _NEAR:
                more = self._number(index.const, "distance")
            out = self._shared(("add", out, more), f"add nsw i64 {out}, {more}")
        return out

    def _atom(self, atom: Any) -> str:
        if isinstance(atom, Var):
            return self._vars[atom]
        if isinstance(atom, Opaque):
            return self._value(atom.expr)
        assert isinstance(atom, Parted)
        inner = self._index(atom.index)
        kind = "udiv" if atom.quotient else "urem"
        if atom.index.bottom() is None or (atom.index.bottom() or 0) < 0:
            raise ValueError("a position below zero is divided")
        return self._shared((kind, inner, atom.by), f"{kind} i64 {inner}, {atom.by}")

    def _address(self, buffer: Buffer, index: Index) -> str:
        at = self._index(index)
        pointer = self._pointer(buffer)
        kind = memory_type(buffer.type)
        line = f"getelementptr inbounds {kind}, ptr {pointer}, i64 {at}"
        return self._shared(("gep", pointer, at), line)

    def _load(self, buffer: Buffer, index: Index) -> str:
        address = self._address(buffer, index)
        type = buffer.type
        size = _BYTES[type]
        loaded = self._shared(
            ("load", address), f"load {memory_type(type)}, ptr {address}, align {size}"
        )
        if type == "bool":
            return self._shared(("truth", loaded), f"icmp ne i8 {loaded}, 0")
        if _by_bits(type):
            key = ("wide", loaded)
            known = [scope[key] for scope in self._scopes if key in scope]
            if not known:
                known = [widened(self._new, loaded, type)]
                self._scopes[-1][key] = known[0]
            return known[0]
        if type in HALVES:
            return self._shared(
                ("wide", loaded), f"fpext {_LLVM[type]} {loaded} to float"
            )
        return loaded

    def _store(self, buffer: Buffer, index: Index, value: str, type: str) -> None:
        address = self._address(buffer, index)
        if buffer.type == "bool":
            value = self._new(f"zext i1 {value} to i8")
        elif _by_bits(buffer.type):
            value = narrowed(self._new, value, buffer.type)
        elif buffer.type in HALVES:
            value = self._new(f"fptrunc float {value} to {_LLVM[buffer.type]}")
        kind, size = memory_type(buffer.type), _BYTES[buffer.type]
        self._lines.append(f"  store {kind} {value}, ptr {address}, align {size}")

    def _value(self, root: Expr) -> str:
        found: dict[int, str] = {}
        stack: list[tuple[Expr, bool]] = [(root, False)]
        while stack:
            expr, done = stack.pop()
            if id(expr) in found:
                continue
            if not done:
                stack.append((expr, True))
                stack.extend([(x, False) for x in expr.operands()])
                continue
            args = [found[id(x)] for x in expr.operands()]
            found[id(expr)] = self._one(expr, args)
        return found[id(root)]

    def _one(self, expr: Expr, args: list[str]) -> str:
        kind, type = expr.kind, expr.type
        if kind == "const":
            return literal(expr.args[0], type)
        if kind == "index":
            return self._index(expr.args[0])
        if kind == "number":
            return self._number(expr.args[0])
        if kind == "load":
            return self._load(*expr.args)
        if kind == "step":
            return "%step"
        if kind in ("folded", "acc"):
            where = self._accs[(id(expr.args[0].accs), expr.args[1])]
            return self._new(f"load {_LLVM[type]}, ptr {where}")
        if kind == "checked":
            self._note(args[1])
            return args[0]
        key = (kind, type, *args, *[x.type for x in expr.operands()])
        return self._shared(key, self._line(expr, args))

    def _note(self, ok: str) -> None:
        self._fails = True
        old = self._new("load i8, ptr %failed")
        wrong = self._new(f"xor i1 {ok}, true")
        wide = self._new(f"zext i1 {wrong} to i8")
        either = self._new(f"or i8 {old}, {wide}")
        self._lines.append(f"  store i8 {either}, ptr %failed")

    def _line(self, expr: Expr, args: list[str]) -> str:
        kind = expr.kind
        of = expr.operands()[0].type
        t = _LLVM[of]
        if kind == "cast":
            return self._cast(args[0], of, expr.type)
        if kind == "bitcast":
            if of == expr.type or _LLVM[of] == _LLVM[expr.type]:
                return f"or {t} {args[0]}, 0" if of not in FLOATS else _same(t, args[0])
            return f"bitcast {t} {args[0]} to {_LLVM[expr.type]}"
        if kind == "select":
            r = _LLVM[expr.type]
            return f"select i1 {args[0]}, {r} {args[1]}, {r} {args[2]}"
        if kind in _COMPARISONS:
            return f"{_comparison(kind, of)} {t} {args[0]}, {args[1]}"
        if kind in _INTRINSICS or (kind == "abs" and of in FLOATS):
            name = self._intrinsic(
                f"llvm.{_intrinsic_name(kind, of)}.{_SHORT.get(of, t)}",
                t,
                [t] * len(args),
            )
            return f"call {t} @{name}({', '.join(f'{t} {a}' for a in args)})"
        if kind == "abs" and of not in FLOATS:
            if of.startswith("u") or of == "bool":
                return f"or {t} {args[0]}, 0"
            name = self._intrinsic(f"llvm.abs.{t}", t, [t, "i1"])
            return f"call {t} @{name}({t} {args[0]}, i1 false)"
        if kind == "neg":
            return f"fneg {t} {args[0]}" if of in FLOATS else f"sub {t} 0, {args[0]}"
        if kind == "not":
            return f"xor {t} {args[0]}, {'true' if of == 'bool' else '-1'}"
        return f"{_arithmetic(kind, of)} {t} {args[0]}, {args[1]}"

    def _cast(self, value: str, of: str, to: str) -> str:
        a, z = _LLVM[of], _LLVM[to]
        if to == "bool":
            if of in FLOATS:
                return f"fcmp une {a} {value}, {literal(0, of)}"
            return f"icmp ne {a} {value}, 0"
        if of == "bool":
            if to in FLOATS:
                return f"select i1 {value}, {z} {literal(1, to)}, {z} {literal(0, to)}"
            return f"zext i1 {value} to {z}"
        if of in FLOATS and to in FLOATS:
            return f"{'fpext' if to == 'float64' else 'fptrunc'} {a} {value} to {z}"
        unsigned = (of if of not in FLOATS else to).startswith("u")
        if of in FLOATS:
            kind = "fptoui" if unsigned else "fptosi"
            name = self._intrinsic(f"llvm.{kind}.sat.{z}.{_SHORT[of]}", z, [a])
            return f"call {z} @{name}({a} {value})"
        if to in FLOATS:
            return f"{'uitofp' if unsigned else 'sitofp'} {a} {value} to {z}"
        if _BYTES[of] == _BYTES[to]:
            return f"or {z} {value}, 0"
        if _BYTES[of] > _BYTES[to]:
            return f"trunc {a} {value} to {z}"
        return f"{'zext' if of.startswith('u') else 'sext'} {a} {value} to {z}"

    # The nest

    def generated(self) -> KernelCall:
        """The nest's text and words."""
        nest = self._nest
        columns = _by_columns(nest)
        if not nest.domain:
            self._loop("%lo", "%hi", lambda _: self._body())
        elif columns:
            self._dims(list(nest.domain), True)
        else:
            self._dims(list(nest.domain), False)
        return self._finished()

    def _dims(self, dims: list[Var], columns: bool) -> None:
        """Loops over the counters left, then the body."""
        if not dims:
            self._body()
            return
        var, rest = dims[0], dims[1:]
        outer = var is self._nest.domain[0]
        start, stop = ("%start", "%stop") if outer else ("0", str(var.extent))
        if columns and not rest:
            self._tiles(var, start, stop)
            return
        hint = ""
        if not rest and not self._nest.folds():
            hint = "inner"
            if not outer and var.extent < _MASKED and var.extent % _LANES:
                hint = "masked" if var.extent > 4 else "plain"

        def body(counter: str) -> None:
            self._vars[var] = counter
            self._dims(rest, columns)

        self._loop(start, stop, body, hint=hint)

    def _body(self) -> None:
        for fold in self._nest.folds():
            self._fold(fold)
        self._write()

    def _write(self) -> None:
        values = [(s, self._value(s.expr)) for s in self._nest.stores]
        for store, value in values:
            self._store(store.buffer, store.index, value, store.expr.type)

    def _fold(self, fold: Fold) -> None:
        slots = []
        for k, init in enumerate(fold.inits):
            slot = self._alloca(_LLVM[init.type])
            self._accs[(id(fold.accs), k)] = slot
            slots.append(slot)
        for slot, init in zip(slots, fold.inits, strict=True):
            value = self._value(init)
            self._lines.append(f"  store {_LLVM[init.type]} {value}, ptr {slot}")

        def gather() -> None:
            values = [self._value(x) for x in fold.updates]
            for slot, x, value in zip(slots, fold.updates, values, strict=True):
                self._gather(fold.how, slot, x.type, value)

        self._fold_loops(fold, 0, gather, True)

    def _gather(self, how: str, slot: str, type: str, value: str) -> None:
        t = _LLVM[type]
        if how != "other":
            old = self._new(f"load {t}, ptr {slot}")
            value = self._new(self._combined(how, type, old, value))
        self._lines.append(f"  store {t} {value}, ptr {slot}")

    def _combined(self, how: str, type: str, old: str, value: str) -> str:
        t = _LLVM[type]
        if how in ("sum", "product"):
            if type in FLOATS:
                kind = "fadd" if how == "sum" else "fmul"
                return f"{kind} reassoc contract {t} {old}, {value}"
            return f"{'add' if how == 'sum' else 'mul'} {t} {old}, {value}"
        if how in ("and", "or"):
            return f"{how} {t} {old}, {value}"
        name = f"llvm.{_intrinsic_name(how, type)}.{_SHORT.get(type, t)}"
        self._intrinsic(name, t, [t, t])
        # To order zeros of either sign takes longer than all the rest.
        flags = "nsz " if type in FLOATS else ""
        return f"call {flags}{t} @{name}({t} {old}, {t} {value})"

    def _fold_loops(
        self, fold: Fold, at: int, body: Callable[[], None], vector: bool
    ) -> None:
        if at == len(fold.vars):
            body()
            return
        var = fold.vars[at]
        start, stop = "0", str(var.extent)
        if at == 0 and fold.first is not None:
            start, stop = self._value(fold.first[0]), self._value(fold.first[1])
        elif var.leading:
            stop = self._number(var.extent)
        hint = ""
        if vector and at == len(fold.vars) - 1:
            small = not var.leading and var.extent < _MASKED and var.extent % _LANES
            hint = "masked" if small and var.extent > 4 else "inner"
            if small and var.extent <= 4 or fold.how == "other":
                hint = "plain"

        def turn(counter: str) -> None:
            self._vars[var] = counter
            self._fold_loops(fold, at + 1, body, vector)

        self._loop(start, stop, turn, hint=hint)

    def _tiles(self, var: Var, start: str, stop: str) -> None:
        """Folds of many columns at once: accumulators of a tile lie side by side."""
        (fold,) = self._nest.folds()
        slots = [self._alloca(_LLVM[x.type], _TILE) for x in fold.inits]
        plain = all(x.kind == "load" for x in fold.updates)
        if plain and stop.isdigit() and int(stop) <= _FEW:
            # So few that accumulators stay in registers, one by one.
            self._tile(fold, slots, var, "0", stop)
            return

        def tile(first: str) -> None:
            left = self._new(f"sub nsw i64 {stop}, {first}")
            name = self._intrinsic("llvm.smin.i64", "i64", ["i64", "i64"])
            count = self._new(f"call i64 @{name}(i64 {left}, i64 {_TILE})")
            whole = self._new(f"icmp eq i64 {count}, {_TILE}")
            self._loops += 1
            at = f"T{self._loops}"
            self._lines.append(f"  br i1 {whole}, label %{at}.w, label %{at}.p")
            self._lines.append(f"{at}.w:")
            self._tile(fold, slots, var, first, str(_TILE))
            self._lines.append(f"  br label %{at}.end")
            self._lines.append(f"{at}.p:")
            self._tile(fold, slots, var, first, count)
            self._lines.append(f"  br label %{at}.end")
            self._lines.append(f"{at}.end:")

        self._loop(start, stop, tile, step=_TILE)

    def _tile(
        self, fold: Fold, slots: list[str], var: Var, first: str, count: str
    ) -> None:
        self._scopes.append({})

        def each(body: Callable[[list[str]], None]) -> None:
            def turn(j: str) -> None:
                self._vars[var] = self._new(f"add nsw i64 {first}, {j}")
                mine = [
                    self._new(
                        f"getelementptr inbounds {_LLVM[x.type]}, ptr {s}, i64 {j}"
                    )
                    for s, x in zip(slots, fold.inits, strict=True)
                ]
                for k, place in enumerate(mine):
                    self._accs[(id(fold.accs), k)] = place
                body(mine)

            if count.isdigit() and int(count) <= _FEW:
                for j in range(int(count)):
                    self._scopes.append({})
                    turn(str(j))
                    self._scopes.pop()
            else:
                self._loop("0", count, turn, hint="inner")

        def start(mine: list[str]) -> None:
            for place, init in zip(mine, fold.inits, strict=True):
                value = self._value(init)
                self._lines.append(f"  store {_LLVM[init.type]} {value}, ptr {place}")

        def gather(mine: list[str]) -> None:
            values = [self._value(x) for x in fold.updates]
            for place, x, value in zip(mine, fold.updates, values, strict=True):
                self._gather(fold.how, place, x.type, value)

        each(start)
        self._fold_loops(fold, 0, lambda: each(gather), False)
        each(lambda mine: self._write())
        self._scopes.pop()

    # The function

    def _finished(self) -> KernelCall:
        words: list[Any] = [buffer for buffer, _ in self._buffers.values()]
        params = [f"ptr noalias {name}" for _, name in self._buffers.values()]
        passed = [f"ptr %a{k}" for k in range(len(words))]
        loads = [self._word(k, "ptr") for k in range(len(words))]
        for value, name, _ in self._numbers:
            loads.append(self._word(len(words), "i64"))
            params.append(f"i64 {name}")
            passed.append(f"i64 %a{len(words)}")
            words.append(value)
        unit = len(words)
        words.append(UNIT)
        loads.append(self._word(unit, "i64"))
        loads.append(f"  %start = mul nsw i64 %lo, %a{unit}")
        loads.append(f"  %stop = mul nsw i64 %hi, %a{unit}")
        if not self._nest.domain:
            loads[-2:] = ["  %start = add i64 %lo, 0", "  %stop = add i64 %hi, 0"]
        after = []
        entry = list(self._entry)
        if self._fails:
            loads.append(self._word(len(words), "ptr"))
            params.append("ptr %status")
            passed.append(f"ptr %a{len(words)}")
            words.append(STATUS)
            entry += ["  %failed = alloca i8", "  store i8 0, ptr %failed"]
            after = [
                "  %bad = load i8, ptr %failed",
                "  %any = icmp ne i8 %bad, 0",
                "  br i1 %any, label %note, label %leave",
                "note:",
                "  store atomic i64 1, ptr %status monotonic, align 8",
                "  br label %leave",
                "leave:",
            ]
        body = "\n".join(self._lines)
        if not self._nest.domain:
            body = body.replace("%lo", "%start").replace("%hi", "%stop")
        text = "\n".join(
            [
                *self._declared.values(),
                "define internal void @kernel.body(i64 %start, i64 %stop, i64 %step"
                f"{''.join(', ' + p for p in params)}) noinline nounwind {{",
                "entry:",
                *entry,
                body,
                *after,
                "  ret void",
                "}",
                "define void @kernel(ptr noalias %args, i64 %lo, i64 %hi, i64 %block,"
                " i64 %step, ptr %scratch) nounwind {",
                *loads,
                "  call void @kernel.body(i64 %start, i64 %stop, i64 %step"
                f"{''.join(', ' + p for p in passed)})",
                "  ret void",
                "}",
                *[f"!{k} = {line}" for k, line in enumerate(self._metadata)],
            ]
        )
        label = "".join(c if c.isalnum() else "_" for c in self._nest.label) or "nest"
        aligned = aligned_buffers(self._nest)
        return KernelCall(
            Kernel(label[:60], text),
            words,
            outer_extent(self._nest),
            [s.buffer for s in self._nest.stores],
            [key for key, good in aligned.items() if good],
            estimated_work(self._nest),
            rigid=not self._nest.domain,
            fails=self._fails,
            label=self._nest.label,
        )

    @staticmethod
    def _word(k: int, type: str) -> str:
        return (
            f"  %w{k} = getelementptr i64, ptr %args, i64 {k}\n"
            f"  %a{k} = load {type}, ptr %w{k}, align 8"
        )


def _same(t: str, value: str) -> str:
    return f"select i1 true, {t} {value}, {t} {value}"


#: Expressions that cost nothing once a loop is compiled, or are counted apart.
_FREE = frozenset(["const", "index", "load", "number", "step"])
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
_INTRINSICS = (
    "maximum", "minimum", "fma", "copysign", "sqrt", "floor", "ceil", "trunc", "rint",
    "popcount",
)  # fmt: skip


def _intrinsic_name(kind: str, type: str) -> str:
    if kind in ("maximum", "minimum"):
        if type in FLOATS:
            return kind
        return ("u" if type.startswith("u") or type == "bool" else "s") + kind[:3]
    # `fmuladd` is one operation where the processor has it; `fma` calls C where not.
    names = {"popcount": "ctpop", "rint": "roundeven", "abs": "fabs", "fma": "fmuladd"}
    return names.get(kind, kind)


def _comparison(kind: str, type: str) -> str:
    if type in FLOATS:
        return "fcmp " + ("une" if kind == "ne" else "o" + kind)
    if kind in ("eq", "ne"):
        return "icmp " + kind
    return "icmp " + ("u" if type.startswith("u") or type == "bool" else "s") + kind


def _arithmetic(kind: str, type: str) -> str:
    if type in FLOATS:
        return {
            "add": "fadd contract", "sub": "fsub contract", "mul": "fmul contract",
            "div": "fdiv", "remainder": "frem",
        }[kind]  # fmt: skip
    unsigned = type.startswith("u") or type == "bool"
    return {
        "add": "add", "sub": "sub", "mul": "mul", "and": "and", "or": "or",
        "xor": "xor", "shl": "shl", "shr": "lshr" if unsigned else "ashr",
        "quotient": "udiv" if unsigned else "sdiv",
        "remainder": "urem" if unsigned else "srem",
    }[kind]  # fmt: skip


def _by_columns(nest: Nest) -> bool:
    """Whether a fold runs across rows, so that columns should lie side by side."""
    folds = nest.folds()
    if len(folds) != 1 or not nest.domain or not folds[0].vars:
        return False
    last, inner = nest.domain[-1], folds[0].vars[-1]
    along = across = 0
    for _, index in nest.reads():
        if index.terms.get(last) == 1:
            across += 1
        if index.terms.get(inner) == 1:
            along += 1
    extent = last.extent
    return across > along and extent >= 4


def aligned_buffers(nest: Nest) -> dict[int, bool]:
    """For each buffer whether turn v touches the v-th part of it and no other."""
    out: dict[int, bool] = {}
    outer = nest.domain[0] if nest.domain else None
    uses = [(s.buffer, s.index) for s in nest.stores] + nest.reads()
    for buffer, index in uses:
        good = outer is not None and _own_part(index, outer, buffer.size)
        out[id(buffer)] = out.get(id(buffer), True) and good
    return out


def _own_part(index: Index, outer: Var, size: int) -> bool:
    if size % outer.extent:
        return False
    part = size // outer.extent
    if index.terms.get(outer, 0) != part:
        return False
    rest = Index({a: c for a, c in index.terms.items() if a is not outer}, index.const)
    low, high = rest.bottom(), rest.top()
    return low is not None and high is not None and low >= 0 and high < part


def estimated_work(nest: Nest) -> float:
    """Nanoseconds that a turn of the outer counter takes, roughly."""
    turns = rows = 1.0
    for var in nest.domain[1:]:
        rows = turns
        turns *= var.extent
    loops = 1.0
    for fold in nest.folds():
        count = 1.0
        for var in fold.vars:
            count *= var.extent
        loops = max(loops, count)
    nodes = wide = 0
    for expr in nest.expressions():
        if expr.kind not in _FREE:
            nodes += 1
            wide += expr.type.endswith("64")
    each = 0.01 * (nodes + wide) + 0.03 * len(nest.reads()) ** 0.5
    each += 0.01 * len(nest.stores)
    return turns * loops * each + (rows * 4.0 if len(nest.domain) > 1 else 0.0)
