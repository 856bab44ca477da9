"""The command line: what it understands, and what it tells about the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy
import pytest

from rillet import cli, version
from rillet.core import folders


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == (
        f"rillet {version.RILLET_VERSION} (TensorFlow 2.15.0)\n"
    )


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    for name, (_, what) in cli.COMMANDS.items():
        assert name in out and what in out


@pytest.mark.parametrize("name", ["run", "check", "info"])
def test_every_command_has_help(name, capsys):
    try:
        assert cli.main([name, "--help"]) == 0
    except SystemExit as ended:
        assert ended.code == 0
    assert capsys.readouterr().out.startswith(f"usage: rillet {name}")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "give a program, a notebook or -m MODULE"),
        (["run", "-o"], "-o needs a value"),
        (["run", "--fast", "x.py"], "unknown option --fast"),
        (["check"], "the following arguments are required: programs"),
    ],
)
def test_words_that_make_no_sense(words, text, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_info_tells_the_versions(capsys):
    assert cli.main(["info"]) == 0
    rows = dict(
        line.split(maxsplit=1)
        for line in capsys.readouterr().out.splitlines()
        if len(line.split(maxsplit=1)) == 2
    )
    assert rows["rillet"].startswith(version.RILLET_VERSION)
    assert rows["python"].startswith(platform.python_version())
    assert rows["numpy"] == numpy.__version__
    assert rows["llvmlite"] == metadata.version("llvmlite")
    for name in ("processor", "features", "threads", "BLAS", "cache"):
        assert rows[name].strip()


def test_python_dash_m_is_the_command(tmp_path):
    source = Path(__file__).resolve().parents[1] / "src"
    done = subprocess.run(
        [sys.executable, "-m", "rillet", "--version"],
        env=os.environ | {"PYTHONPATH": str(source)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(f"rillet {version.RILLET_VERSION}")


@pytest.mark.parametrize("words", [["info"], ["check", __file__]])
def test_a_reader_that_leaves_is_no_failure(words, tmp_path):
    source = Path(__file__).resolve().parents[1] / "src"
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "rillet", *words],
        env=os.environ | {"PYTHONPATH": str(source)},
        cwd=tmp_path,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("RILLET_CACHE", str(tmp_path / "mine"))
    assert folders.cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("RILLET_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folders.cache_folder() == tmp_path / "rillet"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert folders.cache_folder() == Path.home() / ".cache" / "rillet"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert folders.cache_folder() == Path.home() / "Library" / "Caches" / "rillet"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert folders.cache_folder() == tmp_path / "local" / "rillet" / "cache"
