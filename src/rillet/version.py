"""Version numbers: TensorFlow's, which programs test, and rillet's own.

Nothing flows in. The constants of ``tf.version`` flow out: programs compare
``tf.__version__`` and ``tf.version.VERSION`` to choose between interfaces, so these
name the TensorFlow release whose behaviour rillet follows where releases differ.
Callers are ``rillet/__init__.py``, the command line, the caches (their keys hold
``RILLET_VERSION``) and the writers of SavedModels (``GRAPH_DEF_VERSION``).
"""

VERSION = "2.15.0"
"""The TensorFlow release that rillet answers to."""

GIT_VERSION = "v2.15.0-rillet"
COMPILER_VERSION = "none (pure Python)"

GRAPH_DEF_VERSION = 1645
"""The producer version that TensorFlow 2.15 writes into a GraphDef."""

GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0

RILLET_VERSION = "0.1.0"
"""rillet's own release."""

__all__ = [
    "COMPILER_VERSION",
    "GIT_VERSION",
    "GRAPH_DEF_VERSION",
    "GRAPH_DEF_VERSION_MIN_CONSUMER",
    "GRAPH_DEF_VERSION_MIN_PRODUCER",
    "RILLET_VERSION",
    "VERSION",
]
