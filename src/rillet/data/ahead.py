"""The stage that reads ahead, so that work overlaps the program's step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.data.order import PassPlan, symbols
from rillet.data.plan import Plan, Run, iterate, static
from rillet.data.structure import Element
from rillet.data.workers import Ahead

#: Elements kept ready where the program leaves the number to the pipeline.
_READY = 4


class PrefetchPlan(PassPlan):
    """Elements that a thread makes ahead of the program.

    Args:
        source: the plan.
        size: how many to keep ready; -1 to leave it to the pipeline.
    """

    kind = "_PrefetchDataset"

    def __init__(self, source: Plan, size: Any) -> None:
        super().__init__(source, symbols(size))
        self._size = size
        known = static(size)
        if known is not None and known < -1:
            raise InvalidArgumentError(
                house_message(
                    "Dataset.prefetch",
                    "buffer_size must be >= 0 or tf.data.AUTOTUNE",
                    f"got {known}",
                )
            )

    @property
    def joins(self) -> bool:
        """As the source."""
        return self.source.joins

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        size = int(run.number(self._size))
        source = iterate(self.source, run)
        return Ahead(source, _READY if size < 0 else size) if size else source
