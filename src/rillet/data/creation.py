"""The methods of `Dataset` that make datasets of tensors, generators, others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.dtypes import as_dtype, int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import TensorSpec
from rillet.data.base import Base, plan_of
from rillet.data.chance import RandomPlan
from rillet.data.generators import GeneratorPlan
from rillet.data.joining import ZipPlan
from rillet.data.mixing import chosen, sampled
from rillet.data.order import ShufflePlan
from rillet.data.paths import matching
from rillet.data.plan import integer
from rillet.data.signatures import signature_of
from rillet.data.sources import (
    CounterPlan,
    RangePlan,
    SlicesPlan,
    TensorsPlan,
)
from rillet.data.storage import loaded
from rillet.data.structure import flatten, made, map_nest


class Creation(Base):
    """The part of `Dataset` that makes datasets of something else."""

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Any:
        """A dataset of one element.

        Args:
            tensors: a nest of values; lists become tensors.
            name: accepted.

        Returns:
            A `Dataset`.

        Example:
            >>> import rillet as tf
            >>> list(tf.data.Dataset.from_tensors([1, 2]).as_numpy_iterator())
            [array([1, 2], dtype=int32)]
        """
        return made(TensorsPlan(tensors))

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Any:
        """A dataset of the rows of tensors.

        Args:
            tensors: a nest of values whose first axes are equally long; lists become
                tensors.
            name: accepted.

        Returns:
            A `Dataset` of as many elements as there are rows.

        Raises:
            ValueError: where something is a scalar, or lengths differ.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.from_tensor_slices(([1, 2], [3., 4.]))
            >>> [(int(a), float(b)) for a, b in dataset]
            [(1, 3.0), (2, 4.0)]
        """
        return made(SlicesPlan(tensors))

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Any:
        """A dataset of what a Python generator yields.

        Args:
            generator: a function that gives something to iterate over; called for
                every iteration.
            output_types: a nest of types; `output_signature` is preferred.
            output_shapes: a nest of shapes, with `output_types`.
            args: values that `generator` is called with, as NumPy's.
            output_signature: a nest of `tf.TensorSpec`.
            name: accepted.

        Returns:
            A `Dataset`.

        Raises:
            TypeError: where neither a signature nor types are given.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.from_generator(
            ...     lambda: (n * n for n in range(3)),
            ...     output_signature=tf.TensorSpec((), tf.int32))
            >>> [int(x) for x in dataset]
            [0, 1, 4]
        """
        if not callable(generator):
            raise TypeError(
                house_message(
                    "Dataset.from_generator",
                    "`generator` must be a Python callable",
                    f"got {generator!r}",
                    "Give a function that returns the generator",
                )
            )
        signature = signature_of(output_types, output_shapes, output_signature)
        given = () if args is None else tuple(args)
        return made(GeneratorPlan(generator, given, signature))

    @staticmethod
    def range(*args: Any, **kwargs: Any) -> Any:
        """A dataset of evenly spaced integers.

        Args:
            *args: ``stop``, ``start, stop`` or ``start, stop, step``.
            **kwargs: `output_type`, int64 where it is not given; `name`.

        Returns:
            A `Dataset` of scalars.

        Raises:
            ValueError: where there are no arguments, or more than three.
            InvalidArgumentError: where the step is 0.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.range(1, 8, 3)]
            [1, 4, 7]
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(
                house_message(
                    "Dataset.range",
                    "Invalid `args`. The length of `args` should be between 1 and 3",
                    f"it was {len(args)}",
                )
            )
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        kind = as_dtype(kwargs.pop("output_type", int64))
        kwargs.pop("name", None)
        for key in kwargs:
            raise TypeError(
                house_message("Dataset.range", f"unknown argument `{key}`", repr(key))
            )
        start = integer("Dataset.range", "start", start)
        stop = integer("Dataset.range", "stop", stop)
        step = integer("Dataset.range", "step", step)
        return made(RangePlan(start, stop, step, kind))

    @staticmethod
    def random(
        seed: Any = None,
        rerandomize_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Any:
        """A dataset of random numbers without an end.

        Args:
            seed: an integer, or None for the program's.
            rerandomize_each_iteration: whether every iteration gives others.
            name: accepted.

        Returns:
            A `Dataset` of int64 scalars between 0 and 2**32 - 1, TensorFlow's.

        Example:
            >>> import rillet as tf
            >>> dataset = tf.data.Dataset.random(seed=4).take(2)
            >>> [int(x) for x in dataset]
            [3128586565, 2023892699]
        """
        return made(RandomPlan(seed, bool(rerandomize_each_iteration)))

    @staticmethod
    def counter(
        start: Any = 0, step: Any = 1, dtype: Any = int64, name: str | None = None
    ) -> Any:
        """A dataset that counts without an end.

        Args:
            start: the first number.
            step: from one to the next.
            dtype: their type.
            name: accepted.

        Returns:
            A `Dataset` of scalars.

        Example:
            >>> import rillet as tf
            >>> [int(x) for x in tf.data.Dataset.counter(start=2, step=5).take(3)]
            [2, 7, 12]
        """
        return made(CounterPlan(start, step, as_dtype(dtype)))

    @staticmethod
    def list_files(
        file_pattern: Any,
        shuffle: bool | None = None,
        seed: Any = None,
        name: str | None = None,
    ) -> Any:
        """A dataset of the names of files.

        Args:
            file_pattern: a pattern with ``*``, ``?`` and ``[...]``, or a list of them.
            shuffle: whether the names come in random order, anew each time; true
                where None.
            seed: for the shuffling.
            name: accepted.

        Returns:
            A `Dataset` of strings.

        Raises:
            InvalidArgumentError: where no file matches.
        """
        names = matching(file_pattern)
        if not names:
            raise InvalidArgumentError(
                house_message(
                    "Dataset.list_files",
                    "No files matched pattern",
                    f"{file_pattern}",
                    "Check the folder and the ending",
                )
            )
        plan: Any = SlicesPlan(names)
        if shuffle is None or shuffle:
            plan = ShufflePlan(plan, len(names), seed, True)
        return made(plan)

    @staticmethod
    def load(
        path: Any,
        element_spec: Any = None,
        compression: str | None = None,
        reader_func: Any = None,
        wait: bool = False,
    ) -> Any:
        """The dataset that `Dataset.save` wrote.

        Args:
            path: the folder.
            element_spec: accepted; the folder says it.
            compression: as it was saved.
            reader_func: takes a dataset of datasets, one for each shard, gives one.
            wait: accepted.

        Returns:
            A `Dataset`.

        Raises:
            NotFoundError: where there is none.
        """
        return loaded(path, element_spec, reader_func)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Any:
        """A dataset of elements of several, side by side.

        Args:
            *args: datasets, or one nest of datasets.
            datasets: the older way to give that nest.
            name: accepted.

        Returns:
            A `Dataset` as long as the shortest.

        Raises:
            TypeError: where something is no dataset.

        Example:
            >>> import rillet as tf
            >>> a = tf.data.Dataset.range(1, 4)
            >>> b = tf.data.Dataset.range(4, 7)
            >>> [(int(x), int(y)) for x, y in tf.data.Dataset.zip(a, b)]
            [(1, 4), (2, 5), (3, 6)]
        """
        if not args and datasets is None:
            raise TypeError(house_message("Dataset.zip", "Must pass at least one"))
        if args and datasets is not None:
            raise TypeError(
                house_message("Dataset.zip", "`datasets` and others cannot both be set")
            )
        nest: Any = datasets
        if args:
            nest = args[0] if len(args) == 1 else args
        parts = flatten(nest)
        for part in parts:
            if not isinstance(part, Base):
                raise TypeError(
                    house_message(
                        "Dataset.zip",
                        "Invalid input to `zip`. Inputs are expected to be (nested)"
                        " structures of `tf.data.Dataset` objects but encountered"
                        f" object of type {type(part)}",
                        f"{part!r}",
                        "Write Dataset.zip(a, b)",
                    )
                )
        spec = map_nest(lambda d: d.element_spec, nest)
        plans = tuple([part._plan for part in parts])
        return made(ZipPlan(spec, plans))

    @staticmethod
    def sample_from_datasets(
        datasets: Any,
        weights: Any = None,
        seed: Any = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Any:
        """A dataset that takes each element from a dataset drawn at random.

        Args:
            datasets: a list of datasets of one form.
            weights: how often each is drawn: a list or tensor, or a dataset of them;
                equally often where None.
            seed: for the draws.
            stop_on_empty_dataset: whether to end with the first that ends, rather than
                to go on with the others.
            rerandomize_each_iteration: whether every iteration draws anew.

        Returns:
            A `Dataset`.

        Raises:
            ValueError: where there are no datasets, or as many weights.
        """
        plans = _plans("Dataset.sample_from_datasets", datasets)
        return made(
            sampled(
                plans, weights, seed, stop_on_empty_dataset, rerandomize_each_iteration
            )
        )

    @staticmethod
    def choose_from_datasets(
        datasets: Any, choice_dataset: Any, stop_on_empty_dataset: bool = True
    ) -> Any:
        """A dataset that takes each element from the dataset that another one names.

        Args:
            datasets: a list of datasets of one form.
            choice_dataset: a dataset of scalar int64: numbers of datasets.
            stop_on_empty_dataset: whether to end with the first that ends, rather than
                to leave its numbers out.

        Returns:
            A `Dataset`.

        Raises:
            TypeError: where choices are no scalar int64.
            InvalidArgumentError: while it runs, where a number is out of range.

        Example:
            >>> import rillet as tf
            >>> parts = [tf.data.Dataset.from_tensors(c).repeat() for c in "ab"]
            >>> order = tf.data.Dataset.range(2).repeat(2)
            >>> mixed = tf.data.Dataset.choose_from_datasets(parts, order)
            >>> [x.numpy().decode() for x in mixed]
            ['a', 'b', 'a', 'b']
        """
        owner = "Dataset.choose_from_datasets"
        plans = _plans(owner, datasets)
        choices = plan_of(owner, choice_dataset)
        if choices.spec != TensorSpec((), int64):
            raise TypeError(
                house_message(
                    owner,
                    "Invalid `choice_dataset`. Elements of `choice_dataset` must be"
                    " scalar `tf.int64` tensors",
                    f"they are {choices.spec!r}",
                )
            )
        return made(chosen(owner, plans, choices, stop_on_empty_dataset))


def _plans(owner: str, datasets: Any) -> list[Any]:
    plans = [plan_of(owner, d) for d in datasets]
    if not plans:
        raise ValueError(
            house_message(
                owner, "Invalid `datasets`. `datasets` should not be empty", "got []"
            )
        )
    return plans
