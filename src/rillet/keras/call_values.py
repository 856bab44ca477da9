"""Values on their way into a layer's `call`, and how errors show them.

In: what users call layers with. Out: tensors, and descriptions for messages.
`base_layer` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.keras.call_form import CallForm
from rillet.keras.tracking import Tracked
from rillet.ops.host import is_symbolic

NUMBERS = (np.ndarray, np.generic, float, int)


def as_tensor(x: Any) -> Any:
    if isinstance(x, Tensor) or hasattr(x, "_dense_tensor"):
        return x
    if isinstance(x, NUMBERS) or is_table(x):
        return to_tensor(x)
    return x


def is_table(x: Any) -> bool:
    """Whether `x` is a pandas table or another array-like that is no tensor."""
    return (
        not isinstance(x, Tensor | Tracked)
        and hasattr(x, "__array__")
        and not hasattr(x, "_dense_tensor")
    )


def lone(inputs: Any, name: str) -> Any:
    """The one input in a list, or in a dictionary by the input layer's name."""
    if isinstance(inputs, Tensor):
        return inputs
    if isinstance(inputs, dict) and name in inputs:
        return inputs[name]
    flat = nest.flatten(inputs)
    return flat[0] if len(flat) == 1 else inputs


def shown(value: Any) -> str:
    """A value for an error message: a tensor by its shape."""
    if isinstance(value, Tensor) and not is_symbolic(value):
        return f"tf.Tensor(shape={value.shape}, dtype={value.dtype.name})"
    if isinstance(value, np.ndarray):
        return f"array(shape={value.shape}, dtype={value.dtype})"
    if isinstance(value, list | tuple) and len(value) < 9:
        return type(value)(shown(v) for v in value).__repr__().replace("'", "")
    if isinstance(value, dict) and len(value) < 9:
        return "{" + ", ".join(f"{k!r}: {shown(v)}" for k, v in value.items()) + "}"
    text = repr(value)
    return text if len(text) < 200 else text[:197] + "..."


def retold(
    error: Exception,
    who: str,
    form: CallForm,
    inputs: Any,
    kwargs: dict[str, Any],
    advice: str = "",
) -> Any:
    """An error anew, naming the layer and its arguments, with advice where there is.

    None where the error's class takes more than a message.
    """
    lines = [f"  • {form.first or 'inputs'}={shown(inputs)}"]
    others = {k: v for k, v in form.defaults.items() if k != form.first}
    lines += [f"  • {k}={shown(v)}" for k, v in {**others, **kwargs}.items()]
    text = (
        f"Exception encountered when calling {who}.\n\n{error}{advice}\n\n"
        f"Call arguments received by {who}:\n" + "\n".join(lines)
    )
    told: Any
    try:
        told = type(error)(text)
    except TypeError:
        return None
    told._layer_told = True
    return told
