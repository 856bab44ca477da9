"""`tf.keras.backend`: settings and state of Keras as a whole."""

from rillet.keras.naming import get_uid as get_uid
from rillet.keras.naming import reset_uids as reset_uids
from rillet.keras.session import backend as backend
from rillet.keras.session import batch_get_value as batch_get_value
from rillet.keras.session import batch_set_value as batch_set_value
from rillet.keras.session import cast_to_floatx as cast_to_floatx
from rillet.keras.session import clear_session as clear_session
from rillet.keras.session import get_value as get_value
from rillet.keras.session import is_keras_tensor as is_keras_tensor
from rillet.keras.session import learning_phase as learning_phase
from rillet.keras.session import learning_phase_scope as learning_phase_scope
from rillet.keras.session import set_learning_phase as set_learning_phase
from rillet.keras.session import set_value as set_value
from rillet.keras.settings import epsilon as epsilon
from rillet.keras.settings import floatx as floatx
from rillet.keras.settings import image_data_format as image_data_format
from rillet.keras.settings import set_epsilon as set_epsilon
from rillet.keras.settings import set_floatx as set_floatx
from rillet.keras.settings import set_image_data_format as set_image_data_format
