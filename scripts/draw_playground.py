"""Draws the picture of `docs/playground.md`: the spiral, learned in a real browser.

Run it after a change of the page, where playwright, Pillow and Chromium are installed:
python scripts/draw_playground.py
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from rillet.playground.launch import Background

PICTURE = Path(__file__).parents[1] / "docs" / "playground.png"
SPIRAL = (
    "data=spiral&features=x1,x2,sin_x1,sin_x2&hidden=8-8&activation=tanh&rate=0.03"
    "&batch=10&share=50&epoch=200"
)


def main() -> None:
    """Let a page learn, and take its picture."""
    server = Background()
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport={"width": 1280, "height": 830})
        tab.goto(f"{server.address}#{SPIRAL}")
        learned = "() => document.querySelector('#epoch').textContent === '200'"
        tab.wait_for_function(learned)
        tab.wait_for_timeout(1000)  # the last frame follows
        taken = Image.open(io.BytesIO(tab.screenshot()))
        taken.convert("RGB").quantize(128).save(PICTURE, optimize=True)
        browser.close()
    server.close()


if __name__ == "__main__":
    main()
