"""Which names a piece of code binds and reads, and which are still wanted after it.

`rewrite` asks this of every `if` and loop: the names bound inside are what a traced
branch or iteration hands on, and of these only the ones that are read later must agree.
Trees come in after `jumps` took `break`, `continue` and early returns out, so control
only falls through.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Names = frozenset[str]
_NONE: Names = frozenset()
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def walk_scope(root: ast.AST | Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of one scope: not what lies in functions or classes inside."""
    pending = [root] if isinstance(root, ast.AST) else list(root)[::-1]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            pending.extend(getattr(node, "decorator_list", []))
            arguments = getattr(node, "args", None)
            if arguments is not None:
                pending.extend(
                    [*arguments.defaults, *filter(None, arguments.kw_defaults)]
                )
        else:
            pending.extend(list(ast.iter_child_nodes(node))[::-1])


def bound_names(root: ast.AST | Iterable[ast.AST]) -> list[str]:
    """The local names that the nodes bind or delete, in order, each once."""
    found: dict[str, None] = {}
    hidden: set[int] = set()
    for node in walk_scope(root):
        if isinstance(node, _COMPREHENSIONS):
            for generator in node.generators:
                hidden |= {id(inner) for inner in ast.walk(generator.target)}
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            if id(node) not in hidden:
                found[node.id] = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = None
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update({(a.asname or a.name).split(".")[0]: None for a in node.names})
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            found.update({node.name: None} if node.name else {})
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found[node.rest] = None
    return list(found)


def declared(body: Iterable[ast.AST], kind: type[ast.AST]) -> Names:
    """The names in the `global` or `nonlocal` statements of a scope."""
    found = [n for n in walk_scope(body) if isinstance(n, kind)]
    return frozenset(name for n in found for name in getattr(n, "names", ()))


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of a function's parameters."""
    plain = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    starred = (arguments.vararg, arguments.kwarg)
    return [a.arg for a in (*plain, *[s for s in starred if s is not None])]


def reads(root: ast.AST | Iterable[ast.AST | None] | None) -> Names:
    """The names of the surrounding scope that an expression or statement reads."""
    if root is None:
        return _NONE
    if not isinstance(root, ast.AST):
        return _NONE.union(*[reads(part) for part in root])
    if isinstance(root, ast.Name):
        return frozenset([root.id]) if isinstance(root.ctx, ast.Load) else _NONE
    if isinstance(root, ast.AugAssign) and isinstance(root.target, ast.Name):
        return reads(root.value) | {root.target.id}
    if isinstance(root, _FUNCTIONS):
        return _function_reads(root)
    if isinstance(root, _COMPREHENSIONS):
        return _comprehension_reads(root)
    return reads(list(ast.iter_child_nodes(root)))


def _function_reads(node: _Function) -> Names:
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    outer = declared(body, ast.Nonlocal) | declared(body, ast.Global)
    own = frozenset([*parameters(node.args), *bound_names(body)]) - outer
    around = [*node.args.defaults, *node.args.kw_defaults]
    around += getattr(node, "decorator_list", [])
    return (reads(body) - own) | reads(around) | declared(body, ast.Nonlocal)


def _comprehension_reads(node: _Comprehension) -> Names:
    targets = [generator.target for generator in node.generators]
    own = frozenset(
        n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)
    )
    return (reads(list(ast.iter_child_nodes(node))) - own) | reads(
        node.generators[0].iter
    )


def captured(body: Iterable[ast.AST]) -> Names:
    """The names that functions defined inside a scope read, whenever they run."""
    inner = [n for n in walk_scope(body) if isinstance(n, (*_FUNCTIONS, ast.ClassDef))]
    return reads(inner)


@dataclass
class Wanted:
    """What is read after a statement, and for a loop also by its next iteration."""

    after: Names
    again: Names = _NONE


class Liveness:
    """A walk from a function's end to its start that notes what each point wants."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self.at: dict[ast.stmt, Wanted] = {}
        self._block(body, _NONE, _NONE)

    def _block(self, body: list[ast.stmt], after: Names, always: Names) -> Names:
        for statement in reversed(body):
            after = self._statement(statement, after, always) | always
        return after

    def _statement(self, node: ast.stmt, after: Names, always: Names) -> Names:
        self.at[node] = Wanted(after)
        match node:
            case ast.If():
                both = self._block(node.body, after, always)
                return both | self._block(node.orelse, after, always) | reads(node.test)
            case ast.While() | ast.For():
                return self._loop(node, after, always)
            case ast.Try():
                return self._try(node, after, always)
            case ast.With():
                inner = self._block(node.body, after, always)
                bound = [item.optional_vars for item in node.items]
                inner -= frozenset(bound_names([b for b in bound if b is not None]))
                return inner | reads(node.items)
            case ast.Match():
                found = after | reads(node.subject)
                for case in node.cases:
                    inner = self._block(case.body, after, always)
                    inner |= reads(case.guard) | reads(case.pattern)
                    found |= inner - frozenset(bound_names(case.pattern))
                return found
            case ast.Return() | ast.Raise():
                return reads(node)
        return (after - frozenset(bound_names(node))) | reads(node)

    def _loop(self, node: ast.While | ast.For, after: Names, always: Names) -> Names:
        if isinstance(node, ast.While):
            head, target = after | reads(node.test), None
        else:
            head, target = after | reads(getattr(node, "stop", None)), node.target
        while True:
            start = self._block(node.body, head, always)
            if target is not None:
                start = (start - frozenset(bound_names(target))) | reads(target)
            if start <= head:
                break
            head |= start
        self.at[node] = Wanted(after, head)
        return head if isinstance(node, ast.While) else head | reads(node.iter)

    def _try(self, node: ast.Try, after: Names, always: Names) -> Names:
        if node.finalbody:
            after = self._block(node.finalbody, after, always)
            always |= after
        caught = always
        for handler in node.handlers:
            inner = self._block(handler.body, after, always) | reads(handler.type)
            caught |= inner - {handler.name or ""}
        after = self._block(node.orelse, after, always)
        return self._block(node.body, after, caught)
