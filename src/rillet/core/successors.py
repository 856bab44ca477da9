"""What does the work of names that rillet has not: its words, by the missing name.

A name as users write it, without ``tf.``, flows in; a sentence for an error message
flows out. `core.missing` and ``rillet check`` ask. A row goes when its name lands.
"""

from __future__ import annotations

from typing import Final

_EAGER = "There are no sessions: operations run when they are called, so just call them"
_NO_VARIABLES = "A tf.Variable has its value as soon as it is made; leave the line out"

#: The full name without ``tf.``, or of a namespace, for all that it would hold.
_WORDS: Final[dict[str, str]] = {
    # TensorFlow 2
    # TensorFlow 1
    "AUTO_REUSE": "Keep the layer or the variable in a Python name and use it again",
    "ConfigProto": "Use the functions of tf.config",
    "GPUOptions": "Use the functions of tf.config",
    "InteractiveSession": _EAGER,
    "Session": _EAGER,
    "app": "Call main() yourself",
    "assign": "Use the variable's own method: v.assign(value)",
    "assign_add": "Use the variable's own method: v.assign_add(value)",
    "assign_sub": "Use the variable's own method: v.assign_sub(value)",
    "compat.v1": "Of TensorFlow 1 nothing is kept; look for the name in tf itself",
    "contrib": "Use tf.keras, tf.image or tf.nn in its place",
    "disable_eager_execution": _EAGER,
    "disable_v2_behavior": _EAGER,
    "enable_eager_execution": "Operations run eagerly already; leave the line out",
    "enable_v2_behavior": "That is how rillet behaves; leave the line out",
    "flags": "Use Python's argparse",
    "get_default_graph": _EAGER,
    "get_variable": "Use tf.Variable",
    "gfile": "Use tf.io.gfile",
    "global_variables": "Models and layers list theirs: model.variables",
    "global_variables_initializer": _NO_VARIABLES,
    "initialize_all_variables": _NO_VARIABLES,
    "layers": "Use tf.keras.layers",
    "layers.batch_normalization": "Use tf.keras.layers.BatchNormalization",
    "layers.conv2d": "Use tf.keras.layers.Conv2D",
    "layers.dense": "Use tf.keras.layers.Dense",
    "layers.dropout": "Use tf.keras.layers.Dropout",
    "layers.flatten": "Use tf.keras.layers.Flatten",
    "local_variables_initializer": _NO_VARIABLES,
    "logging": "Use tf.get_logger()",
    "losses.sigmoid_cross_entropy": "Use tf.keras.losses.BinaryCrossentropy",
    "losses.softmax_cross_entropy": "Use tf.keras.losses.CategoricalCrossentropy",
    "losses.sparse_softmax_cross_entropy": (
        "Use tf.keras.losses.SparseCategoricalCrossentropy"
    ),
    "matrix_inverse": "Use tf.linalg.inv",
    "mul": "Use tf.multiply or the operator *",
    "neg": "Use tf.negative or the operator -",
    "placeholder": "Call functions with tensors in place of placeholders",
    "random_normal": "Use tf.random.normal",
    "random_uniform": "Use tf.random.uniform",
    "reset_default_graph": "There is no graph to reset; leave the line out",
    "set_random_seed": "Use tf.random.set_seed",
    "sub": "Use tf.subtract or the operator -",
    "to_double": "Use tf.cast(x, tf.float64)",
    "to_float": "Use tf.cast(x, tf.float32)",
    "to_int32": "Use tf.cast(x, tf.int32)",
    "to_int64": "Use tf.cast(x, tf.int64)",
    "train.AdadeltaOptimizer": "Use tf.keras.optimizers.Adadelta",
    "train.AdagradOptimizer": "Use tf.keras.optimizers.Adagrad",
    "train.AdamOptimizer": "Use tf.keras.optimizers.Adam",
    "train.FtrlOptimizer": "Use tf.keras.optimizers.Ftrl",
    "train.GradientDescentOptimizer": "Use tf.keras.optimizers.SGD",
    "train.MomentumOptimizer": "Use tf.keras.optimizers.SGD with momentum",
    "train.RMSPropOptimizer": "Use tf.keras.optimizers.RMSprop",
    "train.Saver": "Use tf.train.Checkpoint",
    "train.exponential_decay": "Use tf.keras.optimizers.schedules.ExponentialDecay",
    "truncated_normal": "Use tf.random.truncated_normal",
    "variable_scope": "Use tf.name_scope, and Python for what is shared",
    # NumPy
    "all": "Use tf.reduce_all",
    "any": "Use tf.reduce_any",
    "arange": "Use tf.range",
    "array": "Use tf.constant",
    "dot": "Use tf.matmul for matrices, tf.tensordot(a, b, 1) for vectors",
    "float": "Use tf.float32",
    "int": "Use tf.int32",
    "max": "Use tf.reduce_max",
    "mean": "Use tf.reduce_mean",
    "median": "Sort and take the middle: tf.sort(x)[n // 2]",
    "min": "Use tf.reduce_min",
    "prod": "Use tf.reduce_prod",
    "reduce_median": "Sort and take the middle: tf.sort(x)[n // 2]",
    "std": "Use tf.math.reduce_std",
    "sum": "Use tf.reduce_sum",
    "var": "Use tf.math.reduce_variance",
}


def instead(path: str) -> str:
    """What to do in place of a missing name, or nothing.

    Args:
        path: the name as users write it, without ``tf.``.

    Example:
        >>> instead("train.AdamOptimizer")
        'Use tf.keras.optimizers.Adam'
        >>> instead("compat.v1.to_float") == instead("to_float")
        True
    """
    path = path.removeprefix("compat.v1.")
    whole = path
    while path and path not in _WORDS:
        path = path.rpartition(".")[0]
    if path in ("layers", "losses") and path != whole:
        return ""  # what is said of these does not fit all that they hold
    return _WORDS.get(path, "")


def rows() -> dict[str, str]:
    """All rows, for the test that holds them to what there is."""
    return dict(_WORDS)
