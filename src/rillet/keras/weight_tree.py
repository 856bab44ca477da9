"""Where each weight of a model stands in `.keras` and `.weights.h5` files.

In: a model and a group of an HDF5 file. Out: its weights written there or read from
there, under the paths that Keras gives them: ``layers`` for the layers of a model, else
the attributes' names; in lists and dictionaries the class's name and a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core.errors import house_message
from rillet.core.variable import Variable
from rillet.keras.hdf5 import array_of, library, put_array
from rillet.keras.model import Model
from rillet.keras.naming import snake_case
from rillet.keras.tracking import Tracked

_CONTAINERS = (list, tuple, dict, set)
#: Parts that Keras 3 names without the underscore of tf.keras 2.
_OTHER_NAMES = {
    "_query_dense": "query_dense",
    "_key_dense": "key_dense",
    "_value_dense": "value_dense",
    "_output_dense": "output_dense",
}
#: Groups in a file that hold no weights of the model itself.
BESIDE = ("optimizer", "metrics")


class Part:
    """A layer or other object with weights, and where it stands.

    Attributes:
        item: the object.
        paths: its paths; the first is the one that tf.keras and Keras 3 share, where
            they do.
    """

    __slots__ = ("item", "paths")

    def __init__(self, item: Any, paths: tuple[str, ...]) -> None:
        self.item = item
        self.paths = paths


def parts_of(model: Any) -> list[Part]:
    """All parts of a model with their paths, each once."""
    found: list[Part] = []
    seen: dict[int, Part] = {}
    _walk(model, ("",), seen, found)
    if isinstance(model, Model) and not _has_layer_list(model):
        # tf.keras 2 puts the layers of a subclassed model under `layers`.
        for name, layer in _named(model.layers):
            _rename(layer, f"layers/{name}", seen)
    return found


def _has_layer_list(item: Any) -> bool:
    return bool(getattr(type(item), "_layer_list", ""))


def _walk(
    item: Any, paths: tuple[str, ...], seen: dict[int, Part], found: list[Part]
) -> None:
    if id(item) in seen:
        return
    part = seen[id(item)] = Part(item, paths)
    found.append(part)
    for names, child in _children(item):
        below = tuple(_joined(p, n) for p in paths for n in names)
        if isinstance(child, _CONTAINERS):
            for name, inner in _named(_values(child)):
                _walk(inner, tuple(_joined(p, name) for p in below), seen, found)
        else:
            _walk(child, below, seen, found)


def _children(item: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The parts of a part by attribute, in the order in which Keras walks them."""
    if _has_layer_list(item):
        yield ("layers",), item.layers
    tracked = getattr(item, "_tracked", {})
    for name in sorted(tracked):
        if name in (getattr(item, "_layer_list", ""), "_metrics_made"):
            continue
        value = tracked[name]
        if isinstance(value, (Tracked, *_CONTAINERS)):
            other = _OTHER_NAMES.get(name)
            yield (name,) if other is None else (name, other), value


def _values(container: Any) -> list[Any]:
    values = container.values() if isinstance(container, dict) else container
    out: list[Any] = []
    for value in values:
        if isinstance(value, _CONTAINERS):
            out += _values(value)
        elif isinstance(value, Tracked):
            out.append(value)
    return out


def _named(items: list[Any]) -> list[tuple[str, Any]]:
    """Names in a container: the class's in snake case, numbered from the second on."""
    counts: dict[str, int] = {}
    out: list[tuple[str, Any]] = []
    for item in items:
        name = snake_case(type(item).__name__)
        number = counts.get(name, 0)
        counts[name] = number + 1
        out.append((f"{name}_{number}" if number else name, item))
    return out


def _rename(item: Any, path: str, seen: dict[int, Part]) -> None:
    """Note a second path for an object and all below it."""
    part = seen.get(id(item))
    if part is None:
        return
    old = part.paths[0]
    for other in seen.values():
        if other.paths[0] == old or other.paths[0].startswith(f"{old}/"):
            moved = path + other.paths[0][len(old) :]
            if moved not in other.paths:
                other.paths = (*other.paths, moved)


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def own_variables(item: Any) -> list[Variable]:
    """The variables that stand in a part's own `vars`, in Keras's order."""
    trained: list[Variable] = item._own_variables(True)
    return [*trained, *item._own_variables(False)]


