"""Pixels as networks for ImageNet expect them, and the names of its classes.

In: images or predictions. Out: the others. `keras.applications` shows these functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import is_tensor
from rillet.keras.architectures.building import cache_folder
from rillet.keras.settings import floatx, image_data_format
from rillet.ops.casting import cast
from rillet.ops.rearrange import reverse

_MEAN: Final = (0.485, 0.456, 0.406)
_SPREAD: Final = (0.229, 0.224, 0.225)
#: Of blue, green and red, as Caffe's networks have them.
_CAFFE: Final = (103.939, 116.779, 123.68)
_NAMES: Final = "imagenet_class_index.json"
_ADDRESS: Final = (
    "https://storage.googleapis.com/download.tensorflow.org/data/"
    "imagenet_class_index.json"
)


def _spread_over(values: tuple[float, ...], rank: int, axis: int) -> Any:
    shape = [1] * rank
    shape[axis] = 3
    return np.reshape(values, shape)


def _changed(x: Any, mode: str, axis: int) -> Any:
    """Tensors or arrays of floats, changed as `mode` says."""
    if mode == "tf":
        return x / 127.5 - 1.0
    rank = len(x.shape)

    def fitted(values: tuple[float, ...]) -> Any:
        found = _spread_over(values, rank, axis)
        return to_tensor(found, x.dtype) if is_tensor(x) else found.astype(x.dtype)

    if mode == "torch":
        return (x / 255.0 - fitted(_MEAN)) / fitted(_SPREAD)
    turned = reverse(x, [axis]) if is_tensor(x) else np.flip(x, axis)
    return turned - fitted(_CAFFE)


def preprocess_input(
    x: Any, data_format: str | None = None, mode: str = "caffe"
) -> Any:
    """Pixels as a network expects them.

    Args:
        x: images, ``(..., height, width, 3)`` or channels first, from 0 to 255; an
            array or a tensor. An array of floats is changed in place.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        mode: ``"caffe"`` for blue, green and red less their means; ``"tf"`` for values
            from -1 to 1; ``"torch"`` for values from 0 to 1 less their means, by their
            spread.

    Returns:
        Floats in the same shape.

    Raises:
        ValueError: for an unknown mode or format.

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.full((1, 1, 3), 255.0), mode="tf").tolist()
        [[[1.0, 1.0, 1.0]]]
    """
    op = "preprocess_input"
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(
            house_message(op, "Expected mode to be `caffe`, `tf` or `torch`", f"{mode}")
        )
    order = image_data_format() if data_format is None else data_format
    if order not in ("channels_first", "channels_last"):
        raise ValueError(
            house_message(
                op,
                "Expected data_format to be `channels_first` or `channels_last`",
                f"Received: data_format={data_format}",
            )
        )
    axis = -3 if order == "channels_first" else -1
    if isinstance(x, np.ndarray):
        floating = np.issubdtype(x.dtype, np.floating)
        found = x if floating else x.astype(floatx())
        changed = _changed(found, mode, axis)
        if floating and x.flags.writeable:  # as tf.keras's, which callers may rely on
            x[...] = changed
            return x
        return changed
    tensor = to_tensor(x)
    if not tensor.dtype.is_floating:
        tensor = cast(tensor, floatx())
    return _changed(tensor, mode, axis)


def fixed_mode(mode: str) -> Callable[..., Any]:
    """`preprocess_input` of one mode; an empty one leaves images as they are."""

    def preprocess(x: Any, data_format: str | None = None) -> Any:
        return preprocess_input(x, data_format, mode) if mode else x

    about = "Pixels as the network expects them; see `imagenet_utils`."
    preprocess.__doc__ = (
        about if mode else "Pixels as they are: the network scales them."
    )
    preprocess.__name__ = preprocess.__qualname__ = "preprocess_input"
    return preprocess


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, Any]]]:
    """The likeliest classes of ImageNet, by name.

    Args:
        preds: predictions, ``(batch, 1000)``.
        top: how many classes to tell for each.

    Returns:
        For each, tuples of a class's number in WordNet, its name, and its score.

    Raises:
        ValueError: for another shape, or where the file of names is not there.
    """
    op = "decode_predictions"
    array = np.asarray(preds)
    if array.ndim != 2 or array.shape[1] != 1000:
        raise ValueError(
            house_message(
                op,
                "`decode_predictions` expects a batch of predictions (i.e. a 2D array"
                " of shape (samples, 1000))",
                f"Found array with shape: {array.shape}",
            )
        )
    place = cache_folder() / _NAMES
    if not place.exists():
        raise ValueError(
            house_message(
                op,
                "the names of classes stand in a file that is not there, and rillet"
                " downloads none",
                f"looked for {place}",
                f"Fetch {_ADDRESS} and put it there",
            )
        )
    names = json.loads(place.read_text(encoding="utf-8"))
    found = []
    for row in array:
        best = row.argsort()[-top:][::-1]
        found.append([(*names[str(i)], row[i]) for i in best])
    return found
