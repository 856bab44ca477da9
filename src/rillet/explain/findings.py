"""What the doctor finds: a short text with the fix, told once.

`structure` and `numbers` make findings, `advice` tells them.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
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


_told: Final[dict[int, set[str]]] = {}


def tell(model: Any, finding: Finding) -> bool:
    """Say a finding, once a model and kind.

    Returns:
        Whether it was said now.
    """
    kinds = _told.get(id(model))
    if kinds is None:
        kinds = _told[id(model)] = set()
        weakref.finalize(model, _told.pop, id(model), None)
    if finding.kind in kinds:
        return False
    kinds.add(finding.kind)
    get_logger().warning(
        "doctor: %s (rillet.explain.doctor(False) turns this advice off)", finding
    )
    return True
