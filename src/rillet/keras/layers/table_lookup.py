"""Tables of `tf.lookup` asked with a placeholder: each lookup becomes a layer.

In: a table and keys, a placeholder among them (`ops.lookup` asks here). Out: what the
layer gives. The layer holds the table, so checkpoints and SavedModels find it.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.keras.base_layer import Layer


class TableLookup(Layer):
    """A layer that looks keys up in a table of `tf.lookup`.

    Args:
        table: the table.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> reads = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2])
        >>> table = tf.lookup.StaticHashTable(reads, -1)
        >>> words = tf.keras.Input([2], dtype=tf.string)
        >>> model = tf.keras.Model(words, table.lookup(words))
        >>> model(tf.constant([["b", "?"]])).numpy()
        array([[ 2, -1]], dtype=int32)
    """

    def __init__(self, table: Any, **kwargs: Any) -> None:
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.table = table
        self.built = True

    def call(self, keys: Any, dynamic_default_values: Any = None) -> Any:
        """What the table's `lookup` gives."""
        if dynamic_default_values is None:
            return self.table.lookup(keys)
        return self.table.lookup(keys, dynamic_default_values)

    def get_config(self) -> dict[str, Any]:
        """A table has no configuration.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            house_message(
                "TableLookup.get_config",
                "a table of tf.lookup cannot be written into a model's configuration",
                f"layer {self.name!r} holds {self.table!r}",
                "Use keras.layers.StringLookup or IntegerLookup in its place, or save"
                " with tf.saved_model.save(model, folder)",
            )
        )


def looked_up(table: Any, keys: Any, given: dict[str, Any]) -> Any:
    """What a table gives for placeholders, through a new layer.

    Args:
        table: the table.
        keys: the keys.
        given: other arguments of its `lookup`, but for the name.
    """
    return TableLookup(table)(keys, **given)
