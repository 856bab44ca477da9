"""Runs scalar expressions as native loops over arrays.

In flow a function that makes expressions, and arrays of one shape; out flow what the
loops store. Tests of `lower` functions and of scalar functions call this.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import rillet.ops.scalar_math  # noqa: F401  signs functions in
from rillet.backends.native import codegen
from rillet.backends.native.calls import STATUS, UNIT
from rillet.backends.native.disk_cache import DiskCache
from rillet.backends.native.jit import Jit
from rillet.backends.native.nests import Nest, Store
from rillet.ops.expressions import Expr, b
from rillet.ops.indices import Var, index_of
from rillet.ops.lowering import Buffer

_PROTOTYPE = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, *[ctypes.c_int64] * 4, ctypes.c_void_p
)


class CheckFailed(Exception):
    """A `checked` expression whose condition is false somewhere."""


@functools.cache
def _jit() -> Jit:
    folder = Path(tempfile.mkdtemp(prefix="rillet-test-"))
    atexit.register(shutil.rmtree, folder, True)
    return Jit(DiskCache(folder))


def natively(
    make: Callable[..., Expr | Sequence[Expr]], *arrays: Any
) -> list[np.ndarray[Any, Any]]:
    """What the expressions that `make` builds from elements of arrays are.

    Args:
        make: elements -> an expression, or several.
        *arrays: of one size; halves are given as they are, and come as float32.
    """
    size = arrays[0].size
    var = Var("i", size, True)
    index = index_of(var)
    ready = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    inputs = [Buffer(a.dtype.name, (size,)) for a in ready]
    made = make(*[b.load(x, index) for x in inputs])
    found = [made] if isinstance(made, Expr) else list(made)
    outputs = [Buffer(e.type, (size,)) for e in found]
    nest = Nest(
        [var], [Store(o, index, e) for o, e in zip(outputs, found, strict=True)]
    )
    generated = codegen.generated(nest)
    (code,) = _jit().compile([generated.kernel])
    results = [np.zeros(size, o.type) for o in outputs]
    pairs = zip([*inputs, *outputs], [*ready, *results], strict=True)
    memory = {id(x): a for x, a in pairs}
    status = np.zeros(8, np.int64)
    words = np.zeros(len(generated.words), np.int64)
    for k, word in enumerate(generated.words):
        if isinstance(word, Buffer):
            words[k] = memory[id(word)].ctypes.data
        elif word == UNIT:
            words[k] = 1
        elif word == STATUS:
            words[k] = status.ctypes.data
        else:
            words[k] = word
    _PROTOTYPE(code.address)(words.ctypes.data, 0, size, 0, 0, None)
    if status[0]:
        raise CheckFailed
    return results
