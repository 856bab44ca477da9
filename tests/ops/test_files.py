"""Files and images in files: against the real TensorFlow's values, and in pipelines."""

from __future__ import annotations

import importlib.util
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = np.load(GOLDEN / "image_files.npz")
WANT = np.load(GOLDEN / "images.npz")


def _rows() -> Any:
    path = GOLDEN / "image_rows.py"
    spec = importlib.util.spec_from_file_location("image_rows", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["image_rows"] = module
    spec.loader.exec_module(module)
    return module


ROWS = _rows()


@pytest.mark.parametrize("name", FILES.files)
def test_decoded_as_tensorflow_does(name: str) -> None:
    data = FILES[name].tobytes()
    for key in ROWS.rows([name]):
        want = WANT[key]
        if want.dtype.kind == "U":
            with pytest.raises(getattr(tf.errors, str(want))):
                ROWS.decoded(tf, key, data)
            continue
        have = ROWS.decoded(tf, key, data).numpy()
        assert have.shape == want.shape, key
        assert have.dtype == want.dtype, key
        room = 1e-6 if have.dtype == np.float32 else 0
        if key.startswith(("rgb.jpg/", "rgb444", "gray.jpg", "prog", "cmyk")):
            # decode_image, decode_png and decode_gif know of no method: TensorFlow
            # takes its coarse one, which is up to five levels away from the exact.
            coarse = "/jpeg/" not in key and "/crop/" not in key
            levels = 5 if coarse else 0
            room += levels * {"uint8": 1, "uint16": 256}.get(str(have.dtype), 1 / 255)
        if have.dtype != bool:
            far = np.abs(have.astype(np.float64) - want.astype(np.float64)).max()
            assert far <= room, (key, far)
        else:
            assert have == want


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_comes_back(dtype: Any, channels: int) -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, np.iinfo(dtype).max, (2, 7, 5, channels)).astype(dtype)
    files = tf.io.encode_png(image)
    assert files.shape == (2,)
    for file, want in zip(files, image, strict=True):
        found = tf.io.decode_png(file, dtype=dtype)
        np.testing.assert_array_equal(found.numpy(), want)


def test_deep_png_with_every_filter() -> None:
    """Rows filtered by hand: libpng's inverse is the definition of the format."""
    rng = np.random.default_rng(2)
    image = rng.integers(0, 65536, (5, 4, 3)).astype(np.uint16)
    rows = image.astype(">u2").reshape(5, -1).view(np.uint8).astype(int)
    lines = b""
    for y, row in enumerate(rows):
        above = rows[y - 1] if y else np.zeros_like(row)
        left = np.concatenate([np.zeros(6, int), row[:-6]])
        corner = np.concatenate([np.zeros(6, int), above[:-6]])
        guess = left + above - corner
        away = np.abs(np.stack([left, above, corner]) - guess)
        paeth = np.choose(away.argmin(0), [left, above, corner])
        kinds = [0 * row, left, above, (left + above) // 2, paeth]
        lines += bytes([y]) + ((row - kinds[y]) % 256).astype(np.uint8).tobytes()

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    data = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 4, 5, 16, 2, 0, 0, 0)
    )
    data += chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    found = tf.io.decode_png(data, dtype=tf.uint16)
    np.testing.assert_array_equal(found.numpy(), image)


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp"])
def test_too_large_images_are_refused(kind: str) -> None:
    """The head says 60,000 by 60,000: nothing is decoded."""
    data = bytearray(FILES[f"{'one' if kind == 'gif' else 'rgb'}.{kind}"].tobytes())
    if kind == "png":
        data[16:24] = struct.pack(">II", 60000, 60000)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    elif kind == "gif":
        # a frame's own size counts, not the canvas
        at = data.index(b"\x2c" + bytes(4), 13 + (6 << (data[10] & 7))) + 5
        data[at : at + 4] = struct.pack("<HH", 60000, 60000)
    elif kind == "bmp":
        data[18:26] = struct.pack("<ii", 60000, 60000)
    else:
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", 60000, 60000)
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large to decode"):
        tf.io.decode_image(bytes(data))


