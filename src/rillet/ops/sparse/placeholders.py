"""Functions of `tf.sparse` on Keras's placeholders: each call becomes a layer.

Marked functions look at their arguments for sparse placeholders first; Keras, which
stands above, makes the layer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from rillet.core import context
from rillet.core.sparse_tensor import SparseTensorSpec

F = TypeVar("F", bound=Callable[..., Any])


def _is_placeholder(value: Any) -> bool:
    """Whether a value, or one in a list, is a sparse placeholder."""
    if isinstance(value, list | tuple):
        return any(map(_is_placeholder, value))
    spec = getattr(value, "composite", None)
    return isinstance(spec, SparseTensorSpec)


def placed(symbol: str) -> Callable[[F], F]:
    """Mark a function that placeholders may call.

    Args:
        symbol: TensorFlow's name of it, without ``tf.``.
    """

    def mark(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if any(map(_is_placeholder, (*args, *kwargs.values()))):
                layer = context.service("keras.call_function")
                if layer is not None:
                    return layer(symbol, args, kwargs)
            return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    return mark
