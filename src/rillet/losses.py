"""`tf.losses`: the losses of Keras, under their shorter name."""

from rillet.keras.losses import BCE as BCE
from rillet.keras.losses import KLD as KLD
from rillet.keras.losses import MAE as MAE
from rillet.keras.losses import MAPE as MAPE
from rillet.keras.losses import MSE as MSE
from rillet.keras.losses import MSLE as MSLE
from rillet.keras.losses import BinaryCrossentropy as BinaryCrossentropy
from rillet.keras.losses import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from rillet.keras.losses import CategoricalCrossentropy as CategoricalCrossentropy
from rillet.keras.losses import (
    CategoricalFocalCrossentropy as CategoricalFocalCrossentropy,
)
from rillet.keras.losses import CategoricalHinge as CategoricalHinge
from rillet.keras.losses import CosineSimilarity as CosineSimilarity
from rillet.keras.losses import Hinge as Hinge
from rillet.keras.losses import Huber as Huber
from rillet.keras.losses import KLDivergence as KLDivergence
from rillet.keras.losses import LogCosh as LogCosh
from rillet.keras.losses import Loss as Loss
from rillet.keras.losses import MeanAbsoluteError as MeanAbsoluteError
from rillet.keras.losses import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from rillet.keras.losses import MeanSquaredError as MeanSquaredError
from rillet.keras.losses import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from rillet.keras.losses import Poisson as Poisson
from rillet.keras.losses import Reduction as Reduction
from rillet.keras.losses import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from rillet.keras.losses import SquaredHinge as SquaredHinge
from rillet.keras.losses import bce as bce
from rillet.keras.losses import binary_crossentropy as binary_crossentropy
from rillet.keras.losses import binary_focal_crossentropy as binary_focal_crossentropy
from rillet.keras.losses import categorical_crossentropy as categorical_crossentropy
from rillet.keras.losses import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from rillet.keras.losses import categorical_hinge as categorical_hinge
from rillet.keras.losses import cosine_proximity as cosine_proximity
from rillet.keras.losses import cosine_similarity as cosine_similarity
from rillet.keras.losses import deserialize as deserialize
from rillet.keras.losses import get as get
from rillet.keras.losses import hinge as hinge
from rillet.keras.losses import huber as huber
from rillet.keras.losses import huber_loss as huber_loss
from rillet.keras.losses import kl_divergence as kl_divergence
from rillet.keras.losses import kld as kld
from rillet.keras.losses import (
    kullback_leibler_divergence as kullback_leibler_divergence,
)
from rillet.keras.losses import log_cosh as log_cosh
from rillet.keras.losses import logcosh as logcosh
from rillet.keras.losses import mae as mae
from rillet.keras.losses import mape as mape
from rillet.keras.losses import mean_absolute_error as mean_absolute_error
from rillet.keras.losses import (
    mean_absolute_percentage_error as mean_absolute_percentage_error,
)
from rillet.keras.losses import mean_squared_error as mean_squared_error
from rillet.keras.losses import (
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
)
from rillet.keras.losses import mse as mse
from rillet.keras.losses import msle as msle
from rillet.keras.losses import poisson as poisson
from rillet.keras.losses import serialize as serialize
from rillet.keras.losses import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from rillet.keras.losses import squared_hinge as squared_hinge
