"""Chromium and a server, for the tests of pages.

``RILLET_CHROMIUM`` names the browser, else `chromium` is looked for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from rillet.playground.launch import Background


@pytest.fixture(scope="session")
def server() -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("RILLET_CHROMIUM") or next(
        filter(None, map(shutil.which, names))
    )
    with sync_playwright() as driver:
        # Chromium refuses its sandbox to root, which is who runs in most containers.
        made = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def opened(server: Background, browser: Any) -> Iterator[Any]:
    """Opens pages; none of them may have written an error to its console."""
    contexts, said = [], []

    def opened(page: str = "playground", fragment: str = "", **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda m: said.append(m.text) if m.type != "log" else None)
        tab.on("pageerror", lambda error: said.append(str(error)))
        name = "" if page == "playground" else page
        tab.goto(server.address + name + (f"#{fragment}" if fragment else ""))
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert said == []
