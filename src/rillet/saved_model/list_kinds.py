"""Which tensors of a graph are lists in TensorFlow's files, and of what.

A list there has elements of one type that is told wherever one is made; rillet's lists
say it only where something is put in or taken out, and what a loop keeps of its rounds
is an array. In flow graphs, branches and loops among them; the writers of lists ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.graph.control import CASE, IF, WHILE
from rillet.graph.ir import CONST, Graph, Node, SymbolicTensor


class ListKinds:
    """Tensors in classes whose members are of one kind."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}
        self._lists: set[int] = set()
        self._short: set[int] = set()
        self._optional: set[int] = set()
        self._elements: dict[int, int] = {}
        self._types: dict[int, DType] = {}
        #: Lists, each with another that it is as long as.
        self._likes: list[tuple[int, int]] = []
        #: What has been seen, so that no id comes a second time.
        self._seen: dict[int, Graph] = {}

    def is_list(self, tensor: Any) -> bool:
        """Whether a tensor is a list in the file."""
        if tensor.dtype is dtypes.variant:
            return True
        return self._root(id(tensor)) in self._lists

    def kind(self, tensor: Any) -> DType:
        """A tensor's type in the file."""
        return dtypes.variant if self.is_list(tensor) else tensor.dtype

    def element(self, tensor: Any) -> DType:
        """The type of a list's elements; variant where they are lists."""
        root = self._root(id(tensor))
        found = self._elements.get(root)
        if found is not None:
            inner = self._root(found)
            if inner in self._lists:
                return dtypes.variant
            if inner in self._types:
                return self._types[inner]
        return self._types.get(root, dtypes.float32)

    def is_optional(self, tensor: Any) -> bool:
        """Whether a list is an optional value of several parts in the file."""
        return self._root(id(tensor)) in self._optional

    def parted(self, tensor: Any) -> None:
        """An optional value."""
        self._optional.add(self._root(id(tensor)))

    def may_be_short(self, tensor: Any) -> bool:
        """Whether lists of this kind may differ in length.

        A gradient that nobody wrote has none; gradients of a list that grows are as
        long as it was.
        """
        more = True
        while more:
            pairs = [*self._likes, *[(y, x) for x, y in self._elements.items()]]
            found = {self._root(one) for one, other in pairs if self._is_short(other)}
            more = not found <= self._short
            self._short |= found
        return self._is_short(id(tensor))

    def _is_short(self, key: int) -> bool:
        return self._root(key) in self._short

    def as_long(self, one: Any, other: Any) -> None:
        """A list that is made as long as another."""
        self._likes.append((id(one), id(other)))

    def grows(self, rows: Any) -> None:
        """A list that is longer later."""
        self._short.add(self._root(id(rows)))

    def learn(self, graph: Graph) -> None:
        """Look at a graph, and at those inside it."""
        if id(graph) in self._seen:
            return
        self._seen[id(graph)] = graph
        for node in graph.nodes:
            for y in node.outputs:
                if y.dtype is dtypes.variant:
                    self._lists.add(self._root(id(y)))
            if node.op in (IF, CASE):
                self._branches(node)
            elif node.op is WHILE:
                self._loop(node)
            elif node.op is CONST:
                self._constant(node)
            else:
                rule = _RULES.get(node.type)
                if rule is not None:
                    rule(self, node)

    def same(self, *tensors: Any) -> None:
        """Tensors of one kind."""
        first, *rest = [id(x) for x in tensors if isinstance(x, SymbolicTensor)]
        for other in rest:
            self._join(first, other)

    def holds(self, rows: Any, item: Any) -> None:
        """A list, and an element of it."""
        root = self._root(id(rows))
        inner = self._root(id(item))
        if item.dtype is dtypes.variant:
            self._lists.add(inner)
        else:
            self._types.setdefault(inner, item.dtype)
        old = self._elements.get(root)
        if old is None:
            self._elements[root] = id(item)
        else:
            self._join(old, id(item))

    def holds_type(self, rows: Any, kind: DType) -> None:
        """A list, and the type of its elements."""
        if kind is not dtypes.variant:
            self._types.setdefault(self._root(id(rows)), kind)

    def _root(self, key: int) -> int:
        while key in self._parents:
            key = self._parents[key]
        return key

    def _join(self, one: int, other: int) -> None:
        a, b = self._root(one), self._root(other)
        if a == b:
            return
        self._parents[b] = a
        for group in (self._lists, self._short, self._optional):
            if b in group:
                group.discard(b)
                group.add(a)
        if b in self._types:
            self._types.setdefault(a, self._types.pop(b))
        inner = self._elements.pop(b, None)
        if inner is not None:
            mine = self._elements.setdefault(a, inner)
            self._join(mine, inner)

    def _constant(self, node: Node) -> None:
        out = node.outputs[0]
        if out.dtype is dtypes.variant:
            self._short.add(self._root(id(out)))

    def _branches(self, node: Node) -> None:
        for graph in node.attrs["branches"]:
            self.learn(graph)
            for inner, outer in zip(graph.inputs, node.inputs[1:], strict=True):
                self.same(inner, outer)
            for inner, outer in zip(graph.outputs, node.outputs, strict=True):
                self.same(inner, outer)

    def _loop(self, node: Node) -> None:
        test, body = node.attrs["cond"], node.attrs["body"]
        count = len(node.inputs)
        self.learn(test)
        self.learn(body)
        for inner in (test, body):
            for x, y in zip(inner.inputs, node.inputs, strict=True):
                self.same(x, y)
        ends = zip(body.inputs, body.outputs[:count], node.outputs[:count], strict=True)
        for x, y, out in ends:
            self.same(x, y, out)
        rounds = [body.inputs[i] for i in node.attrs["carried"]] + body.outputs[count:]
        for history, item in zip(node.outputs[count:], rounds, strict=True):
            self._lists.add(self._root(id(history)))
            self.holds(history, item)


