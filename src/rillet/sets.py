"""`tf.sets`: the last axis of tensors as sets."""

from rillet.ops.sets import difference as difference
from rillet.ops.sets import intersection as intersection
from rillet.ops.sets import size as size
from rillet.ops.sets import union as union
