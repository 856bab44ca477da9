"""`tf.keras.layers.experimental`: where older programs look for preprocessing."""

from rillet.keras.layers import preprocessing as preprocessing
