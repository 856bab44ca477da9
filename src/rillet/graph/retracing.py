"""The warning about functions that are traced over and over.

A `tf.function` notes with each call whether it traced.
"""

from __future__ import annotations

from typing import Final

from rillet.core.logger import get_logger

#: TensorFlow warns where 5 of the last 10 calls traced.
_MANY: Final = 5
_LAST: Final = 10


class Retracing:
    """How many of a function's last calls traced it; warns once where many did.

    Args:
        name: the function's.

    Attributes:
        counting: whether one of the last calls traced, so that the next ones count.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._recent: list[bool] = []
        self._warned = False
        self.counting = False

    def note(self, traced: bool) -> None:
        """Count a call."""
        if self._warned:
            self.counting = False
            return
        self._recent = [*self._recent[1 - _LAST :], traced]
        self.counting = any(self._recent)
        if traced and sum(self._recent) >= _MANY:
            self._warned = True
            get_logger().warning(
                "%d out of the last %d calls to %r triggered tf.function retracing."
                " Tracing is expensive and the excessive number of tracings could be"
                " due to (1) creating @tf.function repeatedly in a loop, (2) passing"
                " tensors with different shapes, (3) passing Python objects instead of"
                " tensors. For (1), please define your @tf.function outside of the"
                " loop. For (2), @tf.function has reduce_retracing=True option that can"
                " avoid unnecessary retracing. For (3), pass tensors.",
                sum(self._recent),
                len(self._recent),
                self._name,
            )
