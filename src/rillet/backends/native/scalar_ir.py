"""Expressions as LLVM IR: one value a line, equal lines once.

In flow expressions and the counters they stand in; out flow names of values, and the
lines that compute them. `codegen` puts loops around them.
"""

from __future__ import annotations

from typing import Any

from rillet.backends.native.element_types import (
    BYTES,
    LLVM,
    SHORT,
    by_bits,
    literal,
    memory_type,
)
from rillet.backends.native.halves_ir import narrowed, widened
from rillet.backends.native.sizes import same, varies
from rillet.ops.expressions import FLOATS, HALVES, Expr
from rillet.ops.indices import Index, Opaque, Parted, Var
from rillet.ops.lowering import Buffer

#: Distances below this stand in code; others are words, so that all parts of a tensor
#: are copied by one kernel.
_NEAR = 16


class Unwritable(ValueError):
    """No code can be written for an expression; the program runs on the host."""


class ScalarPrinter:
    """Prints expressions; what loops and folds know of is in its tables."""

    def __init__(self) -> None:
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
        #: Counters at which something steps back by more than one element.
        self._backward: list[str] = []

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
            if use == what and same(known, value):
                return name
        name = f"%n{len(self._numbers)}"
        self._numbers.append((value, name, what))
        return name

    def _stop(self, var: Var) -> str:
        """Where a counter ends: a word where code must not depend on it."""
        if var.leading or varies(var.extent):
            return self._number(var.extent)
        return str(var.extent)

    def _alloca(self, type: str, count: int = 1) -> str:
        self._count += 1
        name = f"%s{self._count}"
        size = f", i64 {count}" if count > 1 else ""
        self._entry.append(f"  {name} = alloca {type}{size}, align 64")
        return name

    def _intrinsic(self, name: str, result: str, arguments: list[str]) -> str:
        self._declared[name] = f"declare {result} @{name}({', '.join(arguments)})"
        return name

    def _index(self, index: Index) -> str:
        parts = []
        for atom, c in index.terms.items():
            value = self._atom(atom)
            if not varies(c) and c < -1:
                self._backward.append(value)
            if varies(c) or c != 1:
                by = self._number(c, "distance") if varies(c) else str(c)
                value = self._shared(("mul", value, by), f"mul nsw i64 {value}, {by}")
            parts.append(value)
        parts.sort()
        apart = varies(index.const)
        if not parts and apart:
            return self._number(index.const, "distance")
        out = parts[0] if parts else str(index.const)
        for part in parts[1:]:
            out = self._shared(("add", out, part), f"add nsw i64 {out}, {part}")
        if parts and (apart or index.const):
            if apart or abs(index.const) >= _NEAR:
                more = self._number(index.const, "distance")
            else:
                more = str(index.const)
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
            raise Unwritable("a position below zero is divided")
        by = self._number(atom.by) if varies(atom.by) else str(atom.by)
        return self._shared((kind, inner, by), f"{kind} i64 {inner}, {by}")

    def _address(self, buffer: Buffer, index: Index) -> str:
        at = self._index(index)
        pointer = self._pointer(buffer)
        kind = memory_type(buffer.type)
        line = f"getelementptr inbounds {kind}, ptr {pointer}, i64 {at}"
        return self._shared(("gep", pointer, at), line)

    def _load(self, buffer: Buffer, index: Index) -> str:
        address = self._address(buffer, index)
        type = buffer.type
        size = BYTES[type]
        loaded = self._shared(
            ("load", address), f"load {memory_type(type)}, ptr {address}, align {size}"
        )
        if type == "bool":
            return self._shared(("truth", loaded), f"icmp ne i8 {loaded}, 0")
        if by_bits(type):
            key = ("wide", loaded)
            known = [scope[key] for scope in self._scopes if key in scope]
            if not known:
                known = [widened(self._new, loaded, type)]
                self._scopes[-1][key] = known[0]
            return known[0]
        if type in HALVES:
            return self._shared(
                ("wide", loaded), f"fpext {LLVM[type]} {loaded} to float"
            )
        return loaded

    def _store(self, buffer: Buffer, index: Index, value: str, type: str) -> None:
        address = self._address(buffer, index)
        if buffer.type == "bool":
            value = self._new(f"zext i1 {value} to i8")
        elif by_bits(buffer.type):
            value = narrowed(self._new, value, buffer.type)
        elif buffer.type in HALVES:
            value = self._new(f"fptrunc float {value} to {LLVM[buffer.type]}")
        kind, size = memory_type(buffer.type), BYTES[buffer.type]
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
            return self._new(f"load {LLVM[type]}, ptr {where}")
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
        t = LLVM[of]
        if kind == "cast":
            return self._cast(args[0], of, expr.type)
        if kind == "bitcast":
            if of == expr.type or LLVM[of] == LLVM[expr.type]:
                return f"or {t} {args[0]}, 0" if of not in FLOATS else _same(t, args[0])
            return f"bitcast {t} {args[0]} to {LLVM[expr.type]}"
        if kind == "select":
            r = LLVM[expr.type]
            return f"select i1 {args[0]}, {r} {args[1]}, {r} {args[2]}"
        if kind in _COMPARISONS:
            return f"{_comparison(kind, of)} {t} {args[0]}, {args[1]}"
        if kind in _INTRINSICS or (kind == "abs" and of in FLOATS):
            name = self._intrinsic(
                f"llvm.{intrinsic_name(kind, of)}.{SHORT.get(of, t)}",
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
        a, z = LLVM[of], LLVM[to]
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
            name = self._intrinsic(f"llvm.{kind}.sat.{z}.{SHORT[of]}", z, [a])
            return f"call {z} @{name}({a} {value})"
        if to in FLOATS:
            return f"{'uitofp' if unsigned else 'sitofp'} {a} {value} to {z}"
        if BYTES[of] == BYTES[to]:
            return f"or {z} {value}, 0"
        if BYTES[of] > BYTES[to]:
            return f"trunc {a} {value} to {z}"
        return f"{'zext' if of.startswith('u') else 'sext'} {a} {value} to {z}"


def _same(t: str, value: str) -> str:
    return f"select i1 true, {t} {value}, {t} {value}"


_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
_INTRINSICS = (
    "maximum", "minimum", "fma", "copysign", "sqrt", "floor", "ceil", "trunc", "rint",
    "popcount",
)  # fmt: skip


def intrinsic_name(kind: str, type: str) -> str:
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
