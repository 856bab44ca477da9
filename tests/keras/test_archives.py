"""Unpacking: whole archives come out whole, dangerous ones leave nothing."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from rillet.keras.archives import Limits, extract_archive, recognise
from rillet.keras.downloads import get_file

FILES = {"top/a.txt": b"a" * 5000, "top/sub/b.txt": b"b", "top/empty": b"", "c": b"c"}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def entry(name, data=b"", kind=tarfile.REGTYPE, target="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, target, mode, len(data)
    return info, data


def tar(path, entries, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return path


def packed(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


def found(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


TARS = [("x.tar", "w"), ("x.tgz", "w:gz"), ("x.tar.bz2", "w:bz2"), ("x.tar.xz", "w:xz")]


@pytest.mark.parametrize(("name", "mode"), [*TARS, ("x.zip", None)])
def test_whole_archives(tmp_path, home, name, mode):
    if mode:
        tar(tmp_path / name, [entry(n, data) for n, data in FILES.items()], mode)
    else:
        packed(tmp_path / name, [(n, data, 0o644) for n, data in FILES.items()])
    for _ in range(2):  # The second time it writes over the first.
        path = Path(get_file(origin=(tmp_path / name).as_uri(), extract=True))
        assert path == home / "datasets" / name
        got = found(path.parent)
        assert got.pop(name) == path.read_bytes()
        assert got == FILES
    assert recognise(path) == ("tar" if mode else "zip")


def test_untar(tmp_path, home):
    source = tar(tmp_path / "any.tar.gz", [entry("things/a", b"1")])
    for name in ("things", "things.tar.gz"):
        path = get_file(name, source.as_uri(), untar=True)
        assert path == str(home / "datasets" / "things")
        assert Path(path, "a").read_bytes() == b"1"
    assert (home / "datasets" / "things.tar.gz").is_file()
    assert len(list((home / "datasets").iterdir())) == 2


def test_formats(tmp_path, home):
    source = tar(tmp_path / "x.tar.gz", [entry("a", b"1")])
    for formats in (None, [], "zip"):
        if formats == "zip":
            with pytest.raises(ValueError, match="no archive, though its name"):
                get_file(origin=source.as_uri(), extract=True, archive_format=formats)
        else:
            get_file(origin=source.as_uri(), extract=True, archive_format=formats)
        assert found(home / "datasets").keys() == {"x.tar.gz"}
    get_file(origin=source.as_uri(), extract=True, archive_format=["zip", "tar"])
    assert found(home / "datasets").keys() == {"x.tar.gz", "a"}


def test_a_plain_file_stays(tmp_path, home):
    source = tmp_path / "table.csv"
    source.write_text("a,b\n")
    path = get_file(origin=source.as_uri(), extract=True)
    assert found(home / "datasets") == {"table.csv": b"a,b\n"}
    assert path.endswith("table.csv")


@pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX's")
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_links_that_stay_inside(tmp_path, kind):
    link = stat.S_IFLNK | 0o777
    if kind == "tar":
        path = tar(
            tmp_path / "x",
            [
                entry("d/l", kind=tarfile.SYMTYPE, target="../e/./f"),
                entry("dir", kind=tarfile.SYMTYPE, target="e"),
                entry("e/f", b"data", mode=0o755),
                entry("e/hard", kind=tarfile.LNKTYPE, target="e/f"),
            ],
        )
    else:
        path = packed(
            tmp_path / "x",
            [
                ("d/l", "../e/./f", link),
                ("dir", "e", link),
                ("e/f", "data", stat.S_IFREG | 0o755),
                ("e/hard", "data", 0),
            ],
        )
    folder = tmp_path / "out"
    folder.mkdir()
    extract_archive(path, folder, kind)
    assert os.readlink(folder / "d" / "l") == "../e/f"
    assert (folder / "d" / "l").read_bytes() == b"data"
    assert (folder / "dir" / "hard").read_bytes() == b"data"
    assert os.access(folder / "e" / "f", os.X_OK)
    assert not (folder / "e" / "hard").is_symlink()


SYM, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
BAD_TARS = {
    "climbs": ([entry("../x", b"1")], "outside the folder"),
    "climbs inside": ([entry("a/../../x", b"1")], "outside the folder"),
    "absolute": ([entry("/tmp/x", b"1")], "outside the folder"),
    "drive": ([entry("C:x", b"1")], "outside the folder"),
    "backslash": ([entry("..\\x", b"1")], "outside the folder"),
    "link out": ([entry("l", kind=SYM, target="../../x")], "outside the folder"),
    "link to root": ([entry("l", kind=SYM, target="/etc")], "outside the folder"),
    "hard link out": ([entry("l", kind=HARD, target="../x")], "outside the folder"),
    "hard link to root": (
        [entry("l", kind=HARD, target="/etc/passwd")],
        "outside the folder",
    ),
    "through a link": (
        [
            entry("a/b", b""),
            entry("l", kind=SYM, target="a"),
            entry("m", kind=SYM, target="l/../../x"),
        ],
        "outside the folder",
    ),
    "file through a link": (
        [entry("d/x", b""), entry("l", kind=SYM, target="d"), entry("l/y", b"1")],
        "two entries have one name",
    ),
    "link to a link": (
        [
            entry("f", b""),
            entry("l", kind=SYM, target="f"),
            entry("m", kind=SYM, target="l"),
        ],
        "leads to another link",
    ),
    "link to itself": ([entry("l", kind=SYM, target="l")], "leads to another link"),
    "link to nothing": ([entry("l", kind=SYM, target="gone")], "to nothing"),
    "link to the top": ([entry("l", kind=SYM, target=".")], "to nothing"),
    "pipe": ([entry("p", kind=tarfile.FIFOTYPE)], "a device or a pipe"),
    "device": ([entry("p", kind=tarfile.CHRTYPE)], "a device or a pipe"),
    "file as folder": ([entry("a", b"1"), entry("a/b", b"2")], "damaged"),
    "too many": ([entry(f"f{i}") for i in range(30)], "more than its size allows"),
    "too large": ([entry("f", b"\0" * 200_000)], "more than its size allows"),
}
LIMITS = Limits(least=100_000, ratio=2, members=20)


def check_refused(path, folder, kind, words):
    folder.mkdir()
    with pytest.raises(ValueError, match=words) as caught:
        extract_archive(path, folder, kind, LIMITS)
    assert "was not unpacked" in str(caught.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", BAD_TARS)
def test_bad_tars(tmp_path, name):
    entries, words = BAD_TARS[name]
    path = tar(tmp_path / "x.tar.gz", [entry("good", b"1"), *entries])
    check_refused(path, tmp_path / "out", "tar", words)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "x.tar.gz"]


BAD_ZIPS = {
    "climbs": ([("../x", "1", 0)], "outside the folder"),
    "absolute": ([("/x", "1", 0)], "outside the folder"),
    "link out": ([("l", "../../x", stat.S_IFLNK | 0o777)], "outside the folder"),
    "link to root": ([("l", "/etc", stat.S_IFLNK | 0o777)], "outside the folder"),
    "long link": ([("l", "x" * 9000, stat.S_IFLNK | 0o777)], "target is no name"),
    "pipe": ([("p", "", stat.S_IFIFO | 0o644)], "a device or a pipe"),
    "bomb": ([("f", "\0" * 200_000, 0)], "more than its size allows"),
}


@pytest.mark.parametrize("name", BAD_ZIPS)
def test_bad_zips(tmp_path, name):
    entries, words = BAD_ZIPS[name]
    path = packed(tmp_path / "x.zip", [("good", "1", 0), *entries])
    check_refused(path, tmp_path / "out", "zip", words)


def test_zip_that_lies_about_its_sizes(tmp_path):
    path = packed(tmp_path / "x.zip", [("f", "\0" * 77_777, 0)])
    data = path.read_bytes()
    assert data.count(struct.pack("<I", 77_777)) == 2
    path.write_bytes(data.replace(struct.pack("<I", 77_777), struct.pack("<I", 5)))
    check_refused(path, tmp_path / "out", "zip", "damaged")


def test_zip_with_a_wrong_check_sum(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("f", "some words")
    path.write_bytes(path.read_bytes().replace(b"some words", b"same words"))
    check_refused(path, tmp_path / "out", "zip", "damaged")


@pytest.mark.parametrize(("name", "mode"), TARS)
def test_cut_tars(tmp_path, name, mode):
    noise = os.urandom(60_000)
    path = tar(tmp_path / name, [entry("f", noise)], mode)
    path.write_bytes(path.read_bytes()[:40_000])
    check_refused(path, tmp_path / "out", "tar", "damaged|not the declared one")


def test_tar_header_bomb(tmp_path):
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 50 << 20
    path = tmp_path / "x.tar"
    path.write_bytes(info.tobuf() + b"x" * 4096)
    check_refused(path, tmp_path / "out", "tar", "damaged")
    assert recognise(path) is None


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_links_that_stood_there_are_not_followed(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    folder.mkdir()
    (folder / "top").symlink_to(outside)
    (outside / "kept").write_text("kept")
    path = tar(tmp_path / "x.tar.gz", [entry("top/kept", b"new")])
    extract_archive(path, folder, "tar")
    assert (outside / "kept").read_text() == "kept"
    assert (folder / "top" / "kept").read_text() == "new"


def test_a_folder_in_the_way(tmp_path):
    folder = tmp_path / "out"
    (folder / "a").mkdir(parents=True)
    path = tar(tmp_path / "x.tar.gz", [entry("a", b"file")])
    with pytest.raises(IsADirectoryError, match="Remove the folder"):
        extract_archive(path, folder, "tar")
    assert [p.name for p in folder.iterdir()] == ["a"]
