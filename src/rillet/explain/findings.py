"""What the doctor finds: a short text with the fix, told once.

`structure` and `numbers` make findings, `advice` tells them.
"""

from __future__ import annotations

import re
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

from rillet.core.logger import get_logger


@dataclass(frozen=True)
class Finding:
    """Something that keeps a model from learning, or will.

    Attributes:
        kind: one word for it, the same each time.
        message: what is wrong.
        fix: what to do.
    """

    kind: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.message}. {self.fix}."


class Record:
    """What the doctor remembers of a model.

    Attributes:
        kinds: the findings that were told.
    """

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self._runs = 0
        self._form: Any = None

    def due(self, form: Any) -> bool:
        """Whether a run that begins now is looked at.

        The first is, and the first on other data or after another `compile`; of those
        that follow the 10th, the 100th, ...

        Args:
            form: what is equal for runs that look alike.
        """
        self._runs = self._runs + 1 if form == self._form else 1
        self._form = form
        return str(self._runs).strip("0") == "1"


_records: Final[dict[int, Record]] = {}


def record_of(model: Any) -> Record:
    """What is remembered of a model, for as long as it lives."""
    found = _records.get(id(model))
    if found is None:
        found = _records[id(model)] = Record()
        weakref.finalize(model, _records.pop, id(model), None)
    return found


#: Findings told, by what was found and where in the program, the latest last; each with
#: the code that asked, so that no later code gets its id.
_told: Final[OrderedDict[Any, Any]] = OrderedDict()
_MOST: Final = 1000
_lock: Final = threading.Lock()
_NUMBER: Final = re.compile(r"-?\d[\d.,e+-]*")


def forget() -> None:
    """Forget where in the program findings were told."""
    with _lock:
        _told.clear()


def tell(model: Any, finding: Finding) -> bool:
    """Say a finding, once a model and kind, and once for models made alike in a loop.

    Returns:
        Whether it was said now.
    """
    kinds = record_of(model).kinds
    if finding.kind in kinds:
        return False
    kinds.add(finding.kind)
    callers = list(_callers())
    words = _NUMBER.sub("", finding.message)
    place = (words, _making(model), *((id(code), line) for code, line in callers))
    with _lock:
        again = place in _told
        _told[place] = callers
        _told.move_to_end(place)
        while len(_told) > _MOST:
            _told.popitem(last=False)
    if again:
        return False
    get_logger().warning(
        "doctor: %s (rillet.explain.doctor(False) turns this advice off)", finding
    )
    return True


def _making(model: Any) -> Any:
    """What models made alike have in common."""
    layers = tuple(
        (type(layer), getattr(layer, "units", None), getattr(layer, "filters", None))
        for layer in getattr(model, "layers", ())
    )
    return type(model), layers, type(model.optimizer)


def _callers() -> Iterator[tuple[CodeType, int]]:
    """The code that trains and what called it, with its lines, the innermost first.

    What is typed at a prompt, or run in a notebook's cell, is new code each time.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").split(".")[0] != "rillet":
            yield frame.f_code, frame.f_lineno
        frame = frame.f_back
