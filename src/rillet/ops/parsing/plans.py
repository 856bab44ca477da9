"""From what a program expects of features to columns, from tensors to its results.

`examples` and `sequences` make a `Plan` of a dictionary of features, hand its columns
to a record, and let it pack what the record gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.ops.array import concat
from rillet.ops.parsing.columns import Dense, fixed, growing, kind_of
from rillet.ops.parsing.features import (
    PARTITIONS,
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
    SparseFeature,
    VarLenFeature,
)
from rillet.ops.parsing.partitions import partitioned
from rillet.ops.ragged.tensor import RaggedTensor
from rillet.ops.sparse.moving import reorder
from rillet.ops.sparse.operators import SparseTensorSpec as _Spec

_TAKEN = (
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
    SparseFeature,
    VarLenFeature,
)


class Plan:
    """What becomes of each feature.

    Args:
        op: the public function, for messages.
        features: what a program expects, by key.
        allowed: the kinds of features that may come.
        sequence: whether these are features of a sequence's steps.

    Attributes:
        sparse: key and type of features that become sparse.
        dense: features that become dense.
        ragged: key, type and splits' type of features that become ragged.
    """

    def __init__(
        self, op: str, features: Any, allowed: Any = _TAKEN, sequence: bool = False
    ) -> None:
        self.op = op
        self.features = features
        self.sparse: dict[str, DType] = {}
        self.dense: dict[str, Dense] = {}
        self.ragged: dict[str, tuple[DType, DType]] = {}
        for key in sorted(features):
            feature = features[key]
            if not isinstance(feature, allowed):
                raise ValueError(
                    house_message(
                        op,
                        f"Unsupported {type(feature).__name__} {feature} for key"
                        f" {key!r}",
                    )
                )
            self._add(key, feature, sequence)

    def _add(self, key: str, feature: Any, sequence: bool) -> None:
        op = self.op
        if isinstance(feature, VarLenFeature):
            self._sparse(key, feature.dtype)
        elif isinstance(feature, SparseFeature):
            for name in _listed(feature.index_key):
                self._sparse(name, int64)
            self._sparse(feature.value_key, feature.dtype)
        elif isinstance(feature, FixedLenFeature):
            self.dense[key] = fixed(op, key, feature)
        elif isinstance(feature, FixedLenSequenceFeature):
            if not feature.allow_missing and not sequence:
                raise ValueError(
                    house_message(
                        op,
                        "Unsupported: FixedLenSequenceFeature requires allow_missing"
                        " to be True",
                        f"key {key!r}",
                    )
                )
            self.dense[key] = growing(op, key, feature)
        else:
            splits = feature.row_splits_dtype
            self._ragged(feature.value_key or key, feature.dtype, splits)
            for part in feature.partitions:
                if hasattr(part, "key"):
                    self._ragged(part.key, int64, splits)

    def _sparse(self, key: str, dtype: Any) -> None:
        kind = kind_of(self.op, key, dtype)
        if self.sparse.setdefault(key, kind) is not kind:
            raise ValueError(
                house_message(
                    self.op,
                    f"Conflicting type {kind!r} vs {self.sparse[key]!r} for feature",
                    repr(key),
                )
            )

    def _ragged(self, key: str, dtype: Any, splits: DType) -> None:
        kinds = kind_of(self.op, key, dtype), splits
        if self.ragged.setdefault(key, kinds) != kinds:
            raise ValueError(
                house_message(
                    self.op,
                    f"Conflicting types {kinds} vs {self.ragged[key]} for feature",
                    repr(key),
                )
            )

    def attrs(self) -> dict[str, Any]:
        """The columns, as a record takes them."""
        return {
            "sparse": tuple(self.sparse.items()),
            "dense": tuple(self.dense.values()),
            "ragged": tuple([(key, *kinds) for key, kinds in self.ragged.items()]),
        }

    def pack(self, outputs: Iterable[Any], batch: int | None, single: bool) -> Any:
        """The dictionary that a program gets, of a record's outputs.

        Args:
            outputs: for sparse features places, values and shapes, then dense ones,
                then for ragged ones values and splits.
            batch: how many examples there are, where that is known.
            single: whether it is one example.
        """
        found = list(outputs)
        count, more = len(self.sparse), len(self.ragged)
        lead = [] if single else [batch]
        sparse: dict[str, Any] = {}
        for i, key in enumerate(self.sparse):
            spec = _Spec(TensorShape([*lead, None]), self.sparse[key])
            sparse[key] = spec._from_tensors(found[i : 3 * count : count])
        dense = dict(zip(self.dense, found[3 * count :], strict=False))
        rest = found[3 * count + len(dense) :]
        ragged = dict(
            zip(self.ragged, zip(rest, rest[more:], strict=False), strict=True)
        )
        return self._results(sparse, dense, ragged, single)

    def _results(self, sparse: Any, dense: Any, ragged: Any, single: bool) -> Any:
        out: dict[str, Any] = {}
        for key, value in sparse.items():
            if isinstance(self.features.get(key), VarLenFeature):
                out[key] = value
        out.update(dense)
        for key in sorted(self.features):
            feature = self.features[key]
            if isinstance(feature, SparseFeature):
                out[key] = _composed(self.op, feature, sparse)
            elif isinstance(feature, RaggedFeature):
                out[key] = _cut(key, feature, ragged, single)
        return out


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _composed(op: str, feature: SparseFeature, sparse: Any) -> SparseTensor:
    """A sparse tensor of a feature of values and features of places."""
    places = [sparse[key] for key in _listed(feature.index_key)]
    sizes = _listed(feature.size)
    if len(sizes) != len(places):
        raise ValueError(
            house_message(
                op,
                "a SparseFeature has a size for each index key",
                f"{len(sizes)} sizes for {len(places)} keys",
            )
        )
    values = sparse[feature.value_key]
    lead = values.indices[:, :-1]
    indices = concat([lead, *[p.values[:, None] for p in places]], 1)
    shape = concat([values.dense_shape[:-1], to_tensor(sizes, int64)], 0)
    spec = _Spec([*values.shape.as_list()[:-1], *sizes], values.dtype)
    made = spec._from_tensors([indices, values.values, shape])
    return made if feature.already_sorted else reorder(made)


def _cut(key: str, feature: RaggedFeature, ragged: Any, single: bool) -> Any:
    """A ragged tensor of a feature of values and features of partitions."""
    values, outer = ragged[feature.value_key or key]
    for part in reversed(feature.partitions):
        kind = PARTITIONS[type(part)]
        if kind == "uniform":
            values, outer = partitioned(values, outer, kind, part.length)
        else:
            values, outer = partitioned(values, outer, kind, ragged[part.key])
    if single:
        return values
    return RaggedTensor.from_row_splits(values, outer, validate=False)
