"""Which layers are being called on this thread, and in which mode.

`Layer.__call__` flows in and out: it puts a frame on before `call` and takes it off
after. Inner layers ask here for the mode (`training`) that an outer one was given.
"""

from __future__ import annotations

import os
import threading
from typing import Any

#: A layer, the mode it was called in, and the frame of the layer that called it.
Frame = tuple[Any, Any, Any]


class _Calls(threading.local):
    """The calls of one thread."""

    frame: Frame | None = None
    #: Counts outermost calls, so that losses of an earlier one can be told apart.
    token: int = 0
    #: The type that weights of mixed layers read as, where one is being called.
    autocast: Any = None
    #: Whether batches of any size go through models now, so that none is shown.
    free_batch: bool = False
    #: Whether they come from a dataset that gives single examples.
    singles: bool = False
    #: Steps that the next call of a step function is to run; the model's where None.
    steps: int | None = None
    #: Values of variables to go back to, where a call is only to tell shapes.
    undo: list[tuple[Any, Any]] | None = None


calls = _Calls()


class _Mode:
    """What holds for every thread."""

    #: 0 or 1 where a program set the learning phase, else None.
    phase: int | None = None
    #: Whether any tensor has been given a mask: until then nobody looks for one.
    masks: bool = False
    #: How often `trainable` of any layer was set, so that most need not look.
    trainable_set: int = 0
    #: Held while a layer makes its weights, so that two threads do not both make them.
    building = threading.RLock()


mode = _Mode()


def _after_fork() -> None:
    # The thread that held the lock does not live on in the child.
    mode.building = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def outer_training() -> Any:
    """The mode of the layer that is being called, or None."""
    frame = calls.frame
    return None if frame is None else frame[1]


def in_call() -> bool:
    """Whether a layer is being called on this thread."""
    return calls.frame is not None


def scope_names() -> tuple[str, ...]:
    """Names of the layers being called, outermost first, for names of variables."""
    names: list[str] = []
    frame = calls.frame
    while frame is not None:
        name = frame[0]._scope_name()
        if name:
            names.append(name)
        if frame[0]._starts_scope:
            break
        frame = frame[2]
    return tuple(reversed(names))


def set_mask(tensor: Any, mask: Any) -> None:
    """Attach a mask to a tensor, for the layers that come after."""
    if mask is not None:
        mode.masks = True
    tensor._keras_mask = mask


def mask_of(tensor: Any) -> Any:
    """The mask attached to a tensor, or None."""
    return getattr(tensor, "_keras_mask", None) if mode.masks else None
