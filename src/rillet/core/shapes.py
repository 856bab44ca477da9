"""Static shapes: tuples of sizes in which a dimension, or the rank, may be unknown.

`TensorShape` is what users see; op records work on plain tuples (`None` for a size
that is not known) and the broadcasting rules here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, SupportsIndex, overload

from rillet.core.errors import InvalidArgumentError, house_message

Dims = tuple[int | None, ...]


class TensorShape:
    """The shape of a tensor, known or partly known.

    Args:
        dims: sizes, `None` for an unknown one; or `None` where not even the rank is
            known.

    Example:
        >>> import rillet as tf
        >>> shape = tf.zeros([2, 3]).shape
        >>> shape, str(shape), shape[0], shape == (2, 3), shape.as_list()
        (TensorShape([2, 3]), '(2, 3)', 2, True, [2, 3])
    """

    __slots__ = ("_dims",)
    _dims: Dims | None

    def __init__(self, dims: Any = None) -> None:
        if isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif dims is None:
            self._dims = None
        elif type(dims) is tuple or type(dims) is list:  # asking a protocol is slow
            self._dims = tuple([_dim(d) for d in dims])
        elif isinstance(dims, SupportsIndex) and not hasattr(dims, "__len__"):
            self._dims = (_dim(dims),)
        else:
            self._dims = tuple([_dim(d) for d in _items(dims)])

    @classmethod
    def of(cls, dims: Dims | None) -> TensorShape:
        """A shape from a tuple that is known to be right."""
        shape = cls.__new__(cls)
        shape._dims = dims
        return shape

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None."""
        return None if self._dims is None else len(self._dims)

    @property
    def ndims(self) -> int | None:
        """The same as `rank`."""
        return self.rank

    @property
    def dims(self) -> list[Any] | None:
        """The sizes as a list, or None."""
        return None if self._dims is None else list(self._dims)

    def as_list(self) -> list[int | None]:
        """The sizes as a list.

        Raises:
            ValueError: where the rank is unknown.
        """
        return list(self._known("as_list"))

    def as_tuple(self) -> Dims:
        """The sizes as a tuple; raises as `as_list` does."""
        return self._known("as_tuple")

    def num_elements(self) -> int | None:
        """The number of elements, or None where a size is unknown."""
        if not self.is_fully_defined():
            return None
        total = 1
        for dim in self._dims or ():
            total *= dim or 0
        return total

    def is_fully_defined(self) -> bool:
        """Whether the rank and every size are known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError where something is unknown."""
        if not self.is_fully_defined():
            raise ValueError(
                house_message("TensorShape", "the shape is not known", f"it is {self}")
            )

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError where the rank is known to be another."""
        if self.rank not in (None, rank):
            raise ValueError(
                house_message(
                    "TensorShape", f"the rank must be {rank}", f"the shape is {self}"
                )
            )

    def with_rank(self, rank: int | None) -> TensorShape:
        """This shape, its rank known to be `rank`; ValueError where it is not."""
        if rank is None:
            return self
        self.assert_has_rank(rank)
        return self if self._dims is not None else TensorShape([None] * rank)

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape; ValueError where its rank is below `rank`."""
        if self.rank is not None and self.rank < rank:
            raise ValueError(
                house_message(
                    "TensorShape",
                    f"the rank must be at least {rank}",
                    f"the shape is {self}",
                )
            )
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape; ValueError where its rank is above `rank`."""
        if self.rank is not None and self.rank > rank:
            raise ValueError(
                house_message(
                    "TensorShape",
                    f"the rank must be at most {rank}",
                    f"the shape is {self}",
                )
            )
        return self

    def concatenate(self, other: Any) -> TensorShape:
        """The sizes of this shape followed by those of `other`."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return TensorShape(None)
        return TensorShape.of(self._dims + other._dims)

    def merge_with(self, other: Any) -> TensorShape:
        """What both shapes together say; ValueError where they contradict."""
        other = as_shape(other)
        if self._dims is None:
            return other
        if other._dims is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(
                house_message("TensorShape", "the shapes differ", f"{self} and {other}")
            )
        pairs = zip(self._dims, other._dims, strict=True)
        return TensorShape.of(tuple(b if a is None else a for a, b in pairs))

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The narrowest shape that both this one and `other` fit."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or self.rank != other.rank:
            return TensorShape(None)
        pairs = zip(self._dims, other._dims, strict=True)
        return TensorShape.of(tuple(a if a == b else None for a, b in pairs))

    def is_compatible_with(self, other: Any) -> bool:
        """Whether one tensor could have both shapes."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            a is None or b is None or a == b
            for a, b in zip(self._dims, other._dims, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError where no tensor could have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(
                house_message(
                    "TensorShape",
                    "the shapes are incompatible",
                    f"{self} and {as_shape(other)}",
                )
            )

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError where the ranks are known to differ."""
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(
                house_message("TensorShape", "the ranks differ", f"{self} and {other}")
            )

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every tensor of this shape also fits `other`."""
        if not isinstance(other, TensorShape):
            return False
        if other._dims is None:
            return True
        return (
            self._dims is not None
            and len(self._dims) == len(other._dims)
            and all(
                b is None or a == b
                for a, b in zip(self._dims, other._dims, strict=True)
            )
        )

    def as_proto(self) -> Any:
        """The sizes as TensorFlow's TensorShapeProto holds them, -1 unknown."""
        if self._dims is None:
            return None
        return [-1 if d is None else d for d in self._dims]

    def _known(self, method: str) -> Dims:
        if self._dims is None:
            raise ValueError(
                house_message(f"TensorShape.{method}", "the rank is not known")
            )
        return self._dims

    @overload
    def __getitem__(self, key: int) -> int | None: ...
    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...
    def __getitem__(self, key: Any) -> Any:
        if self._dims is None:
            return TensorShape(None) if isinstance(key, slice) else None
        found = self._dims[key]
        return TensorShape.of(found) if isinstance(key, slice) else found

    def __iter__(self) -> Iterator[int | None]:
        return iter(self._known("__iter__"))

    def __len__(self) -> int:
        return len(self._known("__len__"))

    def __bool__(self) -> bool:
        return self._dims is not None

    def __eq__(self, other: Any) -> bool:
        if type(other) is tuple:
            return self._dims == other
        if isinstance(other, TensorShape):
            return self._dims == other._dims
        try:
            return self._dims == TensorShape(other)._dims
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __str__(self) -> str:
        return "<unknown>" if self._dims is None else str(self._dims)

    def __repr__(self) -> str:
        return f"TensorShape({None if self._dims is None else list(self._dims)})"

    def __reduce__(self) -> Any:
        return TensorShape, (self._dims,)


