"""What completion and `import *` show of each namespace: public names, and no others.

TensorFlow's names come from the list that `scripts/list_tensorflow_names.py` wrote.
"""

from types import ModuleType

import pytest

import rillet as tf
from rillet.programs.tensorflow_names import members, spaces

#: Namespaces that the list leaves out, with what TensorFlow has there.
UNLISTED = {
    "compat": """as_bytes as_str as_str_any as_text bytes_or_text_types complex_types
        dimension_at_index dimension_value forward_compatibility_horizon
        forward_compatible integral_types path_to_str real_types""",
    "explain": """activations boundary confusion doctor examine geometry graph history
        local_minimum loss_surface matmul naive network overview predictions shapes
        step uncrumple weights""",
    "explain.naive": """TWINS Timing compare naive_add naive_add_matrix_and_vector
        naive_dense naive_matrix_dot naive_matrix_vector_dot naive_relu
        naive_vector_dot""",
    "keras.config": """backend disable_interactive_logging enable_interactive_logging
        enable_unsafe_deserialization epsilon floatx image_data_format
        is_interactive_logging_enabled set_epsilon set_floatx set_image_data_format""",
    "keras.datasets.california_housing": "load_data",
    "keras.wrappers": "scikit_learn",
    "keras.wrappers.scikit_learn": "BaseWrapper KerasClassifier KerasRegressor",
    "playground": "Perceptron Trainer show",
}
#: Names beside TensorFlow 2.21's and tf.keras 2.15's: older ones, Keras 3's, our own.
_METRICS = """ACC BCE acc accuracy bce categorical_hinge cosine_proximity
    cosine_similarity huber"""
_LOSSES = "BCE bce cosine_proximity huber_loss"
_INITIALIZERS = "IdentityInitializer OrthogonalInitializer"
BESIDE = {
    "": "explain floordiv install_as_tensorflow playground",
    "initializers": _INITIALIZERS,
    "keras": "config wrappers",
    "keras.activations": "leaky_relu relu6 silu",
    "keras.constraints": "maxnorm nonneg unitnorm",
    "keras.datasets": "california_housing",
    "keras.initializers": _INITIALIZERS,
    "keras.layers": "TFSMLayer",
    "keras.losses": _LOSSES,
    "keras.metrics": _METRICS,
    "keras.saving": "CustomObjectScope load_weights save_weights",
    "losses": _LOSSES,
    "metrics": _METRICS,
    "nn": "batch_to_space",
    "version": "RILLET_VERSION",
}


def _walk(module, path, found):
    found[path] = module
    for name in dir(module):
        inner = f"{path}.{name}".strip(".")
        value = None if name.startswith("_") else getattr(module, name)
        if isinstance(value, ModuleType) and inner not in found:
            _walk(value, inner, found)
    return found


NAMESPACES = _walk(tf, "", {})


def test_the_walk_reaches_what_lies_deep():
    assert set(NAMESPACES) <= {*spaces(), *UNLISTED}
    assert {"keras.optimizers.schedules", "linalg.experimental"} <= set(NAMESPACES)


@pytest.mark.parametrize("path", sorted(NAMESPACES))
def test_only_public_names_show(path):
    shown = {n for n in dir(NAMESPACES[path]) if not n.startswith("_")}
    beside = UNLISTED.get(path, BESIDE.get(path, ""))
    known = members(path) | set(beside.split())
    assert shown - known == set()


@pytest.mark.parametrize("path", sorted(NAMESPACES))
def test_a_star_brings_what_shows(path):
    module = NAMESPACES[path]
    brought = {}
    exec(f"from {module.__name__} import *", brought)
    shown = {n for n in dir(module) if not n.startswith("_")}
    assert set(brought) - {"__builtins__"} == shown


def test_files_of_keras_are_no_attributes():
    tf.keras.Sequential([tf.keras.layers.Dense(1)]).compile("sgd", "mse")
    for name in ("sequential", "model", "loops", "base_layer", "compile_parts"):
        assert not hasattr(tf.keras, name)
    with pytest.raises(AttributeError, match=r"Did you mean tf\.keras\.Sequential\?"):
        _ = tf.keras.sequential
