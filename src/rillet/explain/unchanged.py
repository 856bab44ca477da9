"""Running a model without a trace: weights, states and random numbers stay as they are.

In: a model. Out: a ``with`` block. `advice` and `replay` look at models of users in it.
Random numbers come from streams of the block's own, so that other threads draw as they
would without it.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.explain.nonfinite import variables
from rillet.keras.layers import Lambda
from rillet.ops import seeds
from rillet.ops.numerics_watch import looking_away


@contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """A ``with`` block after which a model and random numbers are as before.

    No tape and no watch of this thread sees what runs in it. What else a program's own
    layers change, a counter say, stays changed, as it does when a step is traced; see
    `may_be_tried`.

    Args:
        model: a built model.
    """
    with (
        looking_away(),
        seeds.aside(),
        _others_kept(model),
        warnings.catch_warnings(),
    ):
        # training has given them
        warnings.simplefilter("ignore")
        moved = {id(v): v for v in (*variables(model), *_written(model))}
        held = [(v, v.value()) for v in moved.values()]
        try:
            yield
        finally:
            for v, old in held:
                if v.value()._array is not old._array:
                    v.assign(old)


def _written(model: Any) -> Iterator[Any]:
    """The variables in the graphs of the model's steps: generators' states, say."""
    for name in ("train_function", "test_function", "predict_function"):
        step = getattr(getattr(model, name, None), "step", None)
        for concrete in getattr(step, "graphs", ()):
            yield from concrete.graph.variables()


@contextmanager
def _others_kept(model: Any) -> Iterator[None]:
    """A ``with`` block after which Python's and NumPy's random numbers go on as before.

    These are the whole process's: only a model with code of the program's own can move
    them, and only for such a one they are put back.
    """
    if not has_own_code(model):
        yield
        return
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def may_be_tried(model: Any) -> bool:
    """Whether nobody minds a pass more: where Python runs each step, a program may."""
    return not (getattr(model, "run_eagerly", False) and has_own_code(model))


def has_own_code(model: Any) -> bool:
    """Whether layers, losses, metrics or the optimizer are not all rillet's."""
    kinds = [type(part) for part in (*model._flatten_layers(), *model.metrics)]
    called = [model.optimizer, *nest.flatten(model.loss)]
    kinds += [x if callable(x) and hasattr(x, "__name__") else type(x) for x in called]
    return any(
        not f"{kind.__module__}.".startswith(("rillet.", "builtins.")) or kind is Lambda
        for kind in kinds
    )
