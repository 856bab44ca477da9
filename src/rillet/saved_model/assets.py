"""Files that a model needs and carries along: vocabularies, tables, texts.

`save` copies them into the folder's ``assets``; in functions an asset is the path to
it, wherever the model was loaded from.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.saved_model.tensors import damaged


def asset_path(folder: str, name: str) -> str:
    """The path of a model's file.

    Raises:
        DataLossError: where it leads out of the model's folder, or to something that
            is no plain file: a pipe would be read for ever.
    """
    top = os.path.realpath(os.path.join(folder, "assets"))
    plain = name and not os.path.splitdrive(name)[0]
    plain = plain and not os.path.isabs(name) and not set("\\\0:") & set(name)
    whole = os.path.realpath(os.path.join(top, name)) if plain else ""
    if not whole.startswith(top + os.sep):
        raise damaged("an asset's path leads out of the folder", repr(name))
    if os.path.exists(whole) and not os.path.isfile(whole):
        raise damaged("an asset is no plain file", repr(name))
    return os.path.join(folder, "assets", name)


def names_in_model(assets: Sequence[Asset]) -> list[str]:
    """The names that files get in the folder ``assets``, each its own.

    Args:
        assets: the files; what stands at one path is one file.

    Returns:
        For each its name, with a number behind it where another file has that name.
    """
    places: dict[str, str] = {}
    for asset in assets:
        path = os.path.realpath(asset.path)
        if path not in places:
            name, count = asset.name, 0
            while name in places.values():
                count += 1
                name = f"{asset.name}_{count}"
            places[path] = name
    return [places[os.path.realpath(asset.path)] for asset in assets]


def copied(asset: Asset, target: str) -> None:
    """Copy a file into a model's folder.

    Raises:
        InvalidArgumentError: where it is a pipe, a device or a folder.
    """
    if os.path.abspath(asset.path) == os.path.abspath(target):
        return
    if os.path.exists(asset.path) and not os.path.isfile(asset.path):
        raise InvalidArgumentError(
            house_message("saved_model.save", "an asset is no plain file", asset.path)
        )
    import shutil  # not for reading models

    shutil.copyfile(asset.path, target)


class Asset:
    """A file that is saved with a model, `tf.saved_model.Asset`.

    Args:
        path: where it is.

    Example:
        >>> import rillet as tf
        >>> words = tf.saved_model.Asset("words.txt")
        >>> words.asset_path.numpy()
        b'words.txt'
    """

    def __init__(self, path: Any) -> None:
        self.path = os.fspath(path)
        self._tensor: Tensor = to_tensor(self.path)

    @property
    def name(self) -> str:
        """The file's name."""
        return os.path.basename(self.path)

    @property
    def asset_path(self) -> Tensor:
        """The path, a scalar string; functions that use it follow the model."""
        return self._tensor

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {}
