"""`group_by_reducer`: one outcome for the elements of each key."""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import int64
from rillet.core.spec import TensorSpec
from rillet.data.folding import state_function
from rillet.data.structure import made
from rillet.data.tracing import DataFunction
from rillet.data.windows import GroupReducePlan


class Reducer:
    """The three functions of a reduction.

    Args:
        init_func: takes a key, gives the first state.
        reduce_func: ``(state, element) -> state``.
        finalize_func: takes the last state, gives the outcome.
    """

    def __init__(self, init_func: Any, reduce_func: Any, finalize_func: Any) -> None:
        self._functions = (init_func, reduce_func, finalize_func)

    @property
    def init_func(self) -> Any:
        """What gives the first state."""
        return self._functions[0]

    @property
    def reduce_func(self) -> Any:
        """What gives the next state."""
        return self._functions[1]

    @property
    def finalize_func(self) -> Any:
        """What gives the outcome."""
        return self._functions[2]


def group_by_reducer(key_func: Any, reducer: Reducer) -> Any:
    """Reduce the elements of each key to one.

    Args:
        key_func: takes an element, gives a scalar int64.
        reducer: the reduction.

    Returns:
        A function for `Dataset.apply`.

    Example:
        >>> import numpy as np
        >>> import rillet as tf
        >>> total = tf.data.experimental.Reducer(
        ...     lambda key: np.int64(0), lambda s, x: s + x, lambda s: s)
        >>> by_parity = tf.data.experimental.group_by_reducer(lambda x: x % 2, total)
        >>> [int(x) for x in tf.data.Dataset.range(6).apply(by_parity)]
        [6, 9]
    """
    owner = "group_by_reducer"

    def apply(dataset: Any) -> Any:
        spec = dataset.element_spec
        key = DataFunction(key_func, (spec,), owner)
        first = DataFunction(reducer.init_func, (TensorSpec((), int64),), owner)
        step, state = state_function(
            reducer.reduce_func, first.spec, spec, owner, lambda found: found
        )
        last = DataFunction(reducer.finalize_func, (state,), owner)
        return made(GroupReducePlan(dataset._plan, [key, first, step, last]))

    return apply
