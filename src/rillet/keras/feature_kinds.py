"""Kinds of columns that a `FeatureSpace` knows, and crosses of columns.

In: what the program says of a column. Out: its type, its layer and how it is encoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.keras.layers.core import Identity
from rillet.keras.layers.feature_scaling import Discretization, Normalization
from rillet.keras.layers.hashing import HashedCrossing, Hashing
from rillet.keras.layers.index_lookup import IndexLookup
from rillet.keras.layers.lookups import IntegerLookup, StringLookup
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.layers.shaping import Rescaling
from rillet.keras.naming import unique_name


def _checked(mode: str, known: tuple[str, ...], owner: str) -> str:
    if mode not in known:
        raise ValueError(
            house_message(
                owner,
                f"Invalid value for argument `output_mode`: it is one of {known}",
                f"received: output_mode={mode!r}",
            )
        )
    return mode


class Feature:
    """A column of a table: its type, its layer, and how its numbers are encoded.

    Args:
        dtype: the column's type.
        preprocessor: the layer that it goes through.
        output_mode: ``"one_hot"``, ``"int"`` or ``"float"``.

    Raises:
        ValueError: for another mode.
    """

    def __init__(self, dtype: Any, preprocessor: Any, output_mode: str) -> None:
        self.output_mode = _checked(output_mode, ("int", "one_hot", "float"), "Feature")
        self.dtype = as_dtype(dtype).name
        if isinstance(preprocessor, dict):
            preprocessor = deserialize(preprocessor)
        self.preprocessor = preprocessor

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "dtype": self.dtype,
            "preprocessor": serialize(_learned(self.preprocessor)),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The column that `get_config` described, or tf.keras wrote into a file."""
        return cls(**config.get("config", config))


class Cross:
    """Columns that count together.

    Args:
        feature_names: the columns' names.
        crossing_dim: into how many numbers their values are hashed.
        output_mode: ``"one_hot"`` or ``"int"``.

    Raises:
        ValueError: for another mode.
    """

    def __init__(
        self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        self.output_mode = _checked(output_mode, ("int", "one_hot"), "Cross")
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim

    @property
    def name(self) -> str:
        """The columns' names with an X between."""
        return cross_name(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The cross that `get_config` described, or tf.keras wrote into a file."""
        return cls(**config.get("config", config))


def cross_name(names: Any) -> str:
    """What a cross of columns is called."""
    return "_X_".join(names)


def size_of(layer: Any) -> int | None:
    """How many numbers a layer's output can be; None where it does not tell."""
    if isinstance(layer, IndexLookup):
        return int(layer.vocabulary_size())
    if isinstance(layer, Discretization) and layer.input_bin_boundaries is not None:
        return len(layer.input_bin_boundaries) + 1
    if isinstance(layer, Hashing | HashedCrossing | Discretization):
        return layer.num_bins
    return None


def _learned(layer: Any) -> Any:
    """A layer like one that has learned, to which what that learned is told."""
    if not getattr(layer, "is_adapted", False):
        return layer
    config = layer.get_config()
    if isinstance(layer, Discretization):
        config |= {"bin_boundaries": list(layer.bin_boundaries), "num_bins": None}
    elif isinstance(layer, Normalization):
        found = (layer.mean, layer.variance)
        mean, variance = (value.numpy().reshape(-1).tolist() for value in found)
        config |= {"mean": mean, "variance": variance}
    elif isinstance(layer, IndexLookup):
        config["vocabulary"] = layer.get_vocabulary(include_special_tokens=False)
    else:
        return layer
    return type(layer).from_config(config)


def _float(name: str | None = None) -> Feature:
    return Feature("float32", Identity(name=_named("float", name)), "float")


def _rescaled(scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
    layer = Rescaling(scale, offset, name=_named("float_rescaled", name))
    return Feature("float32", layer, "float")


def _normalized(name: str | None = None) -> Feature:
    layer = Normalization(axis=-1, name=_named("float_normalized", name))
    return Feature("float32", layer, "float")


def _discretized(
    num_bins: int,
    bin_boundaries: Any = None,
    output_mode: str = "one_hot",
    name: str | None = None,
) -> Feature:
    own = _named("float_discretized", name)
    if bin_boundaries is None:
        layer = Discretization(num_bins=num_bins, name=own)
    else:
        layer = Discretization(bin_boundaries=bin_boundaries, name=own)
    return Feature("float32", layer, output_mode)


def _integers(
    max_tokens: int | None = None,
    num_oov_indices: int = 1,
    output_mode: str = "one_hot",
    name: str | None = None,
) -> Feature:
    layer = IntegerLookup(
        max_tokens=max_tokens,
        num_oov_indices=num_oov_indices,
        name=_named("integer_categorical", name),
    )
    return Feature("int64", layer, output_mode)


def _strings(
    max_tokens: int | None = None,
    num_oov_indices: int = 1,
    output_mode: str = "one_hot",
    name: str | None = None,
) -> Feature:
    layer = StringLookup(
        max_tokens=max_tokens,
        num_oov_indices=num_oov_indices,
        name=_named("string_categorical", name),
    )
    return Feature("string", layer, output_mode)


def _hashed_strings(
    num_bins: int, output_mode: str = "one_hot", name: str | None = None
) -> Feature:
    layer = Hashing(num_bins, name=_named("string_hashed", name))
    return Feature("string", layer, output_mode)


def _hashed_integers(
    num_bins: int, output_mode: str = "one_hot", name: str | None = None
) -> Feature:
    layer = Hashing(num_bins, name=_named("integer_hashed", name))
    return Feature("int64", layer, output_mode)


def _named(base: str, name: str | None) -> str:
    return f"{name or unique_name(base)}_preprocessor"


#: What makes a column of each kind.
KINDS: dict[str, Callable[..., Feature]] = {
    "float": _float,
    "float_rescaled": _rescaled,
    "float_normalized": _normalized,
    "float_discretized": _discretized,
    "integer_categorical": _integers,
    "string_categorical": _strings,
    "integer_hashed": _hashed_integers,
    "string_hashed": _hashed_strings,
}
