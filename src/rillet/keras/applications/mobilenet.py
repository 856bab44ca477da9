"""`tf.keras.applications.mobilenet`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.mobile import MobileNet as MobileNet

preprocess_input = _fixed_mode("tf")
