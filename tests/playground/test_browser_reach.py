"""The pages by touch, by keyboard, in a notebook's frame, and for screen readers.

`make browser` runs this, as `test_browser` does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rillet.playground import show

from .browsing import DIGIT_SEVEN, address, number, picture, text_of, wait_until

pytestmark = pytest.mark.browser

OPEN_ALL = "() => document.querySelectorAll('details').forEach((d) => (d.open = 1))"
PAGES = ("playground", "perceptron", "digits")
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def stroke(tab: Any, selector: str, places: list[tuple[float, float]]) -> None:
    """Draw with a finger: places are parts of an element's width and height."""
    tab.locator(selector).scroll_into_view_if_needed()
    box = tab.locator(selector).bounding_box()
    finger = tab.context.new_cdp_session(tab)

    def put(kind: str, *at: tuple[float, float]) -> None:
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            for x, y in at
        ]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    put("touchStart", places[0])
    for (x0, y0), (x1, y1) in zip(places, places[1:], strict=False):
        for i in range(1, 9):
            put("touchMove", (x0 + (x1 - x0) * i / 8, y0 + (y1 - y0) * i / 8))
    # A finger that rests before it leaves flings nothing; a tap then is a tap.
    time.sleep(0.2)
    put("touchMove", places[-1])
    put("touchEnd")


def test_a_finger_draws_a_digit(opened: Any) -> None:
    tab = opened("digits", **PHONE)
    text_of(tab, "#progress", "% of 10,000", 120_000)
    tab.locator("#pad").scroll_into_view_if_needed()
    before = tab.evaluate("() => scrollY")
    stroke(tab, "#pad", DIGIT_SEVEN)
    text_of(tab, "#verdict", "It reads a 7")
    assert tab.evaluate("() => scrollY") == before


def test_a_finger_draws_points_and_opens_a_neuron(opened: Any) -> None:
    tab = opened(fragment="hidden=3&rate=0.1&speed=full", **PHONE)
    text_of(tab, "#epoch", "0")
    tab.tap("#own-panel summary")
    tab.tap("#draw")
    for pen, y in ((0, 0.2), (1, 0.8)):
        tab.check(f'input[name="pen"][value="{pen}"]')
        stroke(tab, "#map-box", [(0.2, y), (0.8, y)])
    wait_until(lambda: "data=own" in address(tab))
    assert int(tab.inner_text("#drawn-count").split()[0]) > 8
    tab.tap("#play")
    wait_until(lambda: number(tab, "#train-loss") < 0.05)
    tab.tap('[data-key="node-0-1"]')
    text_of(tab, "#editor-title", "Neuron 2 of layer 1")


def test_a_phone_shows_buttons_and_picture_together(opened: Any) -> None:
    tab = opened(**PHONE)
    text_of(tab, "#epoch", "0")
    before = picture(tab)
    tab.tap("#play")
    wait_until(lambda: picture(tab) != before)
    for selector in ("#play", "#epoch", "#test-loss", "#map-box"):
        box = tab.locator(selector).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 844, selector
    # The buttons stay when one scrolls down to the network.
    tab.locator("#stage").scroll_into_view_if_needed()
    tab.evaluate("() => scrollTo(0, 900)")
    wait_until(lambda: -1 <= tab.locator("#play").bounding_box()["y"] < 60)


@pytest.fixture
def notebook() -> Iterator[str]:
    """The address of a page of another origin that shows the playground in a frame."""
    inner = show(800, 700, address="hidden=2&data=gauss")._repr_html_()
    content = f"<!doctype html><title>Notebook</title>{inner}".encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if self.path == "/":
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_notebooks_frame_trains_and_its_page_may_not(
    browser: Any, notebook: str
) -> None:
    tab = browser.new_page(viewport={"width": 1000, "height": 900})
    tab.goto(notebook)
    assert tab.locator("iframe").bounding_box()["width"] == 800
    frame = tab.frame_locator("iframe")
    frame.locator("#play").click()
    wait_until(lambda: int(frame.locator("#epoch").inner_text().replace(",", "")) > 20)
    # The page around the frame is of another origin: it gets no network of its own.
    opened = tab.evaluate(
        """at => new Promise((done) => {
            const socket = new WebSocket(at);
            socket.onopen = () => done(true);
            socket.onerror = () => done(false);
        })""",
        show().address.replace("http", "ws") + "live/playground",
    )
    assert not opened
    tab.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_control_has_name_role_and_state(opened: Any, page: str) -> None:
    tab = opened(page)
    time.sleep(0.5)
    tab.evaluate(OPEN_ALL)
    tab.wait_for_timeout(300)
    tree = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")
    seen = 0
    for node in tree["nodes"]:
        held = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
        role = node.get("role", {}).get("value")
        if node["ignored"] or not held.get("focusable") or role == "RootWebArea":
            continue
        seen += 1
        assert node["name"]["value"].strip(), node
        assert role not in ("generic", "none"), node
        if role in ("checkbox", "radio"):
            assert "checked" in held, node
        if role == "slider":
            assert node["value"]["value"] is not None, node
    assert seen >= {"playground": 45, "perceptron": 20, "digits": 8}[page]
    if page == "playground":
        assert tab.get_attribute("#play", "aria-pressed") == "false"
        assert tab.get_attribute('[data-key="input-x1"]', "aria-pressed") == "true"


