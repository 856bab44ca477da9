"""What all makers of golden SavedModels share: calls of a model, kept as JSON.

`finish` loads the folder that TensorFlow wrote, calls it, and packs folder, calls and
results into a zip. A call is a place (``""`` the object, ``.f`` a method,
``sig:name`` a signature) with its arguments; the results are flat.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

TOP = tempfile.mkdtemp()


def folder_for(name: str) -> str:
    """A folder that is not there yet."""
    return os.path.join(TOP, name)


def told(value: Any) -> Any:
    """An argument or result as JSON."""
    if isinstance(value, tf.RaggedTensor):
        return {"ragged": [told(x) for x in tf.nest.flatten(value, True)]}
    if isinstance(value, tf.SparseTensor):
        parts = (value.indices, value.values, value.dense_shape)
        return {"sparse": [told(x) for x in parts]}
    if isinstance(value, tuple | list):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [told(x) for x in value]}
    if isinstance(value, dict):
        return {"dict": {key: told(x) for key, x in value.items()}}
    if value is None or isinstance(value, bool | int | float | str):
        return {"plain": value}
    array = np.asarray(value)
    kind = tf.as_dtype(array.dtype).name
    flat = array.ravel()
    if kind == "string":
        values = [bytes(x).decode("latin-1") for x in flat]
    elif kind.startswith("complex"):
        values = [[float(x.real), float(x.imag)] for x in flat]
    elif array.dtype.kind in "iub":
        values = [int(x) for x in flat]
    else:
        values = [float(f"{float(x):.9g}") for x in flat]
    return {"dtype": kind, "shape": list(array.shape), "values": values}


def called(loaded: Any, place: str, args: Any, kwargs: Any) -> list[Any]:
    """What a loaded model gives, flat."""
    if place.startswith("sig:"):
        found = loaded.signatures[place[4:]](**kwargs)
        return [found[key] for key in sorted(found)]
    function = loaded
    for part in place.split(".")[1:]:
        function = getattr(function, part)
    return tf.nest.flatten(function(*args, **kwargs))


def finish(name: str, folder: str, calls: list[Any], target: Path, **more: Any) -> None:
    """Call what was saved, keep the results, and pack all into a zip."""
    loaded = tf.saved_model.load(folder)
    rows = []
    for place, *rest in calls:
        args = tuple(rest[0]) if rest else ()
        kwargs = rest[1] if len(rest) > 1 else {}
        found = called(loaded, place, args, kwargs)
        rows.append(
            {
                "place": place,
                "args": [told(x) for x in args],
                "kwargs": {key: told(x) for key, x in kwargs.items()},
                "results": [told(x) for x in found],
            }
        )
    text = json.dumps({"calls": rows, **more}, separators=(",", ":"))
    Path(folder, "calls.json").write_text(text, encoding="utf-8")
    with zipfile.ZipFile(target / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.name != "fingerprint.pb":
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes(), compresslevel=9)
    shutil.rmtree(folder)
