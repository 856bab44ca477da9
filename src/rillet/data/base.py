"""What every dataset has: its specs, its length, iteration, reduction.

`dataset.Dataset` is made of this and of the modules that add methods which make
datasets of datasets.
"""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.data import in_graph
from rillet.data.folding import reduced, state_function
from rillet.data.iterators import Iterator, NumpyIterator
from rillet.data.options import Options
from rillet.data.order import OptionsPlan
from rillet.data.plan import INFINITE, PLAIN, UNKNOWN, NestedPlan, Plan, Run, iterate
from rillet.data.structure import (
    DatasetSpec,
    Element,
    Structure,
    as_leaves,
    flatten,
    made,
    map_nest,
    sign_in,
    spec_of,
)

_state = context.state


class Base:
    """The part of `Dataset` that looks at elements."""

    _plan: Plan

    def __init__(self, plan: Plan) -> None:
        if not isinstance(plan, Plan):
            raise TypeError(
                house_message(
                    "Dataset",
                    "Can't instantiate abstract class Dataset",
                    f"got {plan!r}",
                    "Use tf.data.Dataset.from_tensor_slices and its kin",
                )
            )
        self._plan = plan

    @property
    def element_spec(self) -> Any:
        """The specs of the elements, in their nest.

        Example:
            >>> import rillet as tf
            >>> tf.data.Dataset.from_tensor_slices([1, 2]).element_spec
            TensorSpec(shape=(), dtype=tf.int32, name=None)
        """
        return self._plan.spec

    @property
    def _type_spec(self) -> DatasetSpec:
        return DatasetSpec(self.element_spec)

    @property
    def _joins(self) -> bool:
        """Whether iterators can give batches several at a time (`pull_joined`)."""
        return self._plan.joins

    def _inputs(self) -> list[Any]:
        return [made(plan) for plan in self._plan.inputs]

    def cardinality(self) -> Any:
        """The number of elements, as a scalar int64 tensor.

        Returns:
            `tf.data.INFINITE_CARDINALITY` (-1) where it has no end,
            `tf.data.UNKNOWN_CARDINALITY` (-2) where nobody knows.

        Example:
            >>> import rillet as tf
            >>> int(tf.data.Dataset.range(42).cardinality())
            42
        """
        return to_tensor(self._plan.cardinality(), int64)

    def __len__(self) -> int:
        count = self._plan.cardinality()
        if _state.tracer is not None and count < 0:
            raise TypeError(
                house_message(
                    "len(dataset)",
                    "`tf.data.Dataset` only supports `len` in eager mode",
                    fix="Use `tf.data.Dataset.cardinality()` instead",
                )
            )
        if count == INFINITE:
            raise TypeError(house_message("len(dataset)", "The dataset is infinite"))
        if count == UNKNOWN:
            raise TypeError(
                house_message(
                    "len(dataset)",
                    "The dataset length is unknown",
                    fix="Count its elements, or use"
                    " tf.data.experimental.assert_cardinality",
                )
            )
        return count

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Any:
        if _state.tracer is not None:
            stream = in_graph.Stream.over(self._plan, self._begun)
            return in_graph.GraphIterator(stream, self.element_spec)
        return self._begun(PLAIN)

    def _begun(self, run: Run) -> Iterator:
        return Iterator(self._plan, run)

    def _traced_for(self) -> in_graph.Stream:
        return in_graph.Stream.over(self._plan, self._begun)

    def as_numpy_iterator(self) -> NumpyIterator:
        """An iterator over the elements as NumPy values.

        Returns:
            Gives arrays that must not be written to, and scalars for 0-d tensors.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.range(3).as_numpy_iterator()]
            [0, 1, 2]
        """
        if _state.tracer is not None:
            raise RuntimeError(
                house_message(
                    "Dataset.as_numpy_iterator",
                    "`as_numpy_iterator()` is not supported while tracing functions",
                    fix="Use `for element in dataset`",
                )
            )
        return NumpyIterator(self._begun(PLAIN))

    def options(self) -> Options:
        """The options of this dataset and of those that it is made of."""
        return self._plan.options

    def with_options(self, options: Options, name: str | None = None) -> Any:
        """This dataset with options set.

        Args:
            options: they win over those set before.
            name: accepted.

        Returns:
            A `Dataset`.
        """
        if not isinstance(options, Options):
            raise TypeError(
                house_message(
                    "Dataset.with_options",
                    "`options` must be a tf.data.Options",
                    f"got {options!r}",
                )
            )
        return made(OptionsPlan(self._plan, options))

    def reduce(
        self, initial_state: Any, reduce_func: Any, name: str | None = None
    ) -> Any:
        """Fold all elements into one value.

        Args:
            initial_state: a nest of tensors.
            reduce_func: ``(old_state, element) -> new_state``; traced once.
            name: accepted.

        Returns:
            The last state.

        Raises:
            TypeError: where the state changes its types or its form.

        Example:
            >>> import numpy as np
            >>> import rillet as tf
            >>> int(tf.data.Dataset.range(5).reduce(np.int64(0), lambda x, y: x + y))
            10
        """
        first = as_leaves(initial_state)
        function, spec = state_function(
            reduce_func,
            map_nest(spec_of, first),
            self.element_spec,
            "Dataset.reduce",
            lambda found: found,
        )
        state = flatten(first)
        if _state.tracer is not None:
            return in_graph.reduce_in_graph(self._plan, state, function, spec)
        return Structure(spec).pack(reduced(self._plan, state, function, PLAIN))

    def get_single_element(self, name: str | None = None) -> Any:
        """The only element of a dataset that has one.

        Args:
            name: accepted.

        Raises:
            InvalidArgumentError: where there are none or several.

        Example:
            >>> import rillet as tf
            >>> int(tf.data.Dataset.from_tensors(7).get_single_element())
            7
        """
        if _state.tracer is not None:
            return in_graph.single_in_graph(self._plan, self._single)
        return self._plan.structure.pack(self._single(PLAIN))

    def _single(self, run: Run) -> Element:
        source = iterate(self._plan, run)
        first = next(source, None)
        if first is None:
            raise InvalidArgumentError(
                house_message("Dataset.get_single_element", "Dataset was empty")
            )
        if next(source, None) is not None:
            raise InvalidArgumentError(
                house_message(
                    "Dataset.get_single_element",
                    "Dataset had more than one element",
                    fix="Use dataset.take(1), or batch it first",
                )
            )
        return first

    def apply(self, transformation_func: Any) -> Any:
        """What a function of this dataset gives.

        Args:
            transformation_func: takes a dataset, gives one.

        Returns:
            A `Dataset`.

        Raises:
            TypeError: where it gives something else.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.range(4).apply(lambda d: d.take(2))
            >>> [int(x) for x in dataset]
            [0, 1]
        """
        found = transformation_func(self)
        if not isinstance(found, Base):
            raise TypeError(
                house_message(
                    "Dataset.apply",
                    "`transformation_func` must return a `tf.data.Dataset` object",
                    f"Got {type(found)}",
                )
            )
        return found

    def fingerprint(self) -> Any:
        """A number that tells this pipeline from others of another form."""
        import zlib

        text = _form(self._plan).encode()
        return to_tensor(zlib.crc32(text) << 32 | zlib.adler32(text) >> 1, int64)

    def __repr__(self) -> str:
        own = type(self).__name__
        name = self._plan.kind if own == "Dataset" else own
        return f"<{name} element_spec={self.element_spec!r}>"

    __str__ = __repr__

    def __copy__(self) -> Any:
        return self

    def __debug_string__(self) -> str:
        return _form(self._plan)


def _form(plan: Plan) -> str:
    inner = ", ".join(map(_form, plan.inputs))
    return f"{plan.kind}({plan.spec!r}; {inner})"


def plan_of(owner: str, value: Any) -> Plan:
    """The plan of a dataset; TypeError for anything else."""
    if not isinstance(value, Base):
        raise TypeError(
            house_message(owner, "it takes a tf.data.Dataset", f"got {value!r}")
        )
    return value._plan


sign_in("nested", lambda bound: made(NestedPlan(bound)))
sign_in("run", PLAIN)