#: Text whose contrast with what lies behind it is under 4.5, by WCAG's formula.
PALE = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const shade = parse(getComputedStyle(at).backgroundColor);
      if (shade.length < 4 || shade[3] === 1) return shade;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility() || element.closest(':disabled')) continue;
    const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_stands_out(opened: Any, page: str, scheme: str) -> None:
    tab = opened(page, color_scheme=scheme)
    tab.wait_for_timeout(400)
    tab.evaluate(OPEN_ALL)
    tab.wait_for_timeout(400)
    assert tab.evaluate(PALE) == []


def test_a_network_is_built_and_trained_without_a_mouse(opened: Any) -> None:
    tab = opened(fragment="hidden=2", viewport={"width": 1280, "height": 800})
    text_of(tab, "#epoch", "0")
    here = "() => document.activeElement.id || document.activeElement.dataset.key || ''"
    ringed = """() => {
        const focused = document.activeElement;
        const shown = focused.name === 'set' ? focused.nextElementSibling : focused;
        const around = focused.closest('.file') ?? shown;
        return getComputedStyle(around).outlineStyle === 'solid';
    }"""

    def walk_to(wanted: str) -> None:
        for _ in range(90):
            tab.keyboard.press("Tab")
            if tab.evaluate("() => document.activeElement !== document.body"):
                skip = tab.evaluate("() => document.activeElement.className === 'skip'")
                assert skip or tab.evaluate(ringed), tab.evaluate(here)
            if tab.evaluate(here) == wanted:
                return
        raise AssertionError(f"Tab never comes to {wanted}")

    walk_to("input-x1_squared")
    tab.keyboard.press("Space")
    wait_until(lambda: "x1_squared" in address(tab))
    assert tab.evaluate(here) == "input-x1_squared"
    walk_to("input-x2_squared")
    tab.keyboard.press("Enter")
    wait_until(lambda: "x2_squared" in address(tab))
    walk_to("+0")
    tab.keyboard.press("Enter")
    wait_until(lambda: "hidden=3" in address(tab))
    walk_to("node-0-0")
    text_of(tab, "#showing", "Neuron 1 of layer 1")
    tab.keyboard.press("Enter")
    tab.keyboard.type("0.25")
    tab.keyboard.press("Enter")
    wait_until(lambda: "b.0.0:0.25" in address(tab))
    tab.keyboard.press("Escape")
    assert tab.evaluate(here) == "node-0-0"
    walk_to("play")
    tab.keyboard.press("Enter")
    wait_until(lambda: number(tab, "#test-loss") < 0.05)
    tab.keyboard.press("Space")
    text_of(tab, "#play", "Play")


def test_training_is_told_now_and_then(opened: Any) -> None:
    tab = opened(fragment="hidden=2")
    text_of(tab, "#epoch", "0")
    tab.evaluate(
        """() => {
            window.told = [];
            const live = document.querySelector('#live');
            new MutationObserver(() => told.push(live.textContent))
                .observe(live, { childList: true, characterData: true, subtree: true });
        }"""
    )
    tab.click("#play")
    wait_until(lambda: number(tab, "#epoch") > 120)
    tab.click("#play")
    text_of(tab, "#play", "Play")
    tab.wait_for_timeout(200)
    told = tab.evaluate("() => told")
    # Some hundred pictures came; a screen reader heard two sentences or three.
    assert 1 <= len(told) <= 3 and "test loss" in told[-1]


def test_nothing_moves_for_those_who_ask(opened: Any) -> None:
    tab = opened("digits", reduced_motion="reduce")
    moving = (
        "() => getComputedStyle(document.querySelector('.fill')).transitionDuration"
    )
    assert tab.evaluate(moving) == "0s"
    assert opened("digits").evaluate(moving) == "0.12s"
