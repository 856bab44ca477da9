"""A lab: it learns, repeats itself, shows what its network computes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rillet.playground.address import Address, read, written
from rillet.playground.frames import unpack
from rillet.playground.lab import CURVE, Lab, trained
from rillet.playground.looks import grid
from rillet.playground.points import inputs
from rillet.playground.settings import EFFECTS, PlaygroundError, Settings
from rillet.playground.surface import PATH, Surface, _directions

SPIRAL = (
    "data=spiral&features=x1,x2,sin_x1,sin_x2&hidden=8-8&activation=tanh"
    "&rate=0.03&batch=10&share=50"
)


def test_the_spiral_is_learned() -> None:
    lab = trained(read(f"{SPIRAL}&epoch=200"))
    train, test = lab.losses
    assert lab.epoch == 200 and train < 0.05 and test < 0.05


@pytest.mark.parametrize(
    ("fragment", "below"),
    [
        ("data=circle&epoch=300", 0.05),
        ("data=xor&hidden=4&epoch=300", 0.05),
        ("data=gauss&hidden=none&epoch=50", 0.05),
        ("data=plane&hidden=none&rate=0.01&epoch=20", 0.001),
        ("data=hills&hidden=8-8-8&rate=0.1&epoch=400", 0.01),
        ("data=clouds&classes=5&hidden=8&rate=0.1&epoch=100", 0.1),
        ("data=arms&classes=3&hidden=8-8&rate=0.01&optimizer=adam&epoch=200", 0.1),
        ("data=circle&output=softmax&epoch=200&rate=0.1", 0.1),
        ("data=circle&optimizer=momentum&epoch=60", 0.05),
        ("data=circle&optimizer=nesterov&epoch=60", 0.05),
        ("data=circle&optimizer=rmsprop&rate=0.01&epoch=60", 0.05),
        ("data=circle&optimizer=adagrad&rate=0.3&epoch=100", 0.05),
        ("data=xor&activation=relu&hidden=8&epoch=200", 0.05),
        ("data=xor&activation=sigmoid&hidden=4&rate=0.3&epoch=400", 0.05),
    ],
)
def test_every_kind_learns(fragment: str, below: float) -> None:
    assert trained(read(fragment)).losses[0] < below


def test_a_link_reproduces_the_picture() -> None:
    lab = Lab(read(f"{SPIRAL}&optimizer=adam"))
    lab.run(3)
    lab.change({"rate": 0.01})
    lab.run(20)
    lab.set_parameter("w.0.1.2", 0.75)
    lab.set_parameter("b.2.0", -0.5)
    lab.run(1)
    lab.change({"batch": 7, "test": True})
    lab.run(11)
    again = trained(read(written(lab.address)))
    assert again.epoch == lab.epoch == 35
    assert (again.weights() == lab.weights()).all()
    assert again.frame({}, None) == lab.frame({}, None)
    assert again.surface() == lab.surface()


def test_calls_of_any_length_lead_to_the_same() -> None:
    one, many = Lab(read(SPIRAL)), Lab(read(SPIRAL))
    one.run(900)
    for epochs in (1, 7, 92, 300, 500):
        many.run(epochs)
    assert (one.weights() == many.weights()).all()
    assert one.curve == many.curve and len(one.curve) <= CURVE + 1
    assert len(one.path) == len(many.path) <= PATH


def test_pictures_are_what_the_network_says() -> None:
    lab = trained(read("data=circle&hidden=3&epoch=40"))
    _, arrays = unpack(lab.frame({}, (0, 1)))
    said = lab.model.predict(inputs(grid(), ("x1", "x2")), verbose=0)
    wanted = np.round((np.clip(said[:, 0], -1, 1) + 1) * 127).reshape(100, 100)
    assert np.abs(arrays["map"][0].astype(int) - wanted).max() <= 1
    # The centre is inside the circle, the corners are not; row 0 is the top.
    assert arrays["map"][0, 50, 50] > 200 and arrays["map"][0, 0, 0] < 100
    assert arrays["small"].shape == (4, 50, 50)
    kernel, bias = lab.model.get_weights()[:2]
    second = np.tanh((grid() * kernel[:, 1]).sum(axis=1) + bias[1])
    wanted = np.round((second + 1) * 127).reshape(1, 100, 100)
    assert np.abs(arrays["watched"].astype(int) - wanted).max() <= 1
    assert (arrays["weights"] == lab.weights()).all()


def test_losses_are_means_over_points() -> None:
    lab = trained(read("data=hills&hidden=4&epoch=5"))
    said = lab.model.predict(lab.points.x, verbose=0)
    errors = 0.5 * (said - lab.points.targets) ** 2
    count = lab.points.train_count
    assert lab.losses == pytest.approx((errors[:count].mean(), errors[count:].mean()))
    lab = trained(read("data=clouds&hidden=4&epoch=5"))
    said = lab.model.predict(lab.points.x, verbose=0)
    right = -np.log(said[np.arange(len(said)), lab.points.labels])
    assert lab.losses[0] == pytest.approx(right[: lab.points.train_count].mean())


def test_the_surface_is_the_loss() -> None:
    lab = trained(read("data=xor&hidden=4&epoch=60"))
    head, arrays = unpack(lab.surface())
    assert arrays["losses"].shape == (31, 31)
    assert arrays["losses"][15, 15] == pytest.approx(lab.losses[0], rel=1e-5)
    # The path ends where the weights are now, and stays inside.
    assert np.abs(arrays["path"][-1]).max() < 1e-6
    assert np.abs(arrays["path"]).max() <= 0.81 and head["reach"] > 0


def test_one_weight_has_a_surface_too() -> None:
    lab = Lab(read("data=gauss&features=x1&hidden=none"))
    _, arrays = unpack(lab.surface())
    assert np.isfinite(arrays["losses"]).all()


@pytest.mark.parametrize(("penalty", "rate"), [("l1", 0.03), ("l2", 0.1)])
def test_penalties_make_weights_smaller(penalty: str, rate: float) -> None:
    plain = trained(read("data=gauss&epoch=60"))
    small = trained(read(f"data=gauss&penalty={penalty}&penalty_rate={rate}&epoch=60"))
    kernels = [np.abs(lab.model.get_weights()[0]).mean() for lab in (plain, small)]
    assert kernels[1] < 0.7 * kernels[0]


CHANGES = {
    "data": "xor",
    "classes": 4,
    "seed": 9,
    "noise": 10,
    "share": 70,
    "features": ["x1"],
    "hidden": [3],
    "activation": "relu",
    "output": "softmax",
    "start": 9,
    "optimizer": "adam",
    "penalty": "l1",
    "penalty_rate": 0.1,
    "rate": 0.3,
    "batch": 5,
    "speed": "5",
    "discrete": True,
    "test": True,
}


@pytest.mark.parametrize("name", [name for name in EFFECTS if name != "own"])
def test_what_each_setting_changes(name: str) -> None:
    lab = Lab(read("hidden=2"))
    lab.run(2)
    points, weights = lab.points.xy, lab.weights()
    effect = lab.change({name: CHANGES[name]})
    restarted = EFFECTS[name] in ("data", "network")
    assert lab.epoch == (0 if restarted else 2)
    if not restarted:
        assert effect == EFFECTS[name] and (lab.weights() == weights).all()
    if EFFECTS[name] != "data":
        assert (lab.points.xy == points).all()
    again = trained(read(written(lab.address)))
    assert (again.weights() == lab.weights()).all()
    assert again.settings == lab.settings
    assert lab.change({name: CHANGES[name]}) == ""


def test_a_bad_change_changes_nothing() -> None:
    lab = Lab(read("hidden=2"))
    before = lab.settings
    for bad in ({"rate": -1}, {"hidden": [99]}, {"colour": 1}, {"data": "own"}):
        with pytest.raises(PlaygroundError):
            lab.change(bad)
    assert lab.settings is before


def test_reset_and_regenerate() -> None:
    lab = Lab(read("hidden=2&epoch=0"))
    points, weights = lab.points.xy, lab.weights()
    lab.restart()
    assert (lab.points.xy == points).all() and (lab.weights() != weights).any()
    lab.regenerate()
    assert (lab.points.xy != points).any() and lab.settings.seed == 2


def test_an_overflow_stops() -> None:
    lab = Lab(read("data=plane&hidden=none&activation=linear&rate=10"))
    lab.run(50)
    assert lab.broken and lab.epoch < 50
    head, _ = unpack(lab.frame({}, None))
    assert head["train"] is None


def test_a_large_network_fits_into_a_frame() -> None:
    lab = Lab(Address(Settings(hidden=(32,) * 10)))
    lab.run(1)
    assert len(lab.frame({}, None)) < 250_000


def test_the_terminal_gets_no_advice(caplog: pytest.LogCaptureFixture) -> None:
    fragment = "data=plane&hidden=8-8&activation=linear&rate=10&epoch=30"
    with caplog.at_level("WARNING"):
        Lab(read(fragment)).run(30)
    assert not [line for line in caplog.messages if "doctor" in line]


@pytest.mark.parametrize(("count", "size"), [(3, 5), (60, 7), (40, 900)])
def test_the_surface_lies_where_the_path_went_furthest(count: int, size: int) -> None:
    rng = np.random.default_rng(count)
    path = np.cumsum(rng.normal(size=(count, size)), axis=0).astype(np.float32)
    weights = path[-1]
    rows = np.linalg.svd((path - weights).astype(np.float64), full_matrices=False)[2]
    for mine, theirs in zip(_directions(weights, path), rows, strict=False):
        assert abs(float((mine * theirs).sum())) == pytest.approx(1, abs=1e-6)
        assert mine[np.abs(mine).argmax()] > 0


def test_a_straight_path_has_two_directions_too() -> None:
    path = np.arange(6, dtype=np.float32)[:, None] * np.ones(4, np.float32)
    first, second = _directions(path[-1], path)
    np.testing.assert_allclose(first, np.full(4, 0.5))
    assert abs(float((first * second).sum())) < 1e-9
    assert float((second * second).sum()) == pytest.approx(1)


def test_a_survey_that_failed_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(Address(Settings()))
    lab.run(3)

    def broken(*args: object) -> Iterator[None]:
        yield None
        raise np.linalg.LinAlgError("no")

    with monkeypatch.context() as patch:
        patch.setattr(Surface, "view", broken)
        with pytest.raises(np.linalg.LinAlgError):
            lab.survey(10.0)
    assert not lab.surveying
    assert lab.survey(60.0) is not None
