"""Files that a model needs and carries along: vocabularies, tables, texts.

`save` copies them into the folder's ``assets``; in functions an asset is the path to
it, wherever the model was loaded from.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor


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
