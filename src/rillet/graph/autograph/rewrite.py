"""A function's tree with its control flow as calls of the operators.

An `if` becomes two functions and a call that picks one or traces both; a loop becomes a
function of its body. They share the variables of the function around them as Python's
own cells (`nonlocal`), so on plain Python values nothing changes. Expressions that
Python decides by truth (`and`, `or`, `not`, chains, conditionals) become calls as well,
and every call asks first whether the function called is to be converted.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from rillet.graph.autograph.appends import name_appended_lists
from rillet.graph.autograph.jumps import Unsupported, lower_jumps
from rillet.graph.autograph.names import (
    Liveness,
    Names,
    bound_names,
    captured,
    declared,
    parameters,
    walk_scope,
)

_Node = TypeVar("_Node", bound=ast.AST)

#: The free variable through which rewritten code reaches `operators`.
OPERATORS = "ag__"
#: Functions that look at the frame that calls them.
_FRAME = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec"})

#: What `set_loop_options` takes.
_OPTIONS = frozenset(
    "maximum_iterations parallel_iterations shape_invariants swap_memory".split()
)

_STATE = """
def ag__get():
    return ()
def ag__set(ag__values):
    pass
"""
_IF = """
def ag__main():
    pass
def ag__else():
    pass
ag__.if_stmt(TEST, ag__main, ag__else, ag__get, ag__set, NAMES, STRICT, LIVE)
"""
_WHILE = """
def ag__test():
    return TEST
def ag__body():
    pass
ag__.while_stmt(ag__test, ag__body, ag__get, ag__set, NAMES, CARRIED, OPTIONS, LISTS)
"""
_FOR = """
def ag__test():
    return TEST
def ag__body(ag__item):
    pass
ag__.for_stmt(ITER, ag__test, ag__body, ag__get, ag__set,
              NAMES, CARRIED, OPTIONS, LISTS)
"""


def rewrite_function(node: ast.FunctionDef) -> None:
    """Rewrite a function's body in place, the functions inside it included.

    Args:
        node: a copy of the function's tree.

    Raises:
        Unsupported: where the function has to run as it is.
    """
    if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk_scope(node.body)):
        raise Unsupported("autograph: generators run as they are.")
    lower_jumps(node)
    lists = name_appended_lists(node)
    _Function(node, lists).rewrite()


def rewrite_expression(node: ast.Lambda) -> None:
    """Rewrite a lambda's body in place."""
    first = next(iter(parameters(node.args)), None)
    node.body = _Expressions(first).visit(node.body)


