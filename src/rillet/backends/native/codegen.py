"""Loop nests as LLVM IR.

In flow a `Nest`; out flow a kernel's text and what its words are. Leading sizes are
words, never constants, so the text of a nest is the same for every batch size. Inner
loops are left to LLVM's vectoriser; accumulators lie in memory that its passes turn
into registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.backends.native.calls import STATUS, UNIT, Kernel, KernelCall
from rillet.backends.native.element_types import (
    LLVM,
    SHORT,
)
from rillet.backends.native.estimates import (
    aligned_buffers,
    estimated_work,
    outer_extent,
)
from rillet.backends.native.nests import Nest
from rillet.backends.native.scalar_ir import ScalarPrinter, intrinsic_name
from rillet.backends.native.sizes import varies
from rillet.ops.expressions import FLOATS
from rillet.ops.indices import Var
from rillet.ops.lowering import Fold

_TILE = 64
_FEW = 16
#: Inner loops shorter than this, and no multiple of a vector, run under masks.
_MASKED = 256
_LANES = 16
#: What LLVM is told of loops.
_TOLD = {
    "masked": '"llvm.loop.vectorize.predicate.enable", i1 true',
    "backward": '"llvm.loop.vectorize.enable", i1 false',
}


def generated(nest: Nest) -> KernelCall:
    """The code of a nest."""
    return Printer(nest).generated()


class Printer(ScalarPrinter):
    """Prints one nest."""

    def __init__(self, nest: Nest) -> None:
        super().__init__()
        self._nest = nest

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
        outside = {*self._vars.values()}
        self._scopes.append({})
        body(counter)
        self._scopes.pop()
        # LLVM 22 aborts the process over some loops that read neighbours so: its two
        # estimates of what they cost as vectors disagree
        if any(value not in outside for value in self._backward):
            hint = "backward"
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
        if hint in _TOLD:
            parts.append(f"!{len(self._metadata)}")
            self._metadata.append(f"!{{!{_TOLD[hint]}}}")
        self._metadata[at] = f"distinct !{{{', '.join(parts)}}}"
        return at

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
        start, stop = ("%start", "%stop") if outer else ("0", self._stop(var))
        if columns and not rest:
            self._tiles(var, start, stop)
            return
        hint = ""
        if not rest and not self._nest.folds():
            hint = "inner"
            if not outer and not varies(var.extent):
                hint = _short(var.extent) or hint

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
            slot = self._alloca(LLVM[init.type])
            self._accs[(id(fold.accs), k)] = slot
            slots.append(slot)
        for slot, init in zip(slots, fold.inits, strict=True):
            value = self._value(init)
            self._lines.append(f"  store {LLVM[init.type]} {value}, ptr {slot}")

        def gather() -> None:
            values = [self._value(x) for x in fold.updates]
            for slot, x, value in zip(slots, fold.updates, values, strict=True):
                self._gather(fold.how, slot, x.type, value)

        self._fold_loops(fold, 0, gather, True)

    def _gather(self, how: str, slot: str, type: str, value: str) -> None:
        t = LLVM[type]
        if how != "other":
            old = self._new(f"load {t}, ptr {slot}")
            value = self._new(self._combined(how, type, old, value))
        self._lines.append(f"  store {t} {value}, ptr {slot}")

    def _combined(self, how: str, type: str, old: str, value: str) -> str:
        t = LLVM[type]
        if how in ("sum", "product"):
            if type in FLOATS:
                kind = "fadd" if how == "sum" else "fmul"
                return f"{kind} reassoc contract {t} {old}, {value}"
            return f"{'add' if how == 'sum' else 'mul'} {t} {old}, {value}"
        if how in ("and", "or"):
            return f"{how} {t} {old}, {value}"
        name = f"llvm.{intrinsic_name(how, type)}.{SHORT.get(type, t)}"
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
        start, stop = "0", self._stop(var)
        if at == 0 and fold.first is not None:
            start, stop = self._value(fold.first[0]), self._value(fold.first[1])
        hint = ""
        if vector and at == len(fold.vars) - 1:
            known = not var.leading and not varies(var.extent)
            hint = (_short(var.extent) if known else "") or "inner"
            if fold.how == "other":
                hint = "plain"

        def turn(counter: str) -> None:
            self._vars[var] = counter
            self._fold_loops(fold, at + 1, body, vector)

        self._loop(start, stop, turn, hint=hint)

    def _tiles(self, var: Var, start: str, stop: str) -> None:
        """Folds of many columns at once: accumulators of a tile lie side by side."""
        (fold,) = self._nest.folds()
        slots = [self._alloca(LLVM[x.type], _TILE) for x in fold.inits]
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
                        f"getelementptr inbounds {LLVM[x.type]}, ptr {s}, i64 {j}"
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
                self._lines.append(f"  store {LLVM[init.type]} {value}, ptr {place}")

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


def _short(extent: int) -> str:
    """How a loop is hinted at that is short, and fills no vectors; "" for others."""
    if extent >= _MASKED or not extent % _LANES:
        return ""
    return "masked" if extent > 4 else "plain"


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
