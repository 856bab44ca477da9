"""Keras's settings that belong to a user's machine: its folder, the layout of images.

In: the environment (`KERAS_HOME`) and `keras.json` in Keras's folder. Out: the folder
where downloads are kept and the default layout of images. `keras.datasets`,
`keras.utils.get_file` and `keras.backend` call it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from rillet.core.errors import house_message

LAYOUTS = ("channels_last", "channels_first")

_image_data_format: str | None = None


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


def _layout_on_disk() -> str:
    try:
        with open(keras_home() / "keras.json", encoding="utf-8") as file:
            settings = json.load(file)
    except (OSError, ValueError):
        # Keras too takes its defaults where the file is absent or cannot be read.
        return LAYOUTS[0]
    layout = settings.get("image_data_format") if isinstance(settings, dict) else None
    return layout if layout in LAYOUTS else LAYOUTS[0]
