"""The quick ways through examples and PNG files give what the thorough ones give."""

from __future__ import annotations

import io
import os
import random
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rillet as tf
from rillet.ops import image_codecs, png
from rillet.ops.parsing import messages

ROUNDS = int(os.environ.get("RILLET_FUZZ", "1500"))


def _example(draw: random.Random) -> bytes:
    train = tf.train
    features = {}
    for name in draw.sample(["a", "bc", "label", "x" * 130], draw.randint(0, 4)):
        count = draw.choice([0, 1, 1, 3, 40])
        kind = draw.randint(0, 3)
        if kind == 0:
            texts = [bytes(draw.choice([0, 5, 200])) for _ in range(count)]
            made = train.Feature(bytes_list=train.BytesList(value=texts))
        elif kind == 1:
            numbers = [draw.gauss(0, 9) for _ in range(count)]
            made = train.Feature(float_list=train.FloatList(value=numbers))
        elif kind == 2:
            wide = draw.choice([100, 300, 2**62])
            whole = [draw.randint(-wide, wide) for _ in range(count)]
            made = train.Feature(int64_list=train.Int64List(value=whole))
        else:
            made = train.Feature()
        features[name] = made
    example = train.Example(features=train.Features(feature=features))
    return bytes(example.SerializeToString())


def _changed(draw: random.Random, data: bytes) -> bytes:
    """The same, or with a few bytes changed, cut out, doubled or joined to itself."""
    held = bytearray(data)
    for _ in range(draw.choice([0, 1, 1, 2])):
        at = draw.randint(0, len(held))
        change = draw.randint(0, 3)
        if change == 0 and at < len(held):
            held[at] = draw.choice([0, 8, 10, 18, 26, 127, 128, 255, held[at] ^ 1])
        elif change == 1:
            del held[at : at + draw.randint(1, 3)]
        elif change == 2:
            held[at:at] = held[at : at + draw.randint(1, 9)]
        else:
            held += bytes(held)
    return bytes(held)


def _read(data: bytes, find: Any) -> Any:
    """Everything in an example; None where it is damaged."""
    try:
        found = {k: messages.values(data, span) for k, span in find(data).items()}
    except messages.Damaged:
        return None
    plain = {}
    for key, (kind, values) in found.items():
        if values is not None and kind != "string":
            dtype = np.float32 if kind == "float" else np.int64
            values = np.asarray(values, dtype).tobytes()
        plain[key] = kind, values
    return plain


def test_examples_of_any_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)
    texts = [_changed(draw, _example(draw)) for _ in range(ROUNDS)]
    quick = [_read(data, messages.features) for data in texts]
    monkeypatch.setattr(messages, "_plain_values", lambda data, span: None)
    thorough = [_read(data, lambda d: messages.parts(d)[0]) for data in texts]
    assert quick == thorough
    whole = sum(found is not None for found in thorough)
    assert ROUNDS // 4 < whole < ROUNDS


def _png(channels: int) -> bytes:
    draw = np.random.default_rng(channels)
    pixels = draw.integers(0, 256, (9, 7, channels), np.uint8)
    held = pixels[..., 0] if channels == 1 else pixels
    out = io.BytesIO()
    Image.fromarray(held).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _png(channels)
    assert png.lone_pixels(whole) is not None
    draw = random.Random(channels)
    files = [whole, *[_changed(draw, whole) for _ in range(100)]]

    def read(data: bytes) -> Any:
        try:
            return image_codecs.decode_png("decode_png", data, 0, False).tolist()
        except tf.errors.InvalidArgumentError as error:
            return str(error)

    quick = [read(data) for data in files]
    monkeypatch.setattr(image_codecs, "_plain_png", lambda *given: None)
    assert quick == [read(data) for data in files]
