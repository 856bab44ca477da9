"""What rewritten code finds under the name ``ag__``: all its operators."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from rillet.graph.autograph.branches import if_exp as if_exp
from rillet.graph.autograph.branches import if_stmt as if_stmt
from rillet.graph.autograph.builtin_functions import OVERLOADS
from rillet.graph.autograph.conversion import convert
from rillet.graph.autograph.lists import concat_, stack_
from rillet.graph.autograph.lists import list_append as list_append
from rillet.graph.autograph.logic import and_ as and_
from rillet.graph.autograph.logic import assert_stmt as assert_stmt
from rillet.graph.autograph.logic import chain as chain
from rillet.graph.autograph.logic import none_of as none_of
from rillet.graph.autograph.logic import not_ as not_
from rillet.graph.autograph.logic import or_ as or_
from rillet.graph.autograph.loops import for_stmt as for_stmt
from rillet.graph.autograph.loops import loop_options as loop_options
from rillet.graph.autograph.loops import while_stmt as while_stmt
from rillet.graph.autograph.state import UNSET as UNSET
from rillet.graph.autograph.state import peek as peek
from rillet.ops.array import concat, stack

#: rillet's functions of lists, with what takes a list that grew in a traced loop.
_OF_LISTS: dict[Any, Callable[..., Any]] = {concat: concat_, stack: stack_}

#: rillet's functions that call functions of the program's while they are traced.
_CALLERS = frozenset(
    """case cond filter flat_map foldl foldr interleave map map_fn reduce scan
    switch_case vectorized_map while_loop""".split()
)


def call(fn: Any) -> Any:
    """The function to call where the program calls `fn`.

    Args:
        fn: whatever stands before the parentheses.

    Returns:
        `fn` converted where it is the program's, an overload where it is a builtin that
        tensors may reach, else `fn` itself.
    """
    kind = type(fn)
    if kind is types.BuiltinFunctionType or kind is type:
        return OVERLOADS.get(fn, fn)
    made = _OF_LISTS.get(fn, fn) if kind is types.FunctionType else fn
    if made is not fn:
        return made
    made = convert(fn)
    if made is fn and getattr(fn, "__name__", "") in _CALLERS:
        module = getattr(fn, "__module__", None) or ""
        return _with_converted(fn) if module.startswith("rillet.") else fn
    return made


def _with_converted(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of rillet's that is given converted functions."""

    def called(*args: Any, **kwargs: Any) -> Any:
        kept = {key: _function(value) for key, value in kwargs.items()}
        return fn(*[_function(value) for value in args], **kept)

    return called


def _function(value: Any) -> Any:
    if isinstance(value, types.FunctionType | types.MethodType):
        return convert(value)
    if isinstance(value, list | tuple):
        return type(value)([_function(v) for v in value])
    if isinstance(value, dict):
        return {key: _function(v) for key, v in value.items()}
    return value
