"""Plans of graphs with TensorFlow 1's control flow: branches and loops hold plans.

In flows a graph; out flow steps, among them those of `BRANCHES` and `ROUNDS`, whose
attributes are plans. `plans` calls; `frame_readers` runs such steps.

A region is what runs under the same conditions in the same loop. What it takes from
around it becomes its arguments. All branches on one condition that do not wait for
each other become one step, so that nothing that they share runs twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.saved_model.frames import DEEPEST, NONE, Flow, Guard, Place, refused
from rillet.saved_model.steps import Plan, Step
from rillet.saved_model.tensors import damaged

#: The ops of steps that stand for branches and for loops; files have no such ops.
BRANCHES = "RilletBranches"
ROUNDS = "RilletRounds"
#: Steps that plans in plans may come to.
_MOST_STEPS = 1_000_000
#: Nodes that regions may come by, all told; nodes of control flow become no steps.
_MOST_SEEN = 5_000_000


def framed_steps(nodes: Any, wanted: list[Place]) -> tuple[list[Step], list[Place]]:
    """The steps of a graph with switches, merges or frames.

    Args:
        nodes: the graph, as in `plans`.
        wanted: results, and nodes that must have run, whose output is -1.

    Returns:
        The steps, and where the results are.
    """
    flow = Flow(nodes, wanted)
    root = _Region(flow, "", NONE, _Count())
    steps, results = root.build(wanted)
    if root.taken:
        where = next(iter(root.taken))[0]
        raise refused("a value may never be there", where, flow.where)
    return steps, [place for place in results if place[1] >= 0]


class _Count:
    """How many steps there are so far, and how deep regions lie in regions."""

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0
        self.seen = 0


class _Region:
    """What runs in one loop under one set of conditions.

    Args:
        flow: the graph.
        frame: the loop; "" for none.
        guard: the conditions.
        count: how much there is so far.
        given: values that the region's first arguments are: those of a loop's round.

    Attributes:
        taken: places outside, each with the name of the argument that it becomes.
    """

    def __init__(
        self,
        flow: Flow,
        frame: str,
        guard: Guard,
        count: _Count,
        given: list[Place] | None = None,
    ) -> None:
        self._flow = flow
        self._home = frame, guard
        self._count = count
        self._given = {place: _argument(place) for place in given or []}
        self._outer = set(flow.parents(frame)[1:])
        self._moved: dict[Place, Place] = {}
        self._sources: dict[Place, Place] = {}
        self._loops: set[str] = set()
        self._numbered: set[str] = set()
        self._steps: list[Step] = []
        self.taken: dict[Place, str] = {}

    def build(self, wanted: list[Place]) -> tuple[list[Step], list[Place]]:
        """The steps that give what is wanted, and where the results are."""
        if self._count.depth >= DEEPEST:
            raise damaged("branches and loops lie too deep", self._flow.where)
        self._count.depth += 1
        reached = self._reached([name for name, _ in wanted])
        levels = self._levels(reached)
        merges: dict[tuple[int, Place], list[str]] = {}
        for name in reached:
            if name in self._flow.chosen and self._is_mine(name):
                key = levels[name], self._flow.chosen[name][0]
                merges.setdefault(key, []).append(name)
        self._numbered = self._numbers(reached, wanted)
        places = {name: i for i, name in enumerate(reached)}
        line: list[tuple[int, int, int, Any]] = [
            (level, 0, places[names[0]], names) for (level, _), names in merges.items()
        ]
        for name in reached:
            if self._is_mine(name) and name not in self._flow.chosen:
                line.append((levels[name], 1, places[name], name))
        for _, is_node, _, found in sorted(line, key=lambda row: row[:3]):
            if is_node:
                self._add_node(found)
            else:
                self._add_branches(found)
        self._count.depth -= 1
        return self._steps, [self._local(place) for place in wanted]

    def _is_mine(self, name: str) -> bool:
        return (self._flow.frame[name], self._flow.guard[name]) == self._home

    def _is_within(self, name: str) -> bool:
        frame, guard = self._flow.frame[name], self._flow.guard[name]
        if frame != self._home[0]:
            return self._home[0] in self._flow.parents(frame) and (
                self._guard_here(frame) >= self._home[1]
            )
        return guard >= self._home[1]

    def _guard_here(self, frame: str) -> Guard:
        """The conditions, in the region's loop, of a loop that runs in it."""
        while frame and self._flow.frames[frame].parent != self._home[0]:
            frame = self._flow.frames[frame].parent or ""
        return self._flow.frames[frame].guard if frame else NONE

    def _reached(self, line: list[str]) -> list[str]:
        """The nodes within the region that are needed, each after what it needs."""
        flow, seen = self._flow, set[str]()
        while line:
            name = line.pop()
            if name in seen or name not in flow.data or not self._is_within(name):
                continue
            seen.add(name)
            line += flow.deps[name]
            self._count.seen += 1
            if self._count.seen > _MOST_SEEN:
                raise damaged("branches and loops hold too many nodes", flow.where)
        if len(seen) == len(flow.order):
            return flow.order
        return sorted(seen, key=flow.rank.__getitem__)

    def _levels(self, reached: list[str]) -> dict[str, int]:
        """How many of the region's branches each node waits for, one after another."""
        levels: dict[str, int] = {}
        for name in reached:
            before = [levels.get(dep, 0) for dep in self._flow.deps[name]]
            own = name in self._flow.chosen and self._is_mine(name)
            levels[name] = max(before, default=0) + own
        return levels

    def _numbers(self, reached: list[str], wanted: list[Place]) -> set[str]:
        """Branches of which is asked, too, which one was taken."""
        found = [place for name in reached for place in self._flow.data[name]]
        return {n for n, i in [*found, *wanted] if i == 1 and n in self._flow.chosen}

    # Steps

    def _add(self, step: Step) -> None:
        self._count.steps += 1
        if self._count.steps > _MOST_STEPS:
            raise damaged("branches hold too many nodes", self._flow.where)
        self._steps.append(step)

    def _add_node(self, name: str) -> None:
        flow = self._flow
        kind = flow.kind(name)
        if kind == "Exit":
            self._add_loop(name)
        if kind:
            return
        inputs = [self._local(place) for place in flow.data[name]]
        self._add(flow.nodes.step(name, inputs))

    def _add_branches(self, names: list[str]) -> None:
        """One step for branches on the same condition."""
        frame, guard = self._home
        test = self._flow.chosen[names[0]][0]
        plans, inputs = [], [self._local(test)]
        for side in (0, 1):
            inner = _Region(self._flow, frame, guard | {(test, side)}, self._count)
            wanted = [self._flow.chosen[name][1][side] for name in names]
            plan = inner.plan(wanted, f"{names[0]}_{'true' if side else 'false'}")
            for name in names:
                if name in self._numbered:
                    place = self._flow.chosen[name][1][side]
                    _add_number(plan, name, self._flow.data[name].index(place))
            plans.append(plan)
            inputs += [self._local(place) for place in inner.taken]
        whole = self._branch_places(names)
        self._moved |= {place: (names[0], at) for at, place in enumerate(whole)}
        attrs = {"else": plans[0], "then": plans[1]}
        self._add(Step(names[0], BRANCHES, inputs, attrs))

    def _branch_places(self, names: list[str]) -> list[Place]:
        numbered = [name for name in names if name in self._numbered]
        return [*[(name, 0) for name in names], *[(name, 1) for name in numbered]]

    def plan(self, wanted: list[Place], name: str) -> Plan:
        """The region as a plan, with its arguments."""
        steps, results = self.build(wanted)
        arguments = [*self._given.values(), *self.taken.values()]
        return Plan(name, arguments, steps, results)

    def _add_loop(self, name: str) -> None:
        """One step for all values of a loop."""
        told = self._flow.result_of(name)[0]
        loop = f"{told}:loop"
        self._moved[name, 0] = loop, self._flow.result_of(name)[1]
        if loop in self._loops:
            return
        self._loops.add(loop)
        frame = self._flow.frames[told]
        if frame.test is None:
            raise refused("a loop has no condition", name, self._flow.where)
        given = [(merge, 0) for merge in frame.variables]
        inputs = [self._local(start) for start, _ in frame.variables.values()]
        again = [self._flow.data[n][0] for _, (n, _) in frame.variables.values()]
        plans = []
        for part, wanted in (("cond", [frame.test]), ("body", again)):
            inner = _Region(self._flow, told, NONE, self._count, given)
            plans.append(inner.plan(wanted, f"{told}_{part}"))
            inputs += [self._local(place) for place in inner.taken]
        attrs = {"cond": plans[0], "body": plans[1], "count": len(given)}
        self._add(Step(loop, ROUNDS, inputs, attrs))

    # Places

    def _source(self, place: Place) -> Place:
        """Where a value is made: past switches, and past the door of a loop."""
        passed = []
        while place not in self._sources:
            passed.append(place)
            if len(passed) > len(self._flow.data) + 1:
                raise damaged("switches stand in a circle", self._flow.where)
            before = self._before(place)
            if before is None:
                self._sources[place] = place
                break
            place = before
        found = self._sources[place]
        self._sources.update(dict.fromkeys(passed, found))
        return found

    def _before(self, place: Place) -> Place | None:
        """What a switch or door hands on; None for what is made where it stands."""
        flow, (name, index) = self._flow, place
        kind = flow.kind(name) if name in flow.data else ""
        if place in self._given or index < 0:
            return None
        if kind in ("Switch", "LoopCond"):
            return flow.data[name][0]
        if kind != "Enter":
            return None
        if not flow.nodes.attrs(flow.nodes.by_name[name]).get("is_constant"):
            why = "a value is there in the first round alone"
            raise refused(why, name, flow.where)
        return flow.data[name][0]

    def _local(self, place: Place) -> Place:
        """Where a value is for the region's steps."""
        if place[1] < 0:
            if not self._is_outside(place[0]) and not self._is_reached(place[0]):
                raise refused("a node may never run", place[0], self._flow.where)
            return place
        place = self._source(place)
        if place in self._given:
            return self._given[place], 0
        name = place[0]
        if name in self._flow.data and self._is_mine(name):
            if self._flow.kind(name) == "NextIteration":
                raise refused("a round takes from the next", name, self._flow.where)
            return self._moved.get(place, place)
        if self._home == ("", NONE) and name not in self._flow.data:
            return place
        if not self._is_outside(name):
            raise refused("a value may never be there", name, self._flow.where)
        return self.taken.setdefault(place, _argument(place)), 0

    def _is_reached(self, name: str) -> bool:
        return name not in self._flow.data or self._is_mine(name)

    def _is_outside(self, name: str) -> bool:
        """Whether a node runs around the region, so that its values are there."""
        frame, guard = self._home
        if name not in self._flow.data:
            return True
        if self._flow.frame[name] == frame:
            return self._flow.guard[name] < guard
        return self._flow.frame[name] in self._outer


def _argument(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _add_number(plan: Plan, name: str, number: int) -> None:
    """Let a branch say which of a merge's inputs it is."""
    made = f"{name}:number"
    plan.steps.append(Step(made, "Const", [], {"value": np.array(number, np.int32)}))
    plan.results.append((made, 0))
