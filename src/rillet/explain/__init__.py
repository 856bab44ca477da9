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
    from rillet.explain.boxes import matmul, shapes
    from rillet.explain.computation import graph
    from rillet.explain.curves import history, local_minimum
    from rillet.explain.insides import activations, weights
    from rillet.explain.networks import network, overview
    from rillet.explain.planes import geometry, uncrumple
    from rillet.explain.regions import boundary
    from rillet.explain.scores import confusion, predictions
    from rillet.explain.steps import step
    from rillet.explain.surfaces import loss_surface

_PLACES = {
    "activations": "insides",
    "boundary": "regions",
    "confusion": "scores",
    "doctor": "advice",
    "examine": "advice",
    "geometry": "planes",
    "graph": "computation",
    "history": "curves",
    "local_minimum": "curves",
    "loss_surface": "surfaces",
    "matmul": "boxes",
    "naive": "",
    "network": "networks",
    "overview": "networks",
    "predictions": "scores",
    "shapes": "boxes",
    "step": "steps",
    "uncrumple": "planes",
    "weights": "insides",
}

__all__ = [
    "activations",
    "boundary",
    "confusion",
    "doctor",
    "examine",
    "geometry",
    "graph",
    "history",
    "local_minimum",
    "loss_surface",
    "matmul",
    "naive",
    "network",
    "overview",
    "predictions",
    "shapes",
    "step",
    "uncrumple",
    "weights",
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
