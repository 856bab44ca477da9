"""The records of tables: find, insert, remove, size, export.

A record has its table's `Store` as an attribute, so that branches, loops and functions
need not carry it. They have effects and so keep their order in a graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY, INTEGER, STRING
from rillet.core.spec import Spec
from rillet.ops.lookup.store import Store
from rillet.ops.registry import Op, define

KEYS = INTEGER | STRING


def _infer_find(keys: Spec, default: Spec, table: Store) -> Spec:
    if keys.shape is None:
        return Spec(None, table.value_dtype)
    places = keys.shape[: len(keys.shape) - len(table.key_shape)]
    return Spec((*places, *table.value_shape), table.value_dtype)


def _insert(keys: Any, values: Any, table: Store) -> tuple[()]:
    table.insert(keys, values)
    return ()


def _remove(keys: Any, table: Store) -> tuple[()]:
    table.remove(keys)
    return ()


def _infer_export(table: Store) -> tuple[Spec, Spec]:
    keys = Spec((None, *table.key_shape), table.key_dtype)
    return keys, Spec((None, *table.value_shape), table.value_dtype)


find_op: Op = define(
    "LookupTableFindV2",
    types=(KEYS, ANY),
    kernel=lambda keys, default, table: table.find(keys, default),
    infer=_infer_find,
    attrs={"table": None},
    effects="read",
    quiet=False,
)
insert_op: Op = define(
    "LookupTableInsertV2",
    types=(KEYS, ANY),
    kernel=_insert,
    infer=lambda keys, values, table: (),
    attrs={"table": None},
    outputs=0,
    effects="io",
    quiet=False,
)
remove_op: Op = define(
    "LookupTableRemoveV2",
    types=(KEYS,),
    kernel=_remove,
    infer=lambda keys, table: (),
    attrs={"table": None},
    outputs=0,
    effects="io",
    quiet=False,
)
size_op: Op = define(
    "LookupTableSizeV2",
    types=(),
    kernel=lambda table: np.array(len(table), np.int64),
    infer=lambda table: Spec((), dtypes.int64),
    attrs={"table": None},
    effects="read",
    quiet=False,
)
export_op: Op = define(
    "LookupTableExportV2",
    types=(),
    kernel=lambda table: table.export(),
    infer=_infer_export,
    attrs={"table": None},
    outputs=2,
    effects="read",
    quiet=False,
)
