"""`tf.saved_model`: models as folders that TensorFlow loads, and TensorFlow's here."""

from rillet.saved_model.assets import Asset as Asset
from rillet.saved_model.load import LoadOptions as LoadOptions
from rillet.saved_model.load import contains_saved_model as contains_saved_model
from rillet.saved_model.load import load as load
from rillet.saved_model.save import SaveOptions as SaveOptions
from rillet.saved_model.save import save as save

DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
SERVING, TRAINING, GPU, TPU = "serve", "train", "gpu", "tpu"
SAVED_MODEL_FILENAME_PB = "saved_model.pb"
ASSETS_DIRECTORY, VARIABLES_DIRECTORY = "assets", "variables"
VARIABLES_FILENAME = "variables"
