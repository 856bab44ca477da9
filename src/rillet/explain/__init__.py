"""`rillet.explain`: pictures of what happens inside, and a doctor for models.

    explain.graph(loss)                  # the computation graph, with gradients
    print(explain.step(model, (x, y)))   # one training step, told in order
    explain.doctor(False)                # no more advice from `fit`

Functions, models, histories and points flow in; out flow pictures that notebooks show,
`print` tells where there is only text, and `save` writes. What a picture shows stands
in its attributes as numbers.

- `picture` says what all pictures offer; `svg` draws boxes, lines and text.
- `computation` and `passage` look at what a function computes, op by op.
- `advice` decides when the doctor speaks; `structure` looks at models, `numbers` at
  values, `nonfinite` finds where a NaN was made.

Nothing here is loaded before somebody asks for it; `fit` asks for the doctor.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rillet.explain import naive
    from rillet.explain.advice import doctor, examine
    from rillet.explain.computation import graph
    from rillet.explain.steps import step

_PLACES = {
    "doctor": "advice",
    "examine": "advice",
    "graph": "computation",
    "naive": "",
    "step": "steps",
}

__all__ = [
    "doctor",
    "examine",
    "graph",
    "naive",
    "step",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"rillet.explain has no name {name!r}")
    value: Any
    if place:
        value = getattr(importlib.import_module(f"rillet.explain.{place}"), name)
    else:
        value = importlib.import_module(f"rillet.explain.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
