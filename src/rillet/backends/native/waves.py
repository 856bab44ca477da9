"""Tasks into waves: which chain each joins, and when it runs.

In flow the tasks of one stretch of native code, in an order that works; out flow waves
of chains. A task joins the chain of what it needs where its rows need only the same
rows; else it starts one, in the wave after. `schedule` calls this.
"""

from __future__ import annotations

from typing import Final

from rillet.backends.native.chains import (
    Chain,
    Task,
    comes_late,
    goes_whole,
    written_apart,
)
from rillet.backends.native.sizes import same

#: The work of a single number.
_NUMBER: Final = 100.0


def waves(tasks: list[Task]) -> list[list[Chain]]:
    """Tasks of one segment as waves."""
    chains: list[Chain] = []
    home: dict[int, Chain] = {}
    writers: dict[int, list[Task]] = {}
    readers: dict[int, list[Task]] = {}
    first = _prologue(tasks)
    for task in first:
        if not chains:
            chains.append(Chain(task, 0))
            chains[0].whole = True
        else:
            chains[0].tasks.append(task)
        home[id(task)] = chains[0]
        for k in task.writes:
            writers[k] = [task]
    for task in [t for t in tasks if id(t) not in home]:
        before: list[tuple[Task, int]] = []
        for k in task.reads:
            before += [(w, k) for w in writers.get(k, ())]
        for k in task.writes:
            before += [(r, k) for r in readers.get(k, ()) if r is not task]
            before += [
                (w, k) for w in writers.get(k, ()) if not written_apart(w, task, k)
            ]
        checks: list[Chain] = []
        if any(x.role == "variable" for x in task.writes.values()):
            # written when nothing can fail any more
            checks = [c for c in chains if any(t.fails for t in c.tasks)]
        chain = _home(task, before, home, chains, 0 if first else -1, checks)
        home[id(task)] = chain
        for k in task.reads:
            readers.setdefault(k, []).append(task)
        for k in task.writes:
            if all(written_apart(w, task, k) for w in writers.get(k, ())):
                writers.setdefault(k, []).append(task)
            else:
                writers[k] = [*writers[k], task]
                readers[k] = [task] if k in task.reads else []
    count = max([c.wave for c in chains], default=-1) + 1
    out: list[list[Chain]] = [[] for _ in range(count)]
    for chain in chains:
        out[chain.wave].append(chain)
    return out


def _prologue(tasks: list[Task]) -> list[Task]:
    """Single numbers that need nothing but inputs: rates, counts, factors.

    One thread computes them first, so that no chain waits for another because of them.
    """
    found: list[Task] = []
    made: dict[int, int] = {}
    for task in tasks:
        for k in task.writes:
            made[k] = made.get(k, 0) + 1
    done: set[int] = set()
    for task in tasks:
        alone = same(task.extent, 1) and task.work < _NUMBER
        temps = all(x.role == "temp" and made[k] == 1 for k, x in task.writes.items())
        known = all(
            k in done or k not in made or x.role == "variable"
            for k, x in task.reads.items()
        )
        if alone and temps and known:
            found.append(task)
            done.update(task.writes)
    return found


def _home(
    task: Task,
    before: list[tuple[Task, int]],
    home: dict[int, Chain],
    chains: list[Chain],
    least: int,
    checks: list[Chain],
) -> Chain:
    """The chain that a task joins, or a new one.

    It comes in a wave after `least`, and after `checks`.
    """
    latest = max([home[id(t)].wave for t, _ in before], default=least)
    last = [c for c in chains if c.wave == latest]
    needed = [c for c in last if any(home[id(t)] is c for t, _ in before)]
    if len(needed) > 1:
        needed = _merged(needed, task, before, home, chains)
    if len(needed) == 1:
        chain = needed[0]
        own = [k for t, k in before if home[id(t)] is chain]
        late = comes_late(chain, checks)
        rows = [t for t, _ in before if home[id(t)] is chain]
        aligned = all(
            k in t.aligned and k in task.aligned for t, k in zip(rows, own, strict=True)
        )
        if late and aligned and not chain.whole and chain.fits(task):
            chain.add(task)
            return chain
        if late and goes_whole(chain, task):
            chain.whole = True
            chain.tasks.append(task)
            return chain
    wave = max([latest, *[c.wave for c in checks]]) + 1
    for chain in chains:
        if chain.wave == wave and chain.whole and goes_whole(chain, task):
            chain.tasks.append(task)
            return chain
    made = Chain(task, wave)
    chains.append(made)
    return made


def _merged(
    needed: list[Chain],
    task: Task,
    before: list[tuple[Task, int]],
    home: dict[int, Chain],
    chains: list[Chain],
) -> list[Chain]:
    """Chains of one wave that a task needs, as one chain where rows allow it."""
    needed = sorted(needed, key=lambda c: -c.work)
    main, others = needed[0], needed[1:]
    if main.whole or any(c.whole for c in others):
        return needed
    if not main.fits(task) or not all(main.fits(t) for c in others for t in c.tasks):
        return needed
    if not all(k in t.aligned and k in task.aligned for t, k in before
               if home[id(t)] in needed):  # fmt: skip
        return needed
    for chain in others:
        # they need nothing of each other, or they would not share a wave
        for other in chain.tasks:
            main.add(other)
            home[id(other)] = main
        chains[:] = [c for c in chains if c is not chain]
    return [main]
