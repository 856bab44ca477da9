"""`StringLookup` and `IntegerLookup`: words to numbers by a vocabulary, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import as_dtype, int64
from rillet.core.errors import house_message
from rillet.keras.layers.index_lookup import IndexLookup
from rillet.keras.serialization import builtin
from rillet.ops.string_hash import fingerprint64


@builtin("layer")
class StringLookup(IndexLookup):
    """Turns strings into numbers by a vocabulary, or numbers into strings.

    Args:
        max_tokens: the greatest size of the vocabulary, special words included.
        num_oov_indices: over how many numbers unknown strings are spread.
        mask_token: the string of padding, which becomes 0; None for none.
        oov_token: what an unknown string is called.
        vocabulary: strings, or the path of a file with one a line; then `adapt` is not
            needed.
        idf_weights: inverse document frequencies of the vocabulary.
        encoding: only ``"utf-8"``.
        invert: whether to turn numbers into strings.
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"``, ``"count"`` or
            ``"tf_idf"``.
        sparse: whether encodings are sparse tensors.
        pad_to_max_tokens: whether encodings are `max_tokens` long.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.StringLookup(vocabulary=["a", "b"])
        >>> layer(tf.constant(["b", "z", "a"])).numpy().tolist()
        [2, 0, 1]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        encoding: str = "utf-8",
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding or "utf-8"
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            **kwargs,
        )

    def _word(self, token: Any) -> Any:
        if isinstance(token, bytes):
            return token
        return str(token).encode(self.encoding)

    def _token(self, word: Any) -> Any:
        return word.decode(self.encoding, errors="replace")

    def _hash(self, word: Any) -> int:
        return fingerprint64(word)

    def _converted(self, inputs: Any) -> Any:
        raise TypeError(
            house_message(
                "StringLookup",
                "inputs must be strings",
                f"their dtype is {inputs.dtype.name}",
                "Use IntegerLookup for whole numbers",
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the words that were learnt."""
        return {**super().get_config(), "encoding": self.encoding}


@builtin("layer")
class IntegerLookup(IndexLookup):
    """Turns any whole numbers into numbers of a vocabulary, or back.

    Args:
        max_tokens: the greatest size of the vocabulary, special numbers included.
        num_oov_indices: over how many numbers unknown ones are spread.
        mask_token: the number of padding, which becomes 0; None for none.
        oov_token: what an unknown number is called.
        vocabulary: whole numbers, or the path of a file with one a line.
        vocabulary_dtype: ``"int64"`` or ``"int32"``.
        idf_weights: inverse document frequencies of the vocabulary.
        invert: whether to turn back.
        output_mode: as for `StringLookup`.
        sparse: whether encodings are sparse tensors.
        pad_to_max_tokens: whether encodings are `max_tokens` long.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.IntegerLookup(vocabulary=[12, 36])
        >>> layer(tf.constant([36, 7])).numpy().tolist()
        [2, 0]
    """

    _kind = int64
    _held = np.int64

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = -1,
        vocabulary: Any = None,
        vocabulary_dtype: Any = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        **kwargs: Any,
    ) -> None:
        self.vocabulary_dtype = as_dtype(vocabulary_dtype).name
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            **kwargs,
        )

    def _word(self, token: Any) -> Any:
        return int(token)

    def _token(self, word: Any) -> Any:
        return word

    def _hash(self, word: Any) -> int:
        return int(word)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the numbers that were learnt."""
        return {**super().get_config(), "vocabulary_dtype": self.vocabulary_dtype}
