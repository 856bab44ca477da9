"""`tf.keras.applications.efficientnet`."""

from rillet.keras.architectures.efficient import EfficientNetB0 as EfficientNetB0
from rillet.keras.architectures.efficient import EfficientNetB1 as EfficientNetB1
from rillet.keras.architectures.efficient import EfficientNetB2 as EfficientNetB2
from rillet.keras.architectures.efficient import EfficientNetB3 as EfficientNetB3
from rillet.keras.architectures.efficient import EfficientNetB4 as EfficientNetB4
from rillet.keras.architectures.efficient import EfficientNetB5 as EfficientNetB5
from rillet.keras.architectures.efficient import EfficientNetB6 as EfficientNetB6
from rillet.keras.architectures.efficient import EfficientNetB7 as EfficientNetB7
from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode

preprocess_input = _fixed_mode("")
