"""Weights of trained models go to and fro between rillet and both Kerases.

Into models that are new, compiled or trained; where the file has the optimizer's state
in the reader's order, training goes on to the same numbers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from trained_files import CASES, ENDINGS  # noqa: E402

#: The pairs, each with the endings out of which training goes on to the same numbers.
PAIRS = {
    ("rillet", "rillet"): ENDINGS,
    ("rillet", "tf_keras"): (".weights.h5", ".h5"),
    ("rillet", "keras3"): (".keras",),
    ("tf_keras", "rillet"): ENDINGS,
    ("keras3", "rillet"): (".weights.h5", ".keras"),
}
#: Rules whose steps hang on more than their files hold, or that count otherwise: of
#: Nadam no Keras saves the product of its momenta; Keras 3's Adafactor is another.
OTHERWISE = {
    "Nadam": tuple(PAIRS),
    "Adafactor": (("rillet", "keras3"), ("keras3", "rillet")),
}


def _run(tensorflow_python: str, library: str, what: str, place: Path) -> Any:
    own = library == "rillet"
    done = subprocess.run(
        [
            sys.executable if own else tensorflow_python,
            str(HERE / "trained_files.py"),
            library if own else "tensorflow",
            what,
            str(place),
        ],
        env={
            **os.environ,
            "TF_USE_LEGACY_KERAS": str(int(library == "tf_keras")),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.split("FOUND")[1])


@pytest.fixture(scope="module")
def written(tensorflow_python: str, tmp_path_factory: Any) -> Any:
    """Gives a maker's folder and what it computed; made when first asked for."""
    made: dict[str, Any] = {}

    def give(library: str) -> Any:
        if library not in made:
            place = tmp_path_factory.mktemp(library)
            made[library] = place, _run(tensorflow_python, library, "write", place)
        return made[library]

    return give


@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_trained_models_train_on(
    written: Any, tensorflow_python: str, maker: str, reader: str
) -> None:
    place, expected = written(maker)
    found = _run(tensorflow_python, reader, "read", place)
    assert len(found) > 5 * len(CASES)
    troubles = []
    for file, values in found.items():
        path, state = file.rsplit(" ", 1)
        ending = next(e for e in ENDINGS if path.endswith(e))
        name = path.removesuffix(ending)
        if "keras3" in (maker, reader) and ending == ".h5":
            # Keras 3 trains no models of `.h5` files, not even of its own.
            continue
        if "error" in values:
            troubles.append(f"{file}: {values['error']}")
            continue
        goes_on = ending in PAIRS[maker, reader]
        goes_on &= (maker, reader) not in OTHERWISE.get(name, ())
        for key, value in values.items():
            if key == "losses" and not goes_on:
                continue
            for mine, theirs in zip(value, expected[name][key], strict=True):
                # Float32 sums in another order.
                if not np.allclose(mine, theirs, rtol=1e-4, atol=2e-5):
                    troubles.append(f"{file}: {key} {mine} not {theirs}")
    assert not troubles, "\n".join(troubles)
