"""`tf.keras.applications.resnet_v2`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.residual import ResNet50V2 as ResNet50V2
from rillet.keras.architectures.residual import ResNet101V2 as ResNet101V2
from rillet.keras.architectures.residual import ResNet152V2 as ResNet152V2

preprocess_input = _fixed_mode("tf")