def write_tree(model: Any, file: Any) -> None:
    """Write a model's weights into a group.

    Args:
        model: the model.
        file: an open HDF5 file or group.
    """
    for part in parts_of(model):
        first = f"{part.paths[0]}/vars" if part.paths[0] else "vars"
        group = file.require_group(first)
        if hasattr(part.item, "name"):
            group.attrs["name"] = part.item.name
        if _saves_itself(part.item, "save_own_variables"):
            part.item.save_own_variables(_Store(group))
        else:
            for number, variable in enumerate(own_variables(part.item)):
                put_array(group, str(number), variable.numpy())
        for path in part.paths[1:]:
            # A second name for the same data, where the two Kerases differ.
            above = file.require_group(path)
            if "vars" not in above:
                above["vars"] = group


class _Store:
    """A group as the mapping that `save_own_variables` writes into."""

    def __init__(self, group: Any) -> None:
        self._group = group

    def __setitem__(self, key: str, value: Any) -> None:
        put_array(self._group, key, value.numpy() if hasattr(value, "numpy") else value)

    def __getitem__(self, key: str) -> Any:
        return array_of(self._group[key])

    def keys(self) -> Any:
        """The names in the group."""
        return self._group.keys()

    def __len__(self) -> int:
        return len(self._group)

    def __contains__(self, key: str) -> bool:
        return key in self._group


def _saves_itself(item: Any, method: str) -> bool:
    """Whether a class writes or reads its variables by a method of its own."""
    found = getattr(type(item), method, None)
    return found is not None and not getattr(found, "_usual", False)


def read_tree(model: Any, file: Any, skip_mismatch: bool = False) -> list[str]:
    """Read a model's weights from a group: all of them, or none.

    Args:
        model: the model.
        file: an open HDF5 file or group.
        skip_mismatch: leave weights alone that the file lacks or has otherwise.

    Returns:
        What was left alone, in words.

    Raises:
        ValueError: where the file lacks a weight, has one of another shape, or has
            weights that the model lacks; nothing is changed then.
    """
    values: list[tuple[Variable, Any]] = []
    later: list[tuple[Any, Any]] = []
    troubles: list[str] = []
    used: set[Any] = set()
    for part in parts_of(model):
        group = _group_of(part, file)
        if _saves_itself(part.item, "load_own_variables"):
            if group is not None:
                used.update(_addresses(group))
                later.append((part.item, group))
            continue
        mine = own_variables(part.item)
        held = [] if group is None else list(group)
        where = part.paths[0] or "the model"
        if len(mine) != len(held):
            if group is not None:
                used.update(_addresses(group))
            names = ", ".join(v.name for v in mine)
            troubles.append(
                f"{where}: the model has {len(mine)} weights ({names}), the file"
                f" {len(held)}"
            )
            continue
        for number, variable in enumerate(mine):
            dataset = group[str(number)]
            used.add(_address(dataset))
            shape = tuple(variable.shape.as_list())
            if tuple(dataset.shape) != shape:
                troubles.append(
                    f"{where}: '{variable.name}' has shape {shape}, in the file"
                    f" {tuple(dataset.shape)}"
                )
            else:
                values.append((variable, dataset))
    troubles += _unused(file, used)
    if troubles and not skip_mismatch:
        raise ValueError(
            house_message(
                "load_weights",
                f"the file's weights are not the model's; {len(troubles)} differ and"
                " nothing was changed",
                "; ".join(troubles[:8]),
                "Load them into the model that wrote them, or give skip_mismatch=True",
            )
        )
    read = [(v, array_of(d).astype(v.dtype.numpy_dtype)) for v, d in values]
    for variable, value in read:
        variable.assign(value)
    for item, group in later:
        item.load_own_variables(_Store(group))
    return troubles


def _group_of(part: Part, file: Any) -> Any:
    """The group of a part's own variables, under the first of its paths that is there.

    One with something in it comes before an empty one.
    """
    found = None
    for path in part.paths:
        name = f"{path}/vars" if path else "vars"
        if name in file:
            if len(file[name]):
                return file[name]
            found = file[name]
    return found


def _address(item: Any) -> Any:
    info = library().h5o.get_info(item.id)
    return info.fileno, info.addr


def _addresses(group: Any) -> list[Any]:
    return [_address(group[name]) for name in group]


def _unused(file: Any, used: set[Any]) -> list[str]:
    """What the file holds beyond what was read."""
    found: list[str] = []
    h5py = library()

    def look(name: str, item: Any) -> None:
        if name.split("/")[0] in BESIDE or "seed_generator" in name:
            return
        if isinstance(item, h5py.Dataset) and _address(item) not in used:
            found.append(f"{name}: the file has it, the model has not")

    file.visititems(look)
    return found
