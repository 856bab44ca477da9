"""What TensorFlow 1's switches, merges and frames stand for: branches and loops.

In flow a graph's nodes; out flows a `Flow`: in which loop each node runs, and under
which conditions. `regions` makes plans of it. Graphs that no `tf.cond` and no
`tf.while_loop` wrote are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.core.errors import UnimplementedError, house_message
from rillet.saved_model.steps import CONTROL
from rillet.saved_model.tensors import damaged

#: A node, or an argument, and which of its outputs; -1 says that it has run.
Place = tuple[str, int]
#: Conditions that hold where a value is alive: of each the place and its value.
Guard = frozenset[tuple[Place, int]]
NONE: Guard = frozenset()


def refused(why: str, node: str, where: str) -> UnimplementedError:
    """The error for control flow that is neither a branch nor a loop."""
    return UnimplementedError(
        house_message(
            "SavedModel",
            f"switches and merges that no tf.cond and no tf.while_loop makes: {why}",
            f"{node} in {where}",
            "Export it with control flow v2",
        )
    )


#: Branches in branches and loops in loops, at most.
DEEPEST = 32
#: What ends of loops wait for, all told, at most.
_MOST_EXITS = 4_000_000


class Frame:
    """A loop.

    Attributes:
        parent: the name of the loop that it runs in; "" for none.
        guard: the conditions under which it begins.
        enters: names of its nodes that let values in.
        variables: for each value that changes its `Merge`, where it starts, and what
            the next round gets.
        test: what decides whether another round runs; None until it is found.
    """

    def __init__(self) -> None:
        self.parent: str | None = None
        self.guard: Guard = NONE
        self.enters: list[str] = []
        self.variables: dict[str, tuple[Place, Place]] = {}
        self.test: Place | None = None


class Flow:
    """The part of a graph that is wanted, with loops and conditions of its nodes.

    Args:
        nodes: the graph: `by_name`, `place`, `attrs` and `where`, as in `plans`.
        wanted: what is asked for.

    Attributes:
        data: the inputs of each node.
        after: which nodes run before each besides.
        order: the nodes, each after those that it needs.
        rank: the place of each node in that order.
        deps: for each node what stands before it in that order.
        frame: the loop of each node.
        guard: the conditions under which each node runs.
        chosen: for each `Merge` of a branch the condition, and which of its inputs is
            alive where that is false and where it is true.
        frames: the loops by name.
    """

    def __init__(self, nodes: Any, wanted: Iterable[Place]) -> None:
        self.nodes = nodes
        self.where: str = nodes.where
        self.data: dict[str, list[Place]] = {}
        self.after: dict[str, list[str]] = {}
        self.deps: dict[str, list[str]] = {}
        self.frame: dict[str, str] = {}
        self.guard: dict[str, Guard] = {}
        self.chosen: dict[str, tuple[Place, tuple[Place, Place]]] = {}
        self.frames: dict[str, Frame] = {}
        self._plain: dict[Place, Place] = {}
        self._places: dict[str, dict[str, int]] = {}
        self._gather([name for name, _ in wanted])
        self._find_loops()
        self.order = self._ordered()
        self.rank = {name: i for i, name in enumerate(self.order)}
        for name in self.order:
            self._place_node(name)

    def kind(self, name: str) -> str:
        """What kind of control flow a node is; "" for other nodes and arguments."""
        node = self.nodes.by_name.get(name)
        return "" if node is None else CONTROL.get(node.op, "")

    def _gather(self, line: list[str]) -> None:
        while line:
            name = line.pop()
            node = self.nodes.by_name.get(name)
            if node is None or name in self.data:
                continue
            places = [self.nodes.place(ref) for ref in node.input]
            self.data[name] = [place for place in places if place[1] >= 0]
            self.after[name] = [before for before, at in places if at < 0]
            self.deps[name] = [before for before, _ in places]
            line += self.deps[name]
            least = {"Switch": 2, "Merge": 2}.get(self.kind(name), 1)
            if self.kind(name) and len(self.data[name]) < least:
                raise damaged(f"{node.op} lacks an input", f"{name} in {self.where}")

    def _find_loops(self) -> None:
        exits, count = [], 0
        for name in self.data:
            kind = self.kind(name)
            if kind == "Enter":
                self.frames.setdefault(self.entered(name), Frame()).enters.append(name)
            elif kind == "Exit":
                exits.append(name)
            elif kind == "Merge":
                self._enter_variable(name)
        for name in exits:
            # A loop ends when all that it does has run.
            frame = self.frames[self.entered(self._variable_of(name))]
            inside = [again for _, (again, _) in frame.variables.values()]
            self.deps[name] += [*frame.enters, *inside]
            count += len(frame.enters) + len(inside)
            if count > _MOST_EXITS:
                raise damaged("a loop has too many values", f"{name} in {self.where}")

    def _enter_variable(self, name: str) -> None:
        found = {self.kind(before): before for before, _ in self.data[name]}
        if "NextIteration" not in found:
            return
        if "Enter" not in found or len(self.data[name]) != 2:
            raise refused("a value goes round that never began", name, self.where)
        again = found["NextIteration"]
        start = self.data[found["Enter"]][0]
        frame = self.frames.setdefault(self.entered(found["Enter"]), Frame())
        frame.variables[name] = start, (again, 0)
        self.deps[name] = [x for x in self.deps[name] if x != again]

    def entered(self, name: str) -> str:
        """The loop that an `Enter` lets a value into, or that of a `Merge`."""
        if self.kind(name) == "Merge":
            found = [x for x, _ in self.data[name] if self.kind(x) == "Enter"]
            name = found[0]
        told = self.nodes.attrs(self.nodes.by_name[name]).get("frame_name")
        if not isinstance(told, bytes) or not told:
            raise damaged("a loop has no name", f"{name} in {self.where}")
        return told.decode("utf-8", "replace")

    def is_variable(self, name: str) -> bool:
        """Whether a `Merge` is a loop's, not a branch's."""
        return any(
            self.kind(before) == "NextIteration" for before, _ in self.data[name]
        )

    def _variable_of(self, name: str) -> str:
        """The `Merge` whose last value an `Exit` lets out."""
        switch, side = self.data[name][0]
        if self.kind(switch) == "Switch" and side == 0:
            merge = self.plain(self.data[switch][0])[0]
            if self.kind(merge) == "Merge" and self.is_variable(merge):
                return merge
        raise refused("a loop ends with no value of its rounds", name, self.where)

    def result_of(self, name: str) -> tuple[str, int]:
        """Of an `Exit` the loop, and which of its values it is."""
        merge = self._variable_of(name)
        frame = self.entered(merge)
        places = self._places.get(frame)
        if places is None:
            names = self.frames[frame].variables
            places = self._places[frame] = {n: i for i, n in enumerate(names)}
        return frame, places[merge]

    def _ordered(self) -> list[str]:
        order: list[str] = []
        state: dict[str, bool] = {}
        for root in self.data:
            line = [root]
            while line:
                name = line[-1]
                if name not in self.data or state.get(name):
                    line.pop()
                elif name in state:
                    line.pop()
                    state[name] = True
                    order.append(name)
                else:
                    state[name] = False
                    for before in self.deps[name]:
                        if state.get(before) is False:
                            where = f"{before} in {self.where}"
                            raise damaged("nodes stand in a circle", where)
                        line.append(before)
        return order

    # Loops and conditions

    def plain(self, place: Place) -> Place:
        """A place, past nodes that hand a value on."""
        passed = []
        while place not in self._plain:
            passed.append(place)
            self._plain[place] = place
            node = self.nodes.by_name.get(place[0])
            if node is None or node.op not in ("Identity", "RefIdentity"):
                break
            if not self.data[place[0]]:
                break
            place = self.data[place[0]][0]
        found = self._plain[place]
        self._plain.update(dict.fromkeys(passed, found))
        return found

    def _of_place(self, place: Place) -> tuple[str, Guard]:
        name, index = place
        if name not in self.data:
            return "", NONE
        frame, guard = self.frame[name], self.guard[name]
        if self.kind(name) == "Switch" and index >= 0:
            test = self.plain(self.data[name][1])
            if self.kind(test[0]) != "LoopCond":
                guard |= {(test, index)}
        return frame, guard

    def _place_node(self, name: str) -> None:
        kind = self.kind(name)
        places = [*self.data[name], *[(before, -1) for before in self.after[name]]]
        if kind == "Merge" and self.is_variable(name):
            places = [p for p in places if self.kind(p[0]) != "NextIteration"]
        found = [self._of_place(place) for place in places]
        frame = self._deepest([frame for frame, _ in found], name)
        guard: Guard = frozenset[tuple[Place, int]]().union(*[g for _, g in found])
        if kind == "Enter":
            frame, guard = self._begin(name, frame, guard), NONE
        elif kind == "Exit":
            ended = self.frames[self.entered(self._variable_of(name))]
            frame, guard = ended.parent or "", ended.guard
        elif kind == "LoopCond":
            self._set_test(name, frame)
        elif kind == "Merge" and not self.is_variable(name):
            guard = self._merged(name, [guard for _, guard in found[:2]])
        if len(guard) > 2 * DEEPEST:
            raise damaged("branches lie too deep", f"{name} in {self.where}")
        self.frame[name] = frame
        self.guard[name] = guard

    def _begin(self, name: str, parent: str, guard: Guard) -> str:
        told = self.entered(name)
        frame = self.frames[told]
        if frame.parent not in (None, parent):
            raise refused("a loop begins in two places", name, self.where)
        around = self.parents(parent)
        if told in around:
            raise refused("a loop begins in itself", name, self.where)
        if len(around) > DEEPEST:
            raise damaged("loops lie too deep", f"{name} in {self.where}")
        frame.parent = parent
        frame.guard |= guard
        return told

    def _set_test(self, name: str, frame: str) -> None:
        if not frame or self.frames[frame].test not in (None, self.data[name][0]):
            raise refused("a loop has two conditions", name, self.where)
        self.frames[frame].test = self.data[name][0]

    def parents(self, frame: str) -> list[str]:
        """A loop, the one that it runs in, and so on; "" comes last."""
        found = [frame]
        while frame:
            frame = self.frames[frame].parent or ""
            found.append(frame)
        return found

    def _deepest(self, frames: list[str], name: str) -> str:
        deepest = ""
        for frame in frames:
            if frame in ("", deepest) or frame in self.parents(deepest):
                continue
            if deepest not in self.parents(frame):
                raise refused("a node takes values of two loops", name, self.where)
            deepest = frame
        return deepest

    def _merged(self, name: str, guards: list[Guard]) -> Guard:
        """The conditions of a `Merge`: those of its inputs, without their own."""
        if len(self.data[name]) != 2:
            raise refused("a merge has not two inputs", name, self.where)
        one, other = guards
        for test, value in one:
            rest = one - {(test, value)}
            if value in (0, 1) and rest == other - {(test, 1 - value)} != other:
                inputs = self.data[name]
                sides = (inputs[0], inputs[1]) if value == 0 else (inputs[1], inputs[0])
                self.chosen[name] = test, sides
                return rest
        raise refused("a merge has no one condition", name, self.where)
