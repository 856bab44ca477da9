"""The server: what it serves, whom it answers, what it survives."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from rillet.playground import server
from rillet.playground.frames import unpack
from rillet.playground.server import Guard, application
from rillet.playground.worker import Outbox, Page, Worker

from .test_messages import strange

LOCAL = "http://127.0.0.1:6006"
LIVE = "ws://127.0.0.1:6006/live"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(application(), base_url=LOCAL) as made:
        yield made


def until(socket: Any, kind: str, found: Any = lambda message: True) -> Any:
    """Receive until a message of a kind fulfils something."""
    for _ in range(5000):
        event = socket.receive()
        assert event["type"] == "websocket.send", event
        if event.get("text") is not None:
            message = json.loads(event["text"])
        else:
            message = unpack(event["bytes"])[0]
        if message["kind"] == kind and found(message):
            return message
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/perceptron", "text/html"),
        ("/digits", "text/html"),
        ("/style.css", "text/css"),
        ("/playground.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_its_own_files(client: TestClient, path: str, kind: str) -> None:
    found = client.get(path)
    assert found.status_code == 200 and found.headers["content-type"].startswith(kind)
    assert found.headers["x-content-type-options"] == "nosniff"
    policy = found.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "frame-ancestors 'self'" in policy


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/%2e%2e/server.py",
        "/..%2fserver.py",
        "/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
        "//etc/passwd",
        "/style.css/",
        "/style.css%00",
        "/page/style.css",
        "/__init__.py",
    ],
)
def test_nothing_else(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_pages_need_nothing_from_elsewhere() -> None:
    for path, (content, _) in server.files().items():
        text = content.decode()
        assert "https://" not in text, path
        assert text.count("http://") == text.count("http://www.w3.org/2000/svg"), path


def test_methods(client: TestClient) -> None:
    assert client.post("/").status_code == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:6006", 200),
        ("localhost:6006", 200),
        ("[::1]:6006", 200),
        ("evil.example:6006", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_names_of_the_server(client: TestClient, host: str, status: int) -> None:
    assert client.get("/", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:6006", True),
        ("http://localhost:6006", False),
        ("http://127.0.0.1:8888", False),
        ("http://evil.example", False),
        ("http://127.0.0.1:6006.evil.example", False),
        ("null", False),
        ("http://[", False),
        (None, True),
    ],
)
def test_origins(client: TestClient, origin: str | None, allowed: bool) -> None:
    headers = {"host": "127.0.0.1:6006"} | ({"origin": origin} if origin else {})
    if allowed:
        with client.websocket_connect(f"{LIVE}/playground", headers=headers) as socket:
            socket.send_json({"type": "open"})
            until(socket, "state")
        return
    with (
        pytest.raises(WebSocketDisconnect) as raised,
        client.websocket_connect(f"{LIVE}/playground", headers=headers),
    ):
        pass
    assert raised.value.code == 1008


def test_further_origins_and_hosts() -> None:
    guard = Guard("0.0.0.0")
    assert guard.knows("pi.local:80") and guard.trusts(
        "http://pi.local:80", "pi.local:80"
    )
    assert not guard.trusts("http://evil.example", "pi.local:80")
    guard = Guard("127.0.0.1", ["https://hub.example/"])
    assert guard.trusts("https://hub.example", "127.0.0.1:6006")
    assert not guard.trusts("https://evil.example", "127.0.0.1:6006")
    assert Guard("pi.local").knows("PI.local:80")


def test_unknown_pages_have_no_socket(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(f"{LIVE}/kitchen"),
    ):
        pass


def test_a_page_that_closes_stops_its_training(client: TestClient) -> None:
    pages = client.app.state.open_pages  # type: ignore[attr-defined]
    with client.websocket_connect(f"{LIVE}/playground") as socket:
        socket.send_json({"type": "open", "address": "hidden=2"})
        socket.send_json({"type": "play"})
        until(socket, "frame", lambda message: message["epoch"] > 5)
        assert len(pages) == 1
        workers = [t for t in threading.enumerate() if t.name == "rillet-playground"]
        assert len(workers) == 1
    until_time = time.monotonic() + 10
    while (pages or workers[0].is_alive()) and time.monotonic() < until_time:
        time.sleep(0.01)
    assert not pages and not workers[0].is_alive()


def test_two_pages_are_their_own(client: TestClient) -> None:
    with (
        client.websocket_connect(f"{LIVE}/playground") as one,
        client.websocket_connect(f"{LIVE}/playground") as two,
    ):
        one.send_json({"type": "open", "address": "hidden=3&data=xor"})
        two.send_json({"type": "open", "address": "hidden=5&epoch=4"})
        xor = until(one, "state", lambda said: said["settings"]["data"] == "xor")
        assert xor["settings"]["hidden"] == [3]
        assert until(two, "frame", lambda said: said["epoch"] == 4)["layers"] == [5, 1]


def test_so_many_pages_and_no_more(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PAGES", 1)
    with client.websocket_connect(f"{LIVE}/perceptron") as first:
        until(first, "lesson")
        with client.websocket_connect(f"{LIVE}/perceptron") as second:
            assert "pages are open already" in second.receive_json()["text"]
            assert second.receive()["code"] == 1013


def test_damaged_messages_leave_the_server_alive(client: TestClient) -> None:
    rng = random.Random(7)
    for kind in ("playground", "perceptron"):
        with client.websocket_connect(f"{LIVE}/{kind}") as socket:
            for _ in range(270):
                socket.send_text(strange(rng))
            socket.send_bytes(b"\xff\xfe\0")
            if kind == "playground":
                socket.send_json({"type": "open", "address": "hidden=7"})
                until(socket, "state", lambda s: s["settings"]["hidden"] == [7])
            else:
                socket.send_json({"type": "lesson", "seed": 77})
                until(socket, "lesson", lambda said: said.get("seed") == 77)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("192.168.0.7:6006", True),
        ("[fe80::1]:6006", True),
        ("box:6006", True),
        ("pi.local", True),
        ("hub.example:443", True),
        ("evil.example:6006", False),
        ("", False),
    ],
)
def test_names_where_all_addresses_are_served(host: str, known: bool) -> None:
    """A page elsewhere whose name leads here (DNS rebinding) is not served."""
    guard = Guard("0.0.0.0", ["https://hub.example"])
    assert guard.knows(host) == known
    assert not Guard("127.0.0.1", ["https://hub.example"]).knows("evil.example")


def test_a_page_that_cannot_be_made_is_told() -> None:
    def fails(outbox: Outbox) -> Page:
        raise RuntimeError("no room")

    outbox = Outbox(lambda: None)
    worker = Worker(fails, outbox)
    worker.close()
    assert "RuntimeError" in "".join(map(str, outbox.take())) and not worker.lives
