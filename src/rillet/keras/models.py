"""`tf.keras.models`: models, and what makes one of another."""

from rillet.keras.model import Model as Model
from rillet.keras.sequential import Sequential as Sequential
