"""`rillet.playground`: pages that show a network learn, and the classes behind them.

    rillet playground                     # on the command line: serves three pages
    rillet.playground.show(1000, 800)     # in a notebook: shows one in a frame

A page's wishes flow in over a WebSocket, pictures flow out:

    page -> messages -> worker (a thread) -> session -> lab -> Keras's `fit`
    page <- frames   <- outbox            <- looks, surface, listing, address

- `settings` says what a network may be made of; `address` writes all of it into a link.
- `lab` trains one network and looks at it; it knows no thread, no clock, no page.
- `session`, `lessons` and `digits` are the three pages, each in a `worker` of its own.
- `server` checks who connects; `launch` starts it. `page/` holds what browsers get.

Nothing here is loaded before somebody asks for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rillet.playground.launch import show
    from rillet.playground.perceptron import Perceptron, Trainer

_PLACES = {"Perceptron": "perceptron", "Trainer": "perceptron", "show": "launch"}

__all__ = ["Perceptron", "Trainer", "show"]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"rillet.playground has no name {name!r}")
    value = getattr(importlib.import_module(f"rillet.playground.{place}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
