"""`tf.keras.saving`: objects by name, for configurations."""

from rillet.keras.serialization import CustomObjectScope as CustomObjectScope
from rillet.keras.serialization import custom_object_scope as custom_object_scope
from rillet.keras.serialization import get_custom_objects as get_custom_objects
from rillet.keras.serialization import get_registered_name as get_registered_name
from rillet.keras.serialization import get_registered_object as get_registered_object
from rillet.keras.serialization import (
    register_keras_serializable as register_keras_serializable,
)
