"""`tf.keras.layers.experimental.preprocessing`: the older home of these layers."""

from rillet.keras.layers.augmentation import RandomContrast as RandomContrast
from rillet.keras.layers.augmentation import RandomCrop as RandomCrop
from rillet.keras.layers.augmentation import RandomFlip as RandomFlip
from rillet.keras.layers.augmentation import RandomHeight as RandomHeight
from rillet.keras.layers.augmentation import RandomWidth as RandomWidth
from rillet.keras.layers.augmentation_moves import RandomRotation as RandomRotation
from rillet.keras.layers.augmentation_moves import (
    RandomTranslation as RandomTranslation,
)
from rillet.keras.layers.augmentation_moves import RandomZoom as RandomZoom
from rillet.keras.layers.categories import CategoryEncoding as CategoryEncoding
from rillet.keras.layers.feature_scaling import Discretization as Discretization
from rillet.keras.layers.feature_scaling import Normalization as Normalization
from rillet.keras.layers.hashing import HashedCrossing as HashedCrossing
from rillet.keras.layers.hashing import Hashing as Hashing
from rillet.keras.layers.lookups import IntegerLookup as IntegerLookup
from rillet.keras.layers.lookups import StringLookup as StringLookup
from rillet.keras.layers.resizing import CenterCrop as CenterCrop
from rillet.keras.layers.resizing import Resizing as Resizing
from rillet.keras.layers.shaping import Rescaling as Rescaling
from rillet.keras.layers.text_vectorization import (
    TextVectorization as TextVectorization,
)
