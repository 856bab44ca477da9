"""`tf.keras.applications.vgg19`."""

from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode
from rillet.keras.architectures.vgg import VGG19 as VGG19

preprocess_input = _fixed_mode("caffe")
