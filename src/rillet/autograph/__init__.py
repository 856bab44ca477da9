"""`tf.autograph`: looking at, and steering, how functions are converted."""

from rillet.autograph import experimental as experimental
from rillet.graph.autograph.api import set_verbosity as set_verbosity
from rillet.graph.autograph.api import to_code as to_code
from rillet.graph.autograph.api import to_graph as to_graph
from rillet.graph.autograph.api import trace as trace
