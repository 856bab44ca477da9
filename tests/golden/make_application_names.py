"""Make keras/application_names.json.gz: weights by name in keras.applications.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON tests/golden/make_application_names.py

The models are built outside graphs, as programs build them: inside one, weights have
the names of scopes before theirs.
"""

import gzip
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import tensorflow as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from application_rows import SMALL  # noqa: E402

found = {}
for name, settings in SMALL:
    tf.keras.backend.clear_session()
    model = getattr(tf.keras.applications, name)(weights=None, **settings)
    found[name] = " ".join(w.name for w in model.weights)
data = gzip.compress(json.dumps(found, indent=0).encode(), 9, mtime=0)
(HERE / "keras" / "application_names.json.gz").write_bytes(data)
