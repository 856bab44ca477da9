"""What keeps readers from ignoring what a node says: silently wrong numbers.

`plans` gives nodes `Attributes`, which remember what was asked for. After a node ran,
`check_heeded` refuses it where it says something out of the ordinary that nobody asked
for, or promises outputs of other types than came out. `graph_reader` calls it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rillet.core.dtypes import DType, variant
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.tensor import Tensor
from rillet.saved_model.definitions import Attribute, Definition, definition, parsed
from rillet.saved_model.tensors import dtype_of

#: Attributes that change no value, whatever they are.
_HARMLESS: Final = frozenset(
    # names of things and places
    """container shared_name use_node_name_sharing debug_name tensor_array_name
    allowed_devices frame_name source message index """
    # how TensorFlow runs it, or may run it
    """parallel_iterations is_constant use_locking executor_type config config_proto
    initial_num_buckets max_load_factor validate_indices validate_shape init
    clear_after_read grad_a grad_b grad_x grad_y sparse_gradient internal_type """
    # what it says of shapes, which rillet finds out by itself
    """output_shapes shape element_shape element_shape_except0 value_shape
    identical_element_shapes num_elements""".split()
)
#: What other things say too: objects that a node stands for, lists, places of the best.
_ELSEWHERE: Final = frozenset(
    (
        "VarHandleOp dtype",
        "Variable dtype",
        "TensorListConcatLists element_dtype",
        "MaxPoolGradWithArgmax ksize",
        "MaxPoolGradWithArgmax strides",
        "MaxPoolGradWithArgmax padding",
    )
)
#: Values that are the default in other words.
_USUAL: Final = {"bad_indices_policy": (b"", b"DEFAULT", b"ERROR")}


class Attributes(dict[str, Any]):
    """A node's attributes; it remembers which were asked for.

    Attributes:
        asked: their names.
        is_checked: whether the node was found to be read as it says.
    """

    __slots__ = ("asked", "is_checked")

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()
        self.is_checked = False

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name."""
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        # So that `**attributes` asks for each.
        return super().__iter__()


class _Row(NamedTuple):
    """What is to be checked of an op.

    Attributes:
        extra: attributes that say more than types and numbers of inputs.
        types: for each output the attribute that says its type, or "".
    """

    extra: tuple[tuple[str, Any], ...]
    types: tuple[str, ...]


@functools.cache
def _row(op: str) -> _Row | None:
    known = definition(op)
    if known is None:
        return None
    arguments = {a.type_attr for a in (*known.inputs, *known.outputs)}
    arguments |= {a.number_attr for a in (*known.inputs, *known.outputs)}
    extra = [
        (a.name, _default(a))
        for a in known.attributes
        if a.name not in arguments | _HARMLESS and f"{op} {a.name}" not in _ELSEWHERE
    ]
    return _Row(tuple(extra), _output_types(known))


def _default(attribute: Attribute) -> Any:
    if attribute.default is None:
        return None
    found: Any = parsed(attribute.kind, attribute.default)
    if attribute.kind == "type":
        return dtype_of(found)
    if attribute.kind == "list(type)":
        return [dtype_of(x) for x in found]
    return found


def _output_types(known: Definition) -> tuple[str, ...]:
    """The attributes of outputs' types; none where an output is a list."""
    if any(a.number_attr or a.is_list for a in known.outputs):
        return ()
    return tuple([a.type_attr for a in known.outputs])


def check_heeded(step: Any, outputs: Any) -> None:
    """Refuse a node that says what its reader did not look at.

    Args:
        step: the node; its attributes remember what was asked for.
        outputs: what the reader made of it.

    Raises:
        UnimplementedError: an attribute has a value that nobody asked for, or an output
            is of another type than the node says.
    """
    attrs = step.attrs
    if not isinstance(attrs, Attributes) or attrs.is_checked:
        return  # made by `regions`, or seen before
    row = _row(step.op)
    if row is None:
        return
    for name, default in row.extra:
        value = dict.get(attrs, name, default)
        if name in attrs.asked or value == default:
            continue
        if value not in _USUAL.get(name, ()):
            raise _unread(step, f"{name}={_shown(value)}")
    for name, y in zip(row.types, outputs, strict=False):
        said = dict.get(attrs, name) if name else None
        if not isinstance(said, DType) or not isinstance(y, Tensor):
            continue
        if y.dtype is not said and y.dtype is not variant:  # lists stand for tensors
            raise _unread(step, f"{name}={said.name}")
    attrs.is_checked = True


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return f"{getattr(text, 'name', text)!r:.80}"


def _unread(step: Any, what: str) -> UnimplementedError:
    return UnimplementedError(
        house_message(
            "SavedModel",
            f"{step.op} with {what} is not read",
            f"node '{step.name}'",
        )
    )
