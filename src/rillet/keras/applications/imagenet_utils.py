"""`tf.keras.applications.imagenet_utils`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import preprocess_input as preprocess_input
