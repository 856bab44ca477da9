"""Tables that never change: `StaticHashTable` and `StaticVocabularyTable`.

Both are filled when they are made, also inside a function being traced. Graphs hold
their lookups as nodes; modules and checkpoints find them like other parts.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from rillet.core import context
from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype, int64, string
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.compare import not_equal
from rillet.ops.elementwise import add
from rillet.ops.lookup.records import export_op, find_op, size_op
from rillet.ops.lookup.store import Store
from rillet.ops.mask import where
from rillet.ops.string_hash import to_hash_bucket_fast
from rillet.ops.strings import as_string

F = TypeVar("F", bound=Callable[..., Any])


def layered(lookup: F) -> F:
    """Mark a table's method: a placeholder of Keras makes a layer of it."""

    names = inspect.getfullargspec(lookup).args[2:]

    @functools.wraps(lookup)
    def call(self: Any, keys: Any, *args: Any, **kwargs: Any) -> Any:
        given = (keys, *args, *kwargs.values())
        if any(getattr(value, "_describe", None) is not None for value in given):
            layer = context.service("keras.look_up")
            if layer is not None:
                told = {**dict(zip(names, args, strict=False)), **kwargs}
                told.pop("name", None)
                return layer(self, keys, told)
        return lookup(self, keys, *args, **kwargs)

    return call  # type: ignore[return-value]


class LookupInterface:
    """What all tables share: types, a name, lookup by square brackets."""

    _store: Store

    def __init__(self, store: Store, name: str | None) -> None:
        self._store = store
        self._name = name
        store.name = name or store.kind

    @property
    def name(self) -> str | None:
        """The table's name, where it was given one."""
        return self._name

    @property
    def key_dtype(self) -> DType:
        """The type of the keys."""
        return self._store.key_dtype

    @property
    def value_dtype(self) -> DType:
        """The type of the values."""
        return self._store.value_dtype

    @property
    def resource_handle(self) -> Any:
        """What stands for the table in graphs."""
        return self._store

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values that keys stand for."""
        raise NotImplementedError

    def size(self, name: str | None = None) -> Tensor:
        """How many keys there are, an int64 scalar."""
        found: Tensor = size_op.run(table=self._store)
        return found

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and their values: two tensors with a row a key."""
        keys, values = export_op.run(table=self._store)
        return keys, values

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        import copy

        made = object.__new__(type(self))
        memo[id(self)] = made
        for key, value in self.__dict__.items():
            setattr(made, key, copy.deepcopy(value, memo))
        return made


def keys_of(keys: Any, kind: DType) -> Any:
    """Keys as a tensor of a table's type.

    Raises:
        TypeError: where they have another.
    """
    tensor = to_tensor(keys, hint=kind)
    if tensor.dtype is not kind:
        raise TypeError(
            house_message(
                "lookup",
                f"Dtype of argument `keys` must be {kind!r}, received:"
                f" {tensor.dtype!r}",
                fix=f"Convert the keys, e.g. with tf.cast(keys, tf.{kind.name})"
                if kind.is_integer and tensor.dtype.is_integer
                else "",
            )
        )
    return tensor


