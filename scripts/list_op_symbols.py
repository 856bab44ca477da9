"""Write `src/rillet/keras/op_symbols.txt`: TensorFlow's names of rillet's functions.

Run with the Python that has TensorFlow 2 and with rillet on PYTHONPATH:

    PYTHONPATH=src python-with-tensorflow scripts/list_op_symbols.py

A row is «TensorFlow's canonical name, rillet's module, name in it». Layers that Keras
makes of functions on placeholders bear those names, in summaries and in files.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

SPACES = (
    "",
    "math",
    "nn",
    "linalg",
    "image",
    "strings",
    "signal",
    "bitwise",
    "random",
    "dtypes",
    "quantization",
    "audio",
    "sparse",
    "sets",
)
# What reads, writes, runs or prints something, or only makes constants and settings.
NEVER = frozenset(
    """Assert assert_equal assert_greater assert_less assert_rank case cond foldl foldr
    function map_fn no_op numpy_function print py_function scan switch_case timestamp
    vectorized_map while_loop device init_scope name_scope control_dependencies
    get_logger group executing_eagerly is_tensor get_static_value custom_gradient
    grad_pass_through recompute_grad register_tensor_conversion_function
    install_as_tensorflow constant_initializer ones_initializer
    random_normal_initializer random_uniform_initializer zeros_initializer as_dtype
    TensorArray GradientTape set_seed get_global_generator set_global_generator
    create_rng_state""".split()
)

# Where Keras's layer bears the name of the version 1 function that does the work.
FIRST = {
    "squeeze": "compat.v1.squeeze",
    "gather": "compat.v1.gather",
    "gather_nd": "compat.v1.gather_nd",
    "boolean_mask": "compat.v1.boolean_mask",
    "norm": "compat.v1.norm",
    "shape": "compat.v1.shape",
    "size": "compat.v1.size",
    "pad": "compat.v1.pad",
    "transpose": "compat.v1.transpose",
    "math.floordiv": "compat.v1.floor_div",
    "nn.embedding_lookup": "compat.v1.nn.embedding_lookup",
    "nn.crelu": "compat.v1.nn.crelu",
    "nn.sufficient_statistics": "compat.v1.nn.sufficient_statistics",
    "nn.weighted_moments": "compat.v1.nn.weighted_moments",
    "nn.sigmoid_cross_entropy_with_logits": (
        "compat.v1.nn.sigmoid_cross_entropy_with_logits"
    ),
    "nn.softmax_cross_entropy_with_logits": (
        "compat.v1.nn.softmax_cross_entropy_with_logits_v2"
    ),
}


def canonical(tf: Any, path: str) -> str:
    """TensorFlow's own name for the function that stands at `path`."""
    from tensorflow.python.util.tf_export import get_canonical_name_for_symbol

    value = tf
    try:
        for part in path.split("."):
            value = getattr(value, part)
    except AttributeError:
        return path
    found = get_canonical_name_for_symbol(value, add_prefix_to_v1_names=True)
    return str(found or path)


def main() -> None:
    """Walk rillet's public functions and write the table."""
    import tensorflow as tf

    import rillet

    rows: dict[str, tuple[str, str]] = {}
    for space in SPACES:
        try:
            holder = importlib.import_module(f"rillet.{space}" if space else "rillet")
        except ImportError:
            continue
        for name in sorted(dir(holder)):
            if name.startswith("_") or name in NEVER:
                continue
            value = getattr(holder, name, None)
            if not inspect.isfunction(value):
                continue
            module = sys.modules[value.__module__]
            if not module.__name__.startswith(("rillet.ops", "rillet.core.convert")):
                continue
            inner = next((n for n, v in vars(module).items() if v is value), None)
            if inner is None:
                continue
            path = f"{space}.{name}" if space else name
            row = (module.__name__, inner)
            rows.setdefault(canonical(tf, path), row)
            rows.setdefault(path, row)
    del rillet
    names: dict[tuple[str, str], list[str]] = {}
    for symbol, row in rows.items():
        names.setdefault(row, []).append(symbol)
    lines = []
    for row, symbols in sorted(names.items()):
        first = [FIRST[s] for s in symbols if s in FIRST]
        own = [s for s in symbols if s == canonical(tf, s)]
        ordered = dict.fromkeys([*first, *own, *symbols])
        lines += [f"{symbol} {row[0]} {row[1]}" for symbol in ordered]
    head = "# TensorFlow's name, rillet's module, the name in it. list_op_symbols.py\n"
    out = Path(__file__).parent.parent / "src/rillet/keras/op_symbols.txt"
    out.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


main()
