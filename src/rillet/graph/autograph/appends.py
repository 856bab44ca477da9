"""`values.append(x)` in a loop becomes an assignment: so the loop carries the list.

Only names of the function's own are touched: a list from outside stays Python's.
"""

from __future__ import annotations

import ast

from rillet.graph.autograph.names import (
    Names,
    bound_names,
    declared,
    parameters,
    walk_scope,
)


def name_appended_lists(node: ast.FunctionDef) -> Names:
    """Rewrite the appends of a function's loops in place.

    Args:
        node: a copy of the function's tree.

    Returns:
        The names of the lists.
    """
    own = {*parameters(node.args), *bound_names(node.body)}
    own -= declared(node.body, ast.Global) | declared(node.body, ast.Nonlocal)
    appends = _Appends(own)
    for loop in [
        n for n in walk_scope(node.body) if isinstance(n, ast.For | ast.While)
    ]:
        loop.body = [appends.visit(statement) for statement in loop.body]
    return frozenset(appends.found)


class _Appends(ast.NodeTransformer):
    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.found: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        match node.value:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append"),
                args=[item],
                keywords=[],
            ) if name in self.own and not isinstance(item, ast.Starred):
                self.found.add(name)
                return self._assignment(node, name, item)
        return node

    def _assignment(self, node: ast.Expr, name: str, item: ast.expr) -> ast.AST:
        append = ast.Attribute(ast.Name("ag__", ast.Load()), "list_append", ast.Load())
        # `rewrite` leaves calls of its own alone
        call = ast.Call(append, [ast.Name(name, ast.Load()), item], [])
        made = ast.Assign([ast.Name(name, ast.Store())], call)
        return ast.fix_missing_locations(ast.copy_location(made, node))
