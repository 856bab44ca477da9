"""`tf.bitwise`: the bits of integers."""

from rillet.ops.bits import bitwise_and as bitwise_and
from rillet.ops.bits import bitwise_or as bitwise_or
from rillet.ops.bits import bitwise_xor as bitwise_xor
from rillet.ops.bits import invert as invert
from rillet.ops.bits import left_shift as left_shift
from rillet.ops.bits import right_shift as right_shift
