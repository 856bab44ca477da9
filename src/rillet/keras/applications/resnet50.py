"""`tf.keras.applications.resnet50`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.residual import ResNet50 as ResNet50

preprocess_input = _fixed_mode("caffe")
