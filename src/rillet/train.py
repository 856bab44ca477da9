"""`tf.train`: checkpoints, looking into them, and examples as records hold them."""

from rillet.checkpoint.checkpoint import Checkpoint as Checkpoint
from rillet.checkpoint.checkpoint import CheckpointOptions as CheckpointOptions
from rillet.checkpoint.manager import CheckpointManager as CheckpointManager
from rillet.checkpoint.reading import checkpoints_iterator as checkpoints_iterator
from rillet.checkpoint.reading import list_variables as list_variables
from rillet.checkpoint.reading import load_checkpoint as load_checkpoint
from rillet.checkpoint.reading import load_variable as load_variable
from rillet.checkpoint.state import get_checkpoint_state as get_checkpoint_state
from rillet.checkpoint.state import latest_checkpoint as latest_checkpoint
from rillet.checkpoint.views import CheckpointView as CheckpointView
from rillet.checkpoint.views import TrackableView as TrackableView
from rillet.core.coordinator import Coordinator as Coordinator
from rillet.data.examples import BytesList as BytesList
from rillet.data.examples import Example as Example
from rillet.data.examples import Feature as Feature
from rillet.data.examples import FeatureList as FeatureList
from rillet.data.examples import FeatureLists as FeatureLists
from rillet.data.examples import Features as Features
from rillet.data.examples import FloatList as FloatList
from rillet.data.examples import Int64List as Int64List
from rillet.data.examples import SequenceExample as SequenceExample
from rillet.ops.moving_average import (
    ExponentialMovingAverage as ExponentialMovingAverage,
)
