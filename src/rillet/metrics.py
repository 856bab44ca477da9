"""`tf.metrics`: the metrics of Keras, under their shorter name."""

from rillet.keras.metrics import ACC as ACC
from rillet.keras.metrics import AUC as AUC
from rillet.keras.metrics import BCE as BCE
from rillet.keras.metrics import KLD as KLD
from rillet.keras.metrics import MAE as MAE
from rillet.keras.metrics import MAPE as MAPE
from rillet.keras.metrics import MSE as MSE
from rillet.keras.metrics import MSLE as MSLE
from rillet.keras.metrics import Accuracy as Accuracy
from rillet.keras.metrics import BinaryAccuracy as BinaryAccuracy
from rillet.keras.metrics import BinaryCrossentropy as BinaryCrossentropy
from rillet.keras.metrics import BinaryIoU as BinaryIoU
from rillet.keras.metrics import CategoricalAccuracy as CategoricalAccuracy
from rillet.keras.metrics import CategoricalCrossentropy as CategoricalCrossentropy
from rillet.keras.metrics import CategoricalHinge as CategoricalHinge
from rillet.keras.metrics import CosineSimilarity as CosineSimilarity
from rillet.keras.metrics import F1Score as F1Score
from rillet.keras.metrics import FalseNegatives as FalseNegatives
from rillet.keras.metrics import FalsePositives as FalsePositives
from rillet.keras.metrics import FBetaScore as FBetaScore
from rillet.keras.metrics import Hinge as Hinge
from rillet.keras.metrics import IoU as IoU
from rillet.keras.metrics import KLDivergence as KLDivergence
from rillet.keras.metrics import LogCoshError as LogCoshError
from rillet.keras.metrics import Mean as Mean
from rillet.keras.metrics import MeanAbsoluteError as MeanAbsoluteError
from rillet.keras.metrics import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from rillet.keras.metrics import MeanIoU as MeanIoU
from rillet.keras.metrics import MeanRelativeError as MeanRelativeError
from rillet.keras.metrics import MeanSquaredError as MeanSquaredError
from rillet.keras.metrics import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from rillet.keras.metrics import MeanTensor as MeanTensor
from rillet.keras.metrics import Metric as Metric
from rillet.keras.metrics import OneHotIoU as OneHotIoU
from rillet.keras.metrics import OneHotMeanIoU as OneHotMeanIoU
from rillet.keras.metrics import Poisson as Poisson
from rillet.keras.metrics import Precision as Precision
from rillet.keras.metrics import PrecisionAtRecall as PrecisionAtRecall
from rillet.keras.metrics import R2Score as R2Score
from rillet.keras.metrics import Recall as Recall
from rillet.keras.metrics import RecallAtPrecision as RecallAtPrecision
from rillet.keras.metrics import RootMeanSquaredError as RootMeanSquaredError
from rillet.keras.metrics import SensitivityAtSpecificity as SensitivityAtSpecificity
from rillet.keras.metrics import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from rillet.keras.metrics import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from rillet.keras.metrics import (
    SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy,
)
from rillet.keras.metrics import SpecificityAtSensitivity as SpecificityAtSensitivity
from rillet.keras.metrics import SquaredHinge as SquaredHinge
from rillet.keras.metrics import Sum as Sum
from rillet.keras.metrics import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from rillet.keras.metrics import TrueNegatives as TrueNegatives
from rillet.keras.metrics import TruePositives as TruePositives
from rillet.keras.metrics import acc as acc
from rillet.keras.metrics import accuracy as accuracy
from rillet.keras.metrics import bce as bce
from rillet.keras.metrics import binary_accuracy as binary_accuracy
from rillet.keras.metrics import binary_crossentropy as binary_crossentropy
from rillet.keras.metrics import binary_focal_crossentropy as binary_focal_crossentropy
from rillet.keras.metrics import categorical_accuracy as categorical_accuracy
from rillet.keras.metrics import categorical_crossentropy as categorical_crossentropy
from rillet.keras.metrics import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from rillet.keras.metrics import categorical_hinge as categorical_hinge
from rillet.keras.metrics import cosine_proximity as cosine_proximity
from rillet.keras.metrics import cosine_similarity as cosine_similarity
from rillet.keras.metrics import deserialize as deserialize
from rillet.keras.metrics import get as get
from rillet.keras.metrics import hinge as hinge
from rillet.keras.metrics import huber as huber
from rillet.keras.metrics import kl_divergence as kl_divergence
from rillet.keras.metrics import kld as kld
from rillet.keras.metrics import (
    kullback_leibler_divergence as kullback_leibler_divergence,
)
from rillet.keras.metrics import log_cosh as log_cosh
from rillet.keras.metrics import logcosh as logcosh
from rillet.keras.metrics import mae as mae
from rillet.keras.metrics import mape as mape
from rillet.keras.metrics import mean_absolute_error as mean_absolute_error
from rillet.keras.metrics import (
    mean_absolute_percentage_error as mean_absolute_percentage_error,
)
from rillet.keras.metrics import mean_squared_error as mean_squared_error
from rillet.keras.metrics import (
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
)
from rillet.keras.metrics import mse as mse
from rillet.keras.metrics import msle as msle
from rillet.keras.metrics import poisson as poisson
from rillet.keras.metrics import serialize as serialize
from rillet.keras.metrics import (
    sparse_categorical_accuracy as sparse_categorical_accuracy,
)
from rillet.keras.metrics import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from rillet.keras.metrics import (
    sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy,
)
from rillet.keras.metrics import squared_hinge as squared_hinge
from rillet.keras.metrics import (
    top_k_categorical_accuracy as top_k_categorical_accuracy,
)
