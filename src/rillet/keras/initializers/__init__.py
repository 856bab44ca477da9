"""`tf.keras.initializers`: what gives weights their first values.

In: a name, a configuration, a class or a function. Out: a function of a shape and a
type. Layers call `get`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rillet.keras.initializers.base import Initializer as Initializer
from rillet.keras.initializers.drawn import Orthogonal as Orthogonal
from rillet.keras.initializers.drawn import RandomNormal as RandomNormal
from rillet.keras.initializers.drawn import RandomUniform as RandomUniform
from rillet.keras.initializers.drawn import TruncatedNormal as TruncatedNormal
from rillet.keras.initializers.fixed import Constant as Constant
from rillet.keras.initializers.fixed import Identity as Identity
from rillet.keras.initializers.fixed import Ones as Ones
from rillet.keras.initializers.fixed import Zeros as Zeros
from rillet.keras.initializers.scaled import GlorotNormal as GlorotNormal
from rillet.keras.initializers.scaled import GlorotUniform as GlorotUniform
from rillet.keras.initializers.scaled import HeNormal as HeNormal
from rillet.keras.initializers.scaled import HeUniform as HeUniform
from rillet.keras.initializers.scaled import LecunNormal as LecunNormal
from rillet.keras.initializers.scaled import LecunUniform as LecunUniform
from rillet.keras.initializers.scaled import VarianceScaling as VarianceScaling
from rillet.keras.lookup import described as _described
from rillet.keras.lookup import found as _found

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
#: Keras 3 names the identity so.
IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal


def get(identifier: Any) -> Any:
    """The initializer that `identifier` stands for.

    Args:
        identifier: a name such as ``"glorot_uniform"`` or ``"GlorotUniform"``, a
            configuration, a class, an instance or a function of ``(shape, dtype=)``;
            or None.

    Returns:
        An initializer or a function; None for None.

    Raises:
        ValueError: where nothing has that name.

    Example:
        >>> get("he_normal").get_config()
        {'seed': None}
    """
    return _found("initializer", identifier)


def serialize(initializer: Any, use_legacy_format: bool = False) -> Any:
    """An initializer's configuration as plain data."""
    return _described(initializer, "keras.initializers", use_legacy_format)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The initializer that `serialize` described."""
    return _found("initializer", config, custom_objects)
