"""The output picture's axes: ticks in the units of the data."""

from __future__ import annotations

from typing import Any

import pytest

from .browsing import drop, text_of

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("low", "high", "labels", "unit"),
    [
        (-6, 6, ["−6", "−4", "−2", "0", "2", "4", "6"], ""),
        (-0.9, 9.9, ["0", "2", "4", "6", "8"], ""),
        (0.1, 0.31, ["0.10", "0.15", "0.20", "0.25", "0.30"], ""),
        (0, 2.4e5, ["0", "50,000", "100,000", "150,000", "200,000"], ""),
        (-1e12, 3e12, ["−1", "0", "1", "2", "3"], ", in 10¹²"),
        (1e-7, 6e-7, ["100", "200", "300", "400", "500", "600"], ", in 10⁻⁹"),
        (1e12, 1e12 + 9, ["0", "2", "4", "6", "8"], " − 1,000,000,000,000"),
        (-1e12 - 9, -1e12, ["−8", "−6", "−4", "−2", "0"], " + 1,000,000,000,000"),
        (-1.2e308, 1.2e308, ["−100", "−50", "0", "50", "100"], ", in 10³⁰⁶"),
    ],
)
def test_ticks(
    opened: Any, low: float, high: float, labels: list[str], unit: str
) -> None:
    tab = opened()
    told = tab.evaluate(
        "ends => import('/axis.js').then(({ ticks }) => ticks(...ends))", [low, high]
    )
    assert [each["label"] for each in told["found"]] == labels
    assert told["unit"] == unit
    power = {"": 1.0}.get(unit.partition(", in ")[2])
    if power and " " not in unit:
        for each in told["found"]:
            value = float(each["label"].replace("−", "-").replace(",", ""))
            assert each["at"] == pytest.approx((value - low) / (high - low), abs=1e-9)


def test_the_perceptrons_pictures_have_scales(opened: Any) -> None:
    tab = opened("perceptron")
    text_of(tab, "#p-said", "Solid: the true line")
    for plot in ("p", "t"):
        picture = tab.locator(f"#{plot}-plot").bounding_box()
        text_of(tab, f"#{plot}-ticks-0", "0100200300400")
        middle = tab.locator(f"#{plot}-ticks-1 span").nth(2).bounding_box()
        at = (middle["y"] + middle["height"] / 2 - picture["y"]) / picture["height"]
        assert at == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("width", [390, 1280])
def test_large_values_have_a_scale_and_nothing_is_cut_off(
    opened: Any, width: int
) -> None:
    tab = opened(fragment="hidden=2", viewport={"width": width, "height": 844})
    text_of(tab, "#epoch", "0")
    rows = [f"{i % 20 * 1e11},{i * 7 % 31 * 9000},{i * 0.37e9}" for i in range(200)]
    drop(tab, "price,area,worth\n" + "\n".join(rows))
    text_of(tab, "#axis-name", "price, in 10¹² →")
    text_of(tab, "#axis-up", "↑ area")
    text_of(tab, "#ticks-0", "0.00.51.01.52.0")
    text_of(tab, "#ticks-1", "200,000")
    text_of(tab, "#legend", "worth, in 10⁹:")
    card = tab.locator(".out").bounding_box()
    picture = tab.locator("#map-box").bounding_box()
    for mark in tab.locator(".ticks span").all():
        box = mark.bounding_box()
        assert box["x"] >= card["x"]
        assert box["x"] + box["width"] <= card["x"] + card["width"]
    # A tick of 0 stands where the picture's 0 is: the prices go from 0 to 1.9e12,
    # which lie between -5 and 5 of a picture from -6 to 6.
    zero = tab.locator("#ticks-0 span").first.bounding_box()
    at = (zero["x"] + zero["width"] / 2 - picture["x"]) / picture["width"]
    assert at == pytest.approx(1 / 12, abs=0.01)
