"""What `StringLookup` and `IntegerLookup` share: a vocabulary, asked both ways."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.dtypes import as_dtype, int64, string
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.core.variable import Variable
from rillet.keras.layers import told_lookups
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
    learnt_nothing,
    padded_idf,
    refuse_path,
)
from rillet.keras.layers.sparse_categories import placed
from rillet.keras.layers.vocabulary import FIRST, NONE_YET, Vocabulary
from rillet.keras.layers.word_weights import WordWeights, counting_parts
from rillet.keras.settings import floatx
from rillet.ops.elementwise import cast
from rillet.ops.host_functions import told_function
from rillet.ops.lookup.tables import LookupInterface

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
        #: The length that a file's configuration tells before its words are read.
        self._told: int | None = None
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
            ValueError: where there is no word, one comes twice, a special one stands
                in between, or they are too many.
        """
        name = type(self).__name__
        if isinstance(vocabulary, str | os.PathLike):
            vocabulary = in_lines(vocabulary)
        if hasattr(vocabulary, "numpy"):
            vocabulary = vocabulary.numpy()
        given = list(np.asarray(vocabulary, object).reshape(-1).tolist())
        if not given:
            raise ValueError(
                house_message(name, "Cannot set an empty vocabulary", "you passed []")
            )
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
        if self.pad_to_max_tokens:
            return self.max_tokens
        return len(self._words) if self._words.known else self._told

    def _check_depth(self, op: str) -> None:
        """Refuse an encoding whose length is not known yet.

        Raises:
            RuntimeError: there, as tf.keras does, also where nothing is computed yet.
        """
        if self.output_mode != "int" and self._depth() is None:
            raise RuntimeError(
                house_message(
                    op,
                    f"When using `output_mode={self.output_mode!r}` and"
                    " `pad_to_max_tokens=False`, the vocabulary size must be known"
                    " before calling the layer",
                    NONE_YET,
                    FIRST,
                )
            )

    def _weights(self, depth: int) -> Array | None:
        return padded_idf(self._idf, self._words.special, depth)

    def call(self, inputs: Any) -> Any:
        """The numbers of words or their encoding; the words, where inverted.

        Raises:
            FailedPreconditionError: where there is no vocabulary yet.
            RuntimeError: there, where the encoding's length hangs on it.
        """
        name, mode = type(self).__name__, self.output_mode
        self._check_depth(name)
        if isinstance(inputs, CompositeTensor) or self.sparse:
            return placed(self, inputs)
        if self.invert:
            return self._inverted(inputs)
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

        def told(words: Any) -> Any:
            ids = told_lookups.numbers(self._words, words)
            if mode == "int":
                return ids
            depth = self._depth() or len(self._words)
            weights = self._weights(depth) if mode == "tf_idf" else None
            return told_lookups.encoding(ids, mode, depth, kind, weights)

        given = inputs if inputs.dtype is self._kind else self._converted(inputs)
        found = told_function(run, [given], spec, told)
        return cast(found, kind) if mode == "int" and kind is not int64 else found

    _held: Any = object

    def _converted(self, inputs: Any) -> Any:
        return cast(inputs, self._kind)

    def _inverted(self, inputs: Any) -> Any:
        def run(numbers: Any) -> Array:
            ids = np.asarray(numbers)
            out = np.empty(ids.size, self._held)
            out[:] = self._words.words_at(ids, type(self).__name__)
            return out.reshape(ids.shape)

        def told(numbers: Any) -> Any:
            return told_lookups.words_at(self._words, numbers)

        return told_function(run, [inputs], TensorSpec(inputs.shape, self._kind), told)

    def _held_weights(self) -> Variable:
        """The weights of words as files hold them; they are no weight of the layer."""
        idf = self._idf
        kept = self.__dict__.get("_idf_held")
        if kept is None or kept[0] is not idf:
            depth = self._depth() or len(self._words)
            with init_scope():
                held = Variable(self._weights(depth), trainable=False)
            kept = self.__dict__["_idf_held"] = (idf, held)
        found: Variable = kept[1]
        return found

    def _trackable_children(
        self, save_type: str = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        found = super()._trackable_children(save_type, **kwargs)
        if self.output_mode == "tf_idf" and save_type != "savedmodel":
            held = self.__dict__.setdefault("_word_weights", WordWeights(self))
            found = {**found, "idf_weights": held}
        if self._counts_words and save_type != "savedmodel":
            found = {**found, **counting_parts(self)}
        if save_type == "savedmodel":
            if self._idf is not None:
                found = {**found, "idf_weights": self._held_weights()}
            words = self._words
            store = words.to_words() if self.invert else words.to_numbers()
            found = {**found, "lookup_table": LookupInterface(store, None)}
        return found

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape, or that of its encoding."""
        shape = as_shape(input_shape)
        return (
            shape
            if self.invert
            else encoded_shape(shape, self.output_mode, self._depth())
        )

    def save_assets(self, folder: Any) -> None:
        """Write the words that were learnt, as other Kerases do."""
        if not self._fixed and self._words.known:
            words = "\n".join(str(word) for word in self.get_vocabulary())
            Path(folder, "vocabulary.txt").write_text(words, "utf-8", newline="\n")

    def load_assets(self, folder: Any) -> None:
        """Read the vocabulary that was learnt, which stands beside the weights."""
        path = Path(folder, "vocabulary.txt")
        if path.is_file():
            # What was learnt may be learnt anew, as in the layer that was saved.
            self._fixed = False
            if self._words.known:
                return
            lines = in_lines(path)
            if not lines:
                self._words.set([])
                return
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
            "vocabulary": self.get_vocabulary(False) if self._words.known else None,
            "vocabulary_size": len(self._words),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer that `get_config` described."""
        refuse_path(cls.__name__, config)
        kept = {k: v for k, v in config.items() if k != "vocabulary_size"}
        bare = learnt_nothing(kept)
        layer = cls(**kept)
        if bare:
            layer._words.set([])
        layer._promise(config.get("vocabulary_size"))
        return layer

    def _promise(self, size: int | None) -> None:
        """Believe a configuration whose words stand elsewhere in the file."""
        if size is not None and size > self._words.special and not self._words.known:
            self._told = size
