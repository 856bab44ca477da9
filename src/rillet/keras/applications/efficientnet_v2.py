"""`tf.keras.applications.efficientnet_v2`."""

from rillet.keras.architectures.efficient import EfficientNetV2B0 as EfficientNetV2B0
from rillet.keras.architectures.efficient import EfficientNetV2B1 as EfficientNetV2B1
from rillet.keras.architectures.efficient import EfficientNetV2B2 as EfficientNetV2B2
from rillet.keras.architectures.efficient import EfficientNetV2B3 as EfficientNetV2B3
from rillet.keras.architectures.efficient import EfficientNetV2L as EfficientNetV2L
from rillet.keras.architectures.efficient import EfficientNetV2M as EfficientNetV2M
from rillet.keras.architectures.efficient import EfficientNetV2S as EfficientNetV2S
from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode

preprocess_input = _fixed_mode("")
