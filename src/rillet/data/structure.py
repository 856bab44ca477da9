"""What elements are: nests of tensors, and the specs that describe them.

Between stages an element is a flat tuple of leaves: NumPy arrays for tensors, a `Bound`
for a dataset within a dataset, an `Optional`. A `Structure` packs leaves into what a
program sees and takes apart what a program gives. Lists are no structure here: as in
TensorFlow they become tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import TensorSpec, TypeSpec
from rillet.core.tensor import Tensor
from rillet.ops.sparse.dense import to_dense

Element = tuple[Any, ...]


class DatasetSpec(TypeSpec):
    """What a dataset's elements are; describes datasets within datasets.

    Args:
        element_spec: a nest of specs.
        dataset_shape: the shape of a tensor of datasets: always a scalar here.

    Example:
        >>> import rillet as tf
        >>> tf.data.DatasetSpec.from_value(tf.data.Dataset.range(3))
        DatasetSpec(TensorSpec(shape=(), dtype=tf.int64, name=None), TensorShape([]))
    """

    def __init__(self, element_spec: Any, dataset_shape: Any = ()) -> None:
        self._element_spec = element_spec
        self._dataset_shape = TensorShape(dataset_shape)

    @property
    def element_spec(self) -> Any:
        """The specs of the elements."""
        return self._element_spec

    @property
    def shape(self) -> TensorShape:
        """The shape of a tensor of such datasets."""
        return self._dataset_shape

    @property
    def value_type(self) -> type:
        """The class of datasets."""
        found: type = _classes["dataset"]
        return found

    @staticmethod
    def from_value(value: Any) -> DatasetSpec:
        """The spec of a dataset."""
        return DatasetSpec(value.element_spec)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a dataset or another such spec fits this one."""
        other = getattr(spec_or_value, "element_spec", None)
        return other is not None and compatible(self._element_spec, other)

    def __eq__(self, other: object) -> bool:
        return type(other) is DatasetSpec and self._element_spec == other._element_spec

    def __hash__(self) -> int:
        return hash(str(self._element_spec))

    def __repr__(self) -> str:
        return f"DatasetSpec({self._element_spec!r}, {self._dataset_shape!r})"


class OptionalSpec(TypeSpec):
    """What an `Optional` may hold.

    Args:
        element_spec: a nest of specs.
    """

    def __init__(self, element_spec: Any) -> None:
        self._element_spec = element_spec

    @property
    def element_spec(self) -> Any:
        """The specs of the value."""
        return self._element_spec

    @property
    def value_type(self) -> type:
        """The class of optionals."""
        found: type = _classes["optional"]
        return found

    @staticmethod
    def from_value(value: Any) -> OptionalSpec:
        """The spec of an optional."""
        return OptionalSpec(value.element_spec)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether an optional or another such spec fits this one."""
        other = getattr(spec_or_value, "element_spec", None)
        return other is not None and compatible(self._element_spec, other)

    def __eq__(self, other: object) -> bool:
        return type(other) is OptionalSpec and self._element_spec == other._element_spec

    def __hash__(self) -> int:
        return hash(str(self._element_spec))

    def __repr__(self) -> str:
        return f"OptionalSpec({self._element_spec!r})"


class NoneTensorSpec(TypeSpec):
    """What describes None in an element."""

    @property
    def value_type(self) -> type:
        """The class of None."""
        return type(None)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a value is None, or a spec another of these."""
        return spec_or_value is None or isinstance(spec_or_value, NoneTensorSpec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoneTensorSpec)

    def __hash__(self) -> int:
        return hash(NoneTensorSpec)

    def __repr__(self) -> str:
        return "NoneTensorSpec()"


#: The public classes, which stand above this module and sign in.
_classes: dict[str, Any] = {}


def sign_in(name: str, public: Any) -> None:
    """Tell this module of a class or function that stands above it."""
    _classes[name] = public


def made(plan: Any) -> Any:
    """A plan as programs see it."""
    return _classes["dataset"](plan)


def optional(spec: Any, has: Any, value: Any) -> Any:
    """An `Optional` that may hold a value."""
    return _classes["optional"](spec, has, value)


def _is_nested(value: Any) -> bool:
    kind = type(value)
    if kind is tuple or kind is dict:
        return True
    return not isinstance(value, list) and nest.is_nested(value)


def flatten(value: Any) -> list[Any]:
    """The leaves of an element or of a nest of specs, in order.

    Args:
        value: tuples, named tuples, dicts and attrs classes; lists are leaves.
    """
    if not _is_nested(value):
        return [value]
    out: list[Any] = []
    for part in _parts(value):
        out.extend(flatten(part))
    return out


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[key] for key in nest._sorted_keys(value)]
    return list(nest._plain(value))


def pack(like: Any, leaves: Any) -> Any:
    """A nest like `like` of the leaves of an iterator."""
    if not _is_nested(like):
        return next(leaves)
    if isinstance(like, Mapping):
        found = {key: pack(like[key], leaves) for key in nest._sorted_keys(like)}
        return nest._like_mapping(like, found)
    parts = [pack(part, leaves) for part in nest._plain(like)]
    if isinstance(like, tuple) and not hasattr(like, "_fields"):
        return tuple(parts)
    return type(like)(*parts)


def map_nest(function: Callable[[Any], Any], value: Any) -> Any:
    """The nest with `function` applied to its leaves."""
    return pack(value, iter([function(leaf) for leaf in flatten(value)]))


def same_nest(a: Any, b: Any) -> bool:
    """Whether two nests have one form."""
    if not (_is_nested(a) and _is_nested(b)):
        return _is_nested(a) == _is_nested(b)
    if isinstance(a, Mapping) != isinstance(b, Mapping):
        return False
    if isinstance(a, Mapping) and set(a) != set(b):
        return False
    one, other = _parts(a), _parts(b)
    return len(one) == len(other) and all(map(same_nest, one, other))


