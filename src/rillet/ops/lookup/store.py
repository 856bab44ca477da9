"""What a table holds: a dictionary of Python values, read and written by arrays.

The records in `ops.lookup.records` have a store as an attribute, as reads of variables
have the variable. Arrays flow in and out; the public classes stand above.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import DType
from rillet.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    house_message,
)

Array = np.ndarray[Any, Any]


class Store:
    """Keys and the values they stand for.

    Args:
        kind: TensorFlow's op that makes such a table, e.g. ``HashTableV2``.
        key_dtype: the type of the keys.
        value_dtype: the type of the values.
        default: what a missing key stands for.
        key_shape: the shape of one key.

    Attributes:
        name: what graphs and messages call the table.
        initializer: what filled a table that never changes, or None.
    """

    def __init__(
        self,
        kind: str,
        key_dtype: DType,
        value_dtype: DType,
        default: Array,
        key_shape: tuple[int, ...] = (),
    ) -> None:
        if not (key_dtype.is_integer or key_dtype.name == "string"):
            raise NotFoundError(
                house_message(
                    "lookup",
                    "keys of a table are integers or strings",
                    f"key_dtype is {key_dtype.name}",
                )
            )
        self.kind = kind
        self.key_dtype = key_dtype
        self.value_dtype = value_dtype
        self.default = default
        self.key_shape = key_shape
        self.name = kind
        self.initializer: Any = None
        self._held: dict[Any, Any] = {}

    @property
    def value_shape(self) -> tuple[int, ...]:
        """The shape of one value."""
        return self.default.shape

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        kinds = f"{self.key_dtype.name} -> {self.value_dtype.name}"
        return f"<{self.kind} {kinds}: {len(self)} keys>"

    def places(self, op: str, keys: Array) -> tuple[int, ...]:
        """The shape of an array of keys, without that of a key itself."""
        rank = len(self.key_shape)
        if keys.shape[keys.ndim - rank :] != self.key_shape or keys.ndim < rank:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"Expected keys of shape [..., {list(self.key_shape)}]",
                    f"got shape {list(keys.shape)}",
                )
            )
        return keys.shape[: keys.ndim - rank]

    def listed(self, op: str, keys: Array) -> list[Any]:
        """Keys as the dictionary has them, in a flat list."""
        places = self.places(op, keys)
        if not self.key_shape:
            return keys.reshape(-1).tolist()
        flat = keys.reshape((int(np.prod(places)), -1))
        return [tuple(row) for row in flat.tolist()]

    def find(self, keys: Array, default: Array) -> Array:
        """The values of keys.

        Args:
            keys: an array of them.
            default: for missing ones: a value, or a value for every key.
        """
        op = "lookup"
        listed = self.listed(op, keys)
        shape = (*self.places(op, keys), *self.value_shape)
        held = self._held
        kind = self.value_dtype.numpy_dtype
        if default.shape == self.value_shape:
            missing: Any = default if self.value_shape else default[()]
            found = [held.get(key, missing) for key in listed]
        elif default.shape == shape:
            each = default.reshape((len(listed), *self.value_shape))
            found = [
                held.get(key, d) for key, d in zip(listed, list(each), strict=True)
            ]
        else:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"Expected shape {list(self.value_shape)} or {list(shape)} for"
                    " default value",
                    f"got {list(default.shape)}",
                )
            )
        out = np.empty((len(listed), *self.value_shape), kind)
        if found:
            out[...] = np.stack(found) if self.value_shape else _flat(found, kind)
        return out.reshape(shape)

    def insert(self, keys: Array, values: Array) -> None:
        """Let keys stand for values; those there are get new ones."""
        self._held.update(self._pairs("insert", keys, values))

    def fill(self, keys: Array, values: Array) -> None:
        """Insert into a table that never changes.

        Raises:
            FailedPreconditionError: where a key gets two values.
        """
        held = self._held
        for key, value in self._pairs("initialize", keys, values):
            known = held.setdefault(key, value)
            if known is not value and known != value:
                raise FailedPreconditionError(
                    house_message(
                        "lookup",
                        "HashTable has different value for same key",
                        f"Key {_shown(key)} has {_shown(known)} and trying to add"
                        f" value {_shown(value)}",
                    )
                )

    def _pairs(self, op: str, keys: Array, values: Array) -> Any:
        places = self.places(op, keys)
        wanted = (*places, *self.value_shape)
        if values.shape != wanted:
            raise InvalidArgumentError(
                house_message(
                    f"lookup.{op}",
                    f"Expected shape {list(wanted)} for value",
                    f"got {list(values.shape)} for keys of shape {list(keys.shape)}",
                )
            )
        listed = self.listed(op, keys)
        if self.value_shape:
            rows = list(values.reshape((len(listed), *self.value_shape)).copy())
        else:
            rows = list(values.reshape(-1))
        return zip(listed, rows, strict=True)

    def remove(self, keys: Array) -> None:
        """Forget keys; those that are not there do not matter."""
        for key in self.listed("remove", keys):
            self._held.pop(key, None)

    def export(self) -> tuple[Array, Array]:
        """All keys, in the order in which they came, and their values."""
        held = dict(self._held)
        count = len(held)
        keys = np.empty((count, *self.key_shape), self.key_dtype.numpy_dtype)
        values = np.empty((count, *self.value_shape), self.value_dtype.numpy_dtype)
        if count:
            keys[...] = list(held) if self.key_shape else _flat(list(held), keys.dtype)
            rows = list(held.values())
            values[...] = np.stack(rows) if self.value_shape else _flat(rows, values)
        return keys, values

    def clear(self) -> None:
        """Forget everything."""
        self._held = {}


class DenseStore(Store):
    """A store in which two keys may not be used, as TensorFlow's dense table has it.

    Args:
        empty: the key that marks free places there.
        deleted: the key that marks removed entries.
    """

    def __init__(self, *args: Any, empty: Array, deleted: Array, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty = empty
        self.deleted = deleted
        marks = [_key(empty), _key(deleted)]
        self._marks = dict(zip(("empty_key", "deleted_key"), marks, strict=True))
        if marks[0] == marks[1]:
            raise InvalidArgumentError(
                house_message(
                    "DenseHashTable",
                    "Empty and deleted keys cannot be equal",
                    f"both are {_shown(marks[0])}",
                )
            )

    def listed(self, op: str, keys: Array) -> list[Any]:
        """See `Store`.

        Raises:
            InvalidArgumentError: where one is a key that may not be used.
        """
        found = super().listed(op, keys)
        for name, mark in self._marks.items():
            if mark in found:
                raise InvalidArgumentError(
                    house_message(
                        f"lookup.{op}",
                        f"Using the {name} as a table key is not allowed",
                        f"the key is {_shown(mark)}",
                    )
                )
        return found

    def restore(self, keys: Array, values: Array) -> None:
        """Take what a file holds: TensorFlow writes free places too."""
        keys = keys.reshape((len(keys), *self.key_shape))
        values = values.reshape((len(values), *self.value_shape))
        marks = list(self._marks.values())
        kept = [i for i, key in enumerate(keys) if _key(np.asarray(key)) not in marks]
        self.clear()
        self.insert(keys[kept], values[kept])


def _flat(values: list[Any], like: Any) -> Array:
    """A vector of values; strings stay objects of their own."""
    kind = getattr(like, "dtype", like)
    out = np.empty(len(values), kind)
    out[:] = values
    return out


def _key(array: Array) -> Any:
    return (
        tuple(array.tolist())
        if array.ndim
        else array[()].item()
        if (array.dtype.kind in "iu")
        else array[()]
    )


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
