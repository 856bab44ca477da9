"""What a model's file may ask for before its weights are looked at.

In: the size of a file's weights, and the sizes that layers give theirs. Out: an error
where a small file describes a huge model, one that nests without end, or one whose
parts are of another kind than they should be. The readers of `.keras` and `.h5` files
call it, and `add_weight`.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rillet.core.errors import house_message

_PACKAGE = Path(__file__).resolve().parents[1]
#: Numbers that a model may have which its file does not hold.
_SPARE = 1 << 24
_ARCHIVE, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"


class _Room(threading.local):
    """How many numbers the weights of a model may have that is being loaded."""

    left: int | None = None


_room = _Room()


@contextmanager
def reading_model(path: Any, size: int) -> Iterator[None]:
    """A ``with`` block in which a model is made as a file describes it.

    Args:
        path: the file.
        size: how many bytes its weights take.

    Raises:
        ValueError: where the description is none that rillet's own layers have.
    """
    # No number takes less than a byte; packed data sets may take half as much.
    before, _room.left = _room.left, 2 * size + _SPARE
    try:
        yield
    except RecursionError:
        raise _refusal(path, "it is nested too deeply", "its description") from None
    except (AttributeError, KeyError, IndexError) as error:
        if not _is_ours(error):
            raise
        raise _refusal(path, "its description is damaged", repr(error)) from error
    finally:
        _room.left = before


def take_room(layer: Any, name: str | None, sizes: Sequence[int | None]) -> None:
    """Count a weight that is to be made while a model is loaded.

    Args:
        layer: whose it is; only rillet's own always write what they hold.
        name: its name.
        sizes: its shape.

    Raises:
        ValueError: where the file is far too small for it.
    """
    if _room.left is None or None in sizes:
        return
    if not type(layer).__module__.startswith("rillet."):
        return
    count = math.prod(size or 0 for size in sizes)
    if count > _room.left:
        raise ValueError(
            house_message(
                "load_model",
                "the file describes a model with far more weights than it holds",
                f"{name!r} of '{layer.name}' has the shape {tuple(sizes)}",
                "Do not use this file",
            )
        )
    _room.left -= count


def need_text(value: Any, what: str) -> str:
    """A text in a description.

    Raises:
        ValueError: where it is none.
    """
    if isinstance(value, str):
        return value
    raise ValueError(
        house_message("deserialize", f"the {what} is no text", repr(value)[:80])
    )


def is_cut_archive(path: str) -> bool:
    """Whether a file that is no zip was to be a `.keras` file.

    Args:
        path: the file.

    Example:
        >>> is_cut_archive(__file__)
        False
    """
    with open(path, "rb") as file:
        start = file.read(8)
    named = path.endswith(".keras") and start != _HDF5
    return start.startswith(_ARCHIVE) or named


def _is_ours(error: Exception) -> bool:
    """Whether rillet's own code met something else than it looked for."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    return _PACKAGE in Path(trace.tb_frame.f_code.co_filename).parents


def _refusal(path: Any, rule: str, where: str) -> ValueError:
    return ValueError(
        house_message(
            "load_model",
            f"the file {os.fspath(path)!r} was not read, {rule}",
            f"at {where}",
            "Do not use this file",
        )
    )
