"""Pictures of `rillet.explain` in Chromium: they move, and have both colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet import explain

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(browser: Any, tmp_path: Path) -> Any:
    """Opens a saved picture; none may have written an error or asked the network."""
    contexts, said = [], []

    def shown(picture: Any, **options: Any) -> Any:
        path = tmp_path / f"{len(contexts)}.html"
        picture.save(path)
        context = browser.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda m: said.append(m.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on(
            "request",
            lambda r: None if r.url.startswith("file:") else said.append(r.url),
        )
        tab.goto(path.as_uri())
        return tab

    yield shown
    for context in contexts:
        context.close()
    assert said == []


def places(tab: Any) -> np.ndarray:
    return np.array(
        tab.evaluate(
            """[...document.querySelectorAll("circle")].map(
                (dot) => [dot.cx.baseVal.value, dot.cy.baseVal.value])"""
        )
    )


def test_uncrumple_plays(shown: Any) -> None:
    picture = explain.uncrumple(2, 40, 20)
    tab = shown(picture)
    first = places(tab)
    tab.wait_for_function("Number(document.querySelector('input').value) > 0.5")
    assert np.abs(places(tab) - first).max() > 1
    tab.wait_for_function("document.querySelector('button').textContent === 'Play'")
    assert tab.locator("output").inner_text().startswith("after layer 2: ")
    last = places(tab)
    points = picture.stages[-1]
    side = (points[:, 0] - points[:, 0].min()) / np.ptp(points[:, 0])
    np.testing.assert_allclose(last[:, 0], 14 + 372 * side, atol=0.06)
    tab.locator("button").click()  # from the start
    tab.wait_for_function("Number(document.querySelector('input').value) < 1")
    tab.locator("button").click()
    kept = places(tab)
    tab.wait_for_timeout(100)
    np.testing.assert_array_equal(places(tab), kept)
    tab.locator("input").fill("2")
    np.testing.assert_array_equal(places(tab), last)
    said = tab.locator("output").inner_text()
    assert tab.locator("input").get_attribute("aria-valuetext") == said


def test_uncrumple_is_read_out_once_a_stage(shown: Any) -> None:
    tab = shown(explain.uncrumple(2, 40, 20))
    # Playing again from the start, with somebody who counts.
    tab.wait_for_function("document.querySelector('button').textContent === 'Play'")
    tab.evaluate(
        """() => {
            window.spoken = 0;
            new MutationObserver((all) => (window.spoken += all.length)).observe(
                document.querySelector("output"), { childList: true });
            document.querySelector("button").click();
        }"""
    )
    tab.wait_for_function("Number(document.querySelector('input').value) > 0.1")
    tab.wait_for_function("document.querySelector('button').textContent === 'Play'")
    assert tab.evaluate("window.spoken") == 3


def test_uncrumple_waits_where_motion_is_unwelcome(shown: Any) -> None:
    tab = shown(explain.uncrumple(1, 20, 1), reduced_motion="reduce")
    tab.wait_for_timeout(100)
    assert tab.locator("input").input_value() == "0"
    assert tab.locator("button").inner_text() == "Play"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_have_the_readers_colours(shown: Any, scheme: str) -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    tab = shown(explain.network(model), color_scheme=scheme)
    paper, ink = tab.evaluate(
        """["svg", "text"].map((name) => {
            const style = getComputedStyle(document.querySelector(name));
            return name === "svg" ? style.backgroundColor : style.fill; })"""
    )
    light = {"light": ("rgb(255, 255, 255)", "rgb(31, 35, 40)")}
    assert (paper, ink) == light.get(scheme, ("rgb(22, 25, 29)", "rgb(230, 233, 237)"))


def test_small_numbers_are_told_by_their_digits(opened: Any) -> None:
    tab = opened(fragment="hidden=1")
    told = tab.evaluate(
        "async () => { const { short } = await import('/common.js'); return"
        " [0, 0.000416, -0.0042, 5e-9, 0.0123, -1.5, 12345, null].map(short); }"
    )
    assert told == [
        "0.000", "0.00042", "−0.0042", "5.0e−9", "0.012", "−1.500", "1.23e+4", "–"
    ]  # fmt: skip
