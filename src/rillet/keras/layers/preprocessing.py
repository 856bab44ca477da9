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
from rillet.keras.layers.resizing import CenterCrop as CenterCrop
from rillet.keras.layers.resizing import Resizing as Resizing
from rillet.keras.layers.shaping import Rescaling as Rescaling
