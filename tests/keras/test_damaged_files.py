"""Damaged `.keras` and `.h5` files end in an error of a kind that programs expect.

`RILLET_FUZZ` says how many; what libhdf5 itself hangs in is not rillet's to mend.
"""

from __future__ import annotations

import io
import os
import random
import zipfile

import pytest

import rillet as tf

ROUNDS = int(os.environ.get("RILLET_FUZZ", 200))
EXPECTED = (tf.errors.OpError, ValueError, TypeError, OSError)


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Bytes with some changed."""
    out = bytearray(data)
    for _ in range(draw.choice((1, 2, 8))):
        at = draw.randrange(len(out))
        if draw.random() < 0.8:
            out[at] = draw.randrange(256)
        else:
            del out[at : at + draw.randint(1, 30)]
    return bytes(out)


def repacked(data: bytes, draw: random.Random) -> bytes:
    """An archive of which one entry is damaged."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        chosen = draw.choice(old.namelist())
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, damaged(held, draw) if name == chosen else held)
    return made.getvalue()


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_damage_ends_in_an_expected_error(ending, tmp_path):
    layers = [tf.keras.layers.Embedding(5, 3), tf.keras.layers.LSTM(2)]
    model = tf.keras.Sequential([tf.keras.Input((4,)), *layers])
    model.compile("adam", "mse")
    path = tmp_path / f"model.{ending}"
    model.save(path)
    whole = path.read_bytes()
    for number in range(ROUNDS):
        draw = random.Random(f"{ending} {number}")
        inside = ending == "keras" and draw.random() < 0.7
        path.write_bytes((repacked if inside else damaged)(whole, draw))
        try:
            tf.keras.models.load_model(path, compile=draw.random() < 0.5)
        except EXPECTED:
            pass
        except Exception as error:
            error.add_note(f"round {number} of .{ending}")
            raise
