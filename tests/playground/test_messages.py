"""Messages of pages: read, or refused with a word; nothing else, whatever comes."""

from __future__ import annotations

import json
import random
from dataclasses import MISSING, fields

import pytest

from rillet.playground.messages import KINDS, parse
from rillet.playground.settings import PlaygroundError

GOOD = [
    {"type": "open", "address": "data=xor"},
    {"type": "open"},
    {"type": "set", "changes": {"rate": 0.1}},
    {"type": "play"},
    {"type": "pause"},
    {"type": "step"},
    {"type": "reset"},
    {"type": "regenerate"},
    {"type": "parameter", "what": "w.0.0.0", "value": 1},
    {"type": "watch", "layer": 1, "unit": 0},
    {"type": "surface", "on": True},
    {"type": "draw", "points": [[0, 0, 1], [1, 1, 0]]},
    {"type": "table", "text": "1,2,3", "columns": [0, 1, 2]},
    {"type": "table", "text": "1,2,3"},
    {"type": "code"},
    {"type": "weights"},
    {"type": "lesson", "seed": 3, "trainer": True},
    {"type": "pace", "speed": 0},
    {"type": "strokes", "strokes": [[[0, 0], [1, 0.5]]]},
    {"type": "example", "number": 12},
]


@pytest.mark.parametrize("said", GOOD, ids=lambda said: said["type"])
def test_good_ones(said: dict[str, object]) -> None:
    message = parse(json.dumps(said))
    assert message.kind == said["type"]
    for name, value in said.items():
        assert name == "type" or getattr(message, name) == value


def test_every_kind_is_tried_here() -> None:
    assert {said["type"] for said in GOOD} == set(KINDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it must be JSON"),
        ("[1]", "it must be an object"),
        ("{}", "no message of this type"),
        ('{"type": ["play"]}', "no message of this type"),
        ('{"type": "fly"}', "no message of this type: 'fly'"),
        ('{"type": "play", "x": 1}', "play has no field: 'x'"),
        ('{"type": "surface"}', "surface lacks the field: 'on'"),
        ('{"type": "surface", "on": 1}', "on: must be true or false: 1"),
        ('{"type": "parameter", "what": "b.0.0", "value": NaN}', "value: must be"),
        ('{"type": "parameter", "what": "b.0.0", "value": true}', "value: must be"),
        ('{"type": "draw", "points": [[0, 0]]}', "each place must be 3 numbers"),
        ('{"type": "strokes", "strokes": [[1]]}', "each place must be 2 numbers"),
        ("[" * 100_000, "it must be JSON"),
        ('"' + "x" * 2_000_001, "it may have 2,000,000 characters"),
    ],
    ids=range(14),
)
def test_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(PlaygroundError) as raised:
        parse(text)
    assert said in str(raised.value)


def test_bytes_are_refused() -> None:
    with pytest.raises(PlaygroundError, match="must be text"):
        parse(b"\0\1")


VALUES = [None, True, -1, 0, 1e300, 10**40, "", "x" * 100, [], [[]], [[0] * 3], {}]


def strange(rng: random.Random) -> str:
    """A message that is damaged, or of strange values."""
    if rng.random() < 0.3:
        letters = list(json.dumps(rng.choice(GOOD)))
        for _ in range(rng.randint(1, 4)):
            letters[rng.randrange(len(letters))] = rng.choice('{}[]",:0129enx\\\0é')
        return "".join(letters)
    form = rng.choice(list(KINDS.values()))
    said: dict[str, object] = {"type": form.kind}
    for part in fields(form):
        if part.default is MISSING or rng.random() < 0.7:
            said[part.name] = rng.choice(VALUES)
    return json.dumps(said)


def test_anything_is_read_or_refused() -> None:
    rng = random.Random(4)
    refused = 0
    for _ in range(1500):
        try:
            parse(strange(rng))
        except PlaygroundError:
            refused += 1
    assert 500 < refused < 1500
