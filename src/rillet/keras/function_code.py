"""Functions of `Lambda` layers in configurations: by name, or as compiled code.

In: a function. Out: its registered name, or the code, defaults and closure of a lambda
in Keras's form; and back. Code out of a file runs only where the program asks for it
(`safe_mode=False`): loading it is running it.
"""

from __future__ import annotations

import base64
import marshal
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.serialization import get_registered_name, get_registered_object


class _Mode(threading.local):
    """Whether this thread loads code out of files."""

    safe: bool = True


_mode = _Mode()


def enable_unsafe_deserialization() -> None:
    """Let this thread load the code of lambdas from files that you trust."""
    _mode.safe = False


@contextmanager
def safe_mode(safe: bool | None) -> Iterator[None]:
    """A ``with`` block in which code is refused, or loaded.

    Args:
        safe: whether it is refused; as before where None.
    """
    kept = _mode.safe
    if safe is not None:
        _mode.safe = kept and safe
    try:
        yield
    finally:
        _mode.safe = kept


def described_function(function: Callable[..., Any]) -> Any:
    """A function as plain data: by name, or a lambda's code.

    Args:
        function: the function.

    Returns:
        A dictionary in Keras's form.

    Raises:
        ValueError: where a lambda holds on to what is no plain data.
    """
    name = getattr(function, "__name__", "<lambda>")
    if name != "<lambda>":
        return {
            "class_name": "function",
            "config": name,
            "module": getattr(function, "__module__", None),
            "registered_name": get_registered_name(function),
        }
    code = base64.b64encode(marshal.dumps(function.__code__)).decode("ascii")
    defaults = list(function.__defaults__) if function.__defaults__ else None
    cells = function.__closure__
    closure = [c.cell_contents for c in cells] if cells else None
    for value in [*(defaults or ()), *(closure or ())]:
        if not isinstance(value, bool | int | float | str | list | tuple | None):
            raise ValueError(
                house_message(
                    "Lambda.get_config",
                    "a lambda that uses objects from around it cannot be written down",
                    f"it uses {value!r}",
                    "Write it with def and register it with"
                    " keras.saving.register_keras_serializable()",
                )
            )
    # Keras 3 reads the names, tf.keras 2 the list.
    config = {
        "value": [code, defaults, closure],
        "code": code,
        "defaults": defaults,
        "closure": closure,
    }
    return {"class_name": "__lambda__", "config": config}


def restored_function(data: Any, custom_objects: Any = None) -> Any:
    """The function that `described_function`, or one of the Kerases, wrote down.

    Args:
        data: what was written; a function or name passes through or is looked up.
        custom_objects: users' functions by name.

    Raises:
        ValueError: for code, where the program did not ask for it; for a name that
            nobody registered.
    """
    if data is None or callable(data):
        return data
    if isinstance(data, list | tuple):
        return _from_code(data, "Lambda")
    if isinstance(data, dict) and data.get("class_name") == "__lambda__":
        config = data["config"]
        parts = config.get("value") or [
            config.get("code"),
            config.get("defaults"),
            config.get("closure"),
        ]
        return _from_code(parts, "Lambda")
    names = [data]
    if isinstance(data, dict):
        names = [data.get("registered_name"), data.get("config")]
    for name in names:
        found = get_registered_object(str(name), custom_objects) if name else None
        if found is not None:
            return found
    raise ValueError(
        house_message(
            "Lambda.from_config",
            f"Unknown function: {names[-1]!r}",
            "no registered object has that name",
            "Give custom_objects={name: function}, or register it with"
            " keras.saving.register_keras_serializable()",
        )
    )


def _from_code(parts: Any, who: str) -> Callable[..., Any]:
    if _mode.safe:
        raise ValueError(
            house_message(
                who,
                "Requested the deserialization of a `Lambda` layer whose function is"
                " code in the file. This carries a potential risk of arbitrary code"
                " execution and thus it is disallowed by default",
                "safe_mode is on",
                "If you trust the source of the model, pass `safe_mode=False` to the"
                " loading function, or call"
                " `keras.config.enable_unsafe_deserialization()`",
            )
        )
    raw, defaults, closure = parts
    code = marshal.loads(base64.b64decode(raw))
    cells = None
    if closure is not None:
        cells = tuple(types.CellType(value) for value in closure)
    space = {"__builtins__": __builtins__, **_public_names()}
    given = tuple(defaults) if defaults else None
    return types.FunctionType(code, space, "<lambda>", given, cells)


def _public_names() -> dict[str, Any]:
    """What a lambda of a program usually finds around it."""
    import sys

    top = sys.modules["rillet"]
    main = vars(sys.modules.get("__main__", types.ModuleType("__main__")))
    return {"tf": top, "keras": getattr(top, "keras", None), **main}
