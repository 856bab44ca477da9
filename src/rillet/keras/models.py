"""`tf.keras.models`: models, and what makes one of another."""

from rillet.keras.cloning import clone_model as clone_model
from rillet.keras.model import Model as Model
from rillet.keras.sequential import Sequential as Sequential
