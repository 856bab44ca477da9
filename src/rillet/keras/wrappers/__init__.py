"""`tf.keras.wrappers`: models for libraries with an interface of their own."""

from rillet.keras.wrappers import scikit_learn as scikit_learn

#: The modules here that are public.
_namespaces = ("scikit_learn",)
