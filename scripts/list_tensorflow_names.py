"""Write down which public names TensorFlow has, so that rillet knows what it lacks.

Run it with a Python that has TensorFlow and tf_keras, once a year or so:

    TF_USE_LEGACY_KERAS=1 python scripts/list_tensorflow_names.py

A row of the list is a namespace, a colon, and its names; namespaces of TensorFlow 1
begin with ``compat.v1`` and hold only what TensorFlow 2 dropped. The classes that
programs call methods of have a row too.
"""

from __future__ import annotations

import operator
import pathlib
import sys
import types
from typing import Any

OUT = pathlib.Path(__file__).parents[1] / "src/rillet/programs/tensorflow_names.txt"
NOT_ENTERED = frozenset("compat raw_ops experimental.numpy".split())
CLASSES = ("keras.Model", "keras.Sequential", "keras.layers.Layer")
#: Namespaces that TensorFlow 2 had before the version that is looked through.
GONE = frozenset({"estimator"})


def walk(module: Any, path: str, found: dict[str, set[str]], seen: set[int]) -> None:
    """Collect the public names of a namespace and of those below it."""
    if id(module) in seen or len(path.split(".")) > 5:
        return
    seen.add(id(module))
    names = found.setdefault(path, set())
    for name in dir(module):
        full = f"{path}.{name}".lstrip(".")
        if name.startswith("_"):
            continue
        if full in NOT_ENTERED:
            names.add(name)
            continue
        try:
            value = getattr(module, name)
        except Exception:
            continue  # a lazy module whose package is not installed
        home = getattr(value, "__name__", "")
        if isinstance(value, types.ModuleType):
            if not (("_api" in home) or ("api" in home.split("."))):
                continue
            walk(value, full, found, seen)
        names.add(name)


def main() -> int:
    """Write the list."""
    import tensorflow as tf

    second: dict[str, set[str]] = {}
    walk(tf, "", second, set())
    second[""] |= GONE
    for path in CLASSES:
        members = dir(operator.attrgetter(path)(tf))
        second[path] = {name for name in members if not name.startswith("_")}
    first: dict[str, set[str]] = {}
    walk(tf.compat.v1, "", first, set())
    rows = [f"{path}: {' '.join(sorted(second[path]))}" for path in sorted(second)]
    for path in sorted(first):
        if path.startswith("keras"):
            continue
        if dropped := first[path] - second.get(path, set()):
            name = f"compat.v1.{path}".rstrip(".")
            rows.append(f"{name}: {' '.join(sorted(dropped))}")
    OUT.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{OUT}: {sum(map(len, second.values()))} names", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
