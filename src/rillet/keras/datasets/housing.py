"""Tables of houses and their prices: how they are shuffled and split.

In: a data file with the arrays x and y. Out: training and test rows. `boston_housing`
and `california_housing` call it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .npz import read_npz
from .origins import PathLike
from .refusals import refusal

Split = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def load_split(
    path: PathLike, rows: int | None, test_split: float, seed: int | None
) -> tuple[Split, Split]:
    """Read a table, shuffle its rows and split them.

    Args:
        path: an `.npz` with x `(n, features)` and y `(n,)`, numbers.
        rows: how many of the first rows to use; None is all.
        test_split: the share of the rows, after the shuffle, that are test data.
        seed: of the shuffle; None shuffles anew at every call.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, with the file's dtypes.

    Raises:
        ValueError: the file is refused.
    """
    held = read_npz(path, ("x", "y"))
    x, y = held["x"], held["y"]
    if x.ndim != 2 or y.shape[:1] != x.shape[:1]:
        raise refusal(
            path, "x and y do not have the same rows", f"x {x.shape}, y {y.shape}"
        )
    order = np.arange(len(x[:rows]))
    np.random.RandomState(seed).shuffle(order)
    at = int(len(order) * (1 - test_split))
    train, test = order[:at], order[at:]
    return (x[train], y[train]), (x[test], y[test])
