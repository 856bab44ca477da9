"""The cache of machine code: what it keeps, and what it refuses to believe."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rillet.backends.native import disk_cache
from rillet.backends.native.disk_cache import DiskCache

KEY = "00ff" * 16
posix = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="Windows has neither modes nor owners like these"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "rillet" / "native"


def stored(folder: Path, data: bytes = b"code") -> Path:
    DiskCache(folder).put(KEY, data)
    return folder / KEY


@pytest.mark.parametrize("data", [b"", b"code", bytes(range(256)) * 1000])
def test_what_was_put_is_got(folder: Path, data: bytes) -> None:
    stored(folder, data)
    assert DiskCache(folder).get(KEY) == data
    assert DiskCache(folder).get("01" * 32) is None


def test_a_key_is_digits_only(folder: Path) -> None:
    cache = DiskCache(folder)
    stored(folder)
    for key in ("../" + KEY, "", "code.o", "/etc/passwd"):
        cache.put(key, b"x")
        assert cache.get(key) is None
    assert sorted(os.listdir(folder)) == [KEY]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:10],
        lambda content: b"",
        lambda content: content + b"x",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"another program's file" * 5,
    ],
    ids=["short", "head", "empty", "long", "changed", "foreign"],
)
def test_a_spoiled_file_is_none_and_goes(folder: Path, spoil: object) -> None:
    path = stored(folder, b"machine code" * 20)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    cache = DiskCache(folder)
    assert cache.get(KEY) is None
    assert not path.exists()
    cache.put(KEY, b"again")
    assert cache.get(KEY) == b"again"


def test_the_file_of_another_key_is_not_believed(folder: Path) -> None:
    path = stored(folder)
    other = "ab" * 32
    path.rename(folder / other)
    assert DiskCache(folder).get(other) is None


@posix
def test_modes(folder: Path) -> None:
    path = stored(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(folder)) == [KEY]  # nothing is left beside


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702])
def test_a_folder_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    path = stored(folder)
    folder.chmod(mode)
    assert DiskCache(folder).get(KEY) is None
    DiskCache(folder).put(KEY, b"more")
    folder.chmod(0o700)
    assert path.exists()
    assert DiskCache(folder).get(KEY) == b"code"


@posix
def test_a_file_that_others_can_write_is_refused(folder: Path) -> None:
    stored(folder).chmod(0o622)
    assert DiskCache(folder).get(KEY) is None


@posix
def test_another_users_folder_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(folder)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert DiskCache(folder).get(KEY) is None
    DiskCache(folder).put("ab" * 32, b"x")
    assert os.listdir(folder) == [KEY]


@posix
def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    path = stored(folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert DiskCache(folder).get(KEY) is None
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    DiskCache(linked).put("ab" * 32, b"x")
    assert DiskCache(linked).get("ab" * 32) is None


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = DiskCache(tmp_path / "file" / "native")
    cache.put(KEY, b"code")
    assert cache.get(KEY) is None


def test_a_folder_that_cannot_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(folder)
    opened = os.open

    def read_only(path: object, flags: int, *args: object, **names: object) -> int:
        if flags & os.O_CREAT:
            raise OSError(30, "Read-only file system")
        return opened(path, flags, *args, **names)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", read_only)
    cache = DiskCache(folder)
    cache.put("ab" * 32, b"x")
    assert cache.get("ab" * 32) is None
    assert cache.get(KEY) == b"code"


def test_a_full_disk_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    stored(folder)
    monkeypatch.setattr(os, "replace", full)
    DiskCache(folder).put("ab" * 32, b"x")
    assert sorted(os.listdir(folder)) == [KEY]


def test_many_writers_and_readers(folder: Path) -> None:
    data = {f"{number:064x}": bytes([number]) * 50_000 for number in range(8)}

    def work(turn: int) -> list[str]:
        cache = DiskCache(folder)
        wrong = []
        for key, content in data.items():
            cache.put(key, content)
            if cache.get(key) != content:
                wrong.append(key)
        return wrong

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [[]] * 8
    assert sorted(os.listdir(folder)) == sorted(data)


def test_at_most_the_limit_and_the_oldest_go(folder: Path) -> None:
    data = b"x" * 10_000
    keys = [f"{number:064x}" for number in range(20)]
    cache = DiskCache(folder)
    for age, key in enumerate(keys):
        cache.put(key, data)
        past = time.time() - 1000 + age
        os.utime(folder / key, (past, past))
    DiskCache(folder, limit=100_000).put("ff" * 32, data)
    left = sorted(os.listdir(folder))
    size = sum((folder / name).stat().st_size for name in left)
    assert 50_000 < size <= 100_000
    assert left == [*keys[-(len(left) - 1) :], "ff" * 32]


def test_use_makes_young(folder: Path) -> None:
    path = stored(folder)
    os.utime(path, (1e9, 1e9))
    assert DiskCache(folder).get(KEY) == b"code"
    assert time.time() - path.stat().st_mtime < 60


def test_what_a_crash_left_goes_after_an_hour(folder: Path) -> None:
    stored(folder)
    for name, age in (("old.new", 7200), ("young.new", 60)):
        (folder / name).write_bytes(b"half")
        past = time.time() - age
        os.utime(folder / name, (past, past))
    DiskCache(folder).put("ab" * 32, b"x")
    assert sorted(os.listdir(folder)) == sorted([KEY, "ab" * 32, "young.new"])


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RILLET_CACHE_DIR", str(tmp_path))
    assert disk_cache.default_folder() == tmp_path / "native"
    monkeypatch.setenv("RILLET_CACHE_DIR", "")
    assert disk_cache.default_folder() is None
    monkeypatch.delenv("RILLET_CACHE_DIR")
    for platform, variables, expected in (
        ("linux", {"XDG_CACHE_HOME": str(tmp_path)}, tmp_path / "rillet/native"),
        (
            "linux",
            {"XDG_CACHE_HOME": "relative"},
            Path.home() / ".cache/rillet/native",
        ),
        ("darwin", {}, Path.home() / "Library/Caches/rillet/native"),
        ("win32", {"LOCALAPPDATA": str(tmp_path)}, tmp_path / "rillet/native"),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert disk_cache.default_folder() == expected
