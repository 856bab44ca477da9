"""`tf.keras.metrics`: what training shows beside the loss.

In: targets and predictions, batch by batch. Out: one number over all of them.
`compile` calls `get`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rillet.keras.lookup import described as _described
from rillet.keras.lookup import found as _found
from rillet.keras.losses import binary_crossentropy as binary_crossentropy
from rillet.keras.losses import binary_focal_crossentropy as binary_focal_crossentropy
from rillet.keras.losses import categorical_crossentropy as categorical_crossentropy
from rillet.keras.losses import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from rillet.keras.losses import categorical_hinge as categorical_hinge
from rillet.keras.losses import hinge as hinge
from rillet.keras.losses import huber as huber
from rillet.keras.losses import kl_divergence as kl_divergence
from rillet.keras.losses import log_cosh as log_cosh
from rillet.keras.losses import mean_absolute_error as mean_absolute_error
from rillet.keras.losses import (
    mean_absolute_percentage_error as mean_absolute_percentage_error,
)
from rillet.keras.losses import mean_squared_error as mean_squared_error
from rillet.keras.losses import (
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
)
from rillet.keras.losses import poisson as poisson
from rillet.keras.losses import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from rillet.keras.losses import squared_hinge as squared_hinge
from rillet.keras.metrics.accuracies import Accuracy as Accuracy
from rillet.keras.metrics.accuracies import BinaryAccuracy as BinaryAccuracy
from rillet.keras.metrics.accuracies import CategoricalAccuracy as CategoricalAccuracy
from rillet.keras.metrics.accuracies import (
    SparseCategoricalAccuracy as SparseCategoricalAccuracy,
)
from rillet.keras.metrics.accuracies import (
    SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy,
)
from rillet.keras.metrics.accuracies import (
    TopKCategoricalAccuracy as TopKCategoricalAccuracy,
)
from rillet.keras.metrics.accuracies import accuracy as accuracy
from rillet.keras.metrics.accuracies import binary_accuracy as binary_accuracy
from rillet.keras.metrics.accuracies import categorical_accuracy as categorical_accuracy
from rillet.keras.metrics.accuracies import (
    sparse_categorical_accuracy as sparse_categorical_accuracy,
)
from rillet.keras.metrics.accuracies import (
    sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy,
)
from rillet.keras.metrics.accuracies import (
    top_k_categorical_accuracy as top_k_categorical_accuracy,
)
from rillet.keras.metrics.base import Metric as Metric
from rillet.keras.metrics.confusion import FalseNegatives as FalseNegatives
from rillet.keras.metrics.confusion import FalsePositives as FalsePositives
from rillet.keras.metrics.confusion import Precision as Precision
from rillet.keras.metrics.confusion import Recall as Recall
from rillet.keras.metrics.confusion import TrueNegatives as TrueNegatives
from rillet.keras.metrics.confusion import TruePositives as TruePositives
from rillet.keras.metrics.curves import AUC as AUC
from rillet.keras.metrics.curves import PrecisionAtRecall as PrecisionAtRecall
from rillet.keras.metrics.curves import RecallAtPrecision as RecallAtPrecision
from rillet.keras.metrics.curves import (
    SensitivityAtSpecificity as SensitivityAtSpecificity,
)
from rillet.keras.metrics.curves import (
    SpecificityAtSensitivity as SpecificityAtSensitivity,
)
from rillet.keras.metrics.errors import BinaryCrossentropy as BinaryCrossentropy
from rillet.keras.metrics.errors import (
    CategoricalCrossentropy as CategoricalCrossentropy,
)
from rillet.keras.metrics.errors import CategoricalHinge as CategoricalHinge
from rillet.keras.metrics.errors import CosineSimilarity as CosineSimilarity
from rillet.keras.metrics.errors import Hinge as Hinge
from rillet.keras.metrics.errors import KLDivergence as KLDivergence
from rillet.keras.metrics.errors import LogCoshError as LogCoshError
from rillet.keras.metrics.errors import MeanAbsoluteError as MeanAbsoluteError
from rillet.keras.metrics.errors import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from rillet.keras.metrics.errors import MeanRelativeError as MeanRelativeError
from rillet.keras.metrics.errors import MeanSquaredError as MeanSquaredError
from rillet.keras.metrics.errors import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from rillet.keras.metrics.errors import Poisson as Poisson
from rillet.keras.metrics.errors import RootMeanSquaredError as RootMeanSquaredError
from rillet.keras.metrics.errors import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from rillet.keras.metrics.errors import SquaredHinge as SquaredHinge
from rillet.keras.metrics.errors import cosine_similarity as cosine_similarity
from rillet.keras.metrics.means import Mean as Mean
from rillet.keras.metrics.means import MeanMetricWrapper as MeanMetricWrapper
from rillet.keras.metrics.means import MeanTensor as MeanTensor
from rillet.keras.metrics.means import Sum as Sum
from rillet.keras.metrics.overlaps import BinaryIoU as BinaryIoU
from rillet.keras.metrics.overlaps import IoU as IoU
from rillet.keras.metrics.overlaps import MeanIoU as MeanIoU
from rillet.keras.metrics.overlaps import OneHotIoU as OneHotIoU
from rillet.keras.metrics.overlaps import OneHotMeanIoU as OneHotMeanIoU
from rillet.keras.metrics.scores import F1Score as F1Score
from rillet.keras.metrics.scores import FBetaScore as FBetaScore
from rillet.keras.metrics.scores import R2Score as R2Score

bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error
cosine_proximity = cosine_similarity
acc = ACC = accuracy


def get(identifier: Any) -> Any:
    """The metric that `identifier` stands for.

    Args:
        identifier: a name such as ``"mae"`` or ``"MeanAbsoluteError"``, a
            configuration, a class, an instance, a function, or None.

    Returns:
        A function for a function's name, an instance for a class's; None for None.

    Raises:
        ValueError: where nothing has that name.
    """
    return _found("metric", identifier)


def serialize(metric: Any, use_legacy_format: bool = False) -> Any:
    """A metric's configuration as plain data, or a function's name."""
    return _described(metric, "keras.metrics", use_legacy_format)


def deserialize(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    use_legacy_format: bool = False,
) -> Any:
    """The metric that `serialize` described."""
    return _found("metric", config, custom_objects)
