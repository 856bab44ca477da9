"""`tf.optimizers`: the optimizers of Keras, under their shorter name."""

from rillet.keras.optimizers import SGD as SGD
from rillet.keras.optimizers import Adadelta as Adadelta
from rillet.keras.optimizers import Adafactor as Adafactor
from rillet.keras.optimizers import Adagrad as Adagrad
from rillet.keras.optimizers import Adam as Adam
from rillet.keras.optimizers import Adamax as Adamax
from rillet.keras.optimizers import AdamW as AdamW
from rillet.keras.optimizers import Ftrl as Ftrl
from rillet.keras.optimizers import Lion as Lion
from rillet.keras.optimizers import Nadam as Nadam
from rillet.keras.optimizers import Optimizer as Optimizer
from rillet.keras.optimizers import RMSprop as RMSprop
from rillet.keras.optimizers import deserialize as deserialize
from rillet.keras.optimizers import get as get
from rillet.keras.optimizers import legacy as legacy
from rillet.keras.optimizers import schedules as schedules
from rillet.keras.optimizers import serialize as serialize
