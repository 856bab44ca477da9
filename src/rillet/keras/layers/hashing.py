"""Values hashed into bins: `Hashing`, and several at once, `HashedCrossing`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.dtypes import int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.keras.base_layer import Layer
from rillet.keras.layers.adapting import as_batch
from rillet.keras.layers.categories import (
    ENCODINGS,
    checked_mode,
    encoded,
    encoded_shape,
)
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.compare import equal
from rillet.ops.filling import zeros_like
from rillet.ops.host_functions import told_function
from rillet.ops.mask import where
from rillet.ops.shaping import reshape
from rillet.ops.sizes import shape as shape_of
from rillet.ops.sparse.crossing import cross_hashed
from rillet.ops.string_hash import (
    fingerprint64,
    to_hash_bucket_fast,
    to_hash_bucket_strong,
)
from rillet.ops.strings import as_string

Array = np.ndarray[Any, Any]

_MASK: Final = 2**64 - 1
_MURMUR: Final = 0xC6A4A7935BD1E995
#: What TensorFlow's crossings begin with.
_CROSS_KEY: Final = 0xDECAFCAFFE


class _Hashed(Layer):
    """What layers share that hash into bins."""

    def __init__(
        self, num_bins: int | None, output_mode: str, sparse: bool, **kwargs: Any
    ) -> None:
        name = type(self).__name__
        checked_mode(name, output_mode, ("int", *ENCODINGS[:3]), sparse)
        if num_bins is None or num_bins <= 0:
            raise ValueError(
                house_message(
                    name,
                    "The `num_bins` cannot be `None` or non-positive values",
                    f"num_bins={num_bins}",
                )
            )
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else floatx()
        super().__init__(autocast=False, **kwargs)
        self.num_bins = num_bins
        self.output_mode = output_mode
        self.sparse = sparse

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


@builtin("layer")
class Hashing(_Hashed):
    """Puts strings or whole numbers into bins by their hash.

    Args:
        num_bins: how many bins there are, that of `mask_value` included.
        mask_value: what alone goes into bin 0; None for nothing.
        salt: a number or two, for SipHash; FarmHash where None.
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"`` or ``"count"``.
        sparse: whether encodings are sparse tensors.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is missing or unknown.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Hashing(num_bins=3)
        >>> layer(tf.constant([["A"], ["B"], ["C"]])).numpy().tolist()
        [[1], [0], [1]]
    """

    def __init__(
        self,
        num_bins: int | None = None,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_bins, output_mode, sparse, **kwargs)
        self.mask_value = mask_value
        self.strong_hash = salt is not None
        self.salt: Any = None
        if salt is not None:
            self.salt = list(salt) if isinstance(salt, list | tuple) else [salt, salt]
            fits = len(self.salt) == 2 and all(isinstance(s, int) for s in self.salt)
            if not fits:
                raise ValueError(
                    house_message(
                        "Hashing",
                        "The `salt` argument can only be a tuple of size 2 integers,"
                        " or a single integer",
                        f"salt={salt}",
                    )
                )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer; a list of Python values is one tensor."""
        if args and isinstance(args[0], list | tuple | np.ndarray | str):
            args = (as_batch(args[0]), *args[1:])
        return super().__call__(*args, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The bins, int64, or their encoding; sparse and ragged inputs too."""
        if isinstance(inputs, CompositeTensor):
            bins = self._bins(inputs._gradient_tensor())
            found = inputs._with_gradient_tensor(bins)
        else:
            found = self._bins(inputs)
        mode, kind = self.output_mode, self.compute_dtype
        size = self.num_bins
        return encoded(found, mode, size, kind, op="Hashing", sparse=self.sparse)

    def _bins(self, inputs: Any) -> Any:
        words = inputs if inputs.dtype.name == "string" else as_string(inputs)
        bins, first = self.num_bins, 0
        if self.mask_value is not None and bins > 1:
            bins, first = bins - 1, 1
        if self.salt is None:
            found = to_hash_bucket_fast(words, bins)
        else:
            found = to_hash_bucket_strong(words, bins, self.salt)
        if first:
            masked = equal(inputs, self.mask_value)
            found = where(masked, zeros_like(found), found + 1)
        return found

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape, or that of its encoding."""
        return encoded_shape(as_shape(input_shape), self.output_mode, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        found = super().get_config()
        return {**found, "salt": self.salt, "mask_value": self.mask_value}


@builtin("layer")
class HashedCrossing(_Hashed):
    """Puts pairs (triples, …) of features into bins by their common hash.

    Args:
        num_bins: how many bins there are.
        output_mode: ``"int"`` or ``"one_hot"``.
        sparse: whether encodings are sparse tensors.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is missing or unknown.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.HashedCrossing(num_bins=5)
        >>> pair = (tf.constant(["A", "B"]), tf.constant([101, 101]))
        >>> layer(pair).numpy().tolist()
        [1, 4]
    """

    def __init__(
        self,
        num_bins: int | None = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        checked_mode("HashedCrossing", output_mode, ("int", "one_hot"), sparse)
        super().__init__(num_bins, output_mode, sparse, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer to a list or tuple of features."""
        if args and isinstance(args[0], list | tuple):
            args = (tuple(as_feature(v) for v in args[0]), *args[1:])
        return super().__call__(*args, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The bins, int64, or their encoding."""
        features = list(inputs)
        if len(features) < 2:
            raise ValueError(
                house_message(
                    "HashedCrossing",
                    "should be called on a list or tuple of at least two inputs",
                    f"Received: {len(features)}",
                )
            )
        size = self.num_bins

        def run(*columns: Any) -> Array:
            shape = np.shape(columns[0])
            flat = [np.asarray(c, getattr(c, "dtype", object)) for c in columns]
            rows = zip(*[c.reshape(-1).tolist() for c in flat], strict=True)
            found = [_crossed(row) % size for row in rows]
            return np.asarray(found, np.int64).reshape(shape)

        def told(*columns: Any) -> Any:
            flat = [reshape(column, [-1, 1]) for column in columns]
            return reshape(cross_hashed(flat, size).values, shape_of(columns[0]))

        spec = TensorSpec(features[0].shape, int64)
        bins = told_function(run, features, spec, told)
        mode, kind = self.output_mode, self.compute_dtype
        return encoded(bins, mode, size, kind, op="HashedCrossing", sparse=self.sparse)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The first feature's shape, or that of its encoding."""
        first = as_shape(input_shape[0])
        return encoded_shape(first, self.output_mode, self.num_bins)


def as_feature(value: Any) -> Any:
    """One feature as a tensor; placeholders as they are."""
    plain = isinstance(value, list | tuple | np.ndarray | str | bytes | int)
    return as_batch(value) if plain else value


def _crossed(row: tuple[Any, ...]) -> int:
    """One number for several values, as TensorFlow's `SparseCross` chains them."""
    out = _CROSS_KEY
    for value in row:
        part = fingerprint64(value) if isinstance(value, bytes) else value & _MASK
        mixed = part * _MURMUR & _MASK
        out ^= _MURMUR
        out ^= (mixed ^ mixed >> 47) * _MURMUR & _MASK
        out = out * _MURMUR & _MASK
        out = (out ^ out >> 47) * _MURMUR & _MASK
        out ^= out >> 47
    return out & _MASK