class _Function:
    """One function's scope and the rewriting of its statements."""

    def __init__(self, node: ast.FunctionDef, lists: Names) -> None:
        self.node = node
        self.lists = lists
        self.globals = declared(node.body, ast.Global)
        self.nonlocals = declared(node.body, ast.Nonlocal)
        self.live = Liveness(node.body).at
        self.captured = captured(node.body)
        first = next(iter(parameters(node.args)), None)
        self.expressions = _Expressions(first)

    def rewrite(self) -> None:
        node = self.node
        names = bound_names(node.body)
        own = set(parameters(node.args)) | self.globals | self.nonlocals
        unbound = [name for name in names if name not in own]
        doc = node.body[:1] if ast.get_docstring(node) is not None else []
        body = self.block(node.body[len(doc) :])
        declarations = [s for s in body if isinstance(s, ast.Global | ast.Nonlocal)]
        body = [s for s in body if s not in declarations]
        if unbound:
            # never runs: it makes the names this function's, which `nonlocal` needs
            text = f"if 0: {' = '.join(unbound)} = None"
            body = [*_template(text, node.body[0]), *body]
        node.body = [*doc, *declarations, *body] or _template("pass", node)

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [new for statement in body for new in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.If():
                return self.if_(node)
            case ast.While():
                return self.loop(node, _WHILE)
            case ast.For():
                return self.loop(node, _FOR)
            case ast.Assert():
                return self.assertion(node)
            case ast.FunctionDef():
                return [_inner_function(node, self.expressions)]
            case ast.ClassDef() | ast.AsyncFunctionDef():
                return [node]
            case ast.With() | ast.Try() | ast.Match():
                return [self.holder(node)]
        self.expressions.generic_visit(node)
        return [node]

    def holder(self, node: Any) -> ast.stmt:
        """A statement with blocks inside that stays what it is."""
        blocks = ("body", "orelse", "finalbody")
        for name in [b for b in blocks if getattr(node, b, None)]:
            setattr(node, name, self.block(getattr(node, name)))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            part.body = self.block(part.body)
            if getattr(part, "guard", None) is not None:
                part.guard = self.expressions.visit(part.guard)
        for item in getattr(node, "items", ()):
            item.context_expr = self.expressions.visit(item.context_expr)
        if isinstance(node, ast.Match):
            node.subject = self.expressions.visit(node.subject)
        return node

    def assertion(self, node: ast.Assert) -> list[ast.stmt]:
        message = node.msg or ast.Constant(None)
        if _keeps_to_itself([node.test, message]):
            text = "ag__.assert_stmt(TEST, lambda: MESSAGE)"
            test, message = map(self.expressions.visit, (node.test, message))
            return _template(text, node, TEST=test, MESSAGE=message)
        return [node]

    def if_(self, node: ast.If) -> list[ast.stmt]:
        inside = [*node.body, *node.orelse]
        _refuse_yield(inside)
        bound = bound_names(inside)
        after = self.live[node].after
        strict = [n for n in bound if n in after]
        composite = _composites(inside, bound)
        soft = [n for n in bound if n not in after and n in self._shared()]
        rest = [n for n in bound if n not in after and n not in soft]
        state = [*strict, *soft, *composite, *rest]
        test = self.expressions.visit(node.test)
        main, other = self.block(node.body), self.block(node.orelse)
        out = _template(
            _STATE + _IF,
            node,
            TEST=test,
            NAMES=_constants(state),
            STRICT=ast.Constant(len(strict)),
            LIVE=ast.Constant(len(state) - len(rest)),
        )
        self._fill_state(out[:2], state, bound, node)
        self._fill(out[2], [*main] or _template("pass", node), bound, node)
        self._fill(out[3], [*other] or _template("pass", node), bound, node)
        return out

    def _shared(self) -> Names:
        """Names that others see whenever they look: captured, global, nonlocal."""
        return self.captured | self.globals | self.nonlocals

    def loop(self, node: ast.While | ast.For, template: str) -> list[ast.stmt]:
        _refuse_yield([node])
        body = node.body
        options = _loop_options(body)
        targets = [node.target] if isinstance(node, ast.For) else []
        tests = [node.test] if isinstance(node, ast.While) else []
        bound = bound_names([*targets, *tests, *body])
        wanted = self.live[node].after | self.live[node].again | self._shared()
        carried = [n for n in bound if n in wanted]
        composite = _composites([*targets, *body], bound)
        rest = [n for n in bound if n not in wanted]
        state = [*carried, *composite, *rest]
        parts: dict[str, ast.expr] = {
            "NAMES": _constants(state),
            "CARRIED": ast.Constant(len(state) - len(rest)),
            "OPTIONS": self._options(options),
            "LISTS": _constants(n for n in state if n in self.lists),
        }
        test = node.test if isinstance(node, ast.While) else getattr(node, "stop", None)
        if isinstance(node, ast.For):
            parts["ITER"] = self.expressions.visit(node.iter)
        new = self.block(body)
        parts["TEST"] = self.expressions.visit(test or ast.Constant(True))
        out = _template(_STATE + template, node, **parts)
        self._fill_state(out[:2], state, bound, node)
        self._declare(out[2], bound_names(tests), node)
        if isinstance(node, ast.For):
            item = ast.copy_location(ast.Name("ag__item", ast.Load()), node.target)
            into = ast.copy_location(ast.Assign([node.target], item), node.target)
            new = [into, *new]
        self._fill(out[3], new, bound, node)
        return out

    def _options(self, call: ast.Call | None) -> ast.expr:
        """What `set_loop_options` was given, for evaluation at the loop's start."""
        if call is None:
            return ast.Constant(None)
        made = ast.Call(_operator("loop_options"), [call.func], call.keywords)
        return _thunk(_placed(copy.deepcopy(made), call))

    def _fill(
        self, function: Any, body: list[ast.stmt], names: Iterable[str], at: ast.AST
    ) -> None:
        function.body = body
        self._declare(function, names, at)

    def _declare(self, function: Any, names: Iterable[str], at: ast.AST) -> None:
        """Let a made function bind the surrounding function's names."""
        names = list(names)
        outer = [n for n in names if n in self.globals]
        cells = [n for n in names if n not in self.globals]
        lines = [ast.Global(outer)] if outer else []
        lines += [ast.Nonlocal(cells)] if cells else []  # type: ignore[list-item]
        function.body = [*[ast.copy_location(s, at) for s in lines], *function.body]

    def _fill_state(
        self, pair: list[Any], state: list[str], bound: list[str], at: ast.AST
    ) -> None:
        """The functions that read and write the variables that a block may change."""
        if not state:
            return
        get, put = pair
        looks = [f"ag__.peek(lambda: {name})" for name in state]
        get.body = _template(f"return ({', '.join(looks)},)", at)
        lines = []
        for place, name in enumerate(state):
            plain = name.isidentifier()
            lines.append(
                f"{name} = ag__values[{place}]\nif {name} is ag__.UNSET: del {name}"
                if plain
                else f"if ag__values[{place}] is not ag__.UNSET:"
                f" {name} = ag__values[{place}]"
            )
        put.body = _template("\n".join(lines), at)
        self._declare(put, [n for n in state if n in bound], at)


def _inner_function(node: ast.FunctionDef, outer: _Expressions) -> ast.stmt:
    """A function defined inside: rewritten where it can be, else as it is."""
    arguments = node.args
    arguments.defaults = [outer.visit(d) for d in arguments.defaults]
    arguments.kw_defaults = [d and outer.visit(d) for d in arguments.kw_defaults]
    if not any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk_scope(node.body)):
        rewrite_function(node)
    return node


