"""`tf.saved_model`: models as folders that TensorFlow loads, and TensorFlow's here.

What writes models is imported when it is first asked for: programs that serve a model
never do.
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from rillet.core import missing as _missing
from rillet.saved_model.assets import Asset as Asset
from rillet.saved_model.load import LoadOptions as LoadOptions
from rillet.saved_model.load import contains_saved_model as contains_saved_model
from rillet.saved_model.load import load as load

if _TYPE_CHECKING:
    from rillet.saved_model.saving import SaveOptions as SaveOptions
    from rillet.saved_model.saving import save as save

DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
SERVING, TRAINING, GPU, TPU = "serve", "train", "gpu", "tpu"
SAVED_MODEL_FILENAME_PB = "saved_model.pb"
ASSETS_DIRECTORY, VARIABLES_DIRECTORY = "assets", "variables"
VARIABLES_FILENAME = "variables"

_LATER = ("SaveOptions", "save")
__all__ = [
    "ASSETS_DIRECTORY",
    "Asset",
    "DEFAULT_SERVING_SIGNATURE_DEF_KEY",
    "GPU",
    "LoadOptions",
    "SAVED_MODEL_FILENAME_PB",
    "SERVING",
    "SaveOptions",
    "TPU",
    "TRAINING",
    "VARIABLES_DIRECTORY",
    "VARIABLES_FILENAME",
    "contains_saved_model",
    "load",
    "save",
]


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise _missing.missing_name("tf.saved_model", name, __dir__)
    value = getattr(_importlib.import_module("rillet.saved_model.saving"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
