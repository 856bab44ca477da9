"""Loops of a chain made one: what a loop writes, the next reads without memory.

In flow a schedule's chains; they keep fewer tasks. `schedule` calls this.
"""

from __future__ import annotations

from typing import Any, Final

from rillet.backends.native.chains import Chain, Task, written_apart
from rillet.backends.native.nests import Nest, joined

#: Nests of more parts than this are not joined further.
_LARGEST: Final = 400


def join(schedule: Any, kept: set[int]) -> None:
    """Make neighbouring loops over the same elements one."""
    readers: dict[int, set[Task]] = {}
    for segment in schedule.segments:
        for wave in segment.waves:
            for chain in wave:
                for task in chain.tasks:
                    for k in task.reads:
                        readers.setdefault(k, set()).add(task)
    for segment in schedule.segments:
        for wave in segment.waves:
            for chain in wave:
                _join_chain(chain, kept, readers)


def _join_chain(chain: Chain, kept: set[int], readers: dict[int, set[Task]]) -> None:
    out: list[Task] = []
    for task in chain.tasks:
        if not (isinstance(task.item, Nest) and _join_into(out, task, kept, readers)):
            out.append(task)
    chain.tasks = out


def _join_into(
    out: list[Task], task: Task, kept: set[int], readers: dict[int, set[Task]]
) -> bool:
    """Join a task to an earlier one that nothing between them forbids."""
    for at in range(len(out) - 1, -1, -1):
        other = out[at]
        if not task.reads.keys().isdisjoint([*other.reads, *other.writes]):
            both = _both(other, task, kept, readers)
            if both is not None:
                made = Task(both)
                made.work = min(made.work, other.work + task.work)
                for k in task.reads.keys() | other.reads.keys():
                    who = readers.setdefault(k, set())
                    who -= {task, other}
                    if k in made.reads:
                        who.add(made)
                out[at] = made
                return True
        if task.reads.keys() & other.writes.keys():
            return False
        if task.writes.keys() & other.reads.keys():
            return False
        shared = task.writes.keys() & other.writes.keys()
        if not all(written_apart(other, task, k) for k in shared):
            return False
    return False


def _both(
    first: Task, second: Task, kept: set[int], readers: dict[int, set[Task]]
) -> Nest | None:
    """The nests of two tasks as one, where that can be."""
    one, two = first.item, second.item
    if not isinstance(one, Nest) or not isinstance(two, Nest):
        return None
    if len(one.expressions()) + len(two.expressions()) > _LARGEST:
        return None
    alone = {
        k
        for k, x in first.writes.items()
        if x.role == "temp" and k not in kept and readers.get(k, set()) <= {second}
    }
    return joined(one, two, alone)
