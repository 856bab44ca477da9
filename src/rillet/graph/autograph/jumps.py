"""Jumps become flags: after `break`, `continue` and returns control falls through.

`rewrite` works on what comes out: what stood after a jump is in the other branch of its
`if`, or behind a test of the flag; loops ask their flags before each turn; the only
`return` left is the last statement.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeVar

from rillet.core.errors import house_message
from rillet.graph.autograph.names import walk_scope

_Node = TypeVar("_Node", bound=ast.AST)

#: What the code here makes up. Users' names do not look like these.
RETURNED = "ag__result"
DONE = "ag__returned"
_BROKE, _WENT_ON = "ag__broke_", "ag__continued_"


class Unsupported(Exception):
    """A construct that cannot be rewritten; the function runs as it is."""


@dataclass
class _Loop:
    broke: str
    went_on: str


@dataclass
class _Block:
    """Statements, the flags that they may raise, and whether they surely jump."""

    body: list[ast.stmt]
    flags: frozenset[str] = frozenset()
    sure: bool = False


def lower_jumps(node: ast.FunctionDef) -> None:
    """Rewrite a function's jumps in place.

    Args:
        node: a copy of the function's tree.

    Raises:
        Unsupported: for a jump out of a ``finally``.
    """
    jumps = (ast.Return, ast.Break, ast.Continue)
    found = [n for n in walk_scope(node.body) if isinstance(n, jumps)]
    if not found or found == [node.body[-1]]:
        loops = (ast.For, ast.While)
        if not any(isinstance(n, loops) and n.orelse for n in walk_scope(node.body)):
            return
    returns = any(isinstance(n, ast.Return) for n in found)
    last = node.body[-1]
    if returns and not _surely(node.body):
        node.body.append(_at(ast.Return(_at(ast.Constant(None), last)), last))
    lowered = _Lowering().block(node.body, None).body
    if returns:
        start = 1 if ast.get_docstring(node) is not None else 0
        lowered.insert(start, _set(DONE, False, node.body[0]))
        lowered.append(_at(ast.Return(_name(RETURNED, last)), last))
    node.body = lowered


class _Lowering:
    """One walk over a function; counts its loops."""

    def __init__(self) -> None:
        self._loops = 0

    def block(self, body: list[ast.stmt], loop: _Loop | None) -> _Block:
        out: list[ast.stmt] = []
        flags: frozenset[str] = frozenset()
        for place, statement in enumerate(body):
            rest = body[place + 1 :]
            if rest and isinstance(statement, ast.If) and _jumps(statement):
                if _surely(statement.body):
                    statement.orelse, rest = [*statement.orelse, *rest], []
                elif _surely(statement.orelse):
                    statement.body, rest = [*statement.body, *rest], []
            done = self.statement(statement, loop)
            out += done.body
            flags |= done.flags
            if done.sure or not rest:
                return _Block(out, flags, done.sure)
            if done.flags:
                behind = self.block(rest, loop)
                out.append(_unless(done.flags, behind.body, rest[0]))
                return _Block(out, flags | behind.flags, behind.sure)
        return _Block(out, flags)

    def statement(self, node: ast.stmt, loop: _Loop | None) -> _Block:
        match node:
            case ast.Return():
                value = node.value or _at(ast.Constant(None), node)
                kept = _at(
                    ast.Assign([_name(RETURNED, node, ast.Store())], value), node
                )
                return _raise(DONE, node, kept)
            case ast.Break() if loop is not None:
                return _raise(loop.broke, node)
            case ast.Continue() if loop is not None:
                return _raise(loop.went_on, node)
            case ast.If():
                one, other = self.block(node.body, loop), self.block(node.orelse, loop)
                node.body, node.orelse = one.body, other.body
                sure = one.sure and other.sure
                return _Block([node], one.flags | other.flags, sure)
            case ast.While() | ast.For():
                return self.loop(node, loop)
            case ast.With():
                inner = self.block(node.body, loop)
                node.body = inner.body
                return _Block([node], inner.flags)
            case ast.Try():
                return self.try_(node, loop)
            case ast.Match():
                flags: frozenset[str] = frozenset()
                for case in node.cases:
                    inner = self.block(case.body, loop)
                    case.body, flags = inner.body, flags | inner.flags
                return _Block([node], flags)
            case ast.Raise():
                return _Block([node], sure=True)
        return _Block([node])

    def loop(self, node: ast.While | ast.For, outer: _Loop | None) -> _Block:
        self._loops += 1
        own = _Loop(f"{_BROKE}{self._loops}", f"{_WENT_ON}{self._loops}")
        inner = self.block(node.body, own)
        node.body = inner.body
        if own.went_on in inner.flags:
            node.body = [_set(own.went_on, False, node), *node.body]
        stops = sorted(inner.flags - {own.went_on})
        before = [_set(own.broke, False, node)] if own.broke in stops else []
        if stops:
            stop = _none_of(stops, node)
            if isinstance(node, ast.While):
                both: list[ast.expr] = [stop, node.test]
                node.test = _at(ast.BoolOp(ast.And(), both), node.test)
            else:
                node.stop = stop  # type: ignore[attr-defined]
        out: list[ast.stmt] = [*before, node]
        flags = inner.flags & {DONE}
        if node.orelse:
            last = self.block(node.orelse, outer)
            node.orelse = []
            first = last.body[0]
            out += [_unless(frozenset(stops), last.body, first)] if stops else last.body
            flags |= last.flags
        return _Block(out, flags)

    def try_(self, node: ast.Try, loop: _Loop | None) -> _Block:
        if any(_jumps(statement) for statement in node.finalbody):
            raise Unsupported(
                house_message(
                    "autograph",
                    "a jump out of a finally is not rewritten",
                    f"line {node.lineno}",
                )
            )
        inner = self.block(node.body, loop)
        node.body, flags = inner.body, inner.flags
        if node.orelse:
            other = self.block(node.orelse, loop)
            node.orelse = other.body
            if flags:
                node.orelse = [_unless(flags, other.body, other.body[0])]
            flags |= other.flags
        for handler in node.handlers:
            caught = self.block(handler.body, loop)
            handler.body, flags = caught.body, flags | caught.flags
        node.finalbody = self.block(node.finalbody, loop).body
        return _Block([node], flags)


def _jumps(node: ast.stmt) -> bool:
    """Whether a statement holds a jump that leaves it."""
    pending: list[tuple[ast.AST, bool]] = [(node, False)]
    while pending:
        here, inside = pending.pop()
        if isinstance(here, ast.Return):
            return True
        if isinstance(here, ast.Break | ast.Continue) and not inside:
            return True
        if isinstance(here, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(here, ast.For | ast.While):
            pending.extend((part, True) for part in here.body)
            pending.extend((part, inside) for part in here.orelse)
        elif not isinstance(here, ast.expr):
            pending.extend((part, inside) for part in ast.iter_child_nodes(here))
    return False


def _surely(body: list[ast.stmt]) -> bool:
    """Whether control never reaches the end of these statements."""
    for node in body:
        if isinstance(node, ast.Return | ast.Break | ast.Continue | ast.Raise):
            return True
        if isinstance(node, ast.If) and _surely(node.body) and _surely(node.orelse):
            return True
    return False


def _at(node: _Node, place: ast.AST) -> _Node:
    return ast.copy_location(node, place)


def _name(name: str, at: ast.AST, ctx: ast.expr_context | None = None) -> ast.expr:
    return _at(ast.Name(name, ctx or ast.Load()), at)


def _set(name: str, value: bool, at: ast.AST) -> ast.stmt:
    constant = _at(ast.Constant(value), at)
    return _at(ast.Assign([_name(name, at, ast.Store())], constant), at)


def _raise(flag: str, at: ast.AST, *before: ast.stmt) -> _Block:
    return _Block([*before, _set(flag, True, at)], frozenset([flag]), True)


def _none_of(flags: list[str], at: ast.AST) -> ast.expr:
    """``not one and not other``; flags cost nothing to look at, so all are."""
    operator = ast.Attribute(ast.Name("ag__", ast.Load()), "none_of", ast.Load())
    call = ast.Call(operator, [_name(flag, at) for flag in flags], [])
    return ast.fix_missing_locations(_at(call, at))


def _unless(flags: frozenset[str], body: list[ast.stmt], at: ast.AST) -> ast.stmt:
    return _at(ast.If(_none_of(sorted(flags), at), body, []), at)
