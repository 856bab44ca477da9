"""Write functional.json: what real tf.keras 2 says of models of inputs and outputs.

Run with the Python that has TensorFlow and tf_keras:

    TF_USE_LEGACY_KERAS=1 python tests/golden/keras/make_functional.py
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def main() -> None:
    """Run every program and keep what it says."""
    import tensorflow as tf
    from functional_programs import PROGRAMS, described

    found = {program.__name__: described(tf, program) for program in PROGRAMS}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (HERE / "functional.json").write_text(text + "\n", encoding="utf-8")


main()
