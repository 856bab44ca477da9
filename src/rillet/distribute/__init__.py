"""`tf.distribute`: programs for several devices, on one machine with one replica."""

from rillet.distribute import cluster_resolver as cluster_resolver
from rillet.distribute import experimental as experimental
from rillet.distribute.clusters import (
    MultiWorkerMirroredStrategy as MultiWorkerMirroredStrategy,
)
from rillet.distribute.clusters import (
    ParameterServerStrategy as ParameterServerStrategy,
)
from rillet.distribute.clusters import TPUStrategy as TPUStrategy
from rillet.distribute.strategy import InputContext as InputContext
from rillet.distribute.strategy import MirroredStrategy as MirroredStrategy
from rillet.distribute.strategy import OneDeviceStrategy as OneDeviceStrategy
from rillet.distribute.strategy import Options as CrossDeviceOps
from rillet.distribute.strategy import Options as HierarchicalCopyAllReduce
from rillet.distribute.strategy import Options as InputOptions
from rillet.distribute.strategy import Options as NcclAllReduce
from rillet.distribute.strategy import Options as ReductionToOneDevice
from rillet.distribute.strategy import Options as RunOptions
from rillet.distribute.strategy import ReduceOp as ReduceOp
from rillet.distribute.strategy import ReplicaContext as ReplicaContext
from rillet.distribute.strategy import Strategy as Strategy
from rillet.distribute.strategy import StrategyExtended as StrategyExtended
from rillet.distribute.strategy import (
    experimental_set_strategy as experimental_set_strategy,
)
from rillet.distribute.strategy import get_replica_context as get_replica_context
from rillet.distribute.strategy import get_strategy as get_strategy
from rillet.distribute.strategy import has_strategy as has_strategy
from rillet.distribute.strategy import (
    in_cross_replica_context as in_cross_replica_context,
)

__all__ = [
    "CrossDeviceOps",
    "HierarchicalCopyAllReduce",
    "InputContext",
    "InputOptions",
    "MirroredStrategy",
    "MultiWorkerMirroredStrategy",
    "NcclAllReduce",
    "OneDeviceStrategy",
    "ParameterServerStrategy",
    "ReduceOp",
    "ReductionToOneDevice",
    "ReplicaContext",
    "RunOptions",
    "Strategy",
    "StrategyExtended",
    "TPUStrategy",
    "cluster_resolver",
    "experimental",
    "experimental_set_strategy",
    "get_replica_context",
    "get_strategy",
    "has_strategy",
    "in_cross_replica_context",
]
#: The modules here that are public.
_namespaces = ("cluster_resolver", "experimental")
