"""`tf.lookup.experimental`: tables that programs change."""

from rillet.ops.lookup.mutable_tables import DenseHashTable as DenseHashTable
from rillet.ops.lookup.mutable_tables import MutableHashTable as MutableHashTable
