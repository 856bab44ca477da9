"""`tf.nest`: functions over nested lists, tuples and dicts."""

from rillet.core.nest import assert_same_structure as assert_same_structure
from rillet.core.nest import flatten as flatten
from rillet.core.nest import is_nested as is_nested
from rillet.core.nest import map_structure as map_structure
from rillet.core.nest import pack_sequence_as as pack_sequence_as
