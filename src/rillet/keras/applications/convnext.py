"""`tf.keras.applications.convnext`."""

from rillet.keras.architectures.convnext import ConvNeXtBase as ConvNeXtBase
from rillet.keras.architectures.convnext import ConvNeXtLarge as ConvNeXtLarge
from rillet.keras.architectures.convnext import ConvNeXtSmall as ConvNeXtSmall
from rillet.keras.architectures.convnext import ConvNeXtTiny as ConvNeXtTiny
from rillet.keras.architectures.convnext import ConvNeXtXLarge as ConvNeXtXLarge
from rillet.keras.architectures.imagenet import decode_predictions as decode_predictions
from rillet.keras.architectures.imagenet import fixed_mode as _fixed_mode

preprocess_input = _fixed_mode("")
