"""`tf.keras.config`: settings of Keras, under the names of Keras 3."""

from rillet.keras.function_code import (
    enable_unsafe_deserialization as enable_unsafe_deserialization,
)
from rillet.keras.progress import (
    disable_interactive_logging as disable_interactive_logging,
)
from rillet.keras.progress import (
    enable_interactive_logging as enable_interactive_logging,
)
from rillet.keras.progress import (
    is_interactive_logging_enabled as is_interactive_logging_enabled,
)
from rillet.keras.session import backend as backend
from rillet.keras.settings import epsilon as epsilon
from rillet.keras.settings import floatx as floatx
from rillet.keras.settings import image_data_format as image_data_format
from rillet.keras.settings import set_epsilon as set_epsilon
from rillet.keras.settings import set_floatx as set_floatx
from rillet.keras.settings import set_image_data_format as set_image_data_format
