"""Keras's settings: its folder, the layout of images, the float type, epsilon.

In: the environment (`KERAS_HOME`), `keras.json` in Keras's folder and what a program
sets. Out: those settings. `keras.datasets`, `keras.utils.get_file`, `keras.backend`,
layers, losses and optimizers call it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rillet.core.errors import house_message

LAYOUTS = ("channels_last", "channels_first")

FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64")

_image_data_format: str | None = None
_floatx: str | None = None
_epsilon: float | None = None


def keras_home() -> Path:
    """Name the folder in which Keras keeps its settings and downloads.

    Returns:
        The folder that `KERAS_HOME` names, else `.keras` in the user's home. It need
        not exist yet.

    Example:
        >>> keras_home().is_absolute()
        True
    """
    named = os.environ.get("KERAS_HOME")
    folder = Path(named) if named else Path("~/.keras")
    return Path(os.path.abspath(os.path.expanduser(folder)))


def image_data_format() -> str:
    """Tell the default layout of images.

    Returns:
        `"channels_last"` or `"channels_first"`: what `set_image_data_format` said, else
        what `keras.json` says, else `"channels_last"`.

    Example:
        >>> image_data_format() in LAYOUTS
        True
    """
    global _image_data_format
    if _image_data_format is None:
        _image_data_format = _layout_on_disk()
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Choose the default layout of images.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: another value.

    Example:
        >>> set_image_data_format("channels_last")
    """
    global _image_data_format
    if data_format not in LAYOUTS:
        raise ValueError(
            house_message(
                "set_image_data_format",
                f"data_format must be one of {', '.join(map(repr, LAYOUTS))}",
                f"received {data_format!r}",
            )
        )
    _image_data_format = data_format


def floatx() -> str:
    """Tell the float type of weights and of data that layers convert.

    Returns:
        What `set_floatx` said, else what `keras.json` says, else `"float32"`.

    Example:
        >>> floatx()
        'float32'
    """
    global _floatx
    if _floatx is None:
        kept = _on_disk("floatx")
        _floatx = kept if kept in FLOAT_TYPES else "float32"
    return _floatx


def set_floatx(value: str) -> None:
    """Choose the float type of weights.

    Args:
        value: `"float16"`, `"bfloat16"`, `"float32"` or `"float64"`.

    Raises:
        ValueError: another value.
    """
    global _floatx
    if value not in FLOAT_TYPES:
        raise ValueError(
            house_message(
                "set_floatx",
                f"Unknown `floatx` value. Expected one of {', '.join(FLOAT_TYPES)}",
                f"received {value!r}",
            )
        )
    _floatx = value


def epsilon() -> float:
    """Tell the small number that keeps divisions and logarithms finite.

    Returns:
        What `set_epsilon` said, else what `keras.json` says, else `1e-07`.

    Example:
        >>> epsilon()
        1e-07
    """
    global _epsilon
    if _epsilon is None:
        kept = _on_disk("epsilon")
        _epsilon = float(kept) if isinstance(kept, int | float) else 1e-7
    return _epsilon


def set_epsilon(value: float) -> None:
    """Choose the small number that keeps divisions and logarithms finite."""
    global _epsilon
    _epsilon = float(value)


def _layout_on_disk() -> str:
    layout = _on_disk("image_data_format")
    return layout if layout in LAYOUTS else LAYOUTS[0]


def _on_disk(name: str) -> Any:
    try:
        with open(keras_home() / "keras.json", encoding="utf-8") as file:
            settings = json.load(file)
    except (OSError, ValueError):
        # Keras too takes its defaults where the file is absent or cannot be read.
        return None
    return settings.get(name) if isinstance(settings, dict) else None
