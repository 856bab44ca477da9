"""`StringLookup` and `IntegerLookup`: words to numbers by a vocabulary, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.dtypes import as_dtype, int64, string
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.keras.layers.adapting import Adapting
from rillet.keras.layers.categories import (
    ENCODINGS,
    check_rank,
    checked_mode,
    encode,
    encoded_shape,
)
from rillet.keras.layers.lookup_rules import (
    check,
    check_words,
    checked_idf,
    in_lines,
    padded_idf,
    refuse_path,
)
from rillet.keras.layers.sparse_categories import placed
from rillet.keras.layers.vocabulary import Vocabulary
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.elementwise import cast
from rillet.ops.host_functions import numpy_function
from rillet.ops.string_hash import fingerprint64

Array = np.ndarray[Any, Any]


class IndexLookup(Adapting):
    """What the two lookups share; see `StringLookup`."""

    _kind: Any = string

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        mode = "multi_hot" if output_mode == "binary" else output_mode
        mode = "tf_idf" if mode == "tf-idf" else mode
        checked_mode(name, mode, ("int", *ENCODINGS), sparse)
        check(name, max_tokens, num_oov_indices, mode, pad_to_max_tokens, invert)
        if invert:
            num_oov_indices = 1
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if mode == "int" else floatx()
        super().__init__(autocast=False, **kwargs)
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = mode
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self._words = Vocabulary(
            None if mask_token is None else self._word(mask_token),
            self._word(oov_token),
            num_oov_indices,
            self._hash,
        )
        self._idf: list[float] | None = None
        self._fixed = vocabulary is not None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        elif idf_weights is not None:
            raise ValueError(
                house_message(
                    name, "`idf_weights` should only be set along with a vocabulary"
                )
            )

    def _word(self, token: Any) -> Any:
        """A user's token as the vocabulary keeps it."""
        raise NotImplementedError

    def _hash(self, word: Any) -> int:
        raise NotImplementedError

    def _token(self, word: Any) -> Any:
        """A word of the vocabulary as users see it."""
        raise NotImplementedError

    def vocabulary_size(self) -> int:
        """How many words there are, special ones included."""
        return len(self._words)

    def vocab_size(self) -> int:
        """The same under its older name."""
        return len(self._words)

    @property
    def _counts_words(self) -> bool:
        """Whether the words were learnt, not given."""
        return not self._fixed

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The words in the order of their numbers.

        Args:
            include_special_tokens: whether mask and unknown words stand in front.
        """
        kept = self._words.all() if include_special_tokens else self._words.words
        return [self._token(word) for word in kept]

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take words as the vocabulary, in place of what was learnt.

        Args:
            vocabulary: words, with or without special ones in front, or the path of a
                file with a word a line.
            idf_weights: their inverse document frequencies, with ``"tf_idf"``.

        Raises:
            ValueError: where a word comes twice, a special one in between, or they
                are too many.
        """
        name = type(self).__name__
        if isinstance(vocabulary, str | os.PathLike):
            vocabulary = in_lines(vocabulary)
        if hasattr(vocabulary, "numpy"):
            vocabulary = vocabulary.numpy()
        given = list(np.asarray(vocabulary, object).reshape(-1).tolist())
        words = [self._word(token) for token in given]
        front = self._words
        first = [] if front.mask is None else [front.mask]
        first += [front.unknown] * front.unknown_places
        bare = words[len(first) :] if words[: len(first)] == first else words
        check_words(name, bare, front, [self._token(w) for w in bare])
        room = None if self.max_tokens is None else self.max_tokens - front.special
        if room is not None and len(bare) > room:
            raise ValueError(
                house_message(
                    name,
                    "Attempted to set a vocabulary larger than the maximum vocab size",
                    f"Passed vocab size is {len(bare) + front.special}, max vocab size"
                    f" is {self.max_tokens}",
                )
            )
        self._idf = checked_idf(name, self.output_mode, idf_weights, words, bare)
        front.set(bare)
        self._adapted = True

    def reset_state(self) -> None:
        """Forget the words."""
        if self._fixed:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "Cannot adapt a layer that was given a vocabulary",
                    fix="Leave `vocabulary` away",
                )
            )
        self._words.forget()
        self._idf = None

    def update_state(self, data: Any) -> None:
        """Count a batch's words; a row is a document."""
        array = np.asarray(data.numpy())
        if array.dtype.kind == "f":
            array = array.astype(np.int64)
        if array.ndim == 0:
            array = array.reshape(1)
        rows = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array[:, None]
        self._words.count(rows.tolist())

    def finalize_state(self) -> None:
        """Take the most frequent words."""
        self._words.learn(self.max_tokens)
        if self.output_mode == "tf_idf":
            self._idf = self._words.rarity()

    def _build_once(self, batch: Any) -> None:
        self.built = True

    def _depth(self) -> int | None:
        return self.max_tokens if self.pad_to_max_tokens else len(self._words) or None

    def _weights(self, depth: int) -> Array | None:
        return padded_idf(self._idf, self._words.special, depth)

    def call(self, inputs: Any) -> Any:
        """The numbers of words or their encoding; the words, where inverted."""
        if isinstance(inputs, CompositeTensor) or self.sparse:
            return placed(self, inputs)
        if self.invert:
            return self._inverted(inputs)
        name, mode = type(self).__name__, self.output_mode
        check_rank(name, mode, inputs.shape)
        kind = as_dtype(self.compute_dtype or floatx())
        target = int64 if mode == "int" else kind
        spec = TensorSpec(self.compute_output_shape(inputs.shape), target)

        def run(words: Any) -> Array:
            ids = self._words.numbers(np.asarray(words, self._held), name)
            if mode == "int":
                return ids
            depth = self._depth() or len(self._words)
            weights = self._weights(depth) if mode == "tf_idf" else None
            return encode(ids, mode, depth, kind.numpy_dtype, weights)

        given = inputs if inputs.dtype is self._kind else self._converted(inputs)
        found = numpy_function(run, [given], spec)
        return cast(found, kind) if mode == "int" and kind is not int64 else found

    _held: Any = object

    def _converted(self, inputs: Any) -> Any:
        return cast(inputs, self._kind)

    def _inverted(self, inputs: Any) -> Any:
        def run(numbers: Any) -> Array:
            ids = np.asarray(numbers)
            out = np.empty(ids.size, self._held)
            out[:] = self._words.words_at(ids)
            return out.reshape(ids.shape)

        return numpy_function(run, [inputs], TensorSpec(inputs.shape, self._kind))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape, or that of its encoding."""
        shape = as_shape(input_shape)
        return (
            shape
            if self.invert
            else encoded_shape(shape, self.output_mode, self._depth())
        )

    def load_assets(self, folder: Any) -> None:
        """Read the vocabulary that another Keras wrote beside the weights."""
        path = Path(folder, "vocabulary.txt")
        if path.is_file():
            lines = in_lines(path)
            weights = [1.0] * len(lines) if self.output_mode == "tf_idf" else None
            self.set_vocabulary(lines, weights)

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of words, where there are any."""
        if self._idf is not None:
            store["idf_weights"] = self._weights(self._depth() or len(self._words))

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        if self.output_mode == "tf_idf" and "idf_weights" in list(store.keys()):
            start = self._words.special
            held = np.asarray(store["idf_weights"])[start : len(self._words)]
            self._idf = held.tolist()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the words that were learnt."""
        known = self._fixed or self._adapted
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": self._idf,
            "vocabulary": self.get_vocabulary(False) if known else None,
            "vocabulary_size": len(self._words),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer that `get_config` described."""
        refuse_path(cls.__name__, config)
        kept = {k: v for k, v in config.items() if k != "vocabulary_size"}
        return cls(**kept)


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
