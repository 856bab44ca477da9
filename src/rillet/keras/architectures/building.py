"""What named networks share: their inputs, layers, heads, and weights from files.

In: what a caller asks of a network. Out: the model. The other files here describe
blocks and call these functions. Layers have the names that tf.keras gives them, so that
its weights find their places.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rillet.core.errors import house_message
from rillet.keras import layers, settings
from rillet.keras.input_layer import Input
from rillet.keras.keras_tensor import KerasTensor
from rillet.keras.models import Model
from rillet.keras.small_tools import get_source_inputs

ADDRESS: Final = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True)
class Wanted:
    """What a caller asks of a network; the arguments of all of them.

    Attributes:
        include_top: whether the classifier is part of it.
        weights: None, the path of a file, or ``"imagenet"``.
        input_tensor: a placeholder to begin with, instead of a new input.
        input_shape: the shape of an image.
        pooling: without a classifier: None, ``"avg"`` or ``"max"``.
        classes: how many classes the classifier knows.
        activation: what follows the classifier.
    """

    include_top: bool = True
    weights: Any = "imagenet"
    input_tensor: Any = None
    input_shape: Any = None
    pooling: str | None = None
    classes: int = 1000
    activation: Any = "softmax"


def _refused(op: str, rule: str, values: str = "", fix: str = "") -> ValueError:
    return ValueError(house_message(op, rule, values, fix))


def is_channels_first() -> bool:
    """Whether images have their channels first."""
    return settings.image_data_format() == "channels_first"


def channel_axis() -> int:
    """The axis of channels in a batch of images."""
    return 1 if is_channels_first() else 3


def channels(x: Any) -> int:
    """How many channels a tensor has."""
    return int(x.shape[channel_axis()])


def check(op: str, wanted: Wanted) -> None:
    """Refuse weights that are no file, and classes that weights do not know.

    Raises:
        ValueError: for these.
    """
    weights = wanted.weights
    if weights not in (None, "imagenet") and not os.path.exists(weights):
        raise _refused(
            op,
            "The `weights` argument should be either `None` (random initialization),"
            " `imagenet` (pre-training on ImageNet), or the path to the weights file to"
            " be loaded",
            f"weights={weights!r}",
        )
    if weights == "imagenet" and wanted.include_top and wanted.classes != 1000:
        raise _refused(
            op,
            'If using `weights` as `"imagenet"` with `include_top` as true, `classes`'
            " should be 1000",
            f"classes={wanted.classes}",
        )


def image_shape(
    op: str, wanted: Wanted, default: int, least: int, needs_size: bool | None = None
) -> tuple[int | None, ...]:
    """The shape of an image: that asked for, or the usual one.

    Args:
        op: whom errors name.
        wanted: what was asked.
        default: the usual height and width.
        least: the smallest.
        needs_size: whether sizes must be known; where there is a classifier if None.

    Raises:
        ValueError: where it is too small, or no shape of an image.
    """
    first, given = is_channels_first(), wanted.input_shape
    static = wanted.include_top if needs_size is None else needs_size
    if given is None:
        size = default if static else None
        return (3, size, size) if first else (size, size, 3)
    shape = tuple(given)
    if len(shape) != 3:
        raise _refused(
            op, "`input_shape` must be a tuple of three integers", f"{given}"
        )
    sides = shape[1:] if first else shape[:2]
    depth = shape[0] if first else shape[2]
    usual = (depth, default, default) if first else (default, default, depth)
    if wanted.weights == "imagenet" and static and shape != usual:
        raise _refused(
            op,
            "When setting `include_top=True` and loading `imagenet` weights,"
            f" `input_shape` should be {usual}",
            f"Received: input_shape={shape}",
        )
    if wanted.weights == "imagenet" and depth != 3:
        raise _refused(op, "The input must have 3 channels", f"input_shape={shape}")
    if any(side is not None and side < least for side in sides):
        raise _refused(
            op,
            f"Input size must be at least {least}x{least}",
            f"Received: input_shape={shape}",
        )
    if static and None in shape:
        raise _refused(
            op,
            "If `include_top` is True, you should specify a static `input_shape`",
            f"Received: input_shape={shape}",
        )
    return shape


def begun(wanted: Wanted, shape: tuple[int | None, ...]) -> Any:
    """The placeholder that a network begins with."""
    given = wanted.input_tensor
    if given is None:
        return Input(shape=shape)
    if isinstance(given, KerasTensor):
        return given
    return Input(tensor=given, shape=shape)


def finished(
    op: str, name: str, wanted: Wanted, start: Any, x: Any, file: str, address: str
) -> Any:
    """The model from its ends, with weights where a file has them.

    Args:
        op: whom errors name.
        name: the model's name.
        wanted: what was asked.
        start: what `begun` gave.
        x: the network's end.
        file: the name of the file with the weights of ImageNet.
        address: the folder where the public file stands.
    """
    inputs = start if wanted.input_tensor is None else get_source_inputs(start)
    if isinstance(inputs, list) and len(inputs) == 1:
        inputs = inputs[0]
    model = Model(inputs, x, name=name)
    if wanted.weights == "imagenet":
        model.load_weights(_public_file(op, file, address))
    elif wanted.weights is not None:
        model.load_weights(wanted.weights)
    return model


def cache_folder() -> Path:
    """Where files that Keras fetched lie: ``$KERAS_HOME/models``."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _public_file(op: str, file: str, address: str) -> str:
    """A file of public weights, where somebody has put it into Keras's folder."""
    place = cache_folder() / file
    if place.exists():
        return str(place)
    raise _refused(
        op,
        'weights="imagenet" needs a file that is not there, and rillet downloads none',
        f"looked for {place}",
        f"Fetch {address}{file} and put it there, or give weights=None",
    )


