"""`tf.keras.preprocessing`: images, sequences and texts made ready, the older home."""

from rillet.core import missing as _missing
from rillet.keras.directories import (
    image_dataset_from_directory as image_dataset_from_directory,
)
from rillet.keras.directories import (
    text_dataset_from_directory as text_dataset_from_directory,
)
from rillet.keras.preprocessing import image as image
from rillet.keras.preprocessing import sequence as sequence
from rillet.keras.preprocessing import text as text
from rillet.keras.series import (
    timeseries_dataset_from_array as timeseries_dataset_from_array,
)

_missing.watch(__name__, ("image", "sequence", "text"))
