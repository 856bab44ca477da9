"""`tf.keras.utils`: seeds, downloads, progress bars, registered objects."""

from rillet.keras.arrays import normalize as normalize
from rillet.keras.arrays import pad_sequences as pad_sequences
from rillet.keras.arrays import to_categorical as to_categorical
from rillet.keras.data_batches import pack_x_y_sample_weight as pack_x_y_sample_weight
from rillet.keras.data_batches import (
    unpack_x_y_sample_weight as unpack_x_y_sample_weight,
)
from rillet.keras.directories import (
    audio_dataset_from_directory as audio_dataset_from_directory,
)
from rillet.keras.directories import (
    image_dataset_from_directory as image_dataset_from_directory,
)
from rillet.keras.directories import (
    text_dataset_from_directory as text_dataset_from_directory,
)
from rillet.keras.downloads import get_file as get_file
from rillet.keras.enqueuers import GeneratorEnqueuer as GeneratorEnqueuer
from rillet.keras.enqueuers import OrderedEnqueuer as OrderedEnqueuer
from rillet.keras.enqueuers import SequenceEnqueuer as SequenceEnqueuer
from rillet.keras.feature_space import FeatureSpace as FeatureSpace
from rillet.keras.images import array_to_img as array_to_img
from rillet.keras.images import img_to_array as img_to_array
from rillet.keras.images import load_img as load_img
from rillet.keras.images import save_img as save_img
from rillet.keras.plotting import model_to_dot as model_to_dot
from rillet.keras.plotting import plot_model as plot_model
from rillet.keras.progress import Progbar as Progbar
from rillet.keras.progress import (
    disable_interactive_logging as disable_interactive_logging,
)
from rillet.keras.progress import (
    enable_interactive_logging as enable_interactive_logging,
)
from rillet.keras.progress import (
    is_interactive_logging_enabled as is_interactive_logging_enabled,
)
from rillet.keras.random_source import set_random_seed as set_random_seed
from rillet.keras.revival import deserialize_keras_object as deserialize_keras_object
from rillet.keras.revival import serialize_keras_object as serialize_keras_object
from rillet.keras.sequence import Sequence as Sequence
from rillet.keras.serialization import CustomObjectScope as CustomObjectScope
from rillet.keras.serialization import custom_object_scope as custom_object_scope
from rillet.keras.serialization import get_custom_objects as get_custom_objects
from rillet.keras.serialization import get_registered_name as get_registered_name
from rillet.keras.serialization import get_registered_object as get_registered_object
from rillet.keras.serialization import (
    register_keras_serializable as register_keras_serializable,
)
from rillet.keras.series import split_dataset as split_dataset
from rillet.keras.series import (
    timeseries_dataset_from_array as timeseries_dataset_from_array,
)
from rillet.keras.sidecar import SidecarEvaluator as SidecarEvaluator
from rillet.keras.small_tools import TimedThread as TimedThread
from rillet.keras.small_tools import get_source_inputs as get_source_inputs
from rillet.keras.small_tools import to_ordinal as to_ordinal
from rillet.keras.small_tools import (
    warmstart_embedding_matrix as warmstart_embedding_matrix,
)
