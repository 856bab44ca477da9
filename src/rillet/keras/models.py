"""`tf.keras.models`: models, and what makes one of another."""

from rillet.keras.cloning import clone_model as clone_model
from rillet.keras.model import Model as Model
from rillet.keras.model_files import load_model as load_model
from rillet.keras.model_files import model_from_config as model_from_config
from rillet.keras.model_files import model_from_json as model_from_json
from rillet.keras.model_files import model_from_yaml as model_from_yaml
from rillet.keras.model_files import save_model as save_model
from rillet.keras.sequential import Sequential as Sequential
