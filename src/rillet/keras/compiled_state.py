"""Which layers a model trains: those that were trainable when it was compiled.

In: a model at `compile`, and later at each training. Out: the layers' `trainable` set
as it was, for as long as the training lasts. Programs that freeze one model inside
another (adversarial networks) count on it. `training` and `loops` call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rillet.keras.call_context import mode
from rillet.keras.layer_settings import LayerSettings

#: How often `trainable` was set before the note was taken, and each layer's value.
Note = tuple[int, list[tuple[LayerSettings, bool]]]


def note_trainable(model: Any) -> Note:
    """Which layers of a model are trainable now."""
    parts = [part for part in model._flatten() if isinstance(part, LayerSettings)]
    return mode.trainable_set, [(part, part.trainable) for part in parts]


@contextmanager
def trainable_as(model: Any, noted: Note) -> Iterator[None]:
    """The layers of a model trainable as noted, meanwhile."""
    changes, then = noted
    if mode.trainable_set == changes:
        yield
        return
    now = note_trainable(model)[1]
    present = {id(part): value for part, value in now}
    if all(present.get(id(part), value) == value for part, value in then):
        yield
        return
    _set([(part, value) for part, value in then if id(part) in present])
    try:
        yield
    finally:
        _set(now)


def _set(values: list[tuple[LayerSettings, bool]]) -> None:
    # Outer layers stand before inner ones, which they would overwrite.
    for part, value in values:
        part.trainable = value
