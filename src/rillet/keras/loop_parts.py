"""What `fit`, `evaluate` and `predict` have around their steps.

In: arguments as users give them, and what steps gave. Out: callbacks, logs as plain
numbers, refusals. `loops` calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.keras.call_context import calls
from rillet.keras.callbacks import CallbackList
from rillet.keras.data_handler import DataHandler
from rillet.keras.logs import plain_logs


@contextmanager
def open_batch(model: Any, handler: DataHandler) -> Iterator[None]:
    """Batches of any size go through a model meanwhile; see `call_context`."""
    for part in model._flatten():
        if hasattr(part, "_free_batch"):
            part._free_batch()
    kept = calls.free_batch, calls.steps, calls.singles
    calls.free_batch, calls.singles = True, handler.gives_singles
    try:
        yield
    finally:
        calls.free_batch, calls.steps, calls.singles = kept


def hooks_of(
    callbacks: Any, model: Any, mode: int, epochs: int, steps: Any, history: bool
) -> CallbackList:
    """The callbacks of a run, with the bar and the history where they are wanted."""
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(
        callbacks,
        add_history=history,
        add_progbar=mode != 0,
        model=model,
        verbose=mode,
        epochs=epochs,
        steps=steps,
    )


def needed(function: str, logs: Any, ran: bool) -> dict[str, Any]:
    """The logs of a run as plain numbers.

    Args:
        function: the name of the step function, such as ``"train_function"``.
        logs: what the last step gave.
        ran: whether there was a step.

    Raises:
        ValueError: where there was none.
        TypeError: where a step gave None.
    """
    if logs is not None:
        return plain_logs(logs)
    if ran:
        step = function.replace("_function", "_step")
        raise TypeError(
            house_message(
                f"Model.{step}",
                "a step must give a dictionary of logs (Can not convert a NoneType)",
                "it returned None",
                "End it with return {m.name: m.result() for m in self.metrics}",
            )
        )
    raise ValueError(
        house_message(
            function,
            f"Unexpected result of `{function}` (Empty Logs)",
            "the data gave no batch",
            "Give data that is not empty; a generator can be used up only once",
        )
    )


def check_counts(epochs: Any, initial: Any, steps: Any, split: Any) -> None:
    """Refuse numbers of epochs and steps, and shares of validation, that are none."""
    for name, value in (("epochs", epochs), ("initial_epoch", initial)):
        if not isinstance(value, int | np.integer):
            raise TypeError(
                house_message("fit", f"`{name}` must be an integer", f"got {value!r}")
            )
    if steps is not None and (
        not isinstance(steps, int | np.integer) or (steps < 1 and steps != -1)
    ):
        raise ValueError(
            house_message(
                "fit", "`steps_per_epoch` must be a positive integer", f"got {steps!r}"
            )
        )
    if split and not 0 < split < 1:
        raise ValueError(
            house_message(
                "fit",
                "`validation_split` must be between 0 and 1",
                f"got {split!r}",
            )
        )


def tell_old(name: str, new: str) -> None:
    """Say that a method has another name now."""
    get_logger().warning(
        "`Model.%s` is deprecated. Please use `Model.%s`, which supports generators.",
        name,
        new,
    )


def generator_arguments(
    method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Positional arguments of the old generator methods by name."""
    names = (
        ("steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data")
        if method == "fit"
        else ("steps", "callbacks")
    )
    return {**dict(zip(names, args, strict=False)), **kwargs}
