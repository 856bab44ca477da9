"""Tables that programs fill as they go: `MutableHashTable` and `DenseHashTable`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.ops.lookup.initializers import known_array
from rillet.ops.lookup.records import find_op, insert_op, remove_op
from rillet.ops.lookup.store import DenseStore, Store
from rillet.ops.lookup.tables import LookupInterface, keys_of, layered

Array = np.ndarray[Any, Any]


class _Saved:
    """One of the two arrays of a table in a checkpoint, as `checkpoint` asks for it."""

    variable = None
    full_name = ""

    def __init__(self, name: str, read: Any, write: Any) -> None:
        self.name = name
        self.read = read
        self.write = write

    def check(self, key: str, shape: list[int], dtype: Any) -> None:
        """Tables take any number of keys."""


class _Mutable(LookupInterface):
    """What the two tables share."""

    def __init__(self, store: Store, name: str | None, checkpoint: bool) -> None:
        super().__init__(store, name)
        self._default = Tensor(store.default)
        self._saves = checkpoint

    def _found(self, keys: Any, default: Any) -> Any:
        if isinstance(keys, CompositeTensor):
            found = self._found(keys._gradient_tensor(), default)
            return keys._with_gradient_tensor(found)
        return find_op.run(keys_of(keys, self.key_dtype), default, table=self._store)

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Any:
        """Let keys stand for values; keys that are there get new ones.

        Args:
            keys: keys of any shape.
            values: values, of the keys' shape followed by that of a value.
            name: ignored when eager.

        Raises:
            TypeError: where a type is another.
            InvalidArgumentError: where the shapes do not fit.
        """
        tensor = keys_of(keys, self.key_dtype)
        insert_op.run(tensor, self._values(values), table=self._store)

    def remove(self, keys: Any, name: str | None = None) -> Any:
        """Forget keys; those that are not there do not matter.

        Args:
            keys: keys of any shape.
            name: ignored when eager.

        Raises:
            TypeError: where the keys have another type.
        """
        remove_op.run(keys_of(keys, self.key_dtype), table=self._store)

    def _values(self, values: Any) -> Any:
        tensor = to_tensor(values, hint=self.value_dtype)
        if tensor.dtype is not self.value_dtype:
            raise TypeError(
                house_message(
                    "lookup.insert",
                    f"Dtype of argument `values` must be {self.value_dtype!r},"
                    f" received: {tensor.dtype!r}",
                )
            )
        return tensor

    def _checkpoint_attributes(self) -> list[_Saved]:
        if not self._saves:
            return []
        held: dict[str, Array] = {}

        def write(name: str) -> Any:
            def one(array: Array) -> None:
                held[name] = array
                if len(held) == 2:
                    self._restore(held["keys"], held["values"])

            return one

        return [
            _Saved("table-keys", lambda: self._store.export()[0], write("keys")),
            _Saved("table-values", lambda: self._store.export()[1], write("values")),
        ]

    def _restore(self, keys: Array, values: Array) -> None:
        self._store.clear()
        self._store.insert(keys, values)


class MutableHashTable(_Mutable):
    """A table that can be changed, `tf.lookup.experimental.MutableHashTable`.

    Args:
        key_dtype: the type of the keys.
        value_dtype: the type of the values.
        default_value: what missing keys stand for; its shape is that of every value.
        name: a name.
        checkpoint: whether checkpoints save what it holds.
        experimental_is_anonymous: accepted.

    Example:
        >>> import rillet as tf
        >>> counts = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)
        >>> counts.insert(["a", "b"], [1, 2])
        >>> counts.remove(["b"])
        >>> counts.lookup(["a", "b"]).numpy()
        array([1, 0])
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:
        with init_scope():
            kinds = as_dtype(key_dtype), as_dtype(value_dtype)
            op = "MutableHashTable"
            default = known_array(op, "default_value", default_value, kinds[1])
        kind = "MutableHashTableV2"
        if default.ndim:
            kind = "MutableHashTableOfTensorsV2"
        store = Store(kind, *kinds, default)
        super().__init__(
            store, None if name == "MutableHashTable" else name, checkpoint
        )

    @layered
    def lookup(  # type: ignore[override]
        self, keys: Any, dynamic_default_values: Any = None, name: str | None = None
    ) -> Any:
        """The values that keys stand for now.

        Args:
            keys: keys of any shape; also a ragged or sparse tensor.
            dynamic_default_values: what missing keys stand for: one value for all, or
                one for each key; the table's default where None.
            name: ignored when eager.

        Returns:
            A tensor of the keys' shape, followed by that of a value.

        Raises:
            TypeError: where the keys have another type.
        """
        default: Any = self._default
        if dynamic_default_values is not None:
            default = self._values(dynamic_default_values)
        return self._found(keys, default)


class DenseHashTable(_Mutable):
    """A table that can be changed, of `tf.lookup.experimental.DenseHashTable`'s form.

    Keys may have a shape of their own: that of `empty_key`.

    Args:
        key_dtype: the type of the keys.
        value_dtype: the type of the values.
        default_value: what missing keys stand for.
        empty_key: a key that nobody uses.
        deleted_key: another one.
        initial_num_buckets: accepted; a power of two.
        name: a name.
        checkpoint: whether checkpoints save what it holds.
        experimental_is_anonymous: accepted.

    Raises:
        InvalidArgumentError: where the two special keys are one, or used.

    Example:
        >>> import rillet as tf
        >>> table = tf.lookup.experimental.DenseHashTable(
        ...     tf.int64, tf.int64, default_value=-1, empty_key=0, deleted_key=-1)
        >>> table.insert([11, 12], [1, 2])
        >>> table.lookup([12, 13]).numpy()
        array([ 2, -1])
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:
        op = "DenseHashTable"
        kinds = as_dtype(key_dtype), as_dtype(value_dtype)
        default = known_array(op, "default_value", default_value, kinds[1])
        empty = known_array(op, "empty_key", empty_key, kinds[0])
        deleted = known_array(op, "deleted_key", deleted_key, kinds[0])
        count = initial_num_buckets
        if count is not None and (count < 4 or count & (count - 1)):
            raise ValueError(
                house_message(
                    op,
                    "Number of buckets must be at least 4 and a power of 2",
                    f"initial_num_buckets={count}",
                )
            )
        store = DenseStore(
            "MutableDenseHashTableV2",
            *kinds,
            default,
            empty.shape,
            empty=empty,
            deleted=deleted,
        )
        given = None if name == "MutableDenseHashTable" else name
        super().__init__(store, given, checkpoint)

    @layered
    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values that keys stand for now.

        Args:
            keys: keys of any shape; also a ragged or sparse tensor.
            name: ignored when eager.

        Returns:
            A tensor of the keys' shape, followed by that of a value.

        Raises:
            TypeError: where the keys have another type.
        """
        return self._found(keys, self._default)

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Any:
        """The same as `insert`."""
        self.insert(keys, values)

    def erase(self, keys: Any, name: str | None = None) -> Any:
        """The same as `remove`."""
        self.remove(keys)

    def _restore(self, keys: Array, values: Array) -> None:
        store = self._store
        assert isinstance(store, DenseStore)
        store.restore(keys, values)
