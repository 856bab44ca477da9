"""`tf.config.optimizer`: settings of the graph optimiser."""

from rillet.core.devices import get_experimental_options as get_experimental_options
from rillet.core.devices import get_jit as get_jit
from rillet.core.devices import set_experimental_options as set_experimental_options
from rillet.core.devices import set_jit as set_jit
