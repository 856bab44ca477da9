"""`get_file`: transfers from a server of our own, hashes, locks, the cache."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from rillet.keras import downloads, transfers
from rillet.keras.downloads import get_file

BODY = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers well, slowly, wrongly or not to the end, by the path's first part."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.paths.append(self.path)
        how = self.path.split("/")[1]
        getattr(self, f"answer_{how}")()

    def head(self, length, code=200, **headers):
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def answer_good(self):
        self.head(len(BODY))
        self.wfile.write(BODY)

    def answer_slow(self):
        self.head(len(BODY))
        for at in range(0, len(BODY), 32000):
            self.wfile.write(BODY[at : at + 32000])
            time.sleep(0.02)

    def answer_broken(self):
        self.head(len(BODY))
        self.wfile.write(BODY[:70000])

    def answer_chunked(self):
        self.head(None, **{"Transfer-Encoding": "chunked"})
        self.wfile.write(b"10\r\n0123456789abcdef\r\n10\r\n01234")

    def answer_unsized(self):
        self.head(None)
        self.wfile.write(BODY)

    def answer_stalled(self):
        self.head(len(BODY))
        self.wfile.write(BODY[:1000])
        self.wfile.flush()
        self.server.done.wait(10)

    def answer_moved(self):
        self.head(0, 302, Location=f"/good/{self.path.split('/')[-1]}")

    def answer_circle(self):
        self.head(0, 302, Location=self.path)

    def answer_local(self):
        self.head(0, 302, Location=Path(__file__).as_uri())

    def answer_absent(self):
        self.head(0, 404)


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.paths, made.done = [], threading.Event()
        made.at = f"http://127.0.0.1:{made.server_address[1]}"
        threading.Thread(target=made.serve_forever, args=(0.01,)).start()
        yield made
        made.done.set()
        made.shutdown()


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(downloads.tempfile, "gettempdir", lambda: str(temporary))
    return tmp_path / "home"


def listing(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["good", "slow", "moved", "unsized"])
@pytest.mark.parametrize("given", [None, SHA256, SHA256.upper(), MD5])
def test_transfer(server, home, how, given, capsys):
    path = get_file(origin=f"{server.at}/{how}/data.bin?v=1", file_hash=given)
    assert path == str(home / "datasets" / "data.bin")
    assert Path(path).read_bytes() == BODY
    assert listing(home) == ["data.bin"]
    out, err = capsys.readouterr()
    assert out == f"Downloading data from {server.at}/{how}/data.bin?v=1\n" and not err
    assert get_file(origin=f"{server.at}/{how}/data.bin", file_hash=given) == path
    assert len(server.paths) == (2 if how == "moved" else 1)
    assert capsys.readouterr() == ("", "")


BROKEN = [
    ("broken", "broke off after 70000 of 256000 bytes"),
    ("chunked", "the transfer broke off"),
    ("absent", "the server answered 404 Not Found"),
    ("circle", "the server answered 302"),
    ("local", "the server answered 302 .*not allowed"),
]


@pytest.mark.parametrize(("how", "words"), BROKEN)
def test_broken_transfers(server, home, how, words):
    with pytest.raises(OSError, match=words) as caught:
        get_file("x.bin", f"{server.at}/{how}/x.bin", file_hash=SHA256)
    where = str(home / "datasets" / "x.bin")
    assert f"put it at {where!r} (its sha256 must be {SHA256})" in str(caught.value)
    assert listing(home) == []


def test_stalled_transfer(server, home, monkeypatch):
    monkeypatch.setattr(transfers, "STALL", 0.2)
    with pytest.raises(OSError, match=r"broke off \(timed out\)"):
        get_file(origin=f"{server.at}/stalled/x.bin")
    assert listing(home) == []


def test_no_network(home):
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as made:
        port = made.server_address[1]
    with pytest.raises(ConnectionError, match="could not be fetched.*no network"):
        get_file("a.txt", f"http://127.0.0.1:{port}/a.txt")
    assert listing(home) == []


def test_interrupted(server, home, monkeypatch):
    class Hasher:
        def update(self, chunk):
            raise KeyboardInterrupt

    monkeypatch.setattr(transfers, "new_hasher", lambda name: Hasher())
    with pytest.raises(KeyboardInterrupt):
        get_file(origin=f"{server.at}/good/x.bin")
    assert listing(home) == []


def test_full_disk(server, home, monkeypatch):
    def full(file, chunk):
        raise transfers._DiskError(OSError(28, "No space left on device"))

    monkeypatch.setattr(transfers, "_write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        get_file(origin=f"{server.at}/good/x.bin")
    assert caught.value.errno == 28 and listing(home) == []


@pytest.mark.parametrize("given", [{"file_hash": "0" * 64}, {"md5_hash": "0" * 32}])
def test_wrong_hash(server, home, given):
    with pytest.raises(ValueError, match="not the expected one") as caught:
        get_file("x.bin", f"{server.at}/good/x.bin", **given)
    assert (SHA256 if "file_hash" in given else MD5) in str(caught.value)
    assert listing(home) == []


def test_a_file_with_another_hash_is_replaced(server, home):
    place = home / "datasets" / "x.bin"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"old")
    with pytest.raises(OSError, match="404"):
        get_file("x.bin", f"{server.at}/absent/x.bin", file_hash=SHA256)
    assert place.read_bytes() == b"old"  # Nothing better came.
    get_file("x.bin", f"{server.at}/good/x.bin", file_hash=SHA256)
    assert place.read_bytes() == BODY


def test_force_download(server, home):
    place = home / "datasets" / "x.bin"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"old")
    assert Path(get_file("x.bin", f"{server.at}/good/x.bin")).read_bytes() == b"old"
    get_file("x.bin", f"{server.at}/good/x.bin", force_download=True)
    assert place.read_bytes() == BODY


def test_https_is_not_left():
    handler = transfers._redirects()
    request = urllib.request.Request("https://example.org/a")
    answer = io.BytesIO()
    with pytest.raises(urllib.error.URLError, match="not encrypted"):
        handler.redirect_request(request, answer, 302, "", {}, "http://example.org/b")
    assert answer.closed
    there = "https://example.org/b"
    moved = handler.redirect_request(request, None, 302, "", {}, there)
    assert moved.full_url == there


# --- names and places ----------------------------------------------------------------


def test_places(server, home, tmp_path):
    origin = f"{server.at}/good/x.bin"
    wanted = {
        home / "datasets" / "x.bin": {},
        home / "datasets" / "other.bin": {"fname": "other.bin"},
        home / "datasets" / "sub" / "y.bin": {"fname": Path("sub/y.bin")},
        home / "texts" / "x.bin": {"cache_subdir": "texts"},
        tmp_path / "a" / "x.bin": {"cache_subdir": tmp_path / "a"},
        tmp_path / "b" / "datasets" / "x.bin": {"cache_dir": str(tmp_path / "b")},
        tmp_path / "c" / "z.bin": {"fname": str(tmp_path / "c" / "z.bin")},
    }
    for place, arguments in wanted.items():
        assert get_file(origin=origin, **arguments) == str(place)
        assert place.read_bytes() == BODY


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_mode_follows_the_mask(server):
    before = os.umask(0o027)
    try:
        path = get_file(origin=f"{server.at}/good/x.bin")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_a_place_that_cannot_be_written(server, home, tmp_path, capsys):
    home.write_text("a file stands where the folder should be")
    path = get_file(origin=f"{server.at}/good/x.bin")
    assert path == str(tmp_path / "temporary" / ".keras" / "datasets" / "x.bin")
    assert "cannot be written" in capsys.readouterr().out
    assert get_file(origin=f"{server.at}/good/x.bin") == path
    assert len(server.paths) == 1
    with pytest.raises(PermissionError, match="Name a folder of yours by cache_dir="):
        get_file(str(home / "x.bin"), f"{server.at}/good/x.bin")


BAD_ARGUMENTS = [
    ({"origin": None}, "origin is missing"),
    ({"origin": "http://127.0.0.1/"}, "does not end in a file's name"),
    ({"origin": "http://127.0.0.1/a/.."}, "does not end in a file's name"),
    ({"origin": "http://127.0.0.1/..%5cx"}, "does not end in a file's name"),
    ({"origin": "http://127.0.0.1/a%2fb"}, "does not end in a file's name"),
    ({"origin": "gs://bucket/x"}, "origin must begin with one of http"),
    ({"file_hash": "12"}, "64 hexadecimal digits"),
    ({"file_hash": MD5, "hash_algorithm": "sha256"}, "64 hexadecimal digits"),
    ({"file_hash": MD5, "hash_algorithm": "sha1"}, "hash_algorithm must be one of"),
    ({"archive_format": "rar"}, "archive_format must be"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_ARGUMENTS)
def test_bad_arguments(home, arguments, words):
    with pytest.raises(ValueError, match=words):
        get_file(**{"origin": "http://127.0.0.1/x.bin", **arguments})
    assert not home.exists() or listing(home) == []


def test_local_origin(home, tmp_path):
    source = tmp_path / "words.txt"
    source.write_bytes(BODY)
    path = get_file(origin=source.as_uri(), file_hash=SHA256)
    assert Path(path).read_bytes() == BODY
    with pytest.raises(OSError, match="could not be fetched"):
        get_file(origin=(tmp_path / "absent.txt").as_uri())


# --- several at once -----------------------------------------------------------------


def test_threads(server, home):
    found, origin = [], f"{server.at}/slow/x.bin"
    work = [
        threading.Thread(target=lambda: found.append(Path(get_file(origin=origin))))
        for _ in range(5)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert [path.read_bytes() == BODY for path in found] == [True] * 5
    assert len(server.paths) == 1
    assert listing(home) == ["x.bin"]


def test_processes(server, home):
    code = "import sys; from rillet.keras.downloads import get_file as get; "
    code += "get(None, sys.argv[1])"
    source = str(Path(downloads.__file__).parents[2])
    command = [sys.executable, "-c", code, f"{server.at}/slow/x.bin"]
    environment = {**os.environ, "PYTHONPATH": source}
    work = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [process.wait(60) for process in work] == [0, 0, 0]
    assert len(server.paths) == 1
    assert listing(home) == ["x.bin"]


def test_progress_for_a_terminal(server, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    get_file(origin=f"{server.at}/good/x.bin")
    shown = capsys.readouterr().out.split("\r")
    assert "0.3 of 0.3 MB" in shown and shown[-2].isspace()
