"""`tf.distribute.experimental`: older names of strategies, and their options."""

from rillet.distribute.clusters import CentralStorageStrategy as CentralStorageStrategy
from rillet.distribute.clusters import (
    MultiWorkerMirroredStrategy as MultiWorkerMirroredStrategy,
)
from rillet.distribute.clusters import (
    ParameterServerStrategy as ParameterServerStrategy,
)
from rillet.distribute.clusters import TPUStrategy as TPUStrategy
from rillet.distribute.strategy import Options as CollectiveHints
from rillet.distribute.strategy import Options as CommunicationOptions
from rillet.distribute.strategy import ValueContext as ValueContext

__all__ = [
    "CentralStorageStrategy",
    "CollectiveHints",
    "CommunicationOptions",
    "MultiWorkerMirroredStrategy",
    "ParameterServerStrategy",
    "TPUStrategy",
    "ValueContext",
]
