"""Import of the package in a new process, less the start of a bare Python."""

from __future__ import annotations

from harness.case import Fresh

CASES = (
    Fresh(
        name="package",
        title="import of the package",
        code={
            "rillet": "import rillet",
            "tensorflow": "import tensorflow",
            "torch": "import torch",
            "jax": "import jax",
            "numpy": "import numpy",
        },
        targets={"tensorflow": 20.0},
    ),
)
