"""Golden SavedModels as TensorFlow packed them: a folder, calls, and their results."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import rillet as tf

GOLDEN = Path(__file__).resolve().parent / "golden" / "saved_models"


def names() -> list[str]:
    """The models that come with calls."""
    found = []
    for path in sorted(GOLDEN.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            kept = "calls.json" in archive.namelist()
            if kept and json.loads(archive.read("calls.json"))["calls"]:
                found.append(path.stem)
    return found


def unpacked(name: str, folder: Path) -> dict[str, Any]:
    """Lay a model down in a folder; return what was kept beside it."""
    with zipfile.ZipFile(GOLDEN / f"{name}.zip") as archive:
        archive.extractall(folder)
    return json.loads((folder / "calls.json").read_text(encoding="utf-8"))


def array_of(row: dict[str, Any]) -> np.ndarray:
    """The array of a row."""
    values, kind = row["values"], row["dtype"]
    if kind == "string":
        array = np.empty(len(values), object)
        array[:] = [text.encode("latin-1") for text in values]
    elif kind == "bfloat16":
        array = np.asarray(values, np.float32).astype(ml_dtypes.bfloat16)
    elif kind.startswith("complex"):
        array = np.asarray([complex(*v) for v in values], kind)
    else:
        array = np.asarray(values, kind)
    return array.reshape(row["shape"])


def value_of(row: dict[str, Any]) -> Any:
    """An argument: tensors, nests of them, plain values."""
    if "plain" in row:
        return row["plain"]
    if "list" in row:
        return [value_of(x) for x in row["list"]]
    if "tuple" in row:
        return tuple(value_of(x) for x in row["tuple"])
    if "dict" in row:
        return {key: value_of(x) for key, x in row["dict"].items()}
    if "ragged" in row:
        values, *splits = [tf.constant(array_of(x)) for x in row["ragged"]]
        return tf.RaggedTensor.from_nested_row_splits(values, splits)
    if "sparse" in row:
        return tf.SparseTensor(*[tf.constant(array_of(x)) for x in row["sparse"]])
    return tf.constant(array_of(row))


def arrays_in(row: dict[str, Any]) -> list[np.ndarray]:
    """The arrays of a result, parts of sparse and ragged ones in their order."""
    for kind in ("ragged", "sparse"):
        if kind in row:
            return [array_of(x) for x in row[kind]]
    return [array_of(row)]


def called(loaded: Any, call: dict[str, Any]) -> list[Any]:
    """What a loaded model gives for a call, flat."""
    args = [value_of(x) for x in call["args"]]
    kwargs = {key: value_of(x) for key, x in call["kwargs"].items()}
    place = call["place"]
    if place.startswith("sig:"):
        found = loaded.signatures[place[4:]](**kwargs)
        return tf.nest.flatten(found, expand_composites=True)
    function = loaded
    for part in place.split(".")[1:]:
        function = getattr(function, part)
    return tf.nest.flatten(function(*args, **kwargs), expand_composites=True)


def agree(call: dict[str, Any], found: list[Any], close: dict[str, float]) -> None:
    """Compare flat results with those that were kept."""
    rows = [row for row in call["results"] if "plain" not in row]
    wanted = [x for row in rows for x in arrays_in(row)]
    mine = [np.asarray(x) for x in found if x is not None]
    assert len(wanted) == len(mine)
    for place, (y, other) in enumerate(zip(mine, wanted, strict=True)):
        assert y.shape == other.shape, place
        if other.dtype.kind in "OSib":
            np.testing.assert_array_equal(y, other, err_msg=str(place))
            continue
        if other.dtype.kind not in "fcui":
            y, other = y.astype(np.float32), other.astype(np.float32)
        tight = {"rtol": 2e-2, "atol": 1e-2} if other.dtype.itemsize == 2 else close
        np.testing.assert_allclose(y, other, **tight, err_msg=str(place))
