"""Classes made to come as often as wanted, by leaving elements out at random.

`Dataset.rejection_resample` calls it. Elements are drawn from two passes over the
dataset: one as it is, one in which an element of class i is kept with probability
``(r_i - m) / (M - m)``; r_i is the wanted share over the share there is, m and M the
least and greatest of them, and the first pass is drawn from with probability m. The
dataset ends with the first pass that ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.quiet import quiet
from rillet.core.spec import TensorSpec
from rillet.data.chance import SeedSource, Words
from rillet.data.plan import UNKNOWN, Plan, Run, iterate
from rillet.data.structure import Element, made
from rillet.data.tracing import DataFunction

_OWNER = "Dataset.rejection_resample"


class ResampledPlan(Plan):
    """Pairs of classes and elements, the classes as often as wanted."""

    kind = "_MapDataset"

    def __init__(
        self, source: Plan, classes: DataFunction, wanted: Any, there: Any, seed: Any
    ) -> None:
        spec = (classes.spec, source.spec)
        super().__init__(spec, (source,), classes.free)
        self._source = source
        self._classes = classes
        self._wanted = wanted
        self._there = there
        self._seeds = SeedSource(seed, True)
        self.chance.append(self._seeds)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        words = Words(self._seeds.draw())
        shares = _Shares(self._wanted, self._there)
        as_it_is, kept = self._pairs(run), _kept(self._pairs(run), shares, words)
        while True:
            first = _uniform(words) < shares.as_it_is
            found = next(as_it_is if first else kept, None)
            if found is None:
                return
            yield found

    def _pairs(self, run: Run) -> Iterator[Element]:
        call = self._classes.start(run)
        for element in iterate(self._source, run):
            yield (call(element)[0], *element)

    def cardinality(self) -> int:
        """Unknown."""
        return UNKNOWN


def _uniform(words: Words) -> float:
    return words.next() / 2.0**32


def _kept(source: Iterator[Element], shares: _Shares, words: Words) -> Any:
    for element in source:
        number = int(element[0])
        shares.seen(number)
        if _uniform(words) < shares.accepted[number]:
            yield element


class _Shares:
    """How often classes are wanted and there, and what follows from it."""

    def __init__(self, wanted: Any, there: Any) -> None:
        self._wanted = wanted
        self._counts = None if there is not None else np.ones(len(wanted))
        self._update(np.ones(len(wanted)) if there is None else there)

    def _update(self, there: Any) -> None:
        with quiet():
            ratios = self._wanted / (there / there.sum())
        ratios = np.where(np.isfinite(ratios), ratios, 0.0)
        low, high = ratios.min(), ratios.max()
        self.as_it_is = float(low)
        spread = high - low
        self.accepted = (ratios - low) / spread if spread > 0 else ratios * 0 + 1.0

    def seen(self, number: int) -> None:
        """Count a class, where shares are estimated."""
        if self._counts is not None:
            self._counts[number] += 1
            self._update(self._counts)


def resampled(
    dataset: Any, class_func: Any, target: Any, initial: Any, seed: Any
) -> Any:
    """What `Dataset.rejection_resample` gives."""
    plan: Plan = dataset._plan
    classes = DataFunction(class_func, (plan.spec,), _OWNER)
    found = classes.spec
    if not isinstance(found, TensorSpec) or not found.dtype.is_integer:
        raise ValueError(
            house_message(
                _OWNER,
                "`class_func` must give a scalar integer",
                f"its return type is {found!r}",
            )
        )
    wanted = _distribution("target_dist", target)
    there = None if initial is None else _distribution("initial_dist", initial)
    if there is not None and there.shape != wanted.shape:
        raise ValueError(
            house_message(
                _OWNER,
                "`initial_dist` and `target_dist` must be equally long",
                f"they have {len(there)} and {len(wanted)} classes",
            )
        )
    return made(ResampledPlan(plan, classes, wanted, there, seed))


def _distribution(name: str, value: Any) -> Any:
    array = np.asarray(to_tensor(value)._array, np.float64)
    if array.ndim != 1:
        raise ValueError(
            house_message(_OWNER, f"`{name}` must be a vector", f"shape {array.shape}")
        )
    return array / array.sum()
