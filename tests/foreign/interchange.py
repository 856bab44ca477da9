"""Write and read the files of `interchange_models.py` with one of three Kerases.

    python interchange.py LIBRARY write FOLDER
    python interchange.py LIBRARY read FOLDER
    python interchange.py LIBRARY application FOLDER

LIBRARY is `tensorflow` or `rillet`. `application` leaves the weights of a network of
`keras.applications`. All print one line of JSON: what models computed, and how their
training went on.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from interchange_models import MODELS

#: Whole models, and weights alone: those of Keras 3's form and those of tf.keras 2's.
WHOLE = (".keras", ".h5")
WEIGHTS = (".weights.h5", "_old.h5")


def _is_keras_3(tf: Any) -> bool:
    return str(getattr(tf.keras, "__version__", "2")).startswith("3")


def _outputs(tf: Any, model: Any, x: Any) -> Any:
    return [np.asarray(y).tolist() for y in tf.nest.flatten(model(x))]


def _losses(model: Any, x: Any, y: Any, epochs: int = 3) -> Any:
    run = model.fit(x, y, epochs=epochs, batch_size=64, shuffle=False, verbose=0)
    return run.history["loss"]


def write(tf: Any, place: Path) -> Any:
    """Make, train and save every model; then train on."""
    found: Any = {}
    for name, make in MODELS.items():
        tf.keras.backend.clear_session()
        tf.keras.utils.set_random_seed(1)
        try:
            model, x, y = make(tf)
            _losses(model, x, y, 2)
            refused = {}
            for ending in WHOLE + WEIGHTS:
                save = model.save if ending in WHOLE else model.save_weights
                try:
                    save(str(place / f"{name}{ending}"))
                except Exception as e:
                    (place / f"{name}{ending}").unlink(missing_ok=True)
                    refused[ending] = f"{type(e).__name__}: {e}"[:300]
            found[name] = {
                "outputs": _outputs(tf, model, x),
                "losses": _losses(model, x, y),
                "after": _outputs(tf, model, x),
                "refused": refused,
            }
        except Exception as e:
            found[name] = {"error": f"{type(e).__name__}: {e}"[-600:]}
    return found


def _read(tf: Any, name: str, path: Path, ending: str) -> Any:
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(2)
    model, x, y = MODELS[name](tf)
    if ending in WEIGHTS:
        model.load_weights(str(path))
        return {"outputs": _outputs(tf, model, x)}
    how = {"safe_mode": False} if name == "lambdas" else {}
    if ending == ".h5" and _is_keras_3(tf):
        # It does not read how its own `.h5` files were compiled.
        return {
            "outputs": _outputs(
                tf, tf.keras.models.load_model(str(path), compile=False, **how), x
            )
        }
    model = tf.keras.models.load_model(str(path), **how)
    outputs = _outputs(tf, model, x)
    return {
        "outputs": outputs,
        "losses": _losses(model, x, y),
        "after": _outputs(tf, model, x),
    }


def read(tf: Any, place: Path) -> Any:
    """Load every file that is there, and train on."""
    found: Any = {}
    for name in MODELS:
        for ending in WHOLE + WEIGHTS:
            path = place / f"{name}{ending}"
            if not path.exists():
                continue
            try:
                found[path.name] = _read(tf, name, path, ending)
            except Exception as e:
                found[path.name] = {"error": f"{type(e).__name__}: {e}"[-600:]}
    return found


def application(tf: Any, place: Path) -> Any:
    """Save a network of many layers; its averages are those of the shapes' numbers."""
    tf.keras.utils.set_random_seed(3)
    model = mobile_net(tf)
    x = np.linspace(-1.0, 1.0, 2 * 32 * 32 * 3, dtype="float32").reshape(2, 32, 32, 3)
    model.save_weights(str(place / "net.weights.h5"))
    if not _is_keras_3(tf):
        model.save_weights(str(place / "net_old.h5"))
    return _outputs(tf, model, x)


def mobile_net(tf: Any) -> Any:
    """A small MobileNetV2 whose normalisations do something."""
    model = tf.keras.applications.MobileNetV2(
        input_shape=(32, 32, 3), alpha=0.35, weights=None, classes=5
    )
    weights = model.get_weights()
    rng = np.random.default_rng(0)
    weights = [w + rng.uniform(0.0, 0.1, w.shape).astype(w.dtype) for w in weights]
    model.set_weights(weights)
    return model


def main(library: str, what: str, folder: str) -> None:
    """Do one of the two, and print what was found."""
    warnings.simplefilter("ignore")
    tf = importlib.import_module(library)
    place = Path(folder)
    found = {"write": write, "read": read, "application": application}[what](tf, place)
    print("FOUND" + json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
