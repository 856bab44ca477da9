"""Addresses: written and read back, refused where they are damaged."""

from __future__ import annotations

import random
import string

import numpy as np
import pytest

from rillet.playground import own_data
from rillet.playground.address import (
    Address,
    Change,
    read,
    read_what_can_be,
    written,
)
from rillet.playground.points import FEATURES, SETS
from rillet.playground.settings import (
    ACTIVATIONS,
    OPTIMIZERS,
    PENALTIES,
    SPEEDS,
    PlaygroundError,
    Settings,
)


def random_settings(rng: random.Random) -> Settings:
    return Settings(
        data=rng.choice(list(SETS)),
        classes=rng.randint(2, 6),
        seed=rng.randrange(2**31),
        noise=rng.randint(0, 50),
        share=rng.randint(10, 90),
        features=tuple(rng.sample(list(FEATURES), rng.randint(1, 7))),
        hidden=tuple(rng.randint(1, 32) for _ in range(rng.randint(0, 10))),
        activation=rng.choice(ACTIVATIONS),
        output=rng.choice(["single", "softmax"]),
        start=rng.randrange(2**31),
        optimizer=rng.choice(OPTIMIZERS),
        penalty=rng.choice(PENALTIES),
        penalty_rate=rng.uniform(0, 10),
        rate=10 ** rng.uniform(-5, 1),
        batch=rng.randint(1, 30),
        speed=rng.choice(SPEEDS),
        discrete=rng.random() < 0.5,
        test=rng.random() < 0.5,
    )


def test_round_trip() -> None:
    rng = random.Random(1)
    for _ in range(200):
        settings = random_settings(rng)
        epoch = rng.randint(1, 10**6)
        changes = (
            Change(0, "b.0.0", rng.gauss(0, 1)),
            Change(epoch // 2, "rate", 10 ** rng.uniform(-5, 1)),
            Change(epoch, "batch", rng.randint(1, 30)),
        )
        address = Address(settings, epoch, changes)
        assert read(written(address)) == address
        assert read("#" + written(address)) == address


def test_points_of_ones_own_travel_along() -> None:
    rng = np.random.default_rng(0)
    table = np.c_[rng.uniform(-6, 6, (100, 2)), rng.integers(0, 4, 100)]
    own = own_data.drawn(table.tolist())
    text = written(Address(Settings(data="own", own=own)))
    back = read(text).settings.own
    assert back is not None and (back.xy == own.xy).all()
    assert (back.labels == own.labels).all() and back.classes == own.classes
    # They stay out of the address while something else is shown.
    assert "own" not in written(Address(Settings(own=own)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data=moon", "data: must be one of circle"),
        ("data=own", "no data of your own"),
        ("rate=0", "rate: must be a number from 1e-05 to 10"),
        ("rate=nan", "rate: must be a number"),
        ("rate=1e400", "rate: must be a number"),
        ("hidden=8-0", "hidden: must be a whole number from 1 to 32"),
        ("hidden=" + "-".join("1" * 11), "at most 10 layers"),
        ("features=", "features: must be one of x1"),
        ("batch=31", "batch: must be a whole number from 1 to 30"),
        ("seed=-1", "seed: must be a whole number"),
        ("seed=²", "seed: must be a whole number"),
        ("colour=red", "no setting of this name"),
        ("test=1", "test: must be yes or no"),
        ("epoch=99999999", "epoch: must be a whole number from 0"),
        ("changes=3:rate:0.1", "change: must be a whole number"),
        ("epoch=9&changes=3:rate", "a change is EPOCH:WHAT:VALUE"),
        ("epoch=9&changes=3:w.0.9.0:1", "the network has no such place"),
        ("epoch=9&changes=3:w.0.-1.0:1", "weight: must be a whole number"),
        ("epoch=9&changes=3:b.0:1", "a place is w.LAYER.FROM.TO"),
        ("epoch=9&changes=5:batch:2,3:batch:2", "change: must be a whole number"),
        ("own=AAAA", "the data in the address are damaged"),
        ("&" * 100, "too many parts"),
        ("x" * 70_000, "it may have 65,536 characters"),
    ],
)
def test_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(PlaygroundError) as raised:
        read(text)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        (
            "data=spiral&learningRate=abc&hidden=8-8&epoch=20",
            Address(Settings(data="spiral", hidden=(8, 8)), 20),
            ["Did you mean rate?"],
        ),
        (
            "activation=swish&data=xor&rate=nan&seed=7",
            Address(Settings(data="xor", seed=7)),
            ["activation: must be one of relu", "rate: must be a number"],
        ),
        (
            "hidden=2&epoch=9&changes=3:rate:0.1,4:w.0.9.0:1,8:batch:2",
            Address(
                Settings(hidden=(2,)),
                9,
                (Change(3, "rate", 0.1), Change(8, "batch", 2)),
            ),
            ["no such place: 'w.0.9.0'"],
        ),
        (
            "data=own&own=AAAA&noise=5",
            Address(Settings(noise=5)),
            ["the data in the address are damaged", "no data of your own yet"],
        ),
    ],
)
def test_what_can_be_is_kept(text: str, kept: Address, said: list[str]) -> None:
    address, faults = read_what_can_be(text)
    assert address == kept
    assert len(faults) == len(said)
    for fault, part in zip(faults, said, strict=True):
        assert part in str(fault)


def test_damaged_addresses_are_refused_or_read() -> None:
    rng = random.Random(2)
    own = own_data.drawn([[i / 9, -i / 9, i % 2] for i in range(30)])
    letters = string.printable + "äé²☃"
    read_well = 0
    for _ in range(600):
        settings = random_settings(rng)
        if rng.random() < 0.5:
            settings = settings.changed({"own": own, "data": "own"})
        text = list(written(Address(settings, 10, (Change(3, "b.0.0", 1.0),))))
        for _ in range(rng.randint(1, 5)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 3)] = rng.choices(
                letters, k=rng.randint(0, 3)
            )
        try:
            read("".join(text))
            read_well += 1
        except PlaygroundError:
            pass
    assert 0 < read_well < 600


def test_a_small_text_cannot_unpack_into_much() -> None:
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"\0" * 50_000_000)).decode()
    with pytest.raises(own_data.TableError, match="damaged"):
        own_data.unpacked(bomb)
