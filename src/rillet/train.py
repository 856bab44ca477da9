"""`tf.train`: checkpoints, and looking into them."""

from rillet.checkpoint.checkpoint import Checkpoint as Checkpoint
from rillet.checkpoint.checkpoint import CheckpointOptions as CheckpointOptions
from rillet.checkpoint.manager import CheckpointManager as CheckpointManager
from rillet.checkpoint.reading import checkpoints_iterator as checkpoints_iterator
from rillet.checkpoint.reading import list_variables as list_variables
from rillet.checkpoint.reading import load_checkpoint as load_checkpoint
from rillet.checkpoint.reading import load_variable as load_variable
from rillet.checkpoint.state import get_checkpoint_state as get_checkpoint_state
from rillet.checkpoint.state import latest_checkpoint as latest_checkpoint
