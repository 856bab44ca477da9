"""`tf.keras.applications.densenet`."""

from rillet.keras.architectures.densenet import DenseNet121 as DenseNet121
from rillet.keras.architectures.densenet import DenseNet169 as DenseNet169
from rillet.keras.architectures.densenet import DenseNet201 as DenseNet201
from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode

preprocess_input = _fixed_mode("torch")
