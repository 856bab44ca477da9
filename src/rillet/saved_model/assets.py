"""Files that a model needs and carries along: vocabularies, tables, texts.

`save` copies them into the folder's ``assets``; in functions an asset is the path to
it, wherever the model was loaded from.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.saved_model.tensors import damaged


def asset_path(folder: str, name: str) -> str:
    """The path of a model's file.

    Raises:
        DataLossError: where it leads out of the model's folder.
    """
    top = os.path.realpath(os.path.join(folder, "assets"))
    plain = name and not os.path.splitdrive(name)[0]
    plain = plain and not os.path.isabs(name) and not set("\\\0:") & set(name)
    whole = os.path.realpath(os.path.join(top, name)) if plain else ""
    if not whole.startswith(top + os.sep):
        raise damaged("an asset's path leads out of the folder", repr(name))
    return os.path.join(folder, "assets", name)


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
        """The file's name in the folder ``assets``."""
        return os.path.basename(self.path)

    @property
    def path_in_model(self) -> str:
        """The path from the model's folder."""
        return f"assets/{self.name}"

    @property
    def asset_path(self) -> Tensor:
        """The path, a scalar string; functions that use it follow the model."""
        return self._tensor

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {}
