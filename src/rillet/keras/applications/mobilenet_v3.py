"""`tf.keras.applications.mobilenet_v3`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode

preprocess_input = _fixed_mode("")
