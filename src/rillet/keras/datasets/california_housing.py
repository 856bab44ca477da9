"""California housing: 20,640 districts, 8 figures each, and the price of a house.

In: Keras's file `california_housing.npz`, fetched once. Out: training and test rows.
User programs call it as `tf.keras.datasets.california_housing.load_data()`; the name
came with Keras 3.
"""

from __future__ import annotations

from rillet.core.errors import house_message

from .housing import Split, load_split
from .origins import KERAS_BASE, PathLike, check_test_split, fetch

__all__ = ["load_data"]

_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_ROWS = {"small": 600, "large": None}


def load_data(
    version: str = "large",
    path: PathLike = "california_housing.npz",
    test_split: float = 0.2,
    seed: int | None = 113,
    cache_dir: PathLike | None = None,
) -> tuple[Split, Split]:
    """Load the California housing table.

    Args:
        version: `"large"` for all rows, `"small"` for the first 600.
        path: the file's name in Keras's folder `datasets`, or an absolute path.
        test_split: the share of the rows that are test data.
        seed: of the shuffle; None shuffles anew at every call.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `(16512, 8)`, `(16512,)`, `(4128, 8)`
        and `(4128,)`, numbers; prices in dollars.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is refused, or an argument is out of range.
    """
    if version not in _ROWS:
        raise ValueError(
            house_message(
                "california_housing.load_data",
                "version must be 'small' or 'large'",
                f"received version={version!r}",
            )
        )
    check_test_split("california_housing.load_data", test_split)
    local = fetch(path, KERAS_BASE + "california_housing.npz", _HASH, cache_dir)
    return load_split(local, _ROWS[version], test_split, seed)
