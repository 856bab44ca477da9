"""`rillet show --all` beside TensorFlow's `saved_model_cli show --all`."""

from __future__ import annotations

import re
import subprocess
import zipfile

import golden_calls
import pytest

from rillet import cli
from rillet.core.dtypes import as_dtype

MODELS = ["version_one", "v1_words", "module", "signatures", "k_dense", "k_columns"]
_ROW = re.compile(
    r"(in|out)puts\['(.+)'\] tensor_info:\s+dtype: DT_(\w+)\s+shape: (.+)\s+name: (.+)"
)
_KINDS = {"FLOAT": "float32", "DOUBLE": "float64", "HALF": "float16"}


def told_by_tensorflow(text):
    """Signatures, each with its method and rows, as rillet writes them."""
    found = []
    for part in text.split("signature_def[")[1:]:
        name = part.partition("]")[0].strip("'")
        if name.startswith("__"):
            continue
        method = re.search(r"Method name is: (\S+)", part).group(1)
        rows = []
        for way, key, kind, shape, tensor in _ROW.findall(part):
            dtype = as_dtype(_KINDS.get(kind, kind.lower())).name
            if shape == "unknown_rank":
                sizes = "any shape"
            else:
                dims = [d for d in shape.strip("()").split(", ") if d]
                sizes = f"[{', '.join('?' if d == '-1' else d for d in dims)}]"
            word = "in " if way == "in" else "out"
            rows.append(f"{word} {key}: {dtype} {sizes} = {tensor}")
        found.append((f"signature {name} ({method})", sorted(rows)))
    return sorted(found)


def told_by_rillet(text):
    """The same of what rillet prints."""
    found: list[tuple[str, list[str]]] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("signature "):
            found.append((line, []))
        elif line.startswith(("in ", "out ")):
            found[-1][1].append(line)
    return sorted((name, sorted(rows)) for name, rows in found)


@pytest.mark.parametrize("name", MODELS)
def test_signatures_are_told_alike(name, tmp_path, tensorflow_python, capsys):
    with zipfile.ZipFile(golden_calls.GOLDEN / f"{name}.zip") as archive:
        archive.extractall(tmp_path)
    tool = ["-m", "tensorflow.python.tools.saved_model_cli", "show", "--all", "--dir"]
    done = subprocess.run(
        [tensorflow_python, *tool, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert cli.main(["show", str(tmp_path), "--all"]) == 0
    printed = capsys.readouterr().out
    assert told_by_rillet(printed) == told_by_tensorflow(done.stdout)
    ops = re.search(r"contains the following ops: \{(.*)\}", done.stdout).group(1)
    listed = re.findall(r"^ +\d+ (\w+)$", printed, re.MULTILINE)
    # theirs are those of the graph, ours those of functions besides
    assert set(re.findall(r"'(\w+)'", ops)) <= set(listed)
