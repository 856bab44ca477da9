"""The pages in headless Chromium; `make browser` runs this.

``RILLET_CHROMIUM`` names the browser, else `chromium` is looked for. Screenshots are
kept in the folder that ``RILLET_SCREENSHOTS`` names.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from rillet.playground.address import read

from .browsing import (
    address,
    drop,
    number,
    picture,
    settled,
    text_of,
    wait_until,
)

pytestmark = pytest.mark.browser

PAGES = ("playground", "perceptron", "digits")
SPIRAL = (
    "data=spiral&features=x1,x2,sin_x1,sin_x2&hidden=8-8&activation=tanh"
    "&rate=0.03&batch=10&share=50"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_at_every_width(
    opened: Any, tmp_path: Path, page: str, width: int, scheme: str
) -> None:
    size = {"width": width, "height": {390: 844, 1280: 800, 1920: 1080}[width]}
    fragment = f"{SPIRAL}&epoch=200" if page == "playground" else ""
    tab = opened(page, fragment, viewport=size, color_scheme=scheme)
    settled(tab, page)
    if page == "playground":
        tab.click("#surface-panel summary")
        text_of(tab, "#surface-said", "Around the weights of epoch 200")
        tab.click("#code-panel summary")
        text_of(tab, "#code", "tf.keras.Sequential")
    # Nothing sticks out to the right, and every control has a name.
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll('button, input, select')].filter(
            (e) => !e.textContent.trim() && !e.ariaLabel && !(e.labels?.length)
        ).map((e) => e.outerHTML)"""
    )
    assert nameless == []
    shade = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, shade[4:-1].split(","))) < 60) == (scheme == "dark")
    folder = Path(os.environ.get("RILLET_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{page}-{width}-{scheme}.png"
    tab.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize("width", [800, 1280, 1920])
def test_an_open_panel_leaves_no_page_empty(opened: Any, width: int) -> None:
    tab = opened(fragment="hidden=2&epoch=20", viewport={"width": width, "height": 900})
    tab.click("#surface-panel summary")
    text_of(tab, "#surface-said", "Around the weights of epoch 20")
    panels = tab.locator(".panels").bounding_box()
    panel = tab.locator("#surface-panel").bounding_box()
    canvas = tab.locator("#surface").bounding_box()
    text = tab.locator("#surface-said").bounding_box()
    assert panel["width"] == panels["width"]
    # Words stand beside the picture, not above it, and it fills its half.
    assert text["x"] + text["width"] <= canvas["x"]
    assert panel["height"] < canvas["height"] + 140
    assert canvas["width"] == canvas["height"] >= min(340, width / 2 - 120)
    low, middle, high = (
        float(each) for each in tab.locator("#surface-scale span").all_inner_texts()
    )
    assert low < middle < high
    # Ticks say how far the weights are moved: as far to each side.
    for side in ("#surface-0", "#surface-1"):
        marks = tab.locator(f"{side} span").all_inner_texts()
        moved = [float(each.replace("−", "-")) for each in marks]
        assert moved == [-each for each in reversed(moved)] and 0 in moved
    tab.click("#surface-panel summary")
    tops = [
        tab.locator(f"#{name}-panel").bounding_box()["y"]
        for name in ("own", "surface", "code")
    ]
    assert len(set(tops)) == (1 if width >= 1120 else 3)


def test_values_far_outside_are_told(opened: Any) -> None:
    rows = "".join(f"{i % 10},{i % 7},{i % 2}\n" for i in range(60))
    tab = opened(fragment="hidden=2")
    tab.click("#own-panel summary")
    table = {"name": "t.csv", "mimeType": "text/csv"}
    content = f"a,b,kind\n{rows}1e308,3,1\n".encode()
    tab.set_input_files("#file", table | {"buffer": content})
    text_of(tab, "#data-note", "1 value of a lies far outside and stands at the edge")
    text_of(tab, "#ticks-0", "02468")


def test_the_spiral_from_its_address(opened: Any) -> None:
    tab = opened(fragment=f"{SPIRAL}&epoch=200")
    settled(tab, "playground")
    assert number(tab, "#test-loss") < 0.05
    # The same link, elsewhere: the same pixels.
    other = opened(fragment=address(tab).partition("#")[2])
    settled(other, "playground")
    assert picture(other) == picture(tab)
    assert address(other) == address(tab)


def test_thirty_pictures_a_second(opened: Any) -> None:
    size = {"width": 1280, "height": 800}
    tab = opened(fragment=f"{SPIRAL}&speed=full", viewport=size)
    tab.click("#play")
    wait_until(lambda: number(tab, "#epoch") > 20)
    rates = []
    for _ in range(4):
        before = tab.evaluate("() => [playgroundStats.frames, performance.now()]")
        time.sleep(1)
        after = tab.evaluate("() => [playgroundStats.frames, performance.now()]")
        rates.append((after[0] - before[0]) / (after[1] - before[1]) * 1000)
    print("pictures a second:", [round(rate, 1) for rate in rates])
    assert max(rates) >= 30


def test_a_dropped_table_is_trained(opened: Any) -> None:
    rows = [
        f"{i % 20},{i * 7 % 31},{'good' if i % 20 > 9 else 'bad'}" for i in range(300)
    ]
    tab = opened(fragment="hidden=4&rate=0.1")
    text_of(tab, "#epoch", "0")
    drop(tab, "temperature,minutes,taste\n" + "\n".join(rows))
    text_of(tab, "#legend", "good")
    text_of(tab, "#axis-name", "temperature")
    text_of(tab, "#inputs-said", "x₁ is temperature; x₂ is minutes")
    tab.click("#play")
    wait_until(lambda: number(tab, "#test-loss") < 0.02)
    tab.click("#play")
    assert "own=" in address(tab)
    tab.reload()
    text_of(tab, "#legend", "good")


def test_refused_columns_and_files_leave_all_as_it_was(opened: Any) -> None:
    rows = [f"cow {i},{i},{i * 7 % 31},{'ab'[i % 2]}" for i in range(40)]
    tab = opened(fragment="hidden=2")
    text_of(tab, "#epoch", "0")
    drop(tab, "name,age,milk,breed\n" + "\n".join(rows))
    text_of(tab, "#axis-name", "age")
    chosen = "() => [0, 1, 2].map((i) => document.querySelector(`#column-${i}`).value)"
    # The columns of numbers that were taken, not the first two.
    wait_until(lambda: tab.evaluate(chosen) == ["1", "2", "3"])
    before = address(tab)
    tab.select_option("#column-0", "0")
    text_of(tab, "#notice", "column name must hold numbers")
    assert tab.evaluate(chosen) == ["1", "2", "3"] and address(tab) == before
    drop(tab, "nothing")
    text_of(tab, "#notice", "stands in every line")
    assert tab.evaluate(chosen) == ["1", "2", "3"] and address(tab) == before
    # The table is still the first one, and what was wrong is told no longer. Columns
    # change places.
    tab.select_option("#column-0", "2")
    text_of(tab, "#axis-name", "milk")
    wait_until(lambda: tab.evaluate(chosen) == ["2", "1", "3"])
    assert not tab.is_visible("#notice")


def test_ten_numbers_are_classes_or_values(opened: Any) -> None:
    rows = [f"{i % 10},{i * 7 % 31},{i % 10}" for i in range(200)]
    tab = opened(fragment="hidden=6&rate=0.1&optimizer=adam")
    text_of(tab, "#epoch", "0")
    drop(tab, "a,b,digit\n" + "\n".join(rows))
    text_of(tab, "#legend", "9")
    assert tab.locator("#legend span").count() == 10
    assert tab.locator('[data-key="node-1-9"]').count() == 1
    shade = "marks => marks.map((mark) => mark.style.background)"
    assert len(set(tab.eval_on_selector_all("#legend i", shade))) == 10
    tab.select_option("#label-kind", "values")
    text_of(tab, "#legend", "digit:")
    assert tab.locator('[data-key="node-1-0"]').count() == 1
    assert tab.locator('[data-key="node-1-1"]').count() == 0
    tab.select_option("#column-0", "1")
    text_of(tab, "#axis-name", "b")
    # What one chose stays while the label does.
    wait_until(lambda: tab.input_value("#label-kind") == "values")
    tab.select_option("#label-kind", "classes")
    wait_until(lambda: tab.locator("#legend span").count() == 10)


def test_points_drawn_by_hand(opened: Any) -> None:
    tab = opened(fragment="hidden=3", viewport={"width": 1280, "height": 900})
    tab.click("#own-panel summary")
    tab.click("#draw")
    for pen, (x, y) in ((0, (0.2, 0.3)), (1, (0.8, 0.7))):
        tab.check(f'input[name="pen"][value="{pen}"]')
        tab.locator("#map-box").scroll_into_view_if_needed()
        box = tab.locator("#map-box").bounding_box()
        left, top = box["x"] + x * box["width"], box["y"] + y * box["height"]
        tab.mouse.move(left, top)
        tab.mouse.down()
        tab.mouse.move(left + 60, top + 40, steps=12)
        tab.mouse.up()
    text_of(tab, "#drawn-count", "points.")
    wait_until(lambda: "data=own" in address(tab))
    tab.click("#play")
    wait_until(lambda: number(tab, "#train-loss") < 0.02)
    tab.fill("#point-x1", "3")
    count = int(tab.inner_text("#drawn-count").split()[0])
    tab.click("#add-point")
    text_of(tab, "#drawn-count", str(count + 1))
    tab.fill("#point-x1", "7")
    tab.click("#add-point")
    text_of(tab, "#notice", "numbers from −6 to 6")
    text_of(tab, "#drawn-count", str(count + 1))


def points_in(link: str) -> int:
    """How many points of one's own a link brings."""
    own = read(link.partition("#")[2]).settings.own
    return 0 if own is None else len(own.xy)


def test_every_press_is_a_point(opened: Any) -> None:
    tab = opened(fragment="hidden=3", viewport={"width": 1280, "height": 900})
    wait_until(lambda: "hidden=3" in address(tab) and "seed=1" in address(tab))
    tab.click("#own-panel summary")
    tab.click("#draw")
    # Drawing goes on while the network is changed.
    tab.click("#more")
    wait_until(lambda: "hidden=3-4" in address(tab))
    for i in range(5):
        # The last two lie on one another.
        place = {"x": 100 + 7 * min(i, 3), "y": 100}
        tab.locator("#dots").click(position=place)
    text_of(tab, "#drawn-count", "5 points.")
    # The address follows the points within a second.
    wait_until(lambda: points_in(address(tab)) == 5)
    # Whoever opens the link goes on drawing.
    tab.reload()
    text_of(tab, "#legend", "1")
    tab.click("#own-panel summary")
    tab.click("#draw")
    text_of(tab, "#drawn-count", "5 points.")
    tab.click("#add-point")
    text_of(tab, "#drawn-count", "6 points.")
    tab.click("#clear")
    text_of(tab, "#drawn-count", "0 points.")


def test_an_edited_weight_is_redrawn(opened: Any) -> None:
    tab = opened(fragment="hidden=3&epoch=30")
    text_of(tab, "#epoch", "30")
    wait_until(lambda: "epoch=30" in address(tab))
    before = picture(tab)
    tab.click('button[data-key="node-1-0"]')
    field = tab.locator("#editor").get_by_label("Weight from neuron 2")
    field.fill("4")
    field.press("Enter")
    wait_until(lambda: picture(tab) != before)
    wait_until(lambda: "w.1.1.0:4.0" in address(tab))
    field.press("Escape")
    focus = tab.evaluate("() => document.activeElement.dataset.key")
    assert focus == "node-1-0" and not tab.is_visible("#editor")


def test_a_link_is_edited_where_it_is_drawn(opened: Any) -> None:
    tab = opened(fragment="hidden=none", viewport={"width": 1280, "height": 800})
    text_of(tab, "#epoch", "0")
    tab.locator("#stage").scroll_into_view_if_needed()
    ends = [tab.locator(f'[data-key="{k}"]') for k in ("input-x1", "node-0-0")]
    for end in ends:
        end.wait_for()
    wait_until(lambda: all(end.bounding_box() for end in ends))
    first, last = (end.bounding_box() for end in ends)
    x = (first["x"] + first["width"] + last["x"]) / 2
    tab.mouse.move(x, first["y"] + first["height"] / 2)
    text_of(tab, ".tip", "weight")
    tab.mouse.click(x, first["y"] + first["height"] / 2)
    field = tab.locator("#editor").get_by_label("Weight from x₁")
    field.fill("-1.5")
    field.press("Enter")
    wait_until(lambda: "w.0.0.0:-1.5" in address(tab))


def test_a_neuron_is_seen_large(opened: Any) -> None:
    tab = opened(fragment="hidden=4&epoch=20")
    text_of(tab, "#epoch", "20")
    before = picture(tab)
    tab.hover('button[data-key="node-0-1"]')
    text_of(tab, "#showing", "Neuron 2 of layer 1")
    wait_until(lambda: picture(tab) != before)
    tab.mouse.move(1, 1)
    text_of(tab, "#showing", "The output")
    wait_until(lambda: picture(tab) == before)


def test_two_pages_at_once(opened: Any) -> None:
    one, two = opened(fragment="data=xor&hidden=4"), opened(fragment="data=gauss")
    for tab in (one, two):
        tab.click("#play")
    wait_until(lambda: number(one, "#epoch") > 100 and number(two, "#epoch") > 100)
    one.click("#play")
    text_of(one, "#play", "Play")
    still = number(one, "#epoch")
    before = number(two, "#epoch")
    wait_until(lambda: number(two, "#epoch") > before + 50)
    assert number(one, "#epoch") == still


def test_every_control(opened: Any) -> None:
    tab = opened(fragment="hidden=2")
    choices = {
        "#activation": "relu",
        "#optimizer": "adam",
        "#penalty": "l1",
        "#penalty_rate": "0.01",
        "#rate": "0.003",
        "#output": "softmax",
        "#speed": "5",
    }
    for selector, value in choices.items():
        tab.select_option(selector, value)
        wait_until(lambda s=selector, v=value: f"{s[1:]}={v}" in address(tab))
    tab.check('input[name="set"][value="arms"]', force=True)
    wait_until(lambda: "data=arms" in address(tab))
    text_of(tab, "#legend", "class 2")
    for slider, key in (
        ("#noise", "noise=5"),
        ("#batch", "batch=11"),
        ("#share", "60"),
    ):
        tab.focus(slider)
        tab.keyboard.press("ArrowRight")
        wait_until(lambda k=key: k in address(tab))
    for button, told in (
        ("#more", "hidden=2-4"),
        ('[data-key="+0"]', "hidden=3-4"),
        ('[data-key="input-sin_x1"]', "sin_x1"),
    ):
        tab.click(button)
        wait_until(lambda t=told: t in address(tab))
    for box in ("#test", "#discrete"):
        tab.check(box)
        wait_until(lambda b=box: f"{b[1:]}=yes" in address(tab))
    for button, key in (("#reset", "start=2"), ("#regenerate", "seed=2")):
        tab.click(button)
        wait_until(lambda k=key: k in address(tab))
    tab.click("#step")
    text_of(tab, "#epoch", "1")


def test_a_bad_address_is_told(opened: Any) -> None:
    tab = opened(fragment="data=moon&hidden=3-3&rate=abc&activation=relu&epoch=4")
    text_of(tab, "#notice", "data: must be one of circle")
    text_of(tab, "#notice", "rate: must be a number: 'abc'")
    text_of(tab, "#epoch", "4")
    assert tab.input_value("#activation") == "relu"
    assert "hidden=3-3" in address(tab)
    tab.click("#notice button")
    assert not tab.is_visible("#notice")


def test_the_keyboard_alone(opened: Any) -> None:
    tab = opened(fragment="hidden=2")
    text_of(tab, "#epoch", "0")
    tab.focus("#play")
    tab.keyboard.press("Enter")
    wait_until(lambda: number(tab, "#epoch") > 5)
    tab.keyboard.press("Space")
    text_of(tab, "#play", "Play")
    text_of(tab, "#live", "training loss")
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    assert tab.evaluate(outline) == "solid"
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("() => document.activeElement.id"))
    assert {"step", "rate", "optimizer", "noise", "more", "test", "discrete"} <= reached


def test_colours_switch(opened: Any) -> None:
    tab = opened(color_scheme="light")
    text_of(tab, "#epoch", "0")
    shade = "() => getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(shade)
    tab.click("#theme")
    assert tab.evaluate(shade) != before
    tab.reload()
    assert tab.evaluate(shade) != before


def test_weights_and_program_are_saved(opened: Any) -> None:
    tab = opened(fragment="hidden=2&epoch=3", accept_downloads=True)
    text_of(tab, "#epoch", "3")
    tab.click("#code-panel summary")
    text_of(tab, "#code", "train(3, batch_size=10)")
    with tab.expect_download() as saved:
        tab.click("#weights-save")
    content = Path(saved.value.path()).read_bytes()
    assert content[:8] == b"\x89HDF\r\n\x1a\n"
    with tab.expect_download() as saved:
        tab.click("#code-save")
    assert saved.value.suggested_filename == "playground.py"


def test_the_concert(opened: Any) -> None:
    tab = opened("perceptron")
    text_of(tab, "#verdict", "1.6 > 1.5: yes")
    tab.fill("#threshold", "1.6")
    text_of(tab, "#verdict", "1.6 is not above 1.6: no")


def test_perceptron_and_trainer_finish(opened: Any) -> None:
    tab = opened("perceptron")
    text_of(tab, "#p-wrong", "of 500")
    tab.click("#p-step")
    tab.select_option("#p-speed", "0")
    tab.select_option("#t-speed", "0")
    tab.click("#p-play")
    tab.click("#t-play")
    wait_until(lambda: number(tab, "#t-steps") > 50)
    wait_until(lambda: number(tab, "#p-passes") > 20)
    tab.click("#p-new")
    text_of(tab, "#p-passes", "0")


def test_digits_answer(opened: Any) -> None:
    tab = opened("digits")
    settled(tab, "digits")
    tab.focus("#units")
    tab.keyboard.press("ArrowRight")
    text_of(tab, "#unit-said", "speaks most for")
    tab.click("#example")
    text_of(tab, "#verdict", "The image shows a")
    tab.click("#clear")
    text_of(tab, "#bars", "–")
