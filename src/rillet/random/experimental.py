"""`tf.random.experimental`: the older names of generators, seeds and shuffles."""

from rillet.ops.generator import Generator as Generator
from rillet.ops.generator import create_rng_state as create_rng_state
from rillet.ops.generator import get_global_generator as get_global_generator
from rillet.ops.generator import set_global_generator as set_global_generator
from rillet.ops.stateless import fold_in as stateless_fold_in
from rillet.ops.stateless import index_shuffle as index_shuffle
from rillet.ops.stateless import split as stateless_split
from rillet.ops.stateless import stateless_shuffle as stateless_shuffle
from rillet.ops.stateless_random import Algorithm as Algorithm

__all__ = [
    "Algorithm",
    "Generator",
    "create_rng_state",
    "get_global_generator",
    "index_shuffle",
    "set_global_generator",
    "stateless_fold_in",
    "stateless_shuffle",
    "stateless_split",
]
