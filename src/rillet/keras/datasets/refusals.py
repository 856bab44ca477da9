"""The words in which a data file is refused.

In: the file, the rule it broke, what was found. Out: the error to raise. The readers of
data files (`npz`, `pickles`, `idx`, `cifar`) call it.
"""

from __future__ import annotations

import os

from rillet.core.errors import house_message


class RefusedFileError(ValueError):
    """A data file is damaged, or holds what such a file has no need of."""


def refusal(source: str | os.PathLike[str], rule: str, values: str) -> RefusedFileError:
    """Word the refusal of a data file.

    Args:
        source: the file.
        rule: what is wrong with it.
        values: what was found.

    Returns:
        The error, to be raised.

    Example:
        >>> print(str(refusal("x.npz", "it is cut short", "12 bytes"))[:56])
        datasets: 'x.npz' was refused, it is cut short: 12 bytes
    """
    return RefusedFileError(
        house_message(
            "datasets",
            f"{os.fspath(source)!r} was refused, {rule}",
            values,
            "Remove the file and load again, or put an intact one in its place",
        )
    )