def _all(*places: int) -> Callable[[ListKinds, Node], None]:
    """The result is of the kind of some inputs."""

    def rule(kinds: ListKinds, node: Node) -> None:
        chosen = places or range(len(node.inputs))
        kinds.same(node.outputs[0], *[node.inputs[i] for i in chosen])

    return rule


def _written(kinds: ListKinds, node: Node) -> None:
    _into(2, 0)(kinds, node)
    if node.attrs.get("resize"):
        kinds.grows(node.outputs[0])


def _only(kinds: ListKinds, node: Node) -> None:
    _into(0)(kinds, node)
    kinds.as_long(node.outputs[0], node.inputs[2])


def _resized(kinds: ListKinds, node: Node) -> None:
    kinds.same(node.outputs[0], node.inputs[0])
    kinds.grows(node.outputs[0])


def _parted(kinds: ListKinds, node: Node) -> None:
    kinds.parted(node.inputs[0])
    if node.type == "RilletListWithPart":
        kinds.same(node.outputs[0], node.inputs[0])


def _other_length(kinds: ListKinds, node: Node) -> None:
    _all()(kinds, node)
    kinds.grows(node.outputs[0])


def _into(at: int, rows: int | None = None) -> Callable[[ListKinds, Node], None]:
    """An input is an element of the result, and of the list `rows`."""

    def rule(kinds: ListKinds, node: Node) -> None:
        out = node.outputs[0]
        if rows is not None:
            kinds.same(out, node.inputs[rows])
        kinds.holds(out, node.inputs[at])

    return rule


def _out_of(kinds: ListKinds, node: Node) -> None:
    """The result is an element of the first input."""
    kinds.holds(node.inputs[0], node.outputs[0])


def _reserved(kinds: ListKinds, node: Node) -> None:
    kinds.holds_type(node.outputs[0], node.attrs.get("element_dtype", dtypes.float32))


def _joined(kinds: ListKinds, node: Node) -> None:
    """The result has the type of the first input's elements."""
    kinds.holds_type(node.inputs[0], node.outputs[0].dtype)


def _cut(kinds: ListKinds, node: Node) -> None:
    """The result's elements have the type of the first input."""
    kinds.holds_type(node.outputs[0], node.inputs[0].dtype)


_RULES: dict[str, Callable[[ListKinds, Node], None]] = {
    "Identity": _all(0),
    "ZerosLike": _all(0),
    "AddV2": _all(),
    "AddN": _all(),
    "TensorListReserve": _reserved,
    "RilletListBlank": _reserved,
    "RilletListFilled": _all(0),
    "TensorListSetItem": _written,
    "RilletListPut": _written,
    "TensorListGetItem": _out_of,
    "TensorListStack": _joined,
    "TensorListFromTensor": _cut,
    "TensorListConcatV2": _joined,
    "TensorListSplit": _cut,
    "TensorListResize": _resized,
    "TensorListConcatLists": _other_length,
    "RilletListIdentity": _all(0),
    "RilletListZeros": _all(0),
    "RilletListZeroRows": _all(0),
    "RilletListAdd": _all(0, 1),
    "RilletListClear": _into(2, 0),
    "RilletListGetLike": _out_of,
    "RilletListOnly": _only,
    "RilletListStackLike": _joined,
    "RilletListSplitLike": _cut,
    "RilletListConcatLike": _joined,
    "RilletListPush": _into(1, 0),
    "RilletListDrop": _all(0),
    "RilletListLast": _out_of,
    "RilletListPart": _parted,
    "RilletListWithPart": _parted,
    "RilletRow": _out_of,
    "RilletRowSpread": _into(0, 2),
}
