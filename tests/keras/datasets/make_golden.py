"""Make `golden.json`: what the real tf.keras loads from the look-alike files.

    TF_USE_LEGACY_KERAS=1 python tests/keras/datasets/make_golden.py

It needs tensorflow 2.21 with tf_keras (and keras 3, for the housing table it added).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import dataset_calls as cases
import dataset_lookalikes as lookalikes
import numpy as np


@contextlib.contextmanager
def served(module, path):
    """Let a module find `path` where it would download."""
    before = module.get_file
    module.get_file = lambda *args, **kwargs: str(path)
    try:
        yield module
    finally:
        module.get_file = before


def plain(array):
    array = np.asarray(array)
    return {"dtype": str(array.dtype), "shape": array.shape, "values": array.tolist()}


def digest(array):
    array = np.ascontiguousarray(array)
    hashed = hashlib.sha256(array.tobytes()).hexdigest()
    return {"dtype": str(array.dtype), "shape": array.shape, "sha256": hashed}


def record(loaded, as_json):
    return [as_json(array) for split in loaded for array in split]


def load_all(module, path, table, as_json=plain):
    with served(module, path):
        return {
            name: record(module.load_data(**args), as_json)
            for name, args in table.items()
        }


def main() -> None:
    def old(name):
        return importlib.import_module(f"tf_keras.src.datasets.{name}")

    import keras.src.datasets.california_housing as california

    golden = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        golden["imdb"] = load_all(old("imdb"), lookalikes.imdb(folder), cases.IMDB)
        golden["reuters"] = load_all(
            old("reuters"), lookalikes.reuters(folder), cases.REUTERS
        )
        path = lookalikes.table(folder, "boston.npz", 26, 3)
        golden["boston"] = load_all(old("boston_housing"), path, cases.BOSTON)
        path = lookalikes.table(folder, "california.npz", 640, 2)
        golden["california"] = load_all(california, path, cases.CALIFORNIA, digest)
        golden["labels"] = list(old("reuters").get_label_names())

        lookalikes.fashion(folder)
        module = old("fashion_mnist")
        module.get_file = lambda name, **kwargs: str(folder / name)
        golden["fashion"] = record(module.load_data(), digest)

        inside = lookalikes.cifar10(folder)
        with served(old("cifar10"), inside) as module:
            golden["cifar10"] = record(module.load_data(), digest)
        inside = lookalikes.cifar100(folder)
        with served(old("cifar100"), inside) as module:
            for mode in ("fine", "coarse"):
                golden[f"cifar100 {mode}"] = record(module.load_data(mode), digest)
    text = json.dumps(golden, separators=(",", ":"))
    Path(__file__).with_name("golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
