"""`SidecarEvaluatorModelExport`: the best model of an evaluation beside the training.

In: the evaluations of `keras.utils.SidecarEvaluator`. Out: the model that did best, as
a file or folder.
"""

from __future__ import annotations

import glob
import os
import re
from typing import Any

from rillet.keras.callbacks.base import Logs
from rillet.keras.callbacks.files import ModelCheckpoint

_NUMBER = re.compile(r".*ckpt-(\d+)")


class SidecarEvaluatorModelExport(ModelCheckpoint):
    """Saves the model after an evaluation that is the best so far.

    Args:
        export_filepath: where to; names in braces are filled in, as of
            `ModelCheckpoint`: ``{epoch}`` is the checkpoint's number.
        checkpoint_filepath: where training saves checkpoints: a path that ends in
            ``ckpt-{epoch}``.
        **kwargs: other arguments of `ModelCheckpoint`.

    Example:
        >>> import rillet as tf
        >>> export = tf.keras.callbacks.SidecarEvaluatorModelExport(
        ...     "best-{epoch}.keras", "checkpoints/ckpt-{epoch}", monitor="loss")
        >>> export.save_best_only
        True
    """

    def __init__(
        self, export_filepath: Any, checkpoint_filepath: Any, **kwargs: Any
    ) -> None:
        super().__init__(export_filepath, save_best_only=True, **kwargs)
        self._checkpoints = os.fspath(checkpoint_filepath)
        self.export_index = 0

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Note the number of the newest checkpoint."""
        pattern = re.sub(r"\{[^}]*\}", "*", self._checkpoints)
        found = [p for p in glob.glob(f"{pattern}*") if _NUMBER.match(p)]
        newest = max(found, key=os.path.getmtime, default="")
        match = _NUMBER.match(newest)
        self.export_index = int(match[1]) - 1 if match else 0

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Save the model where it is better than all before."""
        self.epochs_since_last_save += 1
        self._save(self.export_index, None, logs)
