"""What is known of tensor lists before a native program runs: lengths and elements.

In flow list nodes of a graph being made anew; `ListSpec`s are noted beside lists,
so that loops can be given buffers for the lists that they carry. `static` and
`static_control` call this; `lists` makes native code of what is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.spec import Spec
from rillet.graph.inference import host_value
from rillet.graph.ir import CONST, Graph, Node, SymbolicTensor
from rillet.ops.expressions import HALVES, TYPES


class OnHost(Exception):
    """Something inside a branch or loop that only the host can do; says why."""


class Lost(OnHost):
    """A tensor list of an earlier round is needed, and was not kept."""

    def __init__(self) -> None:
        super().__init__("it needs a tensor list as it was in an earlier round")


class ListSpec(Spec):
    """What is known of a tensor list.

    Attributes:
        length: how many elements; None where that is still open.
        element: what they are; None where that is still open.
        inner: for a loop's history of lists, what is known of each.
        grows: whether writes that would make it longer are known to fit.
    """

    length: int | None
    element: Spec | None
    inner: ListSpec | None
    grows: bool

    def __new__(
        cls,
        length: int | None,
        element: Spec | None = None,
        inner: ListSpec | None = None,
        grows: bool = False,
    ) -> ListSpec:
        """Note what is known."""
        made = super().__new__(cls, (), dtypes.variant)
        made.length, made.element, made.inner = length, element, inner
        made.grows = grows
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListSpec) and self._key() == other._key()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Any:
        return self.length, self.element, self.inner

    @property
    def whole(self) -> bool:
        """Whether the list can be a buffer."""
        e = self.element
        if self.length is None or e is None or e.shape is None or None in e.shape:
            return False
        return e.dtype.name in TYPES or e.dtype.name in HALVES

    @property
    def empty(self) -> bool:
        """Whether nobody wrote an element, so that all are zeros."""
        return self.element is None and self.inner is None

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the buffer."""
        dims = self.element.shape if self.element is not None else ()
        return (self.length or 0, *[n or 0 for n in dims or ()])


def same_lists(a: Spec, b: Spec) -> Spec:
    """What is known of a list that is one of two; a plain spec where they differ."""
    unknown = Spec((), dtypes.variant)
    if not isinstance(a, ListSpec) or not isinstance(b, ListSpec):
        return unknown
    if a.inner != b.inner:
        return unknown
    length = b.length if a.length is None else a.length
    element = b.element if a.element is None else a.element
    if b.length not in (None, length) or b.element not in (None, element):
        return unknown
    return ListSpec(length, element, a.inner, a.grows or b.grows)


# What `static` notes


def note(node: Node) -> None:
    """Note what a list node's outputs are, from what goes in."""
    rule = _NOTES.get(node.type)
    if rule is not None:
        rule(node, node.outputs[0])


def _count_of(x: Any) -> int | None:
    if isinstance(x, SymbolicTensor):
        if x.known is None and x.node.op is CONST:
            return int(host_value(x.node.attrs["value"]))
        return None if x.known is None else int(host_value(x.known))
    return int(x)


def _note_reserve(node: Node, out: SymbolicTensor) -> None:
    dims = node.attrs.get("element_shape")
    element = None
    if dims is not None and None not in dims:
        element = Spec(tuple(dims), node.attrs["element_dtype"])
    count = _count_of(node.inputs[0])
    if count is not None:
        out.spec = ListSpec(count, element)


def _note_set(node: Node, out: SymbolicTensor) -> None:
    rows, index, item = node.inputs
    spec = rows.spec
    if not isinstance(spec, ListSpec):
        return
    if node.attrs.get("resize") and not spec.grows:
        at = _count_of(index)
        if at is None or spec.length is None:
            return
        spec = ListSpec(max(spec.length, at + 1), spec.element)
    out.spec = same_lists(spec, ListSpec(None, item.spec))


