"""`tf.keras.callbacks`: what hears of training."""

from rillet.keras.callbacks.base import Callback as Callback
from rillet.keras.callbacks.container import CallbackList as CallbackList
from rillet.keras.callbacks.files import BackupAndRestore as BackupAndRestore
from rillet.keras.callbacks.files import ModelCheckpoint as ModelCheckpoint
from rillet.keras.callbacks.reporting import BaseLogger as BaseLogger
from rillet.keras.callbacks.reporting import RemoteMonitor as RemoteMonitor
from rillet.keras.callbacks.sidecar import (
    SidecarEvaluatorModelExport as SidecarEvaluatorModelExport,
)
from rillet.keras.callbacks.simple import CSVLogger as CSVLogger
from rillet.keras.callbacks.simple import EarlyStopping as EarlyStopping
from rillet.keras.callbacks.simple import LambdaCallback as LambdaCallback
from rillet.keras.callbacks.simple import LearningRateScheduler as LearningRateScheduler
from rillet.keras.callbacks.simple import ReduceLROnPlateau as ReduceLROnPlateau
from rillet.keras.callbacks.simple import TerminateOnNaN as TerminateOnNaN
from rillet.keras.callbacks.standard import History as History
from rillet.keras.callbacks.standard import ProgbarLogger as ProgbarLogger
from rillet.keras.callbacks.tensorboard import TensorBoard as TensorBoard
