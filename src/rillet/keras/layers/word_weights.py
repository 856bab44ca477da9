"""What checkpoints hold of a lookup: the weights of its words, and what counts them.

In flows a lookup layer; out flow parts of it for `checkpoint`, which `index_lookup`
asks for. A checkpoint holds no words, so weights go to the words that the layer has,
and there must be one for each. Counts are empty: `adapt` forgets them at its end.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from rillet.checkpoint.children import VALUE, Attribute
from rillet.core.dtypes import int64
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.scopes import init_scope
from rillet.core.variable import Variable
from rillet.ops.lookup.mutable_tables import MutableHashTable

_counts: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()


def counting_parts(layer: Any) -> dict[str, Any]:
    """What tf.keras counts words with while a lookup learns; the same each time.

    Args:
        layer: the lookup.
    """
    found = _counts.get(layer)
    if found is None:
        names = ["token_counts"]
        if layer.output_mode == "tf_idf":
            names.append("token_document_counts")
        with init_scope():
            found = {name: MutableHashTable(layer._kind, int64, 0) for name in names}
            if layer.output_mode == "tf_idf":
                found["num_documents"] = Variable(0, trainable=False, dtype=int64)
        _counts[layer] = found
    return found


class WordWeights:
    """The weights of a lookup's words.

    Args:
        layer: the lookup, a `StringLookup` or `IntegerLookup` with ``"tf_idf"``.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        #: What a file told before the layer had words.
        self._told: Any = None

    def _checkpoint_attributes(self) -> list[Attribute]:
        return [_Weights(self._layer, self._read, self._write)]

    def _read(self) -> Any:
        layer = self._layer
        if layer._idf is not None:
            return layer._weights(layer._depth() or layer.vocabulary_size())
        if self._told is not None:
            return self._told
        return np.zeros(layer._words.special, np.float32)

    def _write(self, array: Any) -> None:
        layer, words = self._layer, self._layer._words
        if layer._idf is None:
            self._told = array
        else:
            layer._idf = array[words.special : len(words)].astype(float).tolist()


class _Weights(Attribute):
    """The value, which must have a number for each word of the layer.

    Args:
        layer: the lookup.
        read: gives the value.
        write: takes it.
    """

    __slots__ = ("layer",)

    def __init__(self, layer: Any, read: Any, write: Any) -> None:
        super().__init__(VALUE, "idf_weights", read, write)
        self.layer = layer

    def check(self, key: str, shape: list[int], dtype: Any) -> None:
        """Raise where a file's weights are not those of the layer's words.

        Raises:
            ValueError: where there are more or fewer.
            InvalidArgumentError: where they are no floats.
        """
        layer = self.layer
        name = type(layer).__name__
        if not dtype.is_floating:
            raise InvalidArgumentError(
                house_message(name, "a file's idf_weights are no floats", dtype.name)
            )
        if layer._idf is None:
            return
        depth = layer._depth() or layer.vocabulary_size()
        if list(shape) not in ([depth], [layer.vocabulary_size()]):
            raise ValueError(
                house_message(
                    name,
                    "a checkpoint's idf_weights belong to other words",
                    f"'{key}' has shape {tuple(shape)}, the layer '{layer.name}' has"
                    f" {layer.vocabulary_size()} words",
                    "Set the vocabulary that the layer had when it was saved, with"
                    " set_vocabulary, before you restore",
                )
            )