def _note_item(node: Node, out: SymbolicTensor) -> None:
    spec = node.inputs[0].spec
    if isinstance(spec, ListSpec) and spec.element is not None:
        out.spec = spec.element


def _note_stack(node: Node, out: SymbolicTensor) -> None:
    spec = node.inputs[0].spec
    if isinstance(spec, ListSpec) and spec.whole:
        assert spec.element is not None
        out.spec = Spec(spec.sizes, spec.element.dtype)


def _note_from(node: Node, out: SymbolicTensor) -> None:
    spec = node.inputs[0].spec
    if spec.shape:
        out.spec = ListSpec(spec.shape[0], Spec(spec.shape[1:], spec.dtype))


def _note_same(node: Node, out: SymbolicTensor) -> None:
    out.spec = node.inputs[0].spec


def _note_only(node: Node, out: SymbolicTensor) -> None:
    item, _, like = node.inputs
    if isinstance(like.spec, ListSpec):
        out.spec = ListSpec(like.spec.length, item.spec)


def _note_add(node: Node, out: SymbolicTensor) -> None:
    out.spec = same_lists(node.inputs[0].spec, node.inputs[1].spec)


def _note_row(node: Node, out: SymbolicTensor) -> None:
    spec = node.inputs[0].spec
    if isinstance(spec, ListSpec):
        out.spec = spec.inner or ListSpec(None)


def _note_spread(node: Node, out: SymbolicTensor) -> None:
    out.spec = node.inputs[2].spec


def _note_count(node: Node, out: SymbolicTensor) -> None:
    spec = node.inputs[0].spec
    count = spec.length if isinstance(spec, ListSpec) else None
    if not isinstance(spec, ListSpec) and spec.shape and node.type == "RilletRowsCount":
        count = spec.shape[0]
    if count is not None:
        out.known = np.array(count, np.int32)


_NOTES: Final[dict[str, Callable[[Node, SymbolicTensor], None]]] = {
    "TensorListReserve": _note_reserve,
    "TensorListSetItem": _note_set,
    "TensorListGetItem": _note_item,
    "TensorListStack": _note_stack,
    "TensorListFromTensor": _note_from,
    "TensorListLength": _note_count,
    "RilletListIdentity": _note_same,
    "RilletListZeros": _note_same,
    "RilletListClear": _note_same,
    "RilletListOnly": _note_only,
    "RilletListAdd": _note_add,
    "RilletRow": _note_row,
    "RilletRowSpread": _note_spread,
    "RilletRowsCount": _note_count,
}


def late_clears(graph: Graph) -> None:
    """Let elements be cleared after all that reads them: then it is done in place."""
    late = [n for n in graph.nodes if n.type == "RilletListClear"]
    for node in late:
        out = node.outputs[0]
        graph.nodes.remove(node)
        at = len(graph.nodes)
        for i, other in enumerate(graph.nodes):
            if any(x is out for x in other.inputs):
                at = i
                break
        graph.nodes.insert(at, node)


def last_uses(nodes: list[Node], outputs: list[SymbolicTensor]) -> dict[int, Node]:
    """For each list the last node that reads it, under whatever name.

    Args:
        nodes: a graph's, in order.
        outputs: its outputs: they are read after all nodes.
    """
    names: dict[int, int] = {}
    out: dict[int, Node] = {}
    for node in nodes:
        for x in node.tensors():
            if x.spec.dtype is dtypes.variant:
                out[names.get(id(x), id(x))] = node
                out[id(x)] = node
        if node.type == "RilletListIdentity":
            (x,), (y,) = node.tensors(), node.outputs
            names[id(y)] = names.get(id(x), id(x))
    for y in outputs:
        out.pop(names.get(id(y), id(y)), None)
        out.pop(id(y), None)
    return _by_name(out, names)


def _by_name(last: dict[int, Node], names: dict[int, int]) -> dict[int, Node]:
    for key, name in names.items():
        last.pop(key, None)
        if name in last:
            last[key] = last[name]
    return last
