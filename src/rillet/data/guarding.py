"""Stages that let elements pass or not: once each, without errors, as many as promised.

`transformation` and `experimental` make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import bool_
from rillet.core.errors import FailedPreconditionError, OpError, house_message
from rillet.core.logger import get_logger
from rillet.core.spec import TensorSpec
from rillet.data.mapping import MapPlan
from rillet.data.order import PassPlan
from rillet.data.plan import INFINITE, UNKNOWN, Plan, Run, iterate
from rillet.data.structure import Element, flatten, pack


class UniquePlan(PassPlan):
    """Each element once, where it first comes."""

    kind = "_UniqueDataset"

    def __init__(self, source: Plan) -> None:
        super().__init__(source)
        for spec in self.structure.flat:
            if not isinstance(spec, TensorSpec):
                raise TypeError(
                    house_message(
                        "Dataset.unique", "elements must be tensors", f"got {spec!r}"
                    )
                )

    @property
    def has_rows(self) -> bool:
        """Never."""
        return False

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        seen: set[Any] = set()
        for element in iterate(self.source, run):
            key = tuple([_key(a) for a in element])
            if key not in seen:
                seen.add(key)
                yield element

    def cardinality(self) -> int:
        """Unknown."""
        return UNKNOWN


def _key(array: Any) -> Any:
    if array.dtype == object:
        return array.shape, tuple(array.ravel().tolist())
    return array.shape, array.tobytes()


class IgnoreErrorsPlan(PassPlan):
    """The elements that come without an error."""

    kind = "_IgnoreErrorsDataset"

    def __init__(self, source: Plan, log_warning: bool) -> None:
        super().__init__(source)
        self._log = log_warning

    @property
    def has_rows(self) -> bool:
        """Never: errors come one by one."""
        return False

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        source = one_by_one(self.source, run)
        while True:
            try:
                element = next(source)
            except StopIteration:
                return
            except (OpError, ValueError, TypeError, ArithmeticError) as error:
                if self._log:
                    get_logger().warning("Error raised with error message %s", error)
                continue
            yield element

    def cardinality(self) -> int:
        """Unknown, unless it is endless."""
        found = self.source.cardinality()
        return found if found == INFINITE else UNKNOWN


def one_by_one(plan: Plan, run: Run) -> Iterator[Element]:
    """Elements that go on after one that failed: no rows are taken together."""
    if isinstance(plan, MapPlan):
        call = plan._function.start(run)
        return map(call, one_by_one(plan._source, run))
    return iterate(plan, run)


class AssertCardinalityPlan(PassPlan):
    """Elements whose number is as promised, or an error says so."""

    kind = "_AssertCardinalityDataset"

    def __init__(self, source: Plan, expected: int) -> None:
        super().__init__(source)
        self._expected = expected

    @property
    def has_rows(self) -> bool:
        """Never."""
        return False

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        expected, count = self._expected, 0
        for element in iterate(self.source, run):
            count += 1
            if 0 <= expected < count:
                raise _wrong_count(expected, "at least " + str(count))
            yield element
        if count != expected and expected != UNKNOWN:
            raise _wrong_count(expected, f"only {count}")

    def cardinality(self) -> int:
        """As promised."""
        return self._expected


def _wrong_count(expected: int, got: str) -> OpError:
    wanted = "an infinite number of" if expected == INFINITE else str(expected)
    return FailedPreconditionError(
        house_message(
            "assert_cardinality",
            f"Input dataset was expected to contain {wanted} elements but contained"
            f" {got} elements",
        )
    )


class PaddedToPlan(Plan):
    """As many elements as asked for, the last ones zeros, each with a mask."""

    kind = "_PadToCardinalityDataset"

    def __init__(self, source: Plan, count: int, key: str) -> None:
        spec = {**source.spec, key: TensorSpec((), bool_)}
        super().__init__(spec, (source,))
        self._source = source
        self._count = count
        self._names = [*source.spec, key]
        self._key = key

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        count = 0
        for element in iterate(self._source, run):
            count += 1
            yield self._with(element, True)
        flat = self._source.structure.flat
        blank = tuple(
            [np.zeros([d or 0 for d in s.shape], s.dtype.numpy_dtype) for s in flat]
        )
        for _ in range(count, self._count):
            yield self._with(blank, False)

    def _with(self, element: Element, valid: bool) -> Element:
        packed = pack(self._source.spec, iter(element))
        packed = {**packed, self._key: np.array(valid)}
        return tuple(flatten(packed))

    def cardinality(self) -> int:
        """As asked for."""
        return self._count
