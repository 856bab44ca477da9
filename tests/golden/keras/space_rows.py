"""Feature spaces, run by tf.keras and by rillet: what becomes of a table's columns."""

from __future__ import annotations

from typing import Any

DATA: dict[str, list[Any]] = {
    "f": [1.0, 2.0, 3.0, 4.0],
    "n": [1.0, 2.0, 3.0, 6.0],
    "r": [1.0, 2.0, 3.0, 4.0],
    "d": [0.1, 0.5, 0.9, 0.7],
    "i": [3, 1, 3, 2],
    "s": ["a", "b", "a", "c"],
    "h": ["x", "y", "z", "x"],
    "ih": [1, 2, 3, 4],
}


def space(tf: Any, **options: Any) -> Any:
    """A space with a column of every kind and two crosses, which has learned."""
    kinds = tf.keras.utils.FeatureSpace
    made = kinds(
        {
            "f": "float",
            "n": "float_normalized",
            "r": kinds.float_rescaled(2.0, 1.0),
            "d": kinds.float_discretized(3),
            "i": kinds.integer_categorical(),
            "s": kinds.string_categorical(),
            "h": kinds.string_hashed(4),
            "ih": kinds.integer_hashed(5),
        },
        crosses=[("i", "s"), kinds.cross(("h", "ih"), 6)],
        crossing_dim=3,
        **options,
    )
    made.adapt(tf.data.Dataset.from_tensor_slices(DATA))
    return made


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _told(part) for name, part in sorted(value.items())}
    return [value.dtype.name, value.numpy().tolist()]


def _alone(tf: Any, kind: Any, values: Any, learned: Any = None, **options: Any) -> Any:
    """One column of a kind."""
    made = tf.keras.utils.FeatureSpace({"a": kind}, **options)
    if learned is not None:
        made.adapt(learned)
    return _told(made({"a": tf.constant(values)}))


def results(tf: Any) -> dict[str, Any]:
    """Types and numbers by the name of what gave them."""
    columns = {name: tf.constant(values) for name, values in DATA.items()}
    first = {name: tf.constant(values[0]) for name, values in DATA.items()}
    kinds = tf.keras.utils.FeatureSpace
    rows = tf.data.Dataset.from_tensor_slices
    one, many = space(tf), space(tf, output_mode="dict")
    words = rows({"a": ["u", "v", "u", "w"]})
    return {
        "concat": _told(one(columns)),
        "one row": _told(one(first)),
        "dict": _told(many(columns)),
        "one row in dict": _told(many(first)),
        "mapped": [_told(x) for x in rows(DATA).batch(3).map(one)],
        "numbers": _alone(tf, "float", [1.0, 2.0]),
        "integers": _alone(
            tf, kinds.integer_hashed(3, output_mode="int"), [1, 2], output_mode="dict"
        ),
        "hashed": _alone(tf, "string_hashed", ["q", "w", "e"], hashing_dim=2),
        "batches": _alone(
            tf,
            "float_normalized",
            [1.0, 2.0],
            rows({"a": [1.0, 2.0, 3.0, 4.0]}).batch(3),
        ),
        "no others": _alone(
            tf, kinds.string_categorical(num_oov_indices=0), ["u", "v"], words
        ),
        "few words": _alone(
            tf, kinds.string_categorical(max_tokens=3), ["u", "v", "w"], words
        ),
        "own layer": _alone(
            tf,
            kinds.feature("float32", tf.keras.layers.Rescaling(3.0), "float"),
            [1.0, 2.0],
        ),
    }
