"""Boston housing: 506 districts, 13 figures each, and the price of a house.

In: Keras's file `boston_housing.npz`, fetched once. Out: training and test rows. User
programs call it as `tf.keras.datasets.boston_housing.load_data()`. One of its columns
is made from the share of Black residents; `california_housing` has no such column.
"""

from __future__ import annotations

from .housing import Split, load_split
from .origins import KERAS_BASE, PathLike, check_test_split, fetch

__all__ = ["load_data"]

_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(
    path: PathLike = "boston_housing.npz",
    test_split: float = 0.2,
    seed: int | None = 113,
    cache_dir: PathLike | None = None,
) -> tuple[Split, Split]:
    """Load the Boston housing table.

    Args:
        path: the file's name in Keras's folder `datasets`, or an absolute path.
        test_split: the share of the rows that are test data.
        seed: of the shuffle; None shuffles anew at every call.
        cache_dir: Keras's folder; None is `KERAS_HOME`, else `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `(404, 13)`, `(404,)`, `(102, 13)` and
        `(102,)` float64; prices in thousands of dollars.

    Raises:
        OSError: the file is not here and could not be fetched.
        ValueError: the file is refused, or `test_split` is out of range.
    """
    check_test_split("boston_housing.load_data", test_split)
    local = fetch(path, KERAS_BASE + "boston_housing.npz", _HASH, cache_dir)
    return load_split(local, None, test_split, seed)
