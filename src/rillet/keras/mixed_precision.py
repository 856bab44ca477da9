"""`tf.keras.mixed_precision`: 16-bit computations on 32-bit weights."""

from rillet.keras.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from rillet.keras.policy import Policy as Policy
from rillet.keras.policy import global_policy as global_policy
from rillet.keras.policy import set_global_policy as set_global_policy
