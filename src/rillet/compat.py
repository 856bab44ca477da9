"""`tf.compat`: strings of either kind, and `compat.v2`, which is rillet itself."""

import sys as _sys
from typing import Any as _Any

from rillet.core.texts import as_bytes as as_bytes
from rillet.core.texts import as_str as as_str
from rillet.core.texts import as_str_any as as_str_any
from rillet.core.texts import as_text as as_text
from rillet.core.texts import bytes_or_text_types as bytes_or_text_types
from rillet.core.texts import complex_types as complex_types
from rillet.core.texts import dimension_at_index as dimension_at_index
from rillet.core.texts import dimension_value as dimension_value
from rillet.core.texts import (
    forward_compatibility_horizon as forward_compatibility_horizon,
)
from rillet.core.texts import forward_compatible as forward_compatible
from rillet.core.texts import integral_types as integral_types
from rillet.core.texts import path_to_str as path_to_str
from rillet.core.texts import real_types as real_types

v2: _Any = _sys.modules[__name__.partition(".")[0]]
_sys.modules[f"{__name__}.v2"] = v2  # for `import rillet.compat.v2`
