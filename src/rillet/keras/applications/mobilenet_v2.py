"""`tf.keras.applications.mobilenet_v2`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.mobile import MobileNetV2 as MobileNetV2

preprocess_input = _fixed_mode("tf")
