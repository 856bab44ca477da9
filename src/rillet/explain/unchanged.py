"""Running a model without a trace: weights, states and random numbers stay as they are.

In: a model. Out: a ``with`` block. `advice` and `replay` look at models of users in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rillet.explain.nonfinite import variables
from rillet.keras.random_source import kept
from rillet.ops.numerics_watch import looking_away


@contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """A ``with`` block after which a model and random numbers are as before.

    No tape and no watch of this thread sees what runs in it.

    Args:
        model: a built model.
    """
    with looking_away(), kept(), warnings.catch_warnings():
        # training has given them
        warnings.simplefilter("ignore")
        held = [(v, v.value()) for v in variables(model)]
        try:
            yield
        finally:
            for v, old in held:
                if v.value()._array is not old._array:
                    v.assign(old)
