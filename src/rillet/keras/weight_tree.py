"""Where each weight of a model stands in `.keras` and `.weights.h5` files.

In: a model and a group of an HDF5 file. Out: its weights, and what its metrics count,
written there or read from there, under the paths that Keras gives them: ``layers`` for
the layers of a model, ``metrics`` for its metrics in tf.keras 2, else the attributes'
names; in lists and dictionaries the class's name and a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core.errors import house_message
from rillet.core.variable import Variable
from rillet.keras.base_layer import Layer
from rillet.keras.hdf5 import array_of, library, put_array
from rillet.keras.model import Model
from rillet.keras.naming import path_name
from rillet.keras.tracking import Tracked

_CONTAINERS = (list, tuple, dict, set)
#: Parts that Keras 3 names without the underscore of tf.keras 2.
_OTHER_NAMES = {
    "_query_dense": "query_dense",
    "_key_dense": "key_dense",
    "_value_dense": "value_dense",
    "_output_dense": "output_dense",
}
#: Groups in a file that hold no weights of a model itself.
BESIDE = ("optimizer", "metrics")


class Part:
    """A layer or other object with weights, and where it stands.

    Attributes:
        item: the object.
        paths: its paths, Keras 3's first.
        older: tf.keras 2's path, which is one of them; None where it has none.
    """

    __slots__ = ("item", "older", "paths")

    def __init__(self, item: Any, paths: tuple[str, ...]) -> None:
        self.item = item
        self.paths = paths
        self.older: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it is a metric: its numbers may be missing, as Keras 3 keeps none."""
        return bool(getattr(self.item, "_is_metric", False))


def parts_of(model: Any) -> list[Part]:
    """All parts of a model with their paths, each once."""
    found: list[Part] = []
    seen: dict[int, Part] = {}
    _walk(model, ("",), seen, found)
    older: dict[int, tuple[Any, str]] = {}
    _walk_older(model, "", older)
    for key, (item, path) in older.items():
        part = seen.get(key)
        if part is None:
            part = seen[key] = Part(item, ())
            found.append(part)
        part.older = path
        if path not in part.paths:
            part.paths = (*part.paths, path)
    return found


def _walk_older(item: Any, path: str, seen: dict[int, tuple[Any, str]]) -> None:
    """Find the paths that tf.keras 2 gives: it walks attributes from Z to A."""
    if id(item) in seen:
        return
    seen[id(item)] = item, path
    hidden = (getattr(item, "_layer_list", ""), "_metrics_made")
    held = {k: v for k, v in getattr(item, "_tracked", {}).items() if k not in hidden}
    if isinstance(item, Model):
        held["layers"] = item.layers
    if isinstance(item, Layer):
        held["metrics"] = _metrics_of(item)
    for name in sorted(held, reverse=True):
        child, below = held[name], _joined(path, name)
        if isinstance(child, Tracked):
            _walk_older(child, below, seen)
        elif isinstance(child, _CONTAINERS):
            values = child.values() if isinstance(child, dict) else child
            # Those that stand elsewhere already are not counted.
            left = [v for v in values if isinstance(v, Tracked) and id(v) not in seen]
            for inner, value in _named(left):
                _walk_older(value, _joined(below, inner), seen)


def _metrics_of(item: Any) -> list[Any]:
    try:
        return list(item.metrics)
    except Exception:
        # A program's own property, which may need what is not there yet.
        return []


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
    """The parts of a part by attribute, in the order in which Keras 3 walks them."""
    held = dict(getattr(item, "_tracked", {}))
    for hidden in (getattr(item, "_layer_list", ""), "_metrics_made"):
        held.pop(hidden, None)
    if _has_layer_list(item):
        yield ("layers",), item.layers
    elif isinstance(item, Model):
        held["layers"] = item.layers
    # Private ones come last.
    for name in sorted(held, key=lambda n: f"~{n}" if n.startswith("_") else n):
        value = held[name]
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
        name = path_name(type(item).__name__)
        number = counts.get(name, 0)
        counts[name] = number + 1
        out.append((f"{name}_{number}" if number else name, item))
    return out


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def own_variables(item: Any) -> list[Variable]:
    """The variables that stand in a part's own `vars`, in Keras's order."""
    trained: list[Variable] = item._own_variables(True)
    return [*trained, *item._own_variables(False)]


def write_tree(model: Any, file: Any, older: bool = False) -> None:
    """Write a model's weights into a group.

    Args:
        model: the model.
        file: an open HDF5 file or group.
        older: where the two Kerases mean different weights by one path, write those
            that tf.keras 2 means; else Keras 3's.
    """
    parts = parts_of(model)
    written: list[tuple[Part, Any]] = []
    for part in parts:
        path = part.paths[0] if part.older is None or not older else part.older
        group = file.require_group(f"{path}/vars" if path else "vars")
        if hasattr(part.item, "name") and not older:
            group.attrs["name"] = part.item.name
        if _saves_itself(part.item, "save_own_variables"):
            part.item.save_own_variables(_Store(group))
        else:
            for number, variable in enumerate(own_variables(part.item)):
                put_array(group, str(number), variable.numpy())
        written.append((part, group))
    for part, group in written:
        for path in filter(None, part.paths):
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
    older = _is_older(file)
    for part in parts_of(model):
        group = _group_of(part, file, older)
        if _saves_itself(part.item, "load_own_variables"):
            if group is not None:
                used.update(_addresses(group))
                later.append((part.item, group))
            continue
        mine = own_variables(part.item)
        held = [] if group is None else list(group)
        if part.counts:
            used.update(_addresses(group) if group is not None else ())
            values += _counted(mine, group)
            continue
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


def _counted(mine: list[Variable], group: Any) -> list[tuple[Variable, Any]]:
    """What a metric counted, where the file has it in the same form."""
    held = [] if group is None else [group[n] for n in map(str, range(len(group)))]
    shapes = [tuple(v.shape.as_list()) for v in mine]
    if shapes != [tuple(dataset.shape) for dataset in held]:
        return []
    return list(zip(mine, held, strict=True))


def _is_older(file: Any) -> bool:
    """Whether a file is of tf.keras 2's form, which notes no names."""
    return "vars" in file and "name" not in file["vars"].attrs


def _group_of(part: Part, file: Any, older: bool) -> Any:
    """The group of a part's own variables, under the first of its paths that is there.

    One with something in it comes before an empty one; tf.keras's path before others
    in files of its form.
    """
    found = None
    paths = part.paths
    if older and part.older is not None:
        paths = (part.older, *paths)
    for path in paths:
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
        if not set(BESIDE).isdisjoint(name.split("/")) or "seed_generator" in name:
            return
        if isinstance(item, h5py.Dataset) and _address(item) not in used:
            found.append(f"{name}: the file has it, the model has not")

    file.visititems(look)
    return found
