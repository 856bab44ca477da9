"""Make the packaged MNIST from Keras's `mnist.npz`.

    python scripts/pack_mnist.py mnist.npz

In: `mnist.npz` in the form in which Keras publishes it. Out: `mnist_packed.npz` beside
`rillet.keras.datasets.mnist`, the same bytes for the same input (given the same zlib).
A maintainer runs it, once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from rillet.keras.datasets import mnist
from rillet.keras.datasets.npz import read_npz, write_npz
from rillet.keras.datasets.packed import pack_images


def main(argv: list[str]) -> int:
    """Pack the file that `argv[1]` names, read the result back and compare."""
    if len(argv) != 2:
        print(__doc__)
        return 2
    held = read_npz(argv[1], ("x_train", "y_train", "x_test", "y_test"))
    arrays = {}
    for split in ("train", "test"):
        mask, ink = pack_images(held[f"x_{split}"])
        arrays[f"{split}_mask"], arrays[f"{split}_ink"] = mask, ink
        arrays[f"{split}_labels"] = held[f"y_{split}"]
    target = Path(mnist.__file__).with_name("mnist_packed.npz")
    write_npz(target, arrays)
    (x_train, y_train), (x_test, y_test) = mnist._read_packed()
    for name, array in zip(held, (x_train, y_train, x_test, y_test), strict=True):
        if not np.array_equal(held[name], array):
            print(f"{name} came back different")
            return 1
    print(f"{target}: {target.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
