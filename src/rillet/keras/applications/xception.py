"""`tf.keras.applications.xception`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.xception import Xception as Xception

preprocess_input = _fixed_mode("tf")
