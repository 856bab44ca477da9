"""Starting the server: words of the command line, and frames for notebooks."""

from __future__ import annotations

import builtins
import json
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import rillet as tf
from rillet import cli, playground
from rillet.playground import launch


@pytest.fixture
def without_uvicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "uvicorn":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.usefixtures("without_uvicorn")
def test_says_what_it_lacks(capsys: Any) -> None:
    assert cli.main(["playground"]) == 1
    assert 'pip install "rillet[playground]"' in capsys.readouterr().err
    with pytest.raises(ImportError, match=re.escape("rillet[playground]")):
        launch.Background()


def test_help(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["playground", "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "--port" in out and "--host" in out and "--no-browser" in out


def test_a_port_that_is_taken(capsys: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert cli.main(["playground", "--port", port, "--no-browser"]) == 1
    assert "--port 0" in capsys.readouterr().err
    assert cli.main(["playground", "--port", "70000"]) == 2


def test_the_command_serves_and_ends() -> None:
    source = Path(__file__).resolve().parents[2] / "src"
    command = [sys.executable, "-m", "rillet", "playground", "--port", "0"]
    with subprocess.Popen(
        [*command, "--no-browser"],
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found is not None, line
        with urllib.request.urlopen(found[0]) as answer:
            assert b"<title>Playground" in answer.read()
        process.terminate()
        assert process.wait(20) in (0, -15)


def test_a_notebooks_frame_trains() -> None:
    websockets = pytest.importorskip("websockets.sync.client")
    frame = playground.show(900, "80%", address="#data=xor&epoch=5")
    text = frame._repr_html_()
    assert 'width="900" height="80%"' in text and "data=xor&amp;epoch=5" in text
    address = launch.background().address
    assert frame.address == f"{address}#data=xor&epoch=5"
    assert playground.show(page="digits").address == f"{address}digits"
    with urllib.request.urlopen(address) as answer:
        assert "frame-ancestors" in answer.headers["content-security-policy"]
    url = address.replace("http", "ws") + "live/playground"
    with websockets.connect(url, origin=address.rstrip("/")) as page:
        page.send(json.dumps({"type": "open", "address": "hidden=2"}))
        for _ in range(20):
            message = page.recv()
            if isinstance(message, str) and '"kind": "state"' in message:
                break
        else:
            raise AssertionError("no state came")
    launch.background().close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"width": 0}, "width is pixels"),
        ({"height": "1em"}, "height is pixels"),
        ({"width": '9" onload="x'}, "width is pixels"),
        ({"page": "kitchen"}, "page is one of"),
    ],
)
def test_frames_that_cannot_be(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        playground.show(**arguments)


def test_it_is_reached_as_a_name_of_rillet() -> None:
    assert tf.playground is playground
