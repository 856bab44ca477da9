"""The names under which checkpoints hold the parts of layers, models and optimizers.

tf.keras's names: ``layer-0`` and ``layer_with_weights-0`` for the layers of Sequential
and functional models, attributes' names for the rest, the names of weights beside them.
`tracking` and the optimizers ask; `model_files` saves and loads weights through it.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.checkpoint import saver, state
from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.children import attribute_children
from rillet.checkpoint.restoration import Restoration, graph_in
from rillet.checkpoint.status import CheckpointLoadStatus
from rillet.core.errors import NotFoundError, house_message
from rillet.core.variable import Variable
from rillet.functions import Function

#: Metrics of `add_metric`, which tf.keras's checkpoints leave out.
_MADE = "_metrics_made"
#: What belongs to training, and is no part of the layer.
_FUNCTIONS = {
    "train_tf_function": "train_function",
    "train_function": "train_function",
    "test_tf_function": "test_function",
    "test_function": "test_function",
    "predict_function": "predict_function",
}


def listed(layer: Any) -> dict[str, Any]:
    """The lists by which a SavedModel tells weights, and penalties as functions.

    Programs that train what `tf.saved_model.load` gave them ask for these.

    Args:
        layer: a layer or model.
    """
    if not layer.built:
        return {}
    losses = [
        Function(make, "penalty", input_signature=[], autograph=False)
        for part in layer._flatten()
        for make in getattr(part, "_losses_made", ())
        if make() is not None
    ]
    return {
        "variables": list(layer.variables),
        "trainable_variables": list(layer.trainable_variables),
        "non_trainable_variables": list(layer.non_trainable_variables),
        "regularization_losses": losses,
    }


def layer_parts(layer: Any) -> dict[str, Any]:
    """The parts of a layer or model by name.

    Args:
        layer: it.
    """
    space = layer.__dict__
    found = {}
    layers = getattr(type(layer), "_layer_list", "")
    if layers:
        found = _by_place(layer.layers)
    names: dict[int, str] = {
        id(weight): name for name, weight in space.get("_named_weights", {}).items()
    }
    held = {k: v for k, v in layer._tracked.items() if k not in (layers, _MADE)}
    # Tables of tf.lookup hold no variables, so nothing tracks them.
    held |= {k: v for k, v in space.items() if hasattr(v, "resource_handle")}
    for name, value in attribute_children(held).items():
        if id(value) in names:
            # What `add_weight` was told comes before the attribute's name.
            found.setdefault(names[id(value)], value)
        found[name] = value
    for name, weight in space.get("_named_weights", {}).items():
        found.setdefault(name, weight)
    if space.get("optimizer") is not None:
        found["optimizer"] = space["optimizer"]
    for name, attribute in _FUNCTIONS.items():
        if space.get(attribute) is not None:
            found[name] = space[attribute]
    return found


def _by_place(layers: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with_weights = 0
    for place, layer in enumerate(layers):
        if _has_weights(layer):
            found[f"layer_with_weights-{with_weights}"] = layer
            with_weights += 1
        found[f"layer-{place}"] = layer
    return found


def _has_weights(layer: Any) -> bool:
    if getattr(layer, "_counts_words", False):
        # What a lookup learns its words from counts as a weight.
        return True
    try:
        return bool(layer.weights)
    except ValueError:
        # A model that is not built yet.
        return False


def optimizer_parts(optimizer: Any) -> dict[str, Any]:
    """The parts of an optimizer by name: the number of steps, the rate, the slots."""
    space = optimizer.__dict__
    found = {"_variables": space["_variables"], "_iterations": space["_iterations"]}
    averages = "_model_variables_moving_average"
    beside = {"_trained", "_slots", "_excluded", "_slot_groups", "_cells"}
    for rate in ("_learning_rate", "_current_learning_rate"):
        if isinstance(space.get(rate), Variable):
            found[rate] = space[rate]
    if not space.get("use_ema"):
        beside.add(averages)
    for name, value in attribute_children(space).items():
        if name not in beside:
            found.setdefault(name, {} if name == "_index_dict" else value)
    return found


def save_checkpoint(model: Any, path: str, options: Any = None) -> None:
    """Write a model's weights, and its optimizer's state, in TensorFlow's format.

    Args:
        model: the model.
        path: what the files' names begin with.
        options: a `tf.train.CheckpointOptions`.
    """
    saver.save(path, model, {"root": model})
    state.update_checkpoint_state(os.path.dirname(path), path, [path])


def load_checkpoint(
    model: Any, path: str, skip_mismatch: bool = False, options: Any = None
) -> CheckpointLoadStatus:
    """Read a model's weights from TensorFlow's format, now or when they are made.

    Args:
        model: the model.
        path: what the files' names begin with.
        skip_mismatch: not possible in this format.
        options: ignored.

    Returns:
        A status, as of `tf.train.Checkpoint.restore`.

    Raises:
        NotFoundError: where there are no such files.
        ValueError: where a weight has another shape.
    """
    if skip_mismatch:
        raise ValueError(
            house_message(
                "Model.load_weights",
                "When loading weights from TensorFlow's format, skip_mismatch must be"
                " False",
                f"filepath={path!r}",
            )
        )
    reader = BundleReader(path)
    graph = graph_in(reader)
    if graph is None:
        raise NotFoundError(
            house_message(
                "Model.load_weights",
                "the checkpoint was written by TensorFlow 1 and names no objects",
                f"filepath={path!r}",
                "Use tf.train.Checkpoint(model).restore(path)",
            )
        )
    restoration = Restoration(reader, graph, model, {"root": model})
    return CheckpointLoadStatus(restoration, model)