def compatible(a: Any, b: Any) -> bool:
    """Whether values of one nest of specs could be of another."""
    if not same_nest(a, b):
        return False
    pairs = zip(flatten(a), flatten(b), strict=True)
    return all(x.is_compatible_with(y) for x, y in pairs)


def spec_of(leaf: Any) -> Any:
    """The spec of one leaf of an element.

    Args:
        leaf: a tensor, a dataset, an optional, None.
    """
    if leaf is None:
        return NoneTensorSpec()
    if isinstance(leaf, TypeSpec):
        return leaf
    if hasattr(leaf, "_plan"):
        return DatasetSpec(leaf.element_spec)
    if hasattr(leaf, "get_value") and hasattr(leaf, "element_spec"):
        return OptionalSpec(leaf.element_spec)
    if isinstance(leaf, CompositeTensor):
        return leaf._type_spec
    return TensorSpec(leaf.shape, leaf.dtype)


def as_leaf(value: Any) -> Any:
    """A program's value as a leaf: a tensor, unless it is a dataset and the like."""
    if value is None or hasattr(value, "_plan") or isinstance(value, Tensor):
        return value
    if hasattr(value, "get_value") and hasattr(value, "element_spec"):
        return value
    if isinstance(value, CompositeTensor):
        return value
    return to_tensor(value)


def as_leaves(value: Any) -> Any:
    """A program's element, its leaves as tensors."""
    return map_nest(as_leaf, value)


class Structure:
    """How elements of a nest of specs are packed for programs.

    Args:
        spec: a nest of specs.
    """

    __slots__ = ("flat", "pack", "plain", "spec")

    def __init__(self, spec: Any) -> None:
        self.spec = spec
        self.flat = flatten(spec)
        self.plain = all(type(s) is TensorSpec for s in self.flat)
        self.pack = self._packer()

    def _packer(self) -> Callable[[Element], Any]:
        """The function that makes a program's element of leaves."""
        spec = self.spec
        if self.plain and not _is_nested(spec):
            return lambda leaves: Tensor(leaves[0])
        if self.plain and type(spec) is tuple and len(spec) == len(self.flat):
            if not any(map(_is_nested, spec)):
                return lambda leaves: tuple([Tensor(a) for a in leaves])
        return lambda leaves: pack(spec, map(as_value, leaves))

    def row_bytes(self) -> int:
        """How much memory one row of a batch takes, as far as its spec tells."""
        total = 0
        for spec in self.flat:
            if not isinstance(spec, TensorSpec):
                return 1 << 30  # nobody knows before they are made
            dims = spec.shape.dims or []
            count = math.prod([d or 1 for d in dims[1:]])
            total += count * int(spec.dtype.numpy_dtype.itemsize)
        return total

    def numpy(self, leaves: Element) -> Any:
        """The element with NumPy's values for tensors."""
        return pack(self.spec, map(_as_numpy, leaves))


def as_value(leaf: Any) -> Any:
    """What a program sees of one leaf."""
    if isinstance(leaf, np.ndarray):
        return Tensor(leaf)
    return leaf.dataset() if isinstance(leaf, Bound) else leaf


def _as_numpy(leaf: Any) -> Any:
    if isinstance(leaf, Bound):
        return leaf.dataset().as_numpy_iterator()
    if isinstance(leaf, SparseTensor):
        return to_dense(leaf).numpy()
    if isinstance(leaf, CompositeTensor):
        return leaf.numpy() if hasattr(leaf, "numpy") else leaf
    if not isinstance(leaf, np.ndarray):
        return leaf
    if not leaf.ndim:
        return leaf[()]
    view = leaf.view()
    view.flags.writeable = False
    return view


class Bound:
    """A dataset within a dataset: its plan, and the values that it runs with.

    Args:
        plan: what to do.
        run: the values of its free tensors.
    """

    __slots__ = ("plan", "run")

    def __init__(self, plan: Any, run: Any) -> None:
        self.plan = plan
        self.run = run

    def dataset(self) -> Any:
        """As programs see it."""
        return _classes["nested"](self)


def boxed(value: Any) -> Any:
    """A dataset or an iterator as a graph's value: an object array, 0-d."""
    box = np.empty((), object)
    box[()] = value
    return box


def leaf_of(value: Any) -> Any:
    """What flows between stages for one leaf of a program's eager element."""
    if isinstance(value, Tensor):
        return value._array
    if hasattr(value, "_plan"):
        return Bound(value._plan, _classes["run"])
    return value


def arrays_of(leaf: Any) -> list[Any]:
    """What a graph is given for one leaf: arrays; several for a composite."""
    if isinstance(leaf, CompositeTensor):
        return [part._array for part in leaf._flat_tensors()]
    return [boxed(leaf) if isinstance(leaf, Bound) else leaf]


def composed(spec: CompositeSpec, arrays: list[Any]) -> Any:
    """The leaf that has these arrays for components."""
    return leaf_of(spec._from_tensors([Tensor(a) for a in arrays]))


def check_tensors(owner: str, specs: list[Any], composites: bool = False) -> None:
    """Raise where a stage that only tensors can pass gets something else."""
    for spec in specs:
        if not isinstance(spec, TensorSpec) and not (
            composites and isinstance(spec, CompositeSpec)
        ):
            raise TypeError(
                house_message(
                    owner,
                    f"Unsupported: batching of inputs of type {type(spec).__name__}",
                    f"{spec!r}",
                    "Use flat_map to turn datasets into their elements first",
                )
            )