def _items(dims: Any) -> Iterable[Any]:
    if hasattr(dims, "numpy"):
        return dims.numpy().tolist()
    if isinstance(dims, str) or not hasattr(dims, "__iter__"):
        raise TypeError(
            house_message(
                "TensorShape",
                "a shape is a list of sizes",
                f"got {dims!r} of type {type(dims).__name__}",
            )
        )
    return dims


def _dim(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        if hasattr(value, "value") and not hasattr(value, "__index__"):
            return _dim(value.value)
        try:
            value = value.__index__()
        except (AttributeError, TypeError):
            raise TypeError(
                house_message(
                    "TensorShape",
                    "a size is an integer or None",
                    f"got {value!r} of type {type(value).__name__}",
                )
            ) from None
    if value < 0:
        raise ValueError(
            house_message("TensorShape", "a size is 0 or more", f"got {value}")
        )
    return int(value)


def as_shape(value: Any) -> TensorShape:
    """`value` as a `TensorShape`."""
    return value if isinstance(value, TensorShape) else TensorShape(value)


def broadcast_dims(op: str, *shapes: Sequence[int | None]) -> Dims:
    """The shape that arrays of `shapes` broadcast to.

    Args:
        op: the op's name, for the message.
        *shapes: sizes, `None` for an unknown one.

    Returns:
        The broadcast sizes; `None` where they depend on an unknown one.

    Raises:
        InvalidArgumentError: where two known sizes differ and neither is 1.
    """
    rank = max([len(s) for s in shapes], default=0)
    out: list[int | None] = []
    for axis in range(-rank, 0):
        sizes = [s[axis] for s in shapes if len(s) >= -axis]
        known = {d for d in sizes if d is not None and d != 1}
        if len(known) > 1:
            listed = " and ".join(str(list(s)) for s in shapes)
            raise InvalidArgumentError(
                house_message(
                    op,
                    "shapes do not broadcast (Incompatible shapes)",
                    f"{listed}; counted from the right, axis {axis} holds "
                    + " and ".join(str(d) for d in sizes),
                    "Sizes must be equal, or one of them 1",
                )
            )
        out.append(known.pop() if known else (None if None in sizes else 1))
    return tuple(out)
