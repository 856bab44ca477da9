"""`tf.random`: random numbers, TensorFlow's own streams."""

from rillet.ops import stateless as _stateless
from rillet.ops.candidate_sampling import all_candidate_sampler as all_candidate_sampler
from rillet.ops.candidate_sampling import (
    fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler,
)
from rillet.ops.candidate_sampling import (
    learned_unigram_candidate_sampler as learned_unigram_candidate_sampler,
)
from rillet.ops.candidate_sampling import (
    log_uniform_candidate_sampler as log_uniform_candidate_sampler,
)
from rillet.ops.candidate_sampling import (
    uniform_candidate_sampler as uniform_candidate_sampler,
)
from rillet.ops.generator import Generator as Generator
from rillet.ops.generator import create_rng_state as create_rng_state
from rillet.ops.generator import get_global_generator as get_global_generator
from rillet.ops.generator import set_global_generator as set_global_generator
from rillet.ops.random import categorical as categorical
from rillet.ops.random import gamma as gamma
from rillet.ops.random import normal as normal
from rillet.ops.random import poisson as poisson
from rillet.ops.random import shuffle as shuffle
from rillet.ops.random import truncated_normal as truncated_normal
from rillet.ops.random import uniform as uniform
from rillet.ops.seeds import set_seed as set_seed
from rillet.ops.stateless import fold_in as fold_in
from rillet.ops.stateless import split as split
from rillet.ops.stateless import stateless_binomial as stateless_binomial
from rillet.ops.stateless import stateless_categorical as stateless_categorical
from rillet.ops.stateless import stateless_gamma as stateless_gamma
from rillet.ops.stateless import stateless_normal as stateless_normal
from rillet.ops.stateless import stateless_poisson as stateless_poisson
from rillet.ops.stateless import (
    stateless_truncated_normal as stateless_truncated_normal,
)
from rillet.ops.stateless import stateless_uniform as stateless_uniform
from rillet.ops.stateless_random import Algorithm as Algorithm
from rillet.random import experimental as experimental

stateless_parameterized_truncated_normal = (
    _stateless.stateless_parameterized_truncated_normal
)

#: The modules here that are public.
_namespaces = ("experimental",)
