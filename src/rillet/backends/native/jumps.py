"""Places between waves, and branches to them: how loops and branches are scheduled.

In flow items that hold items, from `control`, and what makes waves of lists of items;
out flow waves with marks and jumps between them. Both stand among waves as waves
without chains. `schedule` calls this, `binding` writes them into the image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rillet.backends.native.control import BranchItem, LoopItem
from rillet.backends.native.image import Label
from rillet.ops.lowering import Buffer


class Mark(list[Any]):
    """The place before the wave that comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.label = Label()


class Jump(list[Any]):
    """Goes on at a mark where a byte says so.

    Attributes:
        flag: the byte.
        to: the mark.
        when: what the byte must say.
    """

    def __init__(self, flag: Buffer, to: Mark, when: bool) -> None:
        super().__init__()
        self.flag = flag
        self.to = to
        self.when = when


Waves = list[list[Any]]


def waves_of(item: LoopItem | BranchItem, waves: Callable[[list[Any]], Waves]) -> Waves:
    """The waves of a loop or branch.

    Args:
        item: the loop or branch.
        waves: makes waves of one of its lists of items.
    """
    end = Mark()
    if isinstance(item, LoopItem):
        head = Mark()
        return [
            *waves(item.first),
            Jump(item.flag, end, False),
            head,
            *waves(item.rounds),
            Jump(item.flag, head, True),
            end,
        ]
    out: Waves = []
    for flag, branch in zip(item.flags, item.branches[:-1], strict=True):
        other = Mark()
        out += [Jump(flag, other, False), *waves(branch), Jump(flag, end, True), other]
    return [*out, *waves(item.branches[-1]), end]


def rounds(waves: Sequence[Any]) -> list[tuple[int, int]]:
    """First and last wave of each loop, inner ones first."""
    places: dict[int, int] = {}
    out: list[tuple[int, int]] = []
    for at, wave in enumerate(waves):
        if isinstance(wave, Mark):
            places[id(wave)] = at
        elif isinstance(wave, Jump) and id(wave.to) in places:
            out.append((places[id(wave.to)], at))
    return sorted(out, key=lambda r: r[1] - r[0])


def needed_in_loops(
    first: int, last: int, loops: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """The waves over which memory must last, where loops repeat some of them.

    Args:
        first: the first wave that needs it; it writes, where all lies in one loop.
        last: the last.
        loops: first and last wave of each, inner ones first.
    """
    for begin, end in loops:
        apart = last < begin or first > end
        within = begin <= first and last <= end
        if not apart and not within:
            first, last = min(first, begin), max(last, end)
    return first, last
