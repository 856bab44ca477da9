"""Values in the words of an error message."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.errors import ResourceExhaustedError, house_message
from rillet.core.tensor import Tensor


def shortened(value: Any) -> str:
    """What `repr` gives, cut after 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def takes(function: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    """Whether a function's arguments let it be called so; true where Python can't say.

    Of some built-in functions the arguments are not known.
    """
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    except ValueError:
        pass
    return True


def describe(value: Any) -> str:
    """What a value is, for an error message, without printing all of it."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {value.shape} and dtype {value.dtype.name}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"{shortened(value)} of type {type(value).__name__}"


def out_of_memory(op: str, what: str) -> ResourceExhaustedError:
    """The error for an allocation that the machine refuses."""
    return ResourceExhaustedError(
        house_message(op, "OOM: there is not enough memory", what)
    )
