"""Classes made to come as often as wanted, by leaving elements out at random.

`Dataset.rejection_resample` calls it. Elements are drawn from two passes over the
dataset: one as it is, one in which an element of class i is kept with probability
``(r_i - m) / (M - m)``; r_i is the wanted share over the share there is, m and M the
least and greatest of them, and the first pass is drawn from with probability m. The
dataset ends with the first pass that ends. Stages and their order are TensorFlow's, and
so, with a seed, are the elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.context import to_call
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.quiet import quiet
from rillet.core.spec import TensorSpec
from rillet.ops.array import stack
from rillet.ops.casting import cast
from rillet.ops.compare import less
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.one_hot import one_hot
from rillet.ops.quotients import truediv
from rillet.ops.random import uniform
from rillet.ops.reduce import reduce_max, reduce_min
from rillet.ops.shaping import reduce_sum
from rillet.ops.tiling import tile

_OWNER = "Dataset.rejection_resample"
#: After so many elements shares are estimated anew; what each class counts from.
_ESTIMATED_EVERY, _COUNTED_FROM = 32, 10


def resampled(
    dataset: Any, class_func: Any, target: Any, initial: Any, seed: Any
) -> Any:
    """What `Dataset.rejection_resample` gives.

    Args:
        dataset: the elements.
        class_func: takes an element, gives its class, a scalar integer.
        target: how often each class should come, a vector.
        initial: how often each class comes; estimated where None.
        seed: for the draws.

    Raises:
        ValueError: where a class is no scalar integer, or shares are no vectors of one
            length.
    """
    class_of = to_call(class_func)

    def with_class(*parts: Any) -> Any:
        whole = parts if len(parts) > 1 else parts[0]
        return class_of(*parts), whole

    pairs = dataset.map(with_class)
    _check_class(pairs.element_spec[0])
    wanted = _distribution("target_dist", target)
    if initial is None:
        shares = _estimated(dataset.map(class_func), wanted)
        both = shares.map(lambda there: _chances(there, wanted))
        kept = both.map(lambda kept, _: kept)
        whole = both.map(lambda _, whole: whole)
        least = None
    else:
        there = _distribution("initial_dist", initial)
        if there.shape != wanted.shape:
            raise ValueError(
                house_message(
                    _OWNER,
                    "`initial_dist` and `target_dist` must be equally long",
                    f"they have {there.shape[0]} and {wanted.shape[0]} classes",
                )
            )
        chances = _chances(there, wanted)
        kept, whole = [dataset.from_tensors(one).repeat() for one in chances]
        least = _least_ratio(there, wanted)
    if least == 1:
        return pairs
    filtered = _filtered(dataset, kept, class_of, seed)
    if least == 0:
        return filtered
    weights = whole.map(lambda share: stack([share, 1.0 - share]))
    return dataset.sample_from_datasets(
        [pairs, filtered], weights, seed, stop_on_empty_dataset=True
    )


def _least_ratio(there: Any, wanted: Any) -> float | None:
    """The chance of the pass as it is, where it is known before the dataset runs."""
    if is_symbolic(there) or is_symbolic(wanted):
        return None
    with quiet():
        return float(np.min(wanted._array / there._array))


def _check_class(found: Any) -> None:
    if not isinstance(found, TensorSpec) or not found.dtype.is_integer:
        raise ValueError(
            house_message(
                _OWNER,
                "`class_func` must give a scalar integer",
                f"its return type is {found!r}",
            )
        )


def _distribution(name: str, value: Any) -> Any:
    tensor = to_tensor(value)
    if tensor.shape.rank != 1:
        raise ValueError(
            house_message(_OWNER, f"`{name}` must be a vector", f"shape {tensor.shape}")
        )
    return tensor if tensor.dtype.is_floating else cast(tensor, dtypes.float32)


def _chances(there: Any, wanted: Any) -> tuple[Any, Any]:
    """The chance that each class is kept, and that the pass as it is is drawn from."""
    tiny = to_tensor(np.finfo(there.dtype.numpy_dtype).tiny, there.dtype)
    ratios = cast(wanted, there.dtype) / (there + tiny)
    least, most = reduce_min(ratios), reduce_max(ratios)
    return (ratios - least) / (most - least), least


def _estimated(classes: Any, wanted: Any) -> Any:
    """The shares of classes so far, for each element."""
    count = wanted.shape[0]
    begin = to_tensor(np.full(count, _COUNTED_FROM, np.int64))

    def counted(seen: Any, batch: Any) -> tuple[Any, Any]:
        seen = seen + reduce_sum(one_hot(batch, count, dtype=dtypes.int64), 0)
        shares = cast(truediv(seen, reduce_sum(seen)), dtypes.float32)
        return seen, tile(shares[None], [_ESTIMATED_EVERY, 1])

    return classes.batch(_ESTIMATED_EVERY).scan(begin, counted).unbatch()


def _filtered(dataset: Any, kept: Any, class_of: Any, seed: Any) -> Any:
    """The pass in which elements are left out."""

    def judged(chances: Any, data: Any) -> Any:
        number = class_of(*data) if isinstance(data, tuple) else class_of(data)
        return gather(chances, number), number, data

    def stays(chance: Any, number: Any, data: Any) -> Any:
        return less(uniform([], seed=seed, dtype=chance.dtype), chance)

    found = dataset.zip((kept, dataset)).map(judged).filter(stays)
    return found.map(lambda _, number, data: (number, data)).prefetch(3)
