"""What a page does when its server goes and comes back."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from .browsing import address, number, text_of, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def start() -> Iterator[Callable[[], tuple[subprocess.Popen[bytes], str]]]:
    """Starts servers, all at one address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rillet", "playground", "--no-browser"]
    started: list[subprocess.Popen[bytes]] = []

    def answers() -> bool:
        try:
            return bool(urlopen(f"http://127.0.0.1:{port}/", timeout=1).read())
        except OSError:
            return False

    def start() -> tuple[subprocess.Popen[bytes], str]:
        started.append(subprocess.Popen([*command, "--port", str(port)]))
        wait_until(answers, 30)
        return started[-1], f"http://127.0.0.1:{port}/"

    yield start
    for each in started:
        each.kill()
        each.wait()


def test_a_page_says_that_its_server_is_gone_and_goes_on(
    browser: Any, start: Any
) -> None:
    server, at = start()
    tab = browser.new_page()
    tab.goto(f"{at}#hidden=3&rate=0.1&data=gauss")
    tab.click("#play")
    wait_until(lambda: number(tab, "#epoch") > 30)
    text_of(tab, "#play", "Pause")
    server.kill()
    server.wait()
    text_of(tab, "#notice", "The server is gone")
    text_of(tab, "#play", "Play")
    assert tab.evaluate("() => document.querySelector('main').inert")
    kept = address(tab)
    assert "hidden=3" in kept and "rate=0.1" in kept
    epoch = int(kept.split("epoch=")[1].split("&")[0])
    start()
    text_of(tab, "#epoch", str(epoch))
    assert not tab.is_visible("#notice")
    assert not tab.evaluate("() => document.querySelector('main').inert")
    text_of(tab, "#play", "Play")
    tab.click("#step")
    text_of(tab, "#epoch", str(epoch + 1))
    tab.close()


@pytest.mark.parametrize("page", ["perceptron", "digits"])
def test_other_pages_wait_for_their_server_too(
    browser: Any, start: Any, page: str
) -> None:
    server, at = start()
    tab = browser.new_page()
    tab.goto(at + page)
    if page == "perceptron":
        tab.click("#t-play")
        text_of(tab, "#t-play", "Pause")
    server.kill()
    server.wait()
    text_of(tab, "#notice", "The server is gone")
    if page == "perceptron":
        text_of(tab, "#t-play", "Play")
    start()
    wait_until(lambda: not tab.is_visible("#notice"))
    assert not tab.evaluate("() => document.querySelector('main').inert")
    tab.click("#example" if page == "digits" else "#t-step")
    tab.close()