def conv(
    x: Any,
    filters: int,
    size: Any,
    name: str | None = None,
    *,
    strides: Any = 1,
    padding: str = "same",
    bias: bool = False,
    **more: Any,
) -> Any:
    """A convolution, without a bias where it is not asked for."""
    layer = layers.Conv2D(
        filters, size, strides, padding, use_bias=bias, name=name, **more
    )
    return layer(x)


def norm(x: Any, name: str | None = None, epsilon: float = 1e-3, **more: Any) -> Any:
    """A batch normalisation over channels."""
    return layers.BatchNormalization(
        axis=channel_axis(), epsilon=epsilon, name=name, **more
    )(x)


def act(x: Any, kind: Any = "relu", name: str | None = None) -> Any:
    """An activation."""
    return layers.Activation(kind, name=name)(x)


def uneven_pad(x: Any, size: int, name: str | None = None) -> Any:
    """Zeros around images, for a convolution of stride 2 without padding.

    An even size gets less of them at its beginning.
    """
    first = channel_axis() == 1
    sides = x.shape[2:4] if first else x.shape[1:3]
    room = []
    for side in sides:
        less = 1 if side is None else 1 - int(side) % 2
        room.append((size // 2 - less, size // 2))
    return layers.ZeroPadding2D(padding=tuple(room), name=name)(x)


def pooled(x: Any, wanted: Wanted, names: bool = True) -> Any:
    """The end of a network without a classifier.

    Args:
        x: the last block.
        wanted: what was asked.
        names: whether the pool has its usual name, else one of its own.
    """
    if wanted.pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool" if names else None)(x)
    if wanted.pooling == "max":
        return layers.GlobalMaxPooling2D(name="max_pool" if names else None)(x)
    return x


def classified(x: Any, wanted: Wanted, name: str = "predictions", **more: Any) -> Any:
    """The classifier's last layer."""
    dense = layers.Dense(
        wanted.classes, activation=wanted.activation, name=name, **more
    )
    return dense(x)


def topped(
    x: Any, wanted: Wanted, names: bool = True, dropout: float = 0.0, **more: Any
) -> Any:
    """The usual end: an average and a classifier, or a pool."""
    if not wanted.include_top:
        return pooled(x, wanted, names)
    x = layers.GlobalAveragePooling2D(name="avg_pool" if names else None)(x)
    if dropout > 0:
        x = layers.Dropout(dropout, name="top_dropout")(x)
    return classified(x, wanted, **more)


def file_name(stem: str, wanted: Wanted, without: str = "_notop") -> str:
    """The name of a file of weights, with or without the classifier."""
    return f"{stem}{'' if wanted.include_top else without}.h5"


def rounded(value: float, divisor: int = 8, least: int | None = None) -> int:
    """A number of filters: a multiple of `divisor` near `value`, or a little above."""
    found = max(least or divisor, int(value + divisor / 2) // divisor * divisor)
    return found + divisor if found < 0.9 * value else found


#: A network: what is asked, the name, and its settings -> the model.
Builder = Callable[..., Any]


def variant(name: str, build: Builder, about: str, **fixed: Any) -> Callable[..., Any]:
    """A public function for one network of a family.

    Args:
        name: the function's name.
        build: the family, called ``build(name, wanted, **fixed)``.
        about: what the network is, for the docstring.
        **fixed: what tells it from its family.
    """

    def made(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        **more: Any,
    ) -> Any:
        wanted = Wanted(
            include_top,
            weights,
            input_tensor,
            input_shape,
            pooling,
            classes,
            classifier_activation,
        )
        check(name, wanted)
        return build(name, wanted, **fixed, **more)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"""{about}

    Args:
        include_top: whether the classifier is part of it.
        weights: None, the path of a file of weights, or ``"imagenet"`` for the public
            one, which has to lie in Keras's folder.
        input_tensor: a placeholder to begin with, instead of a new input.
        input_shape: the shape of an image, where it is not the usual one.
        pooling: without a classifier: None, ``"avg"`` or ``"max"``.
        classes: how many classes the classifier knows.
        classifier_activation: what follows the classifier; None for logits.
        **more: what else tf.keras's function of this name takes.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: where an argument does not fit, or a file is missing.
    """
    return made
