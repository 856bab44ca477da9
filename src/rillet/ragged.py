"""`tf.ragged`: making and taking apart rows of different lengths."""

from rillet.ops.ragged.constants import constant as constant
from rillet.ops.ragged.crossing import cross as cross
from rillet.ops.ragged.crossing import cross_hashed as cross_hashed
from rillet.ops.ragged.joining import stack as stack
from rillet.ops.ragged.masking import boolean_mask as boolean_mask
from rillet.ops.ragged.ranges import map_flat_values as map_flat_values
from rillet.ops.ragged.ranges import range as range
from rillet.ops.ragged.ranges import (
    row_splits_to_segment_ids as row_splits_to_segment_ids,
)
from rillet.ops.ragged.ranges import (
    segment_ids_to_row_splits as segment_ids_to_row_splits,
)
from rillet.ops.ragged.ranges import (
    stack_dynamic_partitions as stack_dynamic_partitions,
)
