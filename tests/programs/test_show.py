"""`rillet show FOLDER`: what it says of models that TensorFlow wrote."""

from __future__ import annotations

import zipfile

import golden_calls
import pytest

import rillet as tf
from rillet import cli

MODELS = golden_calls.names()
#: What `saved_model_cli show --all` of TensorFlow 2.21 tells of these models, in our
#: words; the variables are those of the programs that made them.
TOLD = {
    "version_one": [
        "signature serving_default (tensorflow/serving/predict)",
        "in  x: float32 [?, 3]",
        "out y: float32 [?, 2]",
        "2 variables of 8 numbers",
    ],
    "v1_words": [
        "in  words: string [?]",
        "out ids: int64 [?]",
        "out letters: string [?]",
        "out rows: float32 [?, 2]",
        "1 variable of 8 numbers",
        "asset vocabulary.txt",
    ],
    "v1_composites": [
        "in  x: sparse float32 [?, 3]",
        "out more: ragged float32 [?, ?]",
    ],
    "module": [
        "function __call__, 3 traces",
        "(x: float32 [2], rounds: int32 [], doubled=False) -> float32 [2]",
        "function texts, 1 trace",
        "3 variables of 4 numbers",
        "asset words.txt",
    ],
}


def shown(folder, capsys, *options):
    assert cli.main(["show", str(folder), *options]) == 0
    found = capsys.readouterr()
    assert all("custom gradients" in line for line in found.err.splitlines())
    return [line.strip() for line in found.out.splitlines()]


@pytest.mark.parametrize("name", TOLD)
def test_it_tells_what_a_model_holds(name, tmp_path, capsys):
    with zipfile.ZipFile(golden_calls.GOLDEN / f"{name}.zip") as archive:
        archive.extractall(tmp_path)
    lines = shown(tmp_path, capsys)
    assert not [told for told in TOLD[name] if told not in lines]


@pytest.mark.parametrize("name", MODELS)
def test_of_models_that_run_it_says_that_nothing_lacks(name, tmp_path, capsys):
    golden_calls.unpacked(name, tmp_path)
    lines = shown(tmp_path, capsys, "--all")
    doubts = ("rillet lacks", "refused", "signature", "function")
    found = [x for x in lines if x.startswith(doubts) and ("lacks" in x or ":" in x)]
    if name in ("k_columns", "k_texts"):
        # what `adapt` called, once more than a loaded model needs
        assert found == ["rillet lacks: IteratorGetNext (in function adapt_step)"]
    else:
        assert not found


def test_what_is_refused_is_told_with_its_place(tmp_path, capsys):
    import rillet as tf

    class Reads(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
        def text(self, path):
            return tf.io.read_file(path)

    tf.saved_model.save(Reads(), tmp_path)
    assert "refused where called: ReadFile (in signature serving_default)" in shown(
        tmp_path, capsys
    )


def test_a_folder_without_a_model_is_an_error(tmp_path, capsys):
    assert cli.main(["show", str(tmp_path)]) == 2
    assert "does not exist at" in capsys.readouterr().err


def test_a_cut_model_is_named(tmp_path, capsys):
    tf.saved_model.save(tf.Module(), tmp_path)
    path = tmp_path / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:50])
    assert cli.main(["show", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"rillet show: {tmp_path}: protobuf: ")
