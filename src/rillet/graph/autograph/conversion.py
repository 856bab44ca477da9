"""Functions in, functions out whose control flow can be traced.

`functions.py` converts what it is about to trace, and rewritten code asks here, through
`operators.call`, for every function that it calls. The rewritten code object is kept
for each original one; a function is that code with the original's own cells, so
closures, globals, defaults and `super()` are the user's, and so are file and line.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import os
import types
import weakref
from collections.abc import Callable
from typing import Any

from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.graph.autograph.jumps import Unsupported
from rillet.graph.autograph.rewrite import (
    OPERATORS,
    rewrite_expression,
    rewrite_function,
)
from rillet.graph.autograph.source import Source, SourceMissing, source_of

#: The attribute that keeps a function as it is.
KEPT = "_rillet_not_converted"
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))
_PACKAGES = ("site-packages", "dist-packages")
#: Packages whose functions never hold a tensor of ours in an `if`.
_LEFT = frozenset(
    """IPython PIL absl cv2 h5py matplotlib ml_dtypes mock numba numpy pandas pytest
    _pytest rillet scipy six sklearn tensorboard tqdm wrapt""".split()
)
_NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

#: Rewritten code by the identity of the original; None where it runs as it is.
_codes: dict[int, tuple[weakref.ref[Any], types.CodeType | None]] = {}
_cell: types.CellType = types.CellType()


class _Tell:
    """How much the conversion says about what it does; see `set_verbosity`."""

    level = 0
    aloud = False

    def __call__(self, level: int, text: str) -> None:
        if self.level >= level:
            get_logger().info(text)
            if self.aloud:
                print(text)


tell = _Tell()


def provide_operators(operators: Any) -> None:
    """Set what rewritten code finds under the name ``ag__``."""
    _cell.cell_contents = operators


def convert(fn: Any) -> Any:
    """A callable that does what `fn` does, with control flow that can be traced.

    Args:
        fn: a function, a bound method, a `functools.partial`, or an object with
            ``__call__``; anything else is given back.

    Returns:
        The converted callable; `fn` itself where it belongs to a library, is marked by
        `do_not_convert`, or has no source (said once, as a warning).
    """
    if isinstance(fn, types.FunctionType):
        return _converted(fn)
    if isinstance(fn, types.MethodType):
        inner = convert(fn.__func__)
        same = inner is fn.__func__
        return fn if same else types.MethodType(inner, fn.__self__)
    if isinstance(fn, functools.partial):
        inner = convert(fn.func)
        same = inner is fn.func
        return fn if same else functools.partial(inner, *fn.args, **fn.keywords)
    if isinstance(fn, type) or getattr(fn, KEPT, False):
        return fn
    call = call_of(fn)
    if isinstance(call, types.FunctionType):
        inner = _converted(call)
        return fn if inner is call else types.MethodType(inner, fn)
    return fn


def call_of(value: Any) -> Any:
    """What the class of an object defines as its call; None where it has none."""
    for owner in type(value).__mro__:
        if "__call__" in vars(owner):
            return vars(owner)["__call__"]
    return None


def source_text(fn: Any) -> str:
    """The rewritten source of a function.

    Raises:
        ValueError: where it cannot be had.
    """
    fn = inspect.unwrap(fn)
    fn = getattr(fn, "__func__", fn)
    try:
        node, _ = _rewritten(source_of(fn))
    except (SourceMissing, Unsupported) as error:
        raise ValueError(str(error)) from None
    return ast.unparse(ast.fix_missing_locations(node)) + "\n"


def _converted(fn: types.FunctionType) -> types.FunctionType:
    code = fn.__code__
    if fn.__dict__.get(KEPT) or OPERATORS in code.co_freevars:
        return fn
    kept = _codes.get(id(code))
    if kept is not None and kept[0]() is code:
        new = kept[1]
    else:
        new = _new_code(fn)
        key = id(code)
        _codes[key] = (weakref.ref(code, _forgetting(key)), new)
    return fn if new is None else _with_code(fn, new)


def _forgetting(key: int) -> Callable[[Any], None]:
    """What forgets a code object; at exit the module loses its names before."""
    codes = _codes

    def forget(_: Any) -> None:
        codes.pop(key, None)

    return forget


def _new_code(fn: types.FunctionType) -> types.CodeType | None:
    code = fn.__code__
    if code.co_flags & _NOT_PLAIN or not _is_users(fn):
        return None
    try:
        made = _compiled(source_of(fn), code)
        tell(1, f"AutoGraph converted {code.co_qualname}")
        if tell.level >= 3:
            tell(3, source_text(fn))
        return made
    except (SourceMissing, Unsupported, SyntaxError) as error:
        get_logger().warning(
            "AutoGraph could not transform %s and will run it as it is: %s Only its"
            " Python control flow over tensors is affected; decorate it with"
            " @tf.autograph.experimental.do_not_convert to silence this.",
            f"{code.co_qualname} ({code.co_filename}:{code.co_firstlineno})",
            error,
        )
        return None


def _is_users(fn: types.FunctionType) -> bool:
    """Whether a function is the program's, and not a library's."""
    filename = fn.__code__.co_filename
    module = (fn.__module__ or "").partition(".")[0]
    if filename.startswith("<frozen") or filename.startswith(_HOME + os.sep):
        return False
    in_packages = any(name in filename for name in _PACKAGES)
    if filename.startswith(_LIBRARY + os.sep) and not in_packages:
        return False
    return not (module in _LEFT and (in_packages or module == "rillet"))


def _rewritten(source: Source) -> tuple[ast.stmt, str]:
    """A function's rewritten tree, as a statement, and the name of its code."""
    node: Any = copy.deepcopy(source.node)
    arguments = node.args
    # The original keeps its defaults and annotations: these are only its code.
    arguments.defaults = [_nothing(d) for d in arguments.defaults]
    arguments.kw_defaults = [d and _nothing(d) for d in arguments.kw_defaults]
    if isinstance(node, ast.Lambda):
        rewrite_expression(node)
        target = ast.copy_location(ast.Name("ag__lambda", ast.Store()), node)
        return ast.copy_location(ast.Assign([target], node), node), "<lambda>"
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for argument in [*plain, arguments.vararg, arguments.kwarg]:
        if argument is not None:
            argument.annotation = None
    # code begins at its decorators, and its lines are counted from there
    node.lineno = min([node.lineno, *[d.lineno for d in node.decorator_list]])
    node.decorator_list, node.returns = [], None
    rewrite_function(node)
    return node, node.name


