"""`tf.keras.losses`: what training makes small.

In: targets and predictions. Out: a loss an example, or one number. `compile` calls
`get`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rillet.keras.lookup import described as _described
from rillet.keras.lookup import found as _found
from rillet.keras.losses.base import Loss as Loss
from rillet.keras.losses.crossentropy import binary_crossentropy as binary_crossentropy
from rillet.keras.losses.crossentropy import (
    binary_focal_crossentropy as binary_focal_crossentropy,
)
from rillet.keras.losses.crossentropy import (
    categorical_crossentropy as categorical_crossentropy,
)
from rillet.keras.losses.crossentropy import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from rillet.keras.losses.crossentropy import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from rillet.keras.losses.margins import categorical_hinge as categorical_hinge
from rillet.keras.losses.margins import hinge as hinge
from rillet.keras.losses.margins import squared_hinge as squared_hinge
from rillet.keras.losses.objects import BinaryCrossentropy as BinaryCrossentropy
from rillet.keras.losses.objects import (
    BinaryFocalCrossentropy as BinaryFocalCrossentropy,
)
from rillet.keras.losses.objects import (
    CategoricalCrossentropy as CategoricalCrossentropy,
)
from rillet.keras.losses.objects import (
    CategoricalFocalCrossentropy as CategoricalFocalCrossentropy,
)
from rillet.keras.losses.objects import CategoricalHinge as CategoricalHinge
from rillet.keras.losses.objects import CosineSimilarity as CosineSimilarity
from rillet.keras.losses.objects import Hinge as Hinge
from rillet.keras.losses.objects import Huber as Huber
from rillet.keras.losses.objects import KLDivergence as KLDivergence
from rillet.keras.losses.objects import LogCosh as LogCosh
from rillet.keras.losses.objects import MeanAbsoluteError as MeanAbsoluteError
from rillet.keras.losses.objects import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from rillet.keras.losses.objects import MeanSquaredError as MeanSquaredError
from rillet.keras.losses.objects import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from rillet.keras.losses.objects import Poisson as Poisson
from rillet.keras.losses.objects import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from rillet.keras.losses.objects import SquaredHinge as SquaredHinge
from rillet.keras.losses.reduction import Reduction as Reduction
from rillet.keras.losses.regression import cosine_similarity as cosine_similarity
from rillet.keras.losses.regression import huber as huber
from rillet.keras.losses.regression import kl_divergence as kl_divergence
from rillet.keras.losses.regression import log_cosh as log_cosh
from rillet.keras.losses.regression import mean_absolute_error as mean_absolute_error
from rillet.keras.losses.regression import (
    mean_absolute_percentage_error as mean_absolute_percentage_error,
)
from rillet.keras.losses.regression import mean_squared_error as mean_squared_error
from rillet.keras.losses.regression import (
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
)
from rillet.keras.losses.regression import poisson as poisson

bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error
huber_loss = huber
cosine_proximity = cosine_similarity


def get(identifier: Any) -> Any:
    """The loss that `identifier` stands for.

    Args:
        identifier: a name such as ``"mse"`` or ``"MeanSquaredError"``, a
            configuration, a class, an instance, a function, or None.

    Returns:
        A function for a function's name, an instance for a class's; None for None.

    Raises:
        ValueError: where nothing has that name.

    Example:
        >>> get("mse") is mean_squared_error
        True
    """
    return _found("loss", identifier)


def serialize(loss: Any, use_legacy_format: bool = False) -> Any:
    """A loss's configuration as plain data, or a function's name."""
    return _described(loss, "keras.losses", use_legacy_format)


def deserialize(
    name: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The loss that `serialize` described."""
    return _found("loss", name, custom_objects)