@pytest.mark.parametrize("name", [n for n in FILES.files if "." in n])
def test_damaged_images_are_refused(name: str) -> None:
    """Bytes changed at random: pixels or TensorFlow's error, nothing else."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        data = FILES[name].copy()
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(0, 256)
        try:
            tf.io.decode_image(data.tobytes())
        except tf.errors.InvalidArgumentError:
            pass


def test_static_shapes() -> None:
    found = {}

    @tf.function
    def decode(x: Any) -> Any:
        found["jpeg"] = tf.io.decode_jpeg(x, channels=3).shape.as_list()
        found["png"] = tf.io.decode_png(x).shape.as_list()
        found["gif"] = tf.io.decode_gif(x).shape.as_list()
        found["image"] = tf.io.decode_image(x).shape.rank
        found["still"] = tf.io.decode_image(x, expand_animations=False).shape.rank
        found["file"] = tf.io.read_file(x).shape.as_list()
        return x

    decode.get_concrete_function(tf.TensorSpec([], tf.string))
    assert found == {
        "jpeg": [None, None, 3],
        "png": [None, None, None],
        "gif": [None, None, None, 3],
        "image": None,
        "still": 3,
        "file": [],
    }


def test_a_pipeline_of_images(tmp_path: Path) -> None:
    """The way of the tutorials: list, read, decode, resize, batch."""
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(3):
            image = np.full((8 + i, 6, 3), 40 * i, np.uint8)
            tf.io.write_file(
                str(tmp_path / label / f"{i}.jpg"), tf.io.encode_jpeg(image)
            )

    def load(path: Any) -> Any:
        label = tf.strings.regex_full_match(path, ".*dog.*")
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        image = tf.image.convert_image_dtype(image, tf.float32)
        return tf.image.resize(image, [4, 4]), label

    files = tf.data.Dataset.list_files(str(tmp_path / "*/*.jpg"), shuffle=False)
    batches = list(files.map(load, num_parallel_calls=2).batch(6))
    images, labels = batches[0]
    assert images.shape == (6, 4, 4, 3)
    assert labels.numpy().tolist() == [False] * 3 + [True] * 3
    np.testing.assert_allclose(
        images[:, 0, 0, 0].numpy(), np.array([0, 40, 80] * 2) / 255, atol=1e-6
    )


def test_files_in_functions_keep_their_order(tmp_path: Path) -> None:
    path = str(tmp_path / "deep" / "note")

    @tf.function
    def rewrite(text: Any) -> Any:
        tf.io.write_file(path, text)
        first = tf.io.read_file(path)
        tf.io.write_file(path, first + b"!")
        return first, tf.io.read_file(path)

    assert [x.numpy() for x in rewrite("a")] == [b"a", b"a!"]
    assert [x.numpy() for x in rewrite("b")] == [b"b", b"b!"]


def test_what_reading_refuses(tmp_path: Path) -> None:
    errors = tf.errors
    with pytest.raises(errors.NotFoundError, match="No such file or directory"):
        tf.io.read_file(str(tmp_path / "nothing"))
    with pytest.raises(errors.FailedPreconditionError, match="Is a directory"):
        tf.io.read_file(str(tmp_path))
    with pytest.raises(errors.InvalidArgumentError, match="must be scalar"):
        tf.io.read_file(["a", "b"])
    with pytest.raises(errors.UnimplementedError, match="scheme 'gs'"):
        tf.io.read_file("gs://bucket/file")


def test_gfile(tmp_path: Path) -> None:
    files = tf.io.gfile
    place = str(tmp_path)
    files.makedirs(f"{place}/a/b")
    files.makedirs(f"{place}/a/b")
    with files.GFile(f"{place}/a/x.txt", "w") as file:
        file.write("one\r\ntwo\n")
    with files.GFile(f"{place}/a/x.txt", "a") as file:
        file.write("three")
        file.flush()
        assert file.size() == 14
    reading = files.GFile(f"{place}/a/x.txt")
    assert reading.readlines() == ["one\n", "two\n", "three"]
    reading.seek(3)
    assert reading.tell() == 3
    assert reading.read(2) == "\r\n"
    reading.close()
    assert files.GFile(f"{place}/a/x.txt", "rb").read() == b"one\r\ntwo\nthree"
    assert sorted(files.listdir(f"{place}/a")) == ["b", "x.txt"]
    assert files.isdir(f"{place}/a/b") and not files.isdir(f"{place}/a/x.txt")
    assert files.stat(f"{place}/a/x.txt").length == 14
    assert files.glob(f"{place}/*/x.*") == [str(Path(f"{place}/a") / "x.txt")]
    walked = [(Path(top).name, dirs, names) for top, dirs, names in files.walk(place)]
    assert walked[1:] == [("a", ["b"], ["x.txt"]), ("b", [], [])]
    files.copy(f"{place}/a/x.txt", f"{place}/y.txt")
    with pytest.raises(tf.errors.AlreadyExistsError, match="file already exists"):
        files.copy(f"{place}/a/x.txt", f"{place}/y.txt")
    files.rename(f"{place}/y.txt", f"{place}/a/x.txt", overwrite=True)
    assert not files.exists(f"{place}/y.txt")
    files.remove(f"{place}/a/x.txt")
    with pytest.raises(tf.errors.NotFoundError, match="No such file"):
        files.remove(f"{place}/a/x.txt")
    files.rmtree(f"{place}/a")
    assert not files.exists(f"file://{place}/a")
    with pytest.raises(tf.errors.PermissionDeniedError, match="open for writing"):
        files.GFile(f"{place}/z").write("a")
    with pytest.raises(tf.errors.InvalidArgumentError, match="mode is not"):
        files.GFile(f"{place}/z", "q")
    with pytest.raises(tf.errors.NotFoundError, match="Could not find directory"):
        files.listdir(f"{place}/a")


def test_jpeg_quality() -> None:
    image = tf.random.stateless_uniform([16, 16, 3], [1, 2])
    rough = tf.image.adjust_jpeg_quality(image, 10)
    fine = tf.image.adjust_jpeg_quality(image, 98)
    far = [float(tf.reduce_mean(abs(x - image))) for x in (rough, fine)]
    assert far[0] > far[1] > 0
    with pytest.raises(ValueError, match="must be between 0 and 100"):
        tf.image.random_jpeg_quality(image, 50, 150)
    with pytest.raises(ValueError, match="must be less than"):
        tf.image.random_jpeg_quality(image, 50, 50)
    again = [
        tf.image.stateless_random_jpeg_quality(image, 20, 90, (3, 4)) for _ in "ab"
    ]
    np.testing.assert_array_equal(again[0].numpy(), again[1].numpy())
