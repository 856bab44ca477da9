"""The functions of `tf.autograph`: convert by hand, show, mark, set options."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable
from typing import Any

from rillet.core.errors import house_message
from rillet.graph.autograph import conversion
from rillet.graph.autograph.loops import set_loop_options as set_loop_options


class Feature(enum.Enum):
    """Parts of the conversion that TensorFlow lets a program choose.

    rillet converts all that it can whatever is chosen: assertions on tensors, Python's
    functions over tensors, list appends.
    """

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls) -> tuple[Feature, ...]:
        """Every feature."""
        return tuple(cls)

    @classmethod
    def all_but(cls, exclude: Any) -> tuple[Feature, ...]:
        """Every feature but some."""
        left_out = exclude if isinstance(exclude, list | tuple | set) else (exclude,)
        return tuple(f for f in cls if f not in left_out)


def to_graph(
    entity: Any,
    recursive: bool = True,
    experimental_optional_features: Any = None,
) -> Callable[..., Any]:
    """A callable that does what `entity` does, with control flow that can be traced.

    Args:
        entity: a function, a method or an object with ``__call__``.
        recursive: accepted; what the function calls is always converted too.
        experimental_optional_features: accepted.

    Returns:
        The converted callable.

    Raises:
        ValueError: where there is no source to convert.

    Example:
        >>> import rillet as tf
        >>> def double_if_positive(x):
        ...     if x > 0:
        ...         x = x * 2
        ...     return x
        >>> int(tf.function(tf.autograph.to_graph(double_if_positive))(3))
        6
    """
    to_code(entity)
    return conversion.convert(entity)


def to_code(
    entity: Any,
    recursive: bool = True,
    experimental_optional_features: Any = None,
) -> str:
    """The Python source that a function is converted to.

    Args:
        entity: a function or method; of a `tf.function`, its `python_function`.
        recursive: accepted.
        experimental_optional_features: accepted.

    Returns:
        Source text; ``ag__`` in it stands for the operators.

    Raises:
        ValueError: where there is no source to convert.
    """
    plain = getattr(entity, "python_function", entity)
    if not hasattr(getattr(plain, "__func__", plain), "__code__"):
        call = conversion.call_of(plain)
        if isinstance(plain, type) or not hasattr(call, "__code__"):
            raise ValueError(
                house_message(
                    "autograph",
                    "Cannot apply autograph to a function that doesn't expose a"
                    " __code__ object",
                    f"received {entity!r}",
                )
            )
        plain = call
    return conversion.source_text(plain)


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Choose how much the conversion tells: 0 for warnings only.

    Args:
        level: from 1 on, each function converted; from 3 on, its new source too.
        alsologtostdout: also print it.

    Example:
        >>> import rillet as tf
        >>> tf.autograph.set_verbosity(0)
    """
    conversion.tell.level = int(level)
    conversion.tell.aloud = bool(alsologtostdout)


def trace(*args: Any) -> None:
    """Print values while a function is traced, as Python's `print` does.

    Args:
        *args: what to print.

    Example:
        >>> import rillet as tf
        >>> tf.autograph.trace("tracing", 1)
        tracing 1
    """
    print(*args, file=sys.stdout)


def do_not_convert(func: Callable[..., Any] | None = None) -> Any:
    """Leave a function as it is: a decorator.

    Args:
        func: the function; without it, a decorator is given back.

    Returns:
        The function, marked.

    Raises:
        ValueError: where it is no callable.

    Example:
        >>> import rillet as tf
        >>> @tf.autograph.experimental.do_not_convert
        ... def f(x):
        ...     return x + 1
        >>> f(1)
        2
    """
    return do_not_convert if func is None else conversion.keep(func)