class StaticHashTable(LookupInterface):
    """A table that is filled once, `tf.lookup.StaticHashTable`.

    Args:
        initializer: what fills it.
        default_value: what a missing key stands for.
        name: a name.
        experimental_is_anonymous: accepted; tables live as long as somebody holds them.

    Raises:
        FailedPreconditionError: where a key is given two values.
        ValueError: where the default value is no scalar.

    Example:
        >>> import rillet as tf
        >>> keys, values = ["lake", "palmer"], [1, 2]
        >>> init = tf.lookup.KeyValueTensorInitializer(keys, values)
        >>> table = tf.lookup.StaticHashTable(init, default_value=-1)
        >>> table[tf.constant(["palmer", "emerson"])].numpy(), int(table.size())
        (array([ 2, -1], dtype=int32), 2)
    """

    def __init__(
        self,
        initializer: Any,
        default_value: Any,
        name: str | None = None,
        experimental_is_anonymous: bool = False,
    ) -> None:
        with init_scope():
            default = to_tensor(default_value, initializer.value_dtype)
        if default.shape.rank != 0:
            raise ValueError(
                house_message(
                    "StaticHashTable",
                    "default_value is a scalar",
                    f"Shapes {default.shape} and () are not compatible",
                )
            )
        kinds = initializer.key_dtype, initializer.value_dtype
        super().__init__(Store("HashTableV2", *kinds, default._array), name)
        self._initializer = initializer
        self._default = default
        self._store.initializer = initializer
        initializer.initialize(self._store)

    @property
    def default_value(self) -> Tensor:
        """What a missing key stands for."""
        return self._default

    @layered
    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values that keys stand for.

        Args:
            keys: keys of any shape; also a ragged or sparse tensor.
            name: ignored when eager.

        Returns:
            A tensor of the same shape; the default value for keys that are not there.

        Raises:
            TypeError: where the keys have another type.
        """
        if isinstance(keys, CompositeTensor):
            found = self.lookup(keys._gradient_tensor())
            return keys._with_gradient_tensor(found)
        tensor = keys_of(keys, self.key_dtype)
        return find_op.run(tensor, self._default, table=self._store)

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {"_initializer": self._initializer}


class StaticVocabularyTable(LookupInterface):
    """Numbers of words, and buckets for other words, `tf.lookup.StaticVocabularyTable`.

    Words that are not in the table get numbers after the others', by TensorFlow's hash.

    Args:
        initializer: gives int64 numbers, which should run from 0; None for buckets
            alone.
        num_oov_buckets: how many buckets there are.
        lookup_key_dtype: the type of the keys looked up; that of the table where None.
        name: a name.
        experimental_is_anonymous: accepted.

    Raises:
        ValueError: where there is no bucket.
        TypeError: where a type is not fit.

    Example:
        >>> import rillet as tf
        >>> ids = tf.constant([0, 1], tf.int64)
        >>> init = tf.lookup.KeyValueTensorInitializer(["lake", "palmer"], ids)
        >>> table = tf.lookup.StaticVocabularyTable(init, num_oov_buckets=5)
        >>> table.lookup(tf.constant(["palmer", "king"])).numpy()
        array([1, 5])
    """

    def __init__(
        self,
        initializer: Any,
        num_oov_buckets: int,
        lookup_key_dtype: Any = None,
        name: str | None = None,
        experimental_is_anonymous: bool = False,
    ) -> None:
        op = "StaticVocabularyTable"
        if num_oov_buckets <= 0:
            raise ValueError(
                house_message(
                    op,
                    "`num_oov_buckets` must be > 0; use StaticHashTable",
                    f"num_oov_buckets={num_oov_buckets}",
                )
            )
        wanted = None if lookup_key_dtype is None else as_dtype(lookup_key_dtype)
        if initializer is None:
            wanted = wanted or string
            held = Store("HashTableV2", wanted, int64, np.array(-1))
            super().__init__(held, name)
            self._table: Any = None
        else:
            _check_types(op, initializer, wanted)
            self._table = StaticHashTable(initializer, -1)
            super().__init__(self._table._store, name)
        self._num_oov_buckets = num_oov_buckets
        self._lookup_key_dtype = wanted or initializer.key_dtype

    @property
    def key_dtype(self) -> DType:
        """The type of the keys."""
        return self._store.key_dtype

    def size(self, name: str | None = None) -> Tensor:
        """How many numbers there are, buckets included."""
        return add(super().size(), self._num_oov_buckets)

    def export(self, name: str | None = None) -> Any:
        """Not defined for a table with buckets."""
        raise AttributeError("'StaticVocabularyTable' object has no attribute 'export'")

    @layered
    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The numbers of words.

        Args:
            keys: words of any shape; also a ragged or sparse tensor.
            name: ignored when eager.

        Returns:
            Numbers in int64, of the same shape; from `size` of the table on for words
            that are not in it.

        Raises:
            TypeError: where the keys have another type.
        """
        if isinstance(keys, CompositeTensor):
            found = self.lookup(keys._gradient_tensor())
            return keys._with_gradient_tensor(found)
        tensor = keys_of(keys, self._lookup_key_dtype)
        texts = tensor if tensor.dtype is string else as_string(tensor)
        buckets = to_hash_bucket_fast(texts, self._num_oov_buckets)
        if self._table is None:
            return buckets
        if tensor.dtype is not self.key_dtype:
            tensor = cast(tensor, self.key_dtype)
        ids = self._table.lookup(tensor)
        return where(not_equal(ids, -1), ids, add(buckets, self._table.size()))

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {} if self._table is None else {"_table": self._table}


def _check_types(op: str, initializer: Any, wanted: DType | None) -> None:
    kind = initializer.key_dtype
    if initializer.value_dtype is not int64:
        raise TypeError(
            house_message(
                op,
                f"Invalid `value_dtype`, expected {int64!r} but got"
                f" {initializer.value_dtype!r}",
                fix="Give the initializer value_dtype=tf.int64",
            )
        )
    if wanted is not None and wanted.is_integer != kind.is_integer:
        expected = "integer" if wanted.is_integer else repr(string)
        raise TypeError(
            house_message(
                op, f"Invalid `key_dtype`, expected {expected} but got {kind!r}"
            )
        )
    if not kind.is_integer and kind is not string:
        raise TypeError(
            house_message(
                op,
                "Invalid `key_dtype`, expected integer or string",
                f"got {kind!r}",
            )
        )
