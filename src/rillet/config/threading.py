"""`tf.config.threading`: how many threads ops run on."""

from rillet.core.threads import (
    get_inter_op_parallelism_threads as get_inter_op_parallelism_threads,
)
from rillet.core.threads import (
    get_intra_op_parallelism_threads as get_intra_op_parallelism_threads,
)
from rillet.core.threads import (
    set_inter_op_parallelism_threads as set_inter_op_parallelism_threads,
)
from rillet.core.threads import (
    set_intra_op_parallelism_threads as set_intra_op_parallelism_threads,
)