class _Expressions(ast.NodeTransformer):
    """Expressions whose meaning depends on a truth value, and calls."""

    def __init__(self, first: str | None) -> None:
        self.first = first

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        arguments = node.args
        arguments.defaults = [self.visit(d) for d in arguments.defaults]
        arguments.kw_defaults = [d and self.visit(d) for d in arguments.kw_defaults]
        if not any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node)):
            rewrite_expression(node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        lazy = _keeps_to_itself(node.values[1:])
        self.generic_visit(node)
        if not lazy:
            return node
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        return _call(name, node, [node.values[0], *map(_thunk, node.values[1:])])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return (
            _call("not_", node, [node.operand])
            if isinstance(node.op, ast.Not)
            else node
        )

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        lazy = _keeps_to_itself([node.body, node.orelse])
        self.generic_visit(node)
        if not lazy:
            return node
        return _call(
            "if_exp", node, [node.test, _thunk(node.body), _thunk(node.orelse)]
        )

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        lazy = _keeps_to_itself(node.comparators)
        self.generic_visit(node)
        if not lazy:
            return node
        if len(node.ops) == 1:
            return node
        signs = _constants([type(op).__name__ for op in node.ops])
        return _call("chain", node, [node.left, signs, *map(_thunk, node.comparators)])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=ast.Name(id="ag__")):
                return node
        if not isinstance(node.func, ast.Name) or node.func.id not in _FRAME:
            node.func = _call("call", node.func, [node.func])
        elif node.func.id == "super" and not node.args and self.first:
            names = [ast.Name(n, ast.Load()) for n in ("__class__", self.first)]
            node.args = [_placed(name, node) for name in names]
        return node


def _thunk(node: ast.expr) -> ast.expr:
    none = ast.arguments([], [], None, [], [], None, [])
    return _placed(ast.Lambda(none, node), node)


def _call(name: str, at: ast.AST, args: list[ast.expr]) -> ast.expr:
    return _placed(ast.Call(_operator(name), args, []), at)


def _operator(name: str) -> ast.expr:
    return ast.Attribute(ast.Name(OPERATORS, ast.Load()), name, ast.Load())


def _placed(node: _Node, at: ast.AST) -> _Node:
    """Give made nodes the user's place; nodes of the user's own have theirs already."""
    return ast.fix_missing_locations(ast.copy_location(node, at))


def _keeps_to_itself(parts: Iterable[ast.AST]) -> bool:
    """Whether expressions may move into a function: they bind and await nothing."""
    stays = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    return not any(isinstance(n, stays) for part in parts for n in walk_scope(part))


def _refuse_yield(body: Iterable[ast.AST]) -> None:
    if any(isinstance(n, ast.Await) for n in walk_scope(list(body))):
        raise Unsupported("autograph: coroutines run as they are.")


def _constants(names: Iterable[str]) -> ast.expr:
    return ast.Tuple([ast.Constant(name) for name in names], ast.Load())


def _loop_options(body: list[ast.stmt]) -> ast.Call | None:
    """The call that a loop starts with, if it looks like one of `set_loop_options`."""
    match body[0]:
        case ast.Expr(ast.Call(args=[], keywords=[_, *_] as given) as call):
            return call if all(k.arg in _OPTIONS for k in given) else None
    return None


def _composites(body: Iterable[ast.AST], bound: Iterable[str]) -> list[str]:
    """Attributes and entries that a block assigns, of objects from outside of it."""
    found: dict[str, None] = {}
    bound = set(bound)
    for node in walk_scope(list(body)):
        if not isinstance(node, ast.Attribute | ast.Subscript):
            continue
        if not isinstance(node.ctx, ast.Store):
            continue
        root: ast.AST = node
        simple = True
        while isinstance(root, ast.Attribute | ast.Subscript):
            if isinstance(root, ast.Subscript):
                simple = simple and isinstance(root.slice, ast.Constant)
            root = root.value
        if simple and isinstance(root, ast.Name) and root.id not in bound:
            found[ast.unparse(node)] = None
    return list(found)


class _Filler(ast.NodeTransformer):
    """Puts trees in the place of a template's capital names."""

    def __init__(self, parts: dict[str, Any], place: dict[str, int | None]) -> None:
        self.parts = parts
        self.place = place

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name) and node.id in self.parts:
            part = self.parts[node.id]
            return part if hasattr(part, "lineno") else self.visit(part)
        if "lineno" in node._attributes:
            for name, value in self.place.items():
                setattr(node, name, value)
        return self.generic_visit(node)


def _template(text: str, at: ast.AST, **parts: ast.AST) -> list[ast.stmt]:
    """Statements from their text, placed at `at`, with trees for capital names."""
    place = {
        "lineno": getattr(at, "lineno", 1),
        "col_offset": getattr(at, "col_offset", 0),
        "end_lineno": getattr(at, "lineno", 1),
        "end_col_offset": getattr(at, "col_offset", 0),
    }
    tree = ast.parse(text)
    filler = _Filler(parts, place)
    tree.body = [filler.visit(statement) for statement in tree.body]
    return tree.body
