"""`tf.keras.saving`: objects by name, for configurations."""

from rillet.keras.model_files import load_model as load_model
from rillet.keras.model_files import load_weights as load_weights
from rillet.keras.model_files import save_model as save_model
from rillet.keras.model_files import save_weights as save_weights
from rillet.keras.revival import deserialize_keras_object as deserialize_keras_object
from rillet.keras.revival import serialize_keras_object as serialize_keras_object
from rillet.keras.serialization import CustomObjectScope as CustomObjectScope
from rillet.keras.serialization import custom_object_scope as custom_object_scope
from rillet.keras.serialization import get_custom_objects as get_custom_objects
from rillet.keras.serialization import get_registered_name as get_registered_name
from rillet.keras.serialization import get_registered_object as get_registered_object
from rillet.keras.serialization import (
    register_keras_serializable as register_keras_serializable,
)
