"""`tf.autograph.experimental`: marks for functions and loops."""

from rillet.graph.autograph.api import Feature as Feature
from rillet.graph.autograph.api import do_not_convert as do_not_convert
from rillet.graph.autograph.api import set_loop_options as set_loop_options
