"""What lookups accept: their arguments, vocabularies and weights of words.

In: what users gave. Out: the same, or an error in words. `lookups` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.layers.vocabulary import Vocabulary

Array = np.ndarray[Any, Any]


def refuse_path(op: str, config: dict[str, Any]) -> None:
    """Refuse a configuration that names a file of words, which would then be read.

    Raises:
        ValueError: there.
    """
    if isinstance(config.get("vocabulary"), str):
        raise ValueError(
            house_message(
                op,
                "a configuration may not name a file to be read",
                f"vocabulary={config['vocabulary']!r}",
                "Make the layer with that path yourself, or put the words into the"
                " configuration",
            )
        )


def learnt_nothing(config: dict[str, Any]) -> bool:
    """Whether a layer found no word in what it learnt from; drops that vocabulary."""
    if config.get("vocabulary") != []:
        return False
    config["vocabulary"] = config["idf_weights"] = None
    return True


def in_lines(path: Any) -> list[str]:
    """The words in a file, a line each."""
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\r\n") for line in file]


def padded_idf(idf: list[float] | None, special: int, depth: int) -> Array | None:
    """A weight for every number: the unknown words' is the mean of the others'."""
    if idf is None:
        return None
    mean = float(np.mean(idf)) if idf else 1.0
    out = np.zeros(depth, np.float32)
    out[: special + len(idf)] = [*[mean] * special, *idf]
    return out


def check(
    name: str, most: Any, places: Any, mode: str, pads: bool, invert: bool
) -> None:
    """Refuse arguments that do not go together."""
    rule = ""
    if most is not None and most <= 1:
        rule = "If set, `max_tokens` must be greater than 1"
    elif pads and most is None:
        rule = "If pad_to_max_tokens is True, must set `max_tokens`"
    elif places < 0:
        rule = "`num_oov_indices` must be greater than or equal to 0"
    elif invert and mode != "int":
        rule = "`output_mode` must be `'int'` when `invert` is true"
    if rule:
        raise ValueError(
            house_message(
                name,
                rule,
                f"max_tokens={most}, num_oov_indices={places}, output_mode={mode!r}",
            )
        )


def check_words(name: str, bare: Any, front: Vocabulary, shown: list[Any]) -> None:
    """Refuse repeated and misplaced words."""
    seen: set[Any] = set()
    twice = []
    for word, token in zip(bare, shown, strict=True):
        if word in seen:
            twice.append(token)
        seen.add(word)
    if twice:
        raise ValueError(
            house_message(
                name,
                "The passed vocabulary has at least one repeated term",
                f"The repeated terms are {twice[:8]}",
                "Please uniquify your dataset",
            )
        )
    wrong = [w for w in (front.mask, front.unknown) if w is not None and w in seen]
    if wrong and not (front.unknown_places == 0 and wrong == [front.unknown]):
        raise ValueError(
            house_message(
                name,
                "Found reserved mask or OOV tokens at unexpected locations in the"
                " `vocabulary`",
                f"they are {wrong}",
                "Pass them in front, or not at all",
            )
        )


def checked_idf(
    name: str, mode: str, weights: Any, words: list[Any], bare: list[Any]
) -> list[float] | None:
    """The weights of the bare words."""
    if mode != "tf_idf":
        if weights is not None:
            raise ValueError(
                house_message(
                    name,
                    "`idf_weights` should only be set if output_mode is `'tf_idf'`",
                    f"output_mode is {mode!r}",
                )
            )
        return None
    if weights is None:
        raise ValueError(
            house_message(
                name,
                "`idf_weights` must be set if output_mode is `'tf_idf'`",
                fix="Give one for each word, or call adapt",
            )
        )
    found = [float(v) for v in np.asarray(weights).reshape(-1)]
    if len(found) not in (len(words), len(bare)):
        raise ValueError(
            house_message(
                name,
                "`idf_weights` must be the same length as vocabulary",
                f"len(idf_weights)={len(found)}, len(vocabulary)={len(words)}",
            )
        )
    return found[len(found) - len(bare) :]
