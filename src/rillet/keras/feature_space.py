"""Tables of columns made ready for a model: `keras.utils.FeatureSpace`.

In: rows as dictionaries of columns. Out: one vector a row, or a dictionary of encoded
columns. Each column goes through a preprocessing layer of its own, which may learn from
data first (`adapt`); columns may be crossed.
"""

from __future__ import annotations

from typing import Any, Self

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras import model_files
from rillet.keras.base_layer import Layer
from rillet.keras.feature_kinds import KINDS, Cross, Feature, cross_name, size_of
from rillet.keras.input_layer import Input
from rillet.keras.keras_tensor import placeholders_in
from rillet.keras.layers.categories import CategoryEncoding
from rillet.keras.layers.hashing import HashedCrossing
from rillet.keras.layers.merging import Concatenate
from rillet.keras.serialization import builtin
from rillet.ops.rearrange import expand_dims, squeeze

_OWNER = "FeatureSpace"


@builtin("layer")
class FeatureSpace(Layer):
    """Encodes the columns of a table, `keras.utils.FeatureSpace`.

    Args:
        features: by the columns' names, what `FeatureSpace.float()` and its kin give,
            or the name of such a method.
        output_mode: ``"concat"`` for one vector a row, ``"dict"`` for a dictionary.
        crosses: columns to cross: tuples of names, or what `FeatureSpace.cross` gives.
        crossing_dim: into how many numbers crosses without a size of their own go.
        hashing_dim: the same for hashed columns given by name.
        num_discretization_bins: the same for discretized columns given by name.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where there are no features, or one, a cross or a mode is unknown.

    Example:
        >>> import rillet as tf
        >>> space = tf.keras.utils.FeatureSpace(
        ...     {"age": "float", "kind": tf.keras.utils.FeatureSpace.integer_hashed(3)})
        >>> rows = {"age": [1.0, 2.0], "kind": [4, 5]}
        >>> space.adapt(tf.data.Dataset.from_tensor_slices(rows))
        >>> space(rows).shape
        TensorShape([2, 4])
    """

    def __init__(
        self,
        features: Any,
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not features:
            raise _refused("The `features` argument cannot be None or empty", features)
        if output_mode not in ("concat", "dict"):
            raise _refused("`output_mode` is 'concat' or 'dict'", output_mode)
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = output_mode
        sizes = {"hashed": hashing_dim, "discretized": num_discretization_bins}
        self.features = {
            name: _feature(name, value, sizes) for name, value in features.items()
        }
        self.crosses = [
            _cross(value, self.features, crossing_dim) for value in crosses or ()
        ]
        self.inputs = {
            name: Input((1,), dtype=feature.dtype, name=name)
            for name, feature in self.features.items()
        }
        self.preprocessors = {
            name: feature.preprocessor for name, feature in self.features.items()
        }
        self.crossers = {
            cross.name: HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.one_hot_encoders: dict[str, Any] = {}
        self._encoded: Any = None

    # What `features` may hold

    @classmethod
    def cross(
        cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Columns to cross: their values together are hashed into `crossing_dim`."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: Any, preprocessor: Any, output_mode: str) -> Feature:
        """A column of a type, with a layer of yours: mode one_hot, int or float."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """A column of numbers, left as they are."""
        return KINDS["float"](name=name)

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """A column of numbers, multiplied by `scale`, with `offset` added."""
        return KINDS["float_rescaled"](scale=scale, offset=offset, name=name)

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """A column of numbers, brought to a mean of 0 and a variance of 1."""
        return KINDS["float_normalized"](name=name)

    @classmethod
    def float_discretized(
        cls,
        num_bins: int,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """A column of numbers, put into bins, whose bounds come from data or you."""
        return KINDS["float_discretized"](
            num_bins=num_bins,
            bin_boundaries=bin_boundaries,
            output_mode=output_mode,
            name=name,
        )

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """A column of whole numbers that are names; which there are comes from data."""
        return KINDS["integer_categorical"](
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            output_mode=output_mode,
            name=name,
        )

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """A column of strings; which there are comes from data."""
        return KINDS["string_categorical"](
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            output_mode=output_mode,
            name=name,
        )

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """A column of strings, hashed into bins."""
        return KINDS["string_hashed"](
            num_bins=num_bins, output_mode=output_mode, name=name
        )

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """A column of whole numbers, hashed into bins."""
        return KINDS["integer_hashed"](
            num_bins=num_bins, output_mode=output_mode, name=name
        )

    # What it does

    def adapt(self, dataset: Any) -> None:
        """Let the layers of columns learn from data.

        Args:
            dataset: a `tf.data.Dataset` of dictionaries of columns, batched or not,
                without labels.

        Raises:
            ValueError: where it is no dataset, or its elements are no dictionaries.
        """
        if not hasattr(dataset, "element_spec"):
            raise _refused("`adapt()` can only be called on a tf.data.Dataset", dataset)
        if not isinstance(dataset.element_spec, dict):
            raise _refused(
                "the dataset's elements are dictionaries of columns",
                dataset.element_spec,
            )
        for name, layer in self.preprocessors.items():
            if not hasattr(layer, "adapt") or not _learns(layer):
                continue
            column = dataset.map(lambda row, key=name: row[key])
            if column.element_spec.shape.rank == 0:
                column = column.batch(32)
            if column.element_spec.shape.rank == 1:
                column = column.map(lambda values: expand_dims(values, -1))
            layer.adapt(column)
        self.get_encoded_features()
        self.built = True

    def get_inputs(self) -> dict[str, Any]:
        """Placeholders of the columns, for a model."""
        return self.inputs

    def get_encoded_features(self) -> Any:
        """What the placeholders become: a placeholder, or a dictionary of them.

        Raises:
            ValueError: where a column has yet to learn from data.
        """
        if self._encoded is None:
            self._encoded = self._encode(self.inputs)
            self.built = True
        return self._encoded

    def call(self, inputs: Any) -> Any:
        """Encode the columns of rows, or of one row.

        Args:
            inputs: columns ``(batch,)`` or ``(batch, 1)`` by name; scalars for one row.

        Returns:
            A tensor ``(batch, size)``, or a dictionary of such tensors.

        Raises:
            ValueError: where it is no dictionary.
            KeyError: where a column is missing.
        """
        if not isinstance(inputs, dict):
            raise _refused("it is called on a dictionary of columns", inputs)
        lacking = [name for name in self.features if name not in inputs]
        if lacking:
            rule = f"columns are missing: {', '.join(lacking)}"
            raise KeyError(house_message(_OWNER, rule, f"got {sorted(inputs)}"))
        given = {
            name: to_tensor(inputs[name], hint=as_dtype(feature.dtype))
            for name, feature in self.features.items()
        }
        single = all(value.shape.rank == 0 for value in given.values())
        found = self._encode({name: _as_rows(value) for name, value in given.items()})
        if not single:
            return found
        if isinstance(found, dict):
            return {name: squeeze(value, 0) for name, value in found.items()}
        return squeeze(found, 0)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Encode columns; Python's lists are columns too."""
        if args and isinstance(args[0], dict) and not placeholders_in(args[0]):
            rows = {
                name: value
                if isinstance(value, Tensor) or name not in self.features
                else to_tensor(value, hint=as_dtype(self.features[name].dtype))
                for name, value in args[0].items()
            }
            args = (rows, *args[1:])
        return super().__call__(*args, **kwargs)

    def _encode(self, columns: dict[str, Any]) -> Any:
        """Columns of shape (batch, 1), encoded."""
        for name, layer in self.preprocessors.items():
            if _learns(layer):
                raise _refused(
                    "You need to call `.adapt(dataset)` on the FeatureSpace before you"
                    " can start using it",
                    f"column {name!r} has yet to learn",
                )
        found = {
            name: self.preprocessors[name](columns[name]) for name in self.features
        }
        found |= {
            cross.name: self.crossers[cross.name](
                [found[name] for name in cross.feature_names]
            )
            for cross in self.crosses
        }
        modes = {name: feature.output_mode for name, feature in self.features.items()}
        modes |= {cross.name: cross.output_mode for cross in self.crosses}
        # columns by name, then crosses by name: so tf.keras puts them side by side
        order = [*sorted(self.features), *sorted(self.crossers)]
        encoded = {
            name: self._one_hot(name, found[name])
            if modes[name] == "one_hot"
            else found[name]
            for name in order
        }
        if self.output_mode == "dict":
            return encoded
        for name, value in encoded.items():
            if modes[name] == "int" or value.dtype.name == "string":
                raise _refused(
                    "Cannot concatenate features because they have not all been"
                    " encoded: use output_mode='dict', or mode 'one_hot' for each",
                    f"column {name!r} has mode {modes[name]!r}",
                )
        return self._joined(list(encoded.values()))

    def _one_hot(self, name: str, value: Any) -> Any:
        encoder = self.one_hot_encoders.get(name)
        if encoder is None:
            layer = self.crossers.get(name) or self.preprocessors[name]
            size = size_of(layer)
            if size is None:
                raise _refused(
                    "a column of mode 'one_hot' has a layer that tells how many numbers"
                    " it gives",
                    f"column {name!r} has {type(layer).__name__}",
                )
            encoder = CategoryEncoding(size, "multi_hot", name=f"{name}_encoder")
            self.one_hot_encoders[name] = encoder
        return encoder(value)

    def _joined(self, values: list[Any]) -> Any:
        if len(values) == 1:
            return values[0]
        return Concatenate(axis=-1)(values)

    # Files

    def save(self, filepath: Any) -> None:
        """Write the space with all that it learned into a ``.keras`` file.

        Args:
            filepath: the path; `keras.models.load_model` reads it.
        """
        whole = type(self).from_config(self.get_config())
        whole.get_encoded_features()
        model_files.save_model(whole, filepath, save_format="keras")

    #: Files may hold one without a model around it.
    _saves_alone = True

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and what layers have learned, as theirs."""
        return {
            **super().get_config(),
            "features": {n: f.get_config() for n, f in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [cross.get_config() for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The space that `get_config` described."""
        rest = dict(config)
        made = {n: Feature.from_config(f) for n, f in rest.pop("features").items()}
        crosses = [Cross.from_config(c) for c in rest.pop("crosses")]
        return cls(made, crosses=crosses, **rest)


def _refused(rule: str, value: Any) -> ValueError:
    return ValueError(house_message(_OWNER, rule, f"received: {value}"))


def _feature(name: str, value: Any, sizes: dict[str, int]) -> Feature:
    if isinstance(value, Feature):
        return value
    if isinstance(value, str) and value in KINDS:
        size = sizes.get(value.rpartition("_")[2])
        options = {} if size is None else {"num_bins": size}
        return KINDS[value](name=name, **options)
    raise _refused(f"feature {name!r} is one of {', '.join(KINDS)}", value)


def _cross(value: Any, features: dict[str, Feature], size: int) -> Cross:
    if not isinstance(value, Cross):
        value = Cross(tuple(value), size)
    for name in value.feature_names:
        if name not in features:
            raise _refused("all features of a cross are in `features`", name)
        if features[name].output_mode not in ("one_hot", "int"):
            raise _refused(
                "columns that are crossed are integers or strings, or discretized",
                f"{cross_name(value.feature_names)} has {name!r}",
            )
    return value


def _learns(layer: Any) -> bool:
    """Whether a layer has yet to learn from data."""
    return getattr(layer, "is_adapted", True) is False and _is_open(layer)


def _is_open(layer: Any) -> bool:
    """Whether nobody has told a layer what it would learn."""
    for name in ("input_bin_boundaries", "input_vocabulary", "input_mean"):
        if getattr(layer, name, None) is not None:
            return False
    return True


def _as_rows(value: Any) -> Any:
    """A column as ``(batch, 1)``."""
    rank = value.shape.rank
    if rank == 0:
        value = expand_dims(value, 0)
    return expand_dims(value, -1) if rank in (0, 1) else value