def _nothing(at: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(None), at)


def _compiled(source: Source, code: types.CodeType) -> types.CodeType:
    """The code object of a rewritten function, with the original's free variables."""
    statement, name = _rewritten(source)
    outer = [OPERATORS, *[n for n in code.co_freevars if n != "__class__"]]
    body: list[ast.stmt] = [statement]
    inside = "__class__" in code.co_freevars
    if source.class_name is not None:
        # private names mean the same inside a class of the same name
        owner = ast.parse(f"class {source.class_name}: pass").body[0]
        owner.body = body  # type: ignore[attr-defined]
        shadow = ast.parse(f"global {source.class_name}").body
        body = [owner] if source.class_name in outer else [*shadow, owner]
    elif inside:
        outer.append("__class__")
    elif name not in outer and isinstance(statement, ast.FunctionDef):
        # a function that calls itself means the one of its module
        body = [*ast.parse(f"global {name}").body, statement]
    factory: Any = ast.parse("def ag__factory(): pass").body[0]
    factory.body = [*ast.parse(" = ".join([*outer, "None"])).body, *body]
    module = ast.Module([factory], [])
    made = compile(ast.fix_missing_locations(module), source.filename, "exec")
    new = _inner_code(_inner_code(made, "ag__factory"), name, source.class_name)
    new = _renamed(new, code.co_name)
    return new.replace(co_qualname=code.co_qualname, co_firstlineno=code.co_firstlineno)


def _renamed(code: types.CodeType, name: str) -> types.CodeType:
    """Code with the parts that rewriting made named, in tracebacks, as the whole is."""

    def inner(part: Any) -> Any:
        if not isinstance(part, types.CodeType):
            return part
        return _renamed(part, name if part.co_name.startswith("ag__") else part.co_name)

    parts = tuple([inner(part) for part in code.co_consts])
    return code.replace(co_name=name, co_consts=parts)


def _inner_code(
    code: types.CodeType, name: str, owner: str | None = None
) -> types.CodeType:
    codes = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    if owner is not None:
        code = next(c for c in codes if c.co_name == owner)
        codes = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return next(c for c in codes if c.co_name == name)


def _with_code(fn: types.FunctionType, code: types.CodeType) -> types.FunctionType:
    """`fn` over again with other code: same globals, cells, defaults and marks."""
    cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
    cells[OPERATORS] = _cell
    closure = tuple([cells[name] for name in code.co_freevars])
    made = types.FunctionType(
        code, fn.__globals__, fn.__name__, fn.__defaults__, closure or None
    )
    made.__kwdefaults__ = fn.__kwdefaults__
    made.__dict__.update(fn.__dict__)
    made.__annotations__ = fn.__annotations__
    made.__doc__, made.__module__ = fn.__doc__, fn.__module__
    made.__qualname__ = fn.__qualname__
    return made


def keep(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function as one to leave alone.

    Raises:
        ValueError: where it is no callable.
    """
    if not callable(fn):
        raise ValueError(
            house_message("do_not_convert", "it takes a callable", f"received {fn!r}")
        )
    if isinstance(fn, types.FunctionType):
        setattr(fn, KEPT, True)
        return fn

    @functools.wraps(fn, updated=())
    def kept(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    setattr(kept, KEPT, True)
    return kept
