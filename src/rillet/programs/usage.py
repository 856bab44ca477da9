"""Which names of TensorFlow a program uses, read from its source.

A syntax tree flows in; uses flow out, each with the full TensorFlow name, the place and
the keywords it is called with. Names are followed through imports, ``import ... as``,
assignments (``K = tf.keras.backend``), functions and classes. Called by ``check``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .bindings import Made, Scope, kind_of

_CAUGHT = frozenset(
    """AttributeError BaseException Exception ImportError ModuleNotFoundError
    NameError""".split()
)

# Those of TensorFlow's that take inputs of Keras without calling a layer on them.
_ASKING = frozenset("Sequential backend utils is_tensor".split())


@dataclass(frozen=True)
class Use:
    """One use of a name of TensorFlow.

    Attributes:
        name: the full name, ``tensorflow.keras.layers.Dense``.
        line: from 1.
        column: from 1.
        keywords: the keyword arguments, where the name is called.
        guarded: whether the program has made sure of the name, or catches its lack.
        role: ``method`` for an attribute of a model or a layer that the program made,
            ``functional`` for a layer called on an input, or a model made of those.
    """

    name: str
    line: int
    column: int
    keywords: tuple[str, ...] = ()
    guarded: bool = False
    role: str = ""


def uses(
    trees: Iterable[ast.Module],
    roots: frozenset[str],
    star: Callable[[str], list[str]] = lambda module: [],
) -> list[list[Use]]:
    """Return what each of several trees uses; they share one namespace, as cells do.

    Args:
        trees: the program, or the cells of a notebook in order.
        roots: packages whose names count, such as ``tensorflow``.
        star: the names that ``from module import *`` brings.

    Example:
        >>> tree = ast.parse("import tensorflow as tf\\ntf.ones(2)")
        >>> [use.name for use in uses([tree], frozenset({"tensorflow"}))[0]]
        ['tensorflow', 'tensorflow.ones']
    """
    scope = Scope(None)
    readers = []
    for tree in trees:
        reader = _Reader(roots, star, scope)
        for statement in tree.body:
            reader.visit(statement)
        readers.append(reader)
    for reader in readers:
        reader.finish()
    return [sorted(r.found, key=lambda use: (use.line, use.column)) for r in readers]


class _Reader(ast.NodeVisitor):
    """Walks one tree in the order of execution; bodies of functions come last."""

    def __init__(
        self, roots: frozenset[str], star: Callable[[str], list[str]], scope: Scope
    ) -> None:
        self.found: list[Use] = []
        self._roots = roots
        self._star = star
        self._scope = scope
        self._guards = 0
        self._assured: set[str] = set()
        self._later: list[tuple[Scope, int, list[ast.stmt]]] = []

    def finish(self) -> None:
        """Walk the bodies of functions, in which all global names are known by now."""
        while self._later:
            self._scope, self._guards, body = self._later.pop(0)
            for statement in body:
                self.visit(statement)

    def _use(
        self, name: str, node: ast.AST, keywords: tuple[str, ...] = (), role: str = ""
    ) -> None:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        guarded = bool(self._guards) or name in self._assured
        self.found.append(Use(name, line, column, keywords, guarded, role))

    def _path(self, node: ast.AST) -> str | None:
        """Return the full TensorFlow name that an expression spells, if it does."""
        if isinstance(node, ast.Name):
            found = self._scope.look_up(node.id)
            return found if isinstance(found, str) else None
        if isinstance(node, ast.Attribute):
            above = self._path(node.value)
            return f"{above}.{node.attr}" if above else None
        return None

    def _made(self, node: ast.AST) -> Made | None:
        """Return what of Keras an expression gives, if it does."""
        if isinstance(node, ast.Name):
            found = self._scope.look_up(node.id)
            if isinstance(found, Made):
                return found
        if isinstance(node, ast.Call):
            maker = self._made(node.func)
            if maker is not None and maker.is_class:
                return replace(maker, is_class=False)
            path = maker.path if maker else self._path(node.func)
            return Made("input", path) if path and self._computes(path, node) else None
        path = self._path(node)
        kind = kind_of(path) if path else ""
        return Made(kind, path, is_class=True) if path and kind else None

    def _computes(self, path: str, node: ast.Call) -> bool:
        """Tell whether a call of TensorFlow takes inputs of Keras to compute with."""
        if not _ASKING.isdisjoint(path.split(".")):
            return False
        for given in (*node.args, *(word.value for word in node.keywords)):
            parts = given.elts if isinstance(given, ast.List) else [given]
            made = filter(None, map(self._made, parts))
            if any(part.kind == "input" and not part.is_class for part in made):
                return True
        return False

    def _in_roots(self, module: str | None) -> bool:
        return bool(module) and str(module).partition(".")[0] in self._roots

    # Imports.

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            top = item.name.partition(".")[0]
            ours = self._in_roots(item.name)
            if ours:
                self._use(item.name, node)
            bound = item.name if item.asname else top
            self._scope.bind(item.asname or top, bound if ours else None)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        ours = not node.level and self._in_roots(module)
        for item in node.names:
            if item.name == "*":
                for name in self._star(module) if ours else ():
                    self._scope.bind(name, f"{module}.{name}")
                if ours:
                    self._use(module, node)
                continue
            full = f"{module}.{item.name}" if ours else None
            self._scope.bind(item.asname or item.name, full)
            if full:
                self._use(full, node)

    # Expressions.

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self._path(node)
        if path is not None:
            if isinstance(node.ctx, ast.Load):
                self._use(path, node)
            return
        made = self._made(node.value)
        if made and made.kind != "input" and isinstance(node.ctx, ast.Load):
            if node.attr not in made.own:
                self._use(f"{made.path}.{node.attr}", node, role="method")
        self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        path = self._path(node)
        if path and "." in path and isinstance(node.ctx, ast.Load):
            self._use(path, node)

    def visit_Call(self, node: ast.Call) -> None:
        path = self._path(node.func)
        if path is None:
            self.visit(node.func)
        else:
            words = tuple(word.arg for word in node.keywords if word.arg)
            self._use(path, node.func, words)
        maker = self._made(node.func)
        by = maker.path if maker else path
        if by and self._computes(by, node):
            self._use(by, node, role="functional")
        self._getattr(node)
        for argument in (*node.args, *(word.value for word in node.keywords)):
            self.visit(argument)

    def _getattr(self, node: ast.Call) -> None:
        """Take ``getattr(tf, "ones")`` for the name that it spells."""
        if not isinstance(node.func, ast.Name) or node.func.id != "getattr":
            return
        if name := self._spelled(node):
            with self._guarded(len(node.args) > 2):
                self._use(name, node)

    def _spelled(self, node: ast.Call) -> str | None:
        above = self._path(node.args[0]) if len(node.args) > 1 else None
        last = node.args[1] if above else None
        if isinstance(last, ast.Constant) and isinstance(last.value, str):
            return f"{above}.{last.value}"
        return None

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        with self._inside(Scope(self._scope)):
            self._bind_arguments(node.args)
            self.visit(node.body)

    def _comprehension(self, node: ast.AST) -> None:
        with self._inside(Scope(self._scope)):
            for part in getattr(node, "generators", ()):
                self.visit(part.iter)
                self._bind_target(part.target)
                for test in part.ifs:
                    self.visit(test)
            for name in ("key", "value", "elt"):
                if isinstance(part := getattr(node, name, None), ast.AST):
                    self.visit(part)

    visit_ListComp = visit_SetComp = visit_DictComp = _comprehension
    visit_GeneratorExp = _comprehension

    # Bindings.

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._assign(node.target, node.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._scope.bind(target.id, self._path(value) or self._made(value))
        elif (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
        ):
            for one, its in zip(target.elts, value.elts, strict=True):
                self._assign(one, its)
        else:
            self._bind_target(target)

    def _bind_target(self, target: ast.AST) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._scope.bind(node.id, None)
            elif isinstance(node, ast.Subscript):
                self.visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._bind_target(node.target)
        self._visit_all([*node.body, *node.orelse])

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars)
        self._visit_all(node.body)

    visit_AsyncWith = visit_With

    def visit_Global(self, node: ast.Global) -> None:
        self._scope.global_names.update(node.names)

    # Functions and classes.

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all(node.decorator_list)
        self._defaults(node.args)
        if node.returns is not None:
            self.visit(node.returns)
        self._scope.bind(node.name, None)
        inner = Scope(self._scope)
        with self._inside(inner):
            self._bind_arguments(node.args)
        self._later.append((inner, self._guards, node.body))

    visit_AsyncFunctionDef = visit_FunctionDef

    def _defaults(self, arguments: ast.arguments) -> None:
        self._visit_all([*arguments.defaults, *filter(None, arguments.kw_defaults)])
        for argument in _all_arguments(arguments):
            if argument.annotation is not None:
                self.visit(argument.annotation)

    def _bind_arguments(self, arguments: ast.arguments) -> None:
        for argument in _all_arguments(arguments):
            self._scope.bind(argument.arg, None)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases])
        self._visit_all([word.value for word in node.keywords])
        bases = filter(None, map(self._made, node.bases))
        base = next((base for base in bases if base.is_class), None)
        with self._inside(Scope(self._scope, is_class=True)):
            self._visit_all(node.body)
            own = frozenset(self._scope.bound)
        self._scope.bind(node.name, base and replace(base, own=base.own | own))

    # Guards.

    def visit_Try(self, node: ast.Try) -> None:
        self._try(node)

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self._try(node)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        with self._guarded(any(map(_catches_lack, node.handlers))):
            self._visit_all(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self._scope.bind(handler.name, None)
            self._visit_all(handler.body)
        self._visit_all([*node.orelse, *node.finalbody])

    def visit_If(self, node: ast.If | ast.IfExp) -> None:
        self.visit(node.test)
        about_version = any(
            isinstance(part, ast.Attribute) and part.attr in ("__version__", "VERSION")
            for part in ast.walk(node.test)
        )
        before = set(self._assured)
        self._assured.update(self._made_sure(node.test))
        with self._guarded(about_version):
            for branch in (node.body, node.orelse):
                self._visit_all(branch if isinstance(branch, list) else [branch])
        self._assured = before

    visit_IfExp = visit_If

    def _made_sure(self, test: ast.expr) -> Iterator[str]:
        for part in ast.walk(test):
            if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Name):
                continue
            if part.func.id != "hasattr":
                continue
            if name := self._spelled(part):
                yield name
            elif len(part.args) == 2 and (made := self._made(part.args[0])):
                yield from (f"{made.path}.{name}" for name in _strings(part.args[1]))

    # Plumbing.

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    @contextmanager
    def _inside(self, scope: Scope) -> Iterator[None]:
        outer, self._scope = self._scope, scope
        try:
            yield
        finally:
            self._scope = outer

    @contextmanager
    def _guarded(self, guarded: bool) -> Iterator[None]:
        self._guards += guarded
        try:
            yield
        finally:
            self._guards -= guarded


def _strings(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return []


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*named, *filter(None, (arguments.vararg, arguments.kwarg))]


def _catches_lack(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _CAUGHT for kind in kinds)
