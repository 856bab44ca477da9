"""What people do on a page and what they see there, for the browser's tests."""

from __future__ import annotations

import time
from typing import Any

#: How long a page may take to learn something small, in milliseconds.
LEARNED = 15_000
#: A seven, in parts of the drawing area.
DIGIT_SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.55), (0.45, 0.85)]


def text_of(tab: Any, selector: str, wanted: str, milliseconds: int = LEARNED) -> None:
    from playwright.sync_api import expect

    expect(tab.locator(selector)).to_contain_text(wanted, timeout=milliseconds)


def number(tab: Any, selector: str) -> float:
    return float(tab.inner_text(selector).replace(",", "").replace("−", "-"))


def wait_until(found: Any, seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


def address(tab: Any) -> str:
    """The page's address as it is now; `tab.url` hears of changes later."""
    return tab.evaluate("() => location.href")


def picture(tab: Any, canvas: str = "#map") -> str:
    """All pixels of a canvas."""
    return tab.evaluate("id => document.querySelector(id).toDataURL()", canvas)


def settled(tab: Any, page: str) -> None:
    """Wait until a page shows what it is for."""
    if page == "playground":
        text_of(tab, "#epoch", "200")
        text_of(tab, "#play", "Play")
    elif page == "perceptron":
        text_of(tab, "#p-wrong", "of 500")
        tab.click("#t-step")
        text_of(tab, "#t-steps", "1")
    else:
        text_of(tab, "#progress", "% of 10,000", 120_000)
        draw_seven(tab)
        text_of(tab, "#verdict", "It reads a 7")


def drop(tab: Any, text: str) -> None:
    """Drop a table on a page."""
    handle = tab.evaluate_handle(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], 'kimchi.csv', { type: 'text/csv' }));
            return data;
        }""",
        text,
    )
    tab.dispatch_event("body", "drop", {"dataTransfer": handle})


def draw_seven(tab: Any) -> None:
    box = tab.locator("#pad").bounding_box()
    at = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"])
        for x, y in DIGIT_SEVEN
    ]
    tab.mouse.move(*at[0])
    tab.mouse.down()
    for x, y in at[1:]:
        tab.mouse.move(x, y, steps=8)
    tab.mouse.up()
