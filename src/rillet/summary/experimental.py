"""`tf.summary.experimental`: the step of summaries, and their scope."""

from rillet.events.writers import get_step as get_step
from rillet.events.writers import set_step as set_step
from rillet.events.writing import summary_scope as summary_scope
from rillet.events.writing import write_raw_pb as write_raw_pb
