"""Small files in the formats of Keras's data sets, the same at every run.

The tests read them with rillet; `make_golden.py` reads them with the real tf.keras.
"""

from __future__ import annotations

import gzip
import pickle
import random
import struct
import tarfile
from pathlib import Path

import numpy as np

CIFAR_ROWS = 10000  # tf.keras takes no other size for CIFAR-10


def lists(count: int, seed: int, longest: int = 12) -> np.ndarray:
    rng = random.Random(seed)
    out = np.empty(count, dtype=object)
    for i in range(count):
        out[i] = [rng.randint(1, 40) for _ in range(rng.randint(1, longest))]
    return out


def imdb(folder: Path) -> Path:
    path = folder / "imdb.npz"
    np.savez(
        path,
        x_train=lists(30, 1),
        y_train=np.arange(30) % 2,
        x_test=lists(20, 2),
        y_test=np.arange(20) // 10,
    )
    return path


def reuters(folder: Path) -> Path:
    path = folder / "reuters.npz"
    np.savez(path, x=lists(37, 3), y=np.arange(37) * 5 % 46)
    return path


def table(folder: Path, name: str, rows: int, columns: int) -> Path:
    path = folder / name
    x = np.arange(rows * columns, dtype=np.float64).reshape(rows, columns) / 8
    np.savez(path, x=x, y=np.arange(rows, dtype=np.float64) * 3)
    return path


def idx(path: Path, array: np.ndarray) -> None:
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    head += struct.pack(f">{array.ndim}I", *array.shape)
    with gzip.open(path, "wb") as file:
        file.write(head + array.tobytes())


def fashion(folder: Path) -> None:
    for part, count in (("train", 6), ("t10k", 4)):
        pixels = np.arange(count * 784, dtype=np.int64) * 7 % 251
        idx(
            folder / f"{part}-images-idx3-ubyte.gz",
            pixels.astype(np.uint8).reshape(count, 28, 28),
        )
        labels = np.arange(count, dtype=np.uint8) * 3 % 10
        idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)


def python2_text(data: bytes) -> bytes:
    """Write bytes as Python 2 pickled its strings: a length and the bytes."""
    if len(data) < 256:
        return b"U" + bytes([len(data)]) + data
    return b"T" + struct.pack("<i", len(data)) + data


def python2_batch(pixels: np.ndarray, labels: dict[str, list[int]]) -> bytes:
    """Assemble a batch as CIFAR's Python 2 script wrote it, protocol 2."""
    text = python2_text
    kind = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"".join(b"J" + struct.pack("<i", n) for n in pixels.shape) + b"\x86"
    array = kind + text(b"b") + b"\x87R(K\x01" + shape + dtype
    array += b"\x89" + text(pixels.tobytes()) + b"tb"
    body = text(b"data") + array
    for key, values in labels.items():
        items = b"".join(b"K" + bytes([value]) for value in values)
        body += text(key.encode()) + b"](" + items + b"e"
    body += text(b"batch_label") + text(b"a batch of a look-alike")
    return b"\x80\x02}(" + body + b"u."


def cifar_pixels(rows: int, seed: int) -> np.ndarray:
    flat = (np.arange(rows * 3072, dtype=np.int64) * (2 * seed + 3)) % 253
    return flat.astype(np.uint8).reshape(rows, 3072)


def cifar10(folder: Path, rows: int = CIFAR_ROWS) -> Path:
    inside = folder / "cifar-10-batches-py"
    inside.mkdir(parents=True)
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    for seed, name in enumerate(names):
        labels = [(i * 7 + seed) % 10 for i in range(rows)]
        batch = python2_batch(cifar_pixels(rows, seed), {"labels": labels})
        (inside / name).write_bytes(batch)
    return inside


def cifar100(folder: Path, rows: int = 12) -> Path:
    inside = folder / "cifar-100-python"
    inside.mkdir(parents=True)
    for seed, name in enumerate(("train", "test")):
        fine = [(i * 7 + seed) % 100 for i in range(rows)]
        labels = {"fine_labels": fine, "coarse_labels": [n // 5 for n in fine]}
        (inside / name).write_bytes(python2_batch(cifar_pixels(rows, seed), labels))
    return inside


def tarball(inside: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.add(inside, inside.name)
    return path


def pickled(value: object, protocol: int = 4) -> bytes:
    return pickle.dumps(value, protocol)
