"""Files of models go to and fro between rillet and both Kerases, and train on alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from interchange import mobile_net  # noqa: E402
from interchange_models import MODELS  # noqa: E402

KERASES = ("rillet", "tf_keras", "keras3")
ALL = ("outputs", "losses", "after")
#: What does not come through, by maker and reader, and why; otherwise all has to.
LACKS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    # Keras 3's `.h5` files lack the words that a layer learnt.
    ("keras3", "rillet"): {"vectorized.h5": ALL},
    ("rillet", "keras3"): {
        # Keras 3 counts the calls of models inside by another number.
        "nested.h5": ALL,
        # It does not take what tf.keras needs there.
        "attentive.h5": ALL,
    },
    ("rillet", "tf_keras"): {
        # An optimizer's variables stand in `.keras` files in Keras 3's order.
        **{
            f"{name}.keras": ("losses", "after")
            for name in MODELS
            if name not in ("custom", "normalized", "scheduled", "lion")
        },
        # What both read has no form there; Keras 3's is written.
        **{f"{n}.keras": ALL for n in ("nested", "attentive", "lambdas", "scaled")},
        # What tf.keras does not read out of its own files either.
        "vectorized_old.h5": ALL,
        "scaled.weights.h5": ALL,
        "scaled.h5": ("losses", "after"),
    },
}


def _run(tensorflow_python: str, library: str, what: str, place: Path) -> Any:
    """What `interchange.py` prints with one of the three."""
    own = library == "rillet"
    done = subprocess.run(
        [
            sys.executable if own else tensorflow_python,
            str(HERE / "interchange.py"),
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


def _far(mine: Any, theirs: Any, room: float) -> bool:
    return not all(
        np.allclose(a, b, rtol=1e-4, atol=room)
        for a, b in zip(mine, theirs, strict=True)
    )


@pytest.mark.parametrize(
    ("maker", "reader"),
    [
        ("tf_keras", "rillet"),
        ("keras3", "rillet"),
        ("rillet", "tf_keras"),
        ("rillet", "keras3"),
        ("rillet", "rillet"),
    ],
)
def test_models_are_the_same_on_the_other_side(
    written: Any, tensorflow_python: str, maker: str, reader: str
) -> None:
    place, expected = written(maker)
    assert not {n: e["error"] for n, e in expected.items() if "error" in e}
    found = _run(tensorflow_python, reader, "read", place)
    assert len(found) >= len(MODELS) * 3 - 1
    lacks = LACKS.get((maker, reader), {})
    troubles = []
    for file, values in found.items():
        name = file.split(".")[0].removesuffix("_old")
        left = lacks.get(file, ())
        if "error" in values:
            if left != ALL:
                troubles.append(f"{file}: {values['error']}")
            continue
        for key, value in values.items():
            # Float32 sums in another order. Keras 3 takes a batch's variance into the
            # moving one as it is, tf.keras 2 times n / (n - 1).
            loose = (name, key) == ("pictures", "after")
            room = 1e-3 if loose and "keras3" in (maker, reader) else 2e-5
            if key not in left and _far(value, expected[name][key], room):
                troubles.append(f"{file}: {key} {value} not {expected[name][key]}")
    assert not troubles, "\n".join(troubles)


@pytest.mark.parametrize("library", KERASES[1:])
def test_weights_of_a_large_network_are_read(
    tensorflow_python: str, tmp_path: Path, library: str
) -> None:
    expected = _run(tensorflow_python, library, "application", tmp_path)
    x = np.linspace(-1.0, 1.0, 2 * 32 * 32 * 3, dtype="float32").reshape(2, 32, 32, 3)
    files = sorted(tmp_path.glob("*.h5"))
    assert len(files) == (2 if library == "tf_keras" else 1)
    for file in files:
        tf.keras.utils.set_random_seed(9)
        model = mobile_net(tf)
        assert not np.allclose(model(x), expected[0], atol=1e-3)
        model.load_weights(file)
        # Fifty layers of float32 sums in another order.
        np.testing.assert_allclose(model(x), expected[0], rtol=1e-3, atol=1e-5)
