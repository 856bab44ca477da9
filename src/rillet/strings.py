"""`tf.strings`: strings, element by element."""

from rillet.ops.printing import format as format
