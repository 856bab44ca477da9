"""`tf.experimental`: values that may be missing."""

from rillet.data.iterators import Optional as Optional
