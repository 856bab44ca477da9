"""Files that are read whole: not pipes, devices or folders in their place.

In flows a path; nothing flows out where a plain file stands there. What reads
checkpoints and models asks first, since a pipe has no end to wait for.
"""

from __future__ import annotations

import os
import stat

from rillet.core.errors import house_message

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def need_plain(path: str | os.PathLike[str], op: str) -> None:
    """Refuse what is no plain file; links to one are followed.

    Args:
        path: where the file should stand.
        op: who asks, by its public name.

    Raises:
        FileNotFoundError: where nothing stands there.
        IsADirectoryError: where a folder does.
        OSError: where a pipe, a device or a socket does, or links go round.

    Example:
        >>> need_plain(os.curdir, "load")
        Traceback (most recent call last):
        IsADirectoryError: load: a folder stands where a file should: '.'.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode):
        return
    shown = repr(os.fspath(path))
    if stat.S_ISDIR(mode):
        rule = "a folder stands where a file should"
        raise IsADirectoryError(house_message(op, rule, shown))
    found = [name for test, name in _KINDS if test(mode)]
    rule = f"{found[0] if found else 'no plain file'} stands where a file should"
    raise OSError(house_message(op, rule, shown))


def bytes_of(path: str | os.PathLike[str], op: str) -> bytes:
    """The bytes of a plain file.

    Args:
        path: the file.
        op: who asks.

    Raises:
        OSError: as of `need_plain`.
    """
    need_plain(path, op)
    with open(path, "rb") as file:
        return file.read()
