"""`TextVectorization`: texts to numbers of their words, or to counts of them."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, int64, string
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.keras.layers import told_lookups
from rillet.keras.layers.adapting import Adapting
from rillet.keras.layers.categories import ENCODINGS, checked_mode, encode
from rillet.keras.layers.lookup_rules import learnt_nothing, refuse_path
from rillet.keras.layers.lookups import StringLookup
from rillet.keras.layers.sparse_categories import sparse_encoding
from rillet.keras.layers.text_rules import cutter, joined, standard_of
from rillet.keras.serialization import builtin, deserialize_keras_object
from rillet.keras.settings import floatx
from rillet.ops.host_functions import told_function
from rillet.ops.ragged.partition import splits_of_lengths
from rillet.ops.ragged.rows import RaggedRows
from rillet.ops.shaping import reshape

Array = np.ndarray[Any, Any]

_NAME: Final = "TextVectorization"
_BOTH: Final = "lower_and_strip_punctuation"
_STANDARDS: Final = (_BOTH, "lower", "strip_punctuation", None)
_SPLITS: Final = ("whitespace", "character", None)


@builtin("layer")
class TextVectorization(Adapting):
    """Turns texts into numbers: standardised, split into words, looked up.

    Args:
        max_tokens: the greatest size of the vocabulary.
        standardize: ``"lower_and_strip_punctuation"``, ``"lower"``,
            ``"strip_punctuation"``, None, or a function of a tensor of strings.
        split: ``"whitespace"``, ``"character"``, None, or a function that gives a
            tensor of words a text, padded with empty ones.
        ngrams: up to how many words in sequence make a word too, or which numbers.
        output_mode: ``"int"``, ``"multi_hot"``, ``"count"`` or ``"tf_idf"``.
        output_sequence_length: the length of the rows, with ``"int"``; that of the
            batch's longest text where None.
        pad_to_max_tokens: whether other rows are `max_tokens` long.
        vocabulary: words, or the path of a file with one a line.
        idf_weights: inverse document frequencies of the vocabulary.
        sparse: whether encodings are sparse tensors.
        ragged: whether numbers come as a `tf.RaggedTensor`, without padding.
        encoding: only ``"utf-8"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is unknown.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["the cat sat", "the dog"])
        >>> layer(["The dog!", "a cat"]).numpy().tolist()
        [[2, 4, 0, 0], [1, 5, 0, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = _BOTH,
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        **kwargs: Any,
    ) -> None:
        name = "TextVectorization"
        mode = "multi_hot" if output_mode == "binary" else output_mode
        mode = "tf_idf" if mode == "tf-idf" else mode
        checked_mode(name, mode, ("int", *ENCODINGS[1:]), sparse)
        _check(standardize, split, ngrams, mode, output_sequence_length, ragged)
        kwargs["dtype"] = "string"
        super().__init__(autocast=False, **kwargs)
        self._standardize = standardize
        self._split = split
        self._ngrams_arg = ngrams
        self._ngrams = tuple(range(1, ngrams + 1)) if type(ngrams) is int else ngrams
        self._output_mode = mode
        self._sparse = sparse
        self._ragged = bool(ragged)
        self._output_sequence_length = output_sequence_length
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="" if mode == "int" else None,
            output_mode=mode,
            encoding=encoding,
        )
        self._adapted = vocabulary is not None

    @property
    def _counts_words(self) -> bool:
        """Whether the words were learnt, not given."""
        return self._lookup_layer._counts_words

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The words in the order of their numbers."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many words there are, special ones included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take words as the vocabulary; see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)
        self._adapted = True

    def reset_state(self) -> None:
        """Forget the words."""
        self._lookup_layer.reset_state()

    def update_state(self, data: Any) -> None:
        """Count the words of a batch of texts."""
        self._lookup_layer._words.count(self._rows_of(data))

    def finalize_state(self) -> None:
        """Take the most frequent words."""
        self._lookup_layer.finalize_state()
        self._lookup_layer._adapted = True

    def _build_once(self, batch: Any) -> None:
        self.built = True

    def _prepared(self, inputs: Any) -> Any:
        """Texts after those steps that users' functions do."""
        if callable(self._standardize):
            inputs = self._standardize(inputs)
        if callable(self._split):
            inputs = self._split(inputs)
            if hasattr(inputs, "to_tensor"):
                inputs = inputs.to_tensor(default_value="")
        return inputs

    def _rows_of(self, data: Any) -> list[list[bytes]]:
        """The words of each text of a batch."""
        return self._words_of(np.asarray(self._prepared(data).numpy(), object))

    def _words_of(self, texts: Array) -> list[list[bytes]]:
        if callable(self._split) or (self._split is None and texts.ndim > 1):
            table = texts.reshape(-1, texts.shape[-1]) if texts.ndim else [[texts[()]]]
            rows: Any = list(table)
            if callable(self._split):
                # What a function split was padded with empty texts.
                rows = [[w for w in row if w != b""] for row in rows]
            if not callable(self._standardize):
                standard = standard_of(self._standardize)
                rows = [[standard(w) for w in row] for row in rows]
        else:
            cut, standard = cutter(self._split), standard_of(self._standardize)
            if callable(self._standardize):
                rows = [cut(text) for text in texts.reshape(-1).tolist()]
            else:
                rows = [cut(standard(text)) for text in texts.reshape(-1).tolist()]
        return rows if not self._ngrams else [joined(r, self._ngrams) for r in rows]

    def call(self, inputs: Any) -> Any:
        """The numbers, ``(batch, length)`` int64, or rows of the vocabulary's size.

        Raises:
            FailedPreconditionError: where there is no vocabulary yet.
            RuntimeError: there, where the encoding's length hangs on it.
        """
        self._lookup_layer._check_depth(_NAME)
        inputs = inputs if hasattr(inputs, "dtype") else to_tensor(inputs, string)
        if inputs.dtype is not string:
            raise TypeError(
                house_message(
                    "TextVectorization",
                    "inputs must be strings",
                    f"their dtype is {inputs.dtype.name}",
                )
            )
        if self._split is not None:
            self._check_width(inputs.shape)
        whole = as_shape(inputs.shape)
        single, kept = whole.rank == 0, self._keeps(whole)
        if self._sparse:
            return self._placed(inputs)
        if self._ragged:
            return self._rows(inputs, single)
        spec = TensorSpec(self.compute_output_shape(whole), self._out_type())

        def run(texts: Any) -> Array:
            rows = self._words_of(np.asarray(texts, object))
            out = self._table(rows)
            if kept:
                return out.reshape(np.shape(texts))
            return out[0] if single else out

        def told(texts: Any) -> Any:
            out = self._told_table(self._told_words(texts))
            if kept:
                return reshape(out, told_lookups.sizes(texts))
            return out[0] if single else out

        return told_function(run, [self._prepared(inputs)], spec, told)

    def _told_words(self, texts: Any) -> Any:
        """`_words_of` in ops."""
        return told_lookups.words_of(
            texts, self._standardize, self._split, self._ngrams
        )

    def _told_table(self, words: Any) -> Any:
        """`_table` in ops."""
        lookup, mode = self._lookup_layer, self._output_mode
        ids = told_lookups.numbers(lookup._words, words.values)
        if mode == "int":
            return words.table(ids, self._output_sequence_length)
        depth = lookup._depth() or len(lookup._words)
        weights = lookup._weights(depth) if mode == "tf_idf" else None
        kind = self._out_type()
        return told_lookups.counts(
            words.rows, ids, words.count, mode, depth, kind, weights
        )

    def _rows(self, inputs: Any, single: bool) -> Any:
        """The numbers of each text's words, as a ragged tensor."""

        def run(texts: Any) -> tuple[Array, Array]:
            rows = self._words_of(np.asarray(texts, object))
            flat = np.empty(sum(map(len, rows)), object)
            flat[:] = [word for row in rows for word in row]
            ids = self._lookup_layer._words.numbers(flat, _NAME)
            return ids, np.array([len(row) for row in rows], np.int64)

        def told(texts: Any) -> Any:
            words = self._told_words(texts)
            ids = told_lookups.numbers(self._lookup_layer._words, words.values)
            return ids, words.lengths()

        specs = [TensorSpec([None], int64), TensorSpec([None], int64)]
        ids, lengths = told_function(run, [self._prepared(inputs)], specs, told)
        return ids if single else RaggedRows._of(ids, splits_of_lengths(lengths))

    def _placed(self, inputs: Any) -> Any:
        """The encoding as a sparse tensor."""
        lookup, mode = self._lookup_layer, self._output_mode

        def run(texts: Any) -> Array:
            return self._numbers(self._words_of(np.asarray(texts, object)), -1)

        prepared = self._prepared(inputs)
        rows = inputs.shape[0] if inputs.shape.rank else 1

        def told(texts: Any) -> Any:
            words = self._told_words(texts)
            ids = told_lookups.numbers(lookup._words, words.values)
            return words.table(ids + 1, None) - 1

        ids = told_function(run, [prepared], TensorSpec([rows, None], int64), told)
        depth = lookup._depth() or len(lookup._words)
        weights = lookup._weights(depth) if mode == "tf_idf" else None
        return sparse_encoding(ids, mode, depth, self._out_type(), weights)

    def _check_width(self, shape: Any) -> None:
        if shape.rank is not None and shape.rank > 1 and shape[-1] != 1:
            raise ValueError(
                house_message(
                    "TextVectorization",
                    "When using `TextVectorization` to tokenize strings, the input"
                    " rank must be 1 or the last shape dimension must be 1",
                    f"Received: inputs.shape={shape} with rank={shape.rank}",
                )
            )

    def _keeps(self, shape: TensorShape) -> bool:
        """Whether each string is a word, which becomes one number in its place."""
        plain = self._split is None and not self._ngrams
        return (
            plain
            and self._output_mode == "int"
            and shape.rank == 1
            and not (self._output_sequence_length)
        )

    def _out_type(self) -> Any:
        return int64 if self._output_mode == "int" else as_dtype(floatx())

    def _numbers(self, rows: list[list[bytes]], padding: int) -> Array:
        """The numbers of words, a row a text."""
        lengths = [len(row) for row in rows]
        flat = np.empty(sum(lengths), object)
        flat[:] = [word for row in rows for word in row]
        ids = self._lookup_layer._words.numbers(flat, _NAME)
        longest = max(lengths, default=0)
        table = np.full((len(rows), longest), padding, np.int64)
        filled = np.arange(longest) < np.asarray(lengths, np.int64)[:, None]
        table[filled] = ids
        return table

    def _table(self, rows: list[list[bytes]]) -> Array:
        """Words of texts as one array of numbers or encodings."""
        lookup, mode = self._lookup_layer, self._output_mode
        table = self._numbers(rows, 0 if mode == "int" else -1)
        if mode != "int":
            depth = lookup._depth() or len(lookup._words)
            weights = lookup._weights(depth) if mode == "tf_idf" else None
            return encode(table, mode, depth, self._out_type().numpy_dtype, weights)
        length = self._output_sequence_length
        if length is None:
            return table
        out = np.zeros((len(rows), length), np.int64)
        kept = table[:, :length]
        out[:, : kept.shape[1]] = kept
        return out

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """``(batch, length)`` or ``(batch, size of the vocabulary)``."""
        shape = as_shape(input_shape)
        width = (
            self._output_sequence_length
            if self._output_mode == "int"
            else self._lookup_layer._depth()
        )
        if shape.rank is None:
            return TensorShape([None, width])
        if shape.rank == 0:
            return TensorShape([width])
        if self._keeps(shape) and width is None:
            return shape
        return TensorShape([shape[0], width])

    def save_assets(self, folder: Any) -> None:
        """Write the words that were learnt, as other Kerases do."""
        self._lookup_layer.save_assets(folder)

    def load_assets(self, folder: Any) -> None:
        """Read the vocabulary that was learnt."""
        self._lookup_layer.load_assets(folder)

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of words, where there are any."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        self._lookup_layer.load_own_variables(store)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the words that were learnt."""
        lookup = self._lookup_layer.get_config()
        return {
            **super().get_config(),
            "max_tokens": lookup["max_tokens"],
            "standardize": self._standardize,
            "split": self._split,
            "ngrams": self._ngrams_arg,
            "output_mode": self._output_mode,
            "output_sequence_length": self._output_sequence_length,
            "pad_to_max_tokens": lookup["pad_to_max_tokens"],
            "sparse": self._sparse,
            "ragged": self._ragged,
            "vocabulary": lookup["vocabulary"],
            "idf_weights": lookup["idf_weights"],
            "encoding": lookup["encoding"],
            "vocabulary_size": lookup["vocabulary_size"],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer that `get_config` described."""
        refuse_path(cls.__name__, config)
        kept = {k: v for k, v in config.items() if k != "vocabulary_size"}
        for key in ("standardize", "split"):
            if isinstance(kept.get(key), dict):
                kept[key] = deserialize_keras_object(kept[key], "function")
        if isinstance(kept.get("ngrams"), list):
            kept["ngrams"] = tuple(kept["ngrams"])
        bare = learnt_nothing(kept)
        layer = cls(**kept)
        if bare:
            layer._lookup_layer._words.set([])
        layer._lookup_layer._promise(config.get("vocabulary_size"))
        return layer


def _check(
    standardize: Any, split: Any, ngrams: Any, mode: str, length: Any, ragged: bool
) -> None:
    """Refuse arguments that are unknown or do not go together."""
    rule, values = "", ""
    whole = type(ngrams) is int or (
        isinstance(ngrams, tuple) and all(type(n) is int for n in ngrams)
    )
    if not callable(standardize) and standardize not in _STANDARDS:
        rule, values = "unknown `standardize`", f"{standardize!r}"
    elif not callable(split) and split not in _SPLITS:
        rule, values = "unknown `split`", f"{split!r}"
    elif ngrams is not None and not whole:
        rule, values = "`ngrams` must be None, an integer or a tuple", f"{ngrams!r}"
    elif length is not None and (
        mode != "int" or type(length) is not int or length < 1
    ):
        rule = "`output_sequence_length` is a positive integer, with `'int'` only"
        values = f"output_sequence_length={length}, output_mode={mode!r}"
    elif ragged and (mode != "int" or length is not None):
        rule = "`ragged` must not be true with encodings or `output_sequence_length`"
        values = f"output_mode={mode!r}, output_sequence_length={length}"
    if rule:
        raise ValueError(house_message("TextVectorization", rule, values))
