"""Elements of several datasets in an order that another dataset gives or chance draws.

`creation` and `collection` call it. Chance is TensorFlow's: a dataset of random seeds,
two for each draw of a category.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.composite import CompositeSpec
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.quiet import quiet
from rillet.core.spec import TensorSpec
from rillet.data.chance import SeedSource, Words
from rillet.data.plan import UNKNOWN, Plan, Run, iterate
from rillet.data.structure import Element, flatten, pack, same_nest
from rillet.ops import choices, philox


def common_spec(owner: str, plans: list[Plan]) -> Any:
    """The specs that the elements of all plans fit.

    Raises:
        TypeError: where they have none in common.
    """
    spec = plans[0].spec
    for plan in plans[1:]:
        pairs = list(zip(flatten(spec), flatten(plan.spec), strict=False))
        if not same_nest(spec, plan.spec) or any(
            isinstance(a, TensorSpec)
            and (not isinstance(b, TensorSpec) or a.dtype is not b.dtype)
            for a, b in pairs
        ):
            raise TypeError(
                house_message(
                    owner,
                    "Incompatible dataset elements",
                    f"{spec!r} vs. {plan.spec!r}",
                )
            )
        found = [
            a.most_specific_compatible_type(b)
            if isinstance(a, TensorSpec | CompositeSpec)
            else a
            for a, b in pairs
        ]
        spec = pack(spec, iter(found))
    return spec


class DirectedPlan(Plan):
    """Elements from the plans whose numbers another plan gives."""

    kind = "_DirectedInterleaveDataset"

    def __init__(self, spec: Any, plans: list[Plan], order: Plan, stop: bool) -> None:
        super().__init__(spec, (order, *plans))
        self._order = order
        self._stop = stop

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        plans = self.inputs[1:]
        open_: list[Any] = [iterate(plan, run) for plan in plans]
        left = len(open_)
        for element in iterate(self._order, run):
            at = int(element[0])
            if not 0 <= at < len(open_):
                raise InvalidArgumentError(
                    house_message(
                        "Dataset.choose_from_datasets",
                        "Selector index out of range",
                        f"{at} >= {len(open_)}",
                    )
                )
            if open_[at] is None:
                continue
            found = next(open_[at], None)
            if found is not None:
                yield found
                continue
            if self._stop:
                return
            open_[at] = None
            left -= 1
            if not left:
                return

    def cardinality(self) -> int:
        """Unknown."""
        return UNKNOWN


class DrawnPlan(Plan):
    """Numbers of datasets, drawn by weights."""

    def __init__(self, weights: Any, source: Plan | None, seed: Any, again: bool):
        from rillet.core.dtypes import int64

        super().__init__(TensorSpec((), int64), () if source is None else (source,))
        self._logits = weights
        self._source = source
        self._seeds = SeedSource(seed, again)
        self.chance.append(self._seeds)

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        words = Words(self._seeds.draw())
        if self._source is None:
            while True:
                yield (_drawn(self._logits, words),)
        for element in iterate(self._source, run):
            yield (_drawn(_logits(element[0]), words),)


def _drawn(logits: Any, words: Words) -> Any:
    seed = np.array([words.next(), words.next()], np.int64)
    stream = philox.scramble(seed)
    found = choices.categorical(stream, logits, 1, np.dtype(np.int64))
    return found.reshape(())


def _logits(weights: Any) -> Any:
    with quiet():
        return np.log(np.asarray(weights))[None]


def sampled(plans: list[Plan], weights: Any, seed: Any, stop: bool, again: Any) -> Plan:
    """The plan of `Dataset.sample_from_datasets`."""
    owner = "Dataset.sample_from_datasets"
    if len(plans) == 1:
        return plans[0]
    source: Plan | None = getattr(weights, "_plan", None)
    logits = np.ones((1, len(plans)), np.float32)
    if source is None and weights is not None:
        given = to_tensor(weights)._array
        if given.dtype.kind != "f":
            raise TypeError(
                house_message(
                    owner,
                    "Invalid `weights`. `weights` type must be either `tf.float32` or"
                    " `tf.float64`",
                    f"got {given.dtype}",
                )
            )
        if len(given) != len(plans):
            raise ValueError(
                house_message(
                    owner,
                    "Invalid `weights`. `weights` should have the same length as"
                    f" `datasets` but got `len(weights)={len(given)}` vs."
                    f" `len(datasets)={len(plans)}`",
                )
            )
        keep = [i for i, w in enumerate(given.tolist()) if w != 0]
        plans = [plans[i] for i in keep]
        if len(plans) == 1:
            return plans[0]
        logits = _logits(given[keep])
    order = DrawnPlan(logits, source, seed, bool(again))
    return DirectedPlan(common_spec(owner, plans), plans, order, stop)


def chosen(owner: str, plans: list[Plan], order: Plan, stop: bool) -> Plan:
    """The plan of `Dataset.choose_from_datasets`."""
    return DirectedPlan(common_spec(owner, plans), plans, order, stop)
