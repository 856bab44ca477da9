"""Every public class of Keras has a row beside real tf.keras, or a reason here."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rillet as tf

FOLDER = Path(__file__).parents[1] / "golden"
SPACES = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.legacy",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "callbacks",
)
#: What has no row there, and what looks at it instead.
ELSEWHERE = {
    "deserialize": "configurations: tests/keras/test_losses_metrics.py",
    "serialize": "configurations: tests/keras/test_losses_metrics.py",
    "InputSpec": "no numbers; refusals: tests/keras/test_base_layer.py",
    "TFSMLayer": "SavedModels of real TensorFlow: tests/saved_model",
    "relu6": "Keras 3's name: tests/keras/test_keras_numbers.py",
    "leaky_relu": "Keras 3's name: tests/keras/test_keras_numbers.py",
    "BackupAndRestore": "tests/keras/test_archives.py, tests/keras/kills.py",
    "ProgbarLogger": "what bars print: callback_programs.bars",
    "History": "what fit returns: callback_programs.lambdas_and_nans",
    "CallbackList": "who is called when: callback_programs.callbacks_in_order",
    "BaseLogger": "averages of logs; tests/keras/test_callbacks_more.py",
    "RemoteMonitor": "asks a server: tests/keras/test_callbacks_more.py",
    "SidecarEvaluatorModelExport": "watches files: tests/keras/test_callbacks_more.py",
    "TensorBoard": "writes events: tests/keras/test_tensorboard.py",
}


def _mentioned() -> set[str]:
    """Attributes and words of texts in the files of rows."""
    found: set[str] = set()
    for path in (*FOLDER.glob("keras/*.py"), *FOLDER.glob("*keras*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(node.value.split())
    return found


MENTIONED = _mentioned()


def _public(space: str) -> Iterator[list[str]]:
    """The names of each public class, and of each activation."""
    module: Any = tf.keras
    for part in space.split("."):
        module = getattr(module, part)
    names: dict[int, list[str]] = {}
    for name in dir(module):
        value = getattr(module, name)
        wanted = callable(value) if space == "activations" else inspect.isclass(value)
        if wanted and not name.startswith("_"):
            names.setdefault(id(value), []).append(name)
    yield from names.values()


@pytest.mark.parametrize("space", SPACES)
def test_every_class_has_a_row(space: str) -> None:
    known = MENTIONED | set(ELSEWHERE)
    missing = [names for names in _public(space) if not known & set(names)]
    assert not missing


def test_reasons_are_needed() -> None:
    public = {name for space in SPACES for names in _public(space) for name in names}
    assert set(ELSEWHERE) <= public
