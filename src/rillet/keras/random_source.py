"""Where Keras's own random numbers come from: initializers, dropout, augmentation.

In: seeds that users give, or `set_random_seed`. Out: tensors drawn with them. In Keras
an unseeded initializer takes its seed from Python's `random`, or, after
`set_random_seed`, from a generator of its own; `tf.random.set_seed` alone does not
reach it.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.settings import floatx
from rillet.ops import random as stateful
from rillet.ops import seeds, stateless
from rillet.ops.generator import Generator

_LARGEST = 1_000_000_000


class _Source:
    """The generator that seeds are drawn from after `set_random_seed`."""

    generator: random.Random | None = None


_source = _Source()


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's, TensorFlow's and Keras's random numbers at once.

    Args:
        seed: an integer.

    Raises:
        ValueError: where `seed` is no integer.

    Example:
        >>> import rillet as tf
        >>> tf.keras.utils.set_random_seed(812)
        >>> first = tf.keras.initializers.GlorotUniform()((2, 2))
        >>> tf.keras.utils.set_random_seed(812)
        >>> again = tf.keras.initializers.GlorotUniform()((2, 2))
        >>> bool(tf.reduce_all(first == again))
        True
    """
    if not isinstance(seed, int):
        raise ValueError(
            house_message(
                "set_random_seed",
                "Expected `seed` argument to be an integer",
                f"received {seed!r} of type {type(seed).__name__}",
            )
        )
    random.seed(seed)
    np.random.seed(seed)
    seeds.set_seed(seed)
    _source.generator = random.Random(seed)


def forget_seed() -> None:
    """Draw seeds from Python's `random` again."""
    _source.generator = None


def next_seed() -> int:
    """A seed for an object that was given none."""
    if seeds.is_aside():
        return seeds.word_aside() % _LARGEST + 1
    return (_source.generator or random).randint(1, _LARGEST)


class RandomGenerator:
    """Draws for one object, by one of Keras's three ways.

    Args:
        seed: an integer, or None.
        rng_type: ``"stateless"``: the same numbers each time, decided by the seed;
            ``"stateful"``: a `tf.random.Generator` of the object's own;
            ``"legacy_stateful"``: TensorFlow's streams, and with a seed the next seed
            each time.
    """

    def __init__(
        self, seed: int | None = None, rng_type: str | None = None, **kwargs: Any
    ) -> None:
        kind = rng_type or "legacy_stateful"
        if kind not in ("stateless", "stateful", "legacy_stateful"):
            raise ValueError(
                house_message(
                    "RandomGenerator",
                    "`rng_type` must be 'stateless', 'stateful' or 'legacy_stateful'",
                    f"got {rng_type!r}",
                )
            )
        self._seed = seed
        self._stateless = kind == "stateless"
        self._stateful = kind == "stateful"
        self._generator: Generator | None = None

    def start(self) -> None:
        """Settle the seed, where the kind needs one and none was given."""
        if seeds.is_aside():
            return  # what is drawn aside settles nothing
        if self._stateless and self._seed is None:
            self._seed = next_seed()
        if self._stateful and self._generator is None:
            seed = next_seed() if self._seed is None else self._seed
            self._generator = Generator.from_seed(seed)

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a SavedModel keeps: the object's own generator."""
        stream = self._stream()
        return {} if stream is None else {"_generator": stream}

    def _stream(self) -> Generator | None:
        """The object's own generator, None where its kind has none."""
        if self._stateful and self._generator is None:
            if seeds.is_aside():
                return Generator.from_seed(next_seed())
            self.start()
        return self._generator

    def make_seed_for_stateless_op(self) -> Any:
        """The two integers of a stateless op; None for TensorFlow's streams."""
        stream = self._stream()
        if stream is not None:
            return stream.make_seeds()[:, 0]
        if not self._stateless:
            return None
        self.start()
        return [next_seed() if self._seed is None else self._seed, 0]

    def make_legacy_seed(self) -> int | None:
        """The seed of the next stateful op; it moves on by one where there is one."""
        if self._seed is None:
            return None
        if seeds.is_aside():
            return next_seed()
        seed = self._seed
        self._seed = seed + 1
        return seed

    def _folded(self, nonce: Any) -> Any:
        seed = self.make_seed_for_stateless_op()
        return stateless.fold_in(seed, nonce) if nonce else seed

    def random_normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = None,
        nonce: int | None = None,
    ) -> Tensor:
        """Normals of `shape`; `nonce` makes another draw of the same seed."""
        kind = dtype or floatx()
        stream = self._stream()
        if stream is not None:
            return stream.normal(shape, mean, stddev, kind)
        if self._stateless:
            seed = self._folded(nonce)
            return stateless.stateless_normal(shape, seed, mean, stddev, kind)
        return stateful.normal(shape, mean, stddev, kind, self.make_legacy_seed())

    def random_uniform(
        self,
        shape: Any,
        minval: Any = 0.0,
        maxval: Any = None,
        dtype: Any = None,
        nonce: int | None = None,
    ) -> Tensor:
        """Uniforms on [minval, maxval) of `shape`; `nonce` as above."""
        kind = dtype or floatx()
        stream = self._stream()
        if stream is not None:
            return stream.uniform(shape, minval, maxval, kind)
        if self._stateless:
            seed = self._folded(nonce)
            return stateless.stateless_uniform(shape, seed, minval, maxval, kind)
        return stateful.uniform(shape, minval, maxval, kind, self.make_legacy_seed())

    def truncated_normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = None,
        nonce: int | None = None,
    ) -> Tensor:
        """Normals within two deviations of their mean; `nonce` as above."""
        kind = dtype or floatx()
        stream = self._stream()
        if stream is not None:
            return stream.truncated_normal(shape, mean, stddev, kind)
        if self._stateless:
            seed = self._folded(nonce)
            return stateless.stateless_truncated_normal(shape, seed, mean, stddev, kind)
        legacy = self.make_legacy_seed()
        return stateful.truncated_normal(shape, mean, stddev, kind, legacy)
