"""The script behind the Makefile: what is fresh, what is removed, how big it all is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def load(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


environment = load("environment")
measure = load("measure_installation")


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ({"extras": ("test",)}, ["-e", f"{SCRIPTS.parent}[test]"]),
        ({"extras": ()}, ["-e", str(SCRIPTS.parent)]),
        (
            {"extras": (), "requirements": Path("list.txt")},
            ["-r", "list.txt"],
        ),
        (
            {"extras": ("plots",), "package": Path("/x/rillet.whl")},
            [f"{Path('/x/rillet.whl').resolve()}[plots]"],
        ),
    ],
)
def test_what_pip_is_asked(content, arguments):
    assert environment.Content(**content).arguments() == arguments


@pytest.mark.parametrize(
    ("found", "wanted", "fresh"),
    [
        ({"source": "a", "extras": ["test"]}, {"source": "a", "extras": []}, True),
        ({"source": "a", "extras": []}, {"source": "a", "extras": ["test"]}, False),
        ({"source": "b", "extras": []}, {"source": "a", "extras": []}, False),
        ({"extras": []}, {"source": "a", "extras": []}, False),
    ],
)
def test_freshness(found, wanted, fresh):
    assert environment.is_fresh(found, wanted) is fresh


def test_a_fresh_environment_is_left_alone(tmp_path, monkeypatch):
    content = environment.Content(("test",))
    stamp = tmp_path / environment.STAMP
    stamp.write_text(environment.json.dumps(content.fingerprint()), encoding="utf-8")
    monkeypatch.setattr(environment.subprocess, "run", None)  # a call would fail
    environment.prepare(tmp_path, content)


def test_only_folders_of_the_project_are_removed(tmp_path):
    with pytest.raises(SystemExit, match="is outside .*: not removed"):
        environment.clean([tmp_path])
    assert tmp_path.exists()


def test_files_and_folders_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    folder, picture = tmp_path / "dist", tmp_path / "rillet-demo.png"
    folder.mkdir()
    picture.touch()
    environment.clean([folder, picture, tmp_path / "nothing"])
    assert list(tmp_path.iterdir()) == []


def test_old_pythons_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "OLDEST", (99, 0))
    monkeypatch.setattr(sys, "argv", ["environment.py", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"Python 99\.0 or newer is needed: .* is 3"):
        environment.main()


def test_sizes_leave_pip_out(tmp_path, monkeypatch, capsys):
    site = tmp_path / "lib" / "site-packages"
    for name, size in {"numpy/a": 3, "numpy/deep/b": 4, "pip/c": 9}.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size * measure.MB)
    assert measure.sizes(tmp_path) == {"numpy": 7 * measure.MB}
    for limit, status in ((6, 1), (8, 0)):
        words = ["measure", str(tmp_path), "--limit-mb", str(limit)]
        monkeypatch.setattr(sys, "argv", words)
        assert measure.main() == status
    assert "7.0 MB  in all (limit 8)" in capsys.readouterr().out
