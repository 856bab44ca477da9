"""`tf.keras.applications.inception_v3`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.inception import InceptionV3 as InceptionV3

preprocess_input = _fixed_mode("tf")
