"""The binding to OpenBLAS: finds the library, loads it, hands out its entries.

In flows nothing but a dtype; out flow :class:`Routines`, the C entry points for
it. `ops.blas` is the only caller: every matrix product of rillet goes through it.
The library is the one of the package `scipy-openblas32`. It is loaded on the first
product, with one thread: threads are rillet's own (`core.threads`).
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

PACKAGE: Final = "scipy_openblas32"
PREFIX: Final = "scipy_"

ROW_MAJOR: Final = 101
NO_TRANSPOSE: Final = 111
TRANSPOSE: Final = 112
CONJUGATE_TRANSPOSE: Final = 113

_LETTERS: Final = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}

_lock = threading.Lock()
_library: ctypes.CDLL | None = None


class Routines(NamedTuple):
    """The C entries for one dtype.

    `held_*` keep Python's lock during the call: for products so small that giving
    it away and taking it back costs more than the work.
    """

    gemm: Callable[..., None]
    held_gemm: Callable[..., None]
    gemv: Callable[..., None]
    held_gemv: Callable[..., None]
    gemm_stack: Callable[..., None] | None
    one: Any
    zero: Any
    itemsize: int


def _address_by_interface(array: np.ndarray) -> ctypes.c_void_p:
    """The slow, always right way to an array's data pointer."""
    return ctypes.c_void_p(array.__array_interface__["data"][0])


_from_address = ctypes.c_void_p.from_address
DATA_OFFSET: Final = object.__basicsize__


def _address_by_layout(array: np.ndarray) -> ctypes.c_void_p:
    """Reads `data`, the first field after the object's head, in place.

    The pointer is a view of the array object: use it only while the array lives.
    60 ns, where `array.ctypes.data` takes 720.
    """
    return _from_address(id(array) + DATA_OFFSET)


def _layout_is_known() -> bool:
    if sys.implementation.name != "cpython":
        return False
    probe = np.empty((2, 3))[1:]
    return _address_by_layout(probe).value == _address_by_interface(probe).value


LAYOUT_IS_KNOWN: Final = _layout_is_known()
address: Final[Callable[[np.ndarray], ctypes.c_void_p]] = (
    _address_by_layout if LAYOUT_IS_KNOWN else _address_by_interface
)


def library_path() -> Path:
    """Returns the file of the OpenBLAS library, without importing its package.

    Raises:
      ImportError: the package is not installed, or holds no library.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(
            "rillet needs OpenBLAS: the package scipy-openblas32 is not installed. "
            "Run: python -m pip install scipy-openblas32"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "lib"
    names = sorted(folder.iterdir()) if folder.is_dir() else []
    ends = {"win32": (".dll",), "darwin": (".dylib",)}.get(sys.platform, (".so",))
    for path in names:
        if "openblas" in path.name and path.name.endswith(ends):
            return path
    raise ImportError(
        f"rillet needs OpenBLAS: {folder} holds no library ending in {ends[0]}: found "
        f"{[path.name for path in names]}. Run: python -m pip install "
        "--force-reinstall scipy-openblas32"
    )


def _load(path: Path) -> ctypes.CDLL:
    if sys.platform == "win32":
        # The handle is kept open for the life of the process on purpose.
        os.add_dll_directory(str(path.parent))
    # OpenBLAS starts its threads while it is loaded; they would only ever idle.
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        library = ctypes.CDLL(str(path))
    finally:
        if before is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = before
    getattr(library, f"{PREFIX}openblas_set_num_threads")(1)
    return library


def library() -> ctypes.CDLL:
    """Returns the loaded library; loads it on the first call."""
    global _library
    if _library is None:
        with _lock:
            if _library is None:
                _library = _load(library_path())
    return _library


def routines(dtype: np.dtype) -> Routines:
    """Returns the C entries for a dtype.

    Args:
      dtype: float32, float64, complex64 or complex128, in native byte order.
    """
    released = library()
    held = ctypes.PyDLL(released._name, handle=released._handle)
    letter = _LETTERS[dtype.name]

    def entry(source: ctypes.CDLL, routine: str) -> Callable[..., None]:
        found: Any = getattr(source, f"{PREFIX}cblas_{letter}{routine}")
        found.restype = None
        call: Callable[..., None] = found
        return call

    one, zero = _scalars(dtype)
    stacked = None
    # Older libraries lack it, and 0.3.34 counts a complex stack's strides in reals.
    if dtype.kind == "f" and hasattr(released, f"{PREFIX}cblas_sgemm_batch_strided"):
        stacked = entry(released, "gemm_batch_strided")
    return Routines(
        entry(released, "gemm"),
        entry(held, "gemm"),
        entry(released, "gemv"),
        entry(held, "gemv"),
        stacked,
        one,
        zero,
        dtype.itemsize,
    )


def _scalars(dtype: np.dtype) -> tuple[Any, Any]:
    """One and zero as CBLAS takes them: by value if real, by address if complex."""
    if dtype.kind == "f":
        number = ctypes.c_float if dtype.itemsize == 4 else ctypes.c_double
        return number(1), number(0)
    part = ctypes.c_float if dtype.itemsize == 8 else ctypes.c_double
    pair = part * 2
    return pair(1, 0), pair(0, 0)


def config() -> str:
    """Returns OpenBLAS's own line about itself: version, build, kernel.

    Example:
      >>> config().startswith("OpenBLAS")
      True
    """
    return _text("openblas_get_config")


def corename() -> str:
    """Returns the name of the processor kernel in use, for instance `Haswell`."""
    return _text("openblas_get_corename")


def thread_count() -> int:
    """Returns OpenBLAS's own number of threads: 1, for threads are rillet's own."""
    return int(getattr(library(), f"{PREFIX}openblas_get_num_threads")())


def _text(name: str) -> str:
    function = getattr(library(), f"{PREFIX}{name}")
    function.restype = ctypes.c_char_p
    return str(function().decode("utf-8", "replace"))
