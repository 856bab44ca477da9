"""Where a function stands in its file: code objects in, syntax trees out.

`conversion` asks for the tree of a function that it is to rewrite. The whole file is
parsed, not the function's lines alone, so that line and column numbers are the file's
own and lambdas are told apart by their columns.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import types
from collections import OrderedDict
from dataclasses import dataclass

from rillet.core.errors import house_message

FunctionNode = ast.FunctionDef | ast.Lambda
_KEPT_FILES = 64


class SourceMissing(Exception):
    """The source of a function cannot be had, or is another one than what runs."""


@dataclass(frozen=True)
class Source:
    """A function's tree, the class around it, its file."""

    node: FunctionNode
    class_name: str | None
    filename: str


@dataclass(frozen=True)
class _File:
    lines: tuple[str, ...]
    found: dict[int, list[tuple[FunctionNode, str | None]]]


_files: OrderedDict[str, _File] = OrderedDict()


def source_of(fn: types.FunctionType) -> Source:
    """The syntax tree of a function.

    Args:
        fn: a plain Python function or a lambda.

    Returns:
        Its node in the tree of its whole file, which is shared: copy before changing.

    Raises:
        SourceMissing: where the file is not there, or does not hold this function.
    """
    code = fn.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, fn.__globals__)
    if not lines:
        raise SourceMissing(
            house_message("autograph", "the source is not there", code.co_filename)
        )
    here = _parsed(code.co_filename, tuple(lines)).found.get(code.co_firstlineno, [])
    fits = [(node, owner) for node, owner in here if _fits(node, code)]
    if len(fits) > 1:
        fits = [(n, o) for n, o in fits if _covers(n, code)]
    if len(fits) != 1:
        raise SourceMissing(
            house_message(
                "autograph",
                "the file does not hold the function that runs",
                f"{code.co_name} of {code.co_filename}:{code.co_firstlineno}",
            )
        )
    node, owner = fits[0]
    return Source(node, owner, code.co_filename)


def _parsed(filename: str, lines: tuple[str, ...]) -> _File:
    """The functions of a file by their first line; kept while the text is the same."""
    kept = _files.get(filename)
    if kept is not None and kept.lines == lines:
        return kept
    try:
        tree = ast.parse("".join(lines), filename)
    except (SyntaxError, ValueError) as error:
        raise SourceMissing(
            house_message("autograph", "the source does not parse", str(error))
        ) from None
    found: dict[int, list[tuple[FunctionNode, str | None]]] = {}
    pending: list[tuple[ast.AST, str | None]] = [(tree, None)]
    while pending:
        node, owner = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            found.setdefault(_first_line(node), []).append((node, owner))
        inner = node.name if isinstance(node, ast.ClassDef) else owner
        pending.extend((child, inner) for child in ast.iter_child_nodes(node))
    _files[filename] = _File(lines, found)
    while len(_files) > _KEPT_FILES:
        _files.popitem(last=False)
    return _files[filename]


def _first_line(node: FunctionNode) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *[d.lineno for d in decorators]])


def _fits(node: FunctionNode, code: types.CodeType) -> bool:
    """Whether name and parameters are those of the code that runs."""
    name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
    args = node.args
    wanted = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    wanted += [a.arg for a in (args.vararg, args.kwarg) if a is not None]
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS)
    count += bool(code.co_flags & inspect.CO_VARKEYWORDS)
    given = code.co_varnames[:count]
    same = all(g == w or g.endswith(w) for g, w in zip(given, wanted, strict=False))
    return name == code.co_name and len(given) == len(wanted) and same


def _covers(node: FunctionNode, code: types.CodeType) -> bool:
    """Whether the code's instructions come from within the node's body."""
    if not isinstance(node, ast.Lambda):
        return True
    body = node.body
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [
        ((line, column), (last, stop))
        for line, last, column, stop in code.co_positions()
        if None not in (line, last, column, stop) and (line, column) != (last, stop)
    ]
    return all(start <= a and b <= end for a, b in places)
