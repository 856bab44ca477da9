"""`tf.keras.applications.nasnet`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.nasnet import NASNetLarge as NASNetLarge
from rillet.keras.architectures.nasnet import NASNetMobile as NASNetMobile

preprocess_input = _fixed_mode("tf")
