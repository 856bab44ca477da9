"""Lists and dictionaries that wait for what a checkpoint holds for them.

Where a restored list lacks elements, `restoration` puts one of these in its place: what
is put in later gets its value at once. They are lists and dictionaries in all else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, SupportsIndex

from rillet.checkpoint.waiting import attend, waiting


def _look() -> None:
    if waiting:
        attend()


class WatchedList(list[Any]):
    """A list that has restorations look when something is put in."""

    def append(self, item: Any) -> None:
        """Add an item."""
        super().append(item)
        _look()

    def extend(self, items: Iterable[Any]) -> None:
        """Add items."""
        super().extend(items)
        _look()

    def insert(self, place: SupportsIndex, item: Any) -> None:
        """Put an item in at a place."""
        super().insert(place, item)
        _look()

    def __iadd__(self, items: Iterable[Any]) -> Self:  # type: ignore[misc]
        super().extend(items)
        _look()
        return self

    def __setitem__(self, place: Any, item: Any) -> None:
        super().__setitem__(place, item)
        _look()


class WatchedDict(dict[Any, Any]):
    """A dictionary that has restorations look when something is put in."""

    def __setitem__(self, key: Any, item: Any) -> None:
        super().__setitem__(key, item)
        _look()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The item of a key, `default` put in where there is none."""
        found = super().setdefault(key, default)
        _look()
        return found

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Put items in."""
        super().update(*args, **kwargs)
        _look()


def watched(holder: Any, name: str, item: Any) -> Any:
    """A container that tells of what is put in, in the place of a plain one.

    Args:
        holder: the object, list or dictionary that it is in.
        name: the attribute, place or key there.
        item: the container.

    Returns:
        The new container, or `item` where it stays.
    """
    if type(item) not in (list, dict):
        return item
    made: Any = WatchedList(item) if type(item) is list else WatchedDict(item)
    if isinstance(holder, dict):
        dict.__setitem__(holder, name, made)
    elif isinstance(holder, list):
        list.__setitem__(holder, int(name), made)
    elif "_tracked" in getattr(holder, "__dict__", ("_tracked",)):
        # Keras's layers look when they are built; nothing else holds parts.
        return item
    elif holder.__dict__.get(name) is item:
        object.__setattr__(holder, name, made)
    else:
        return item
    return made
