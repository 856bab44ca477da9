"""`tf.experimental`: values that may be missing, shapes of ragged tensors."""

from rillet.data.iterators import Optional as Optional
from rillet.ops.ragged.dynamic_shape import DynamicRaggedShape as DynamicRaggedShape
