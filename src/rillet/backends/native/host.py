"""What the machine offers: vectors, registers, caches; and how its threads wait.

Nothing flows in. Out flow `facts`, for whoever writes kernels, and `waiting`: the few
functions of the operating system that native threads need, as LLVM IR and addresses.
This is the one file that knows platforms; callers are `jit`, `pool` and the writers
of kernels.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import platform
import struct
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

_CACHES: Final = Path("/sys/devices/system/cpu/cpu0/cache")
_LEVEL_1: Final = 32 << 10  # where the system does not tell: what every core has
_LEVEL_2: Final = 256 << 10
_CHOICE: Final = "RILLET_CPU"
_V2: Final = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16"
_V3: Final = _V2 + ",+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe"
_V4: Final = _V3 + ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"
#: What the environment may choose instead of the processor that there is.
_CHOICES: Final = {"x86-64": "", "x86-64-v2": _V2, "x86-64-v3": _V3, "x86-64-v4": _V4}


class Facts(NamedTuple):
    """What code is made for.

    Attributes:
      vector_bytes: the widest vector register.
      registers: how many vector registers there are.
      l1: bytes of a core's data cache.
      l2: bytes of a core's second cache.
      cpu: LLVM's name of the processor.
      features: LLVM's list of its features, `+avx2,-sse4a,...`.
      triple: LLVM's name of the platform.
    """

    vector_bytes: int
    registers: int
    l1: int
    l2: int
    cpu: str
    features: str
    triple: str


@functools.cache
def facts() -> Facts:
    """Returns what this machine offers, or of it what a lesser one does.

    The environment's RILLET_CPU names a level, `x86-64` to `x86-64-v4`, for results
    that are the same bits on different machines, and for tests.

    Raises:
      ImportError: llvmlite is missing.
      ValueError: RILLET_CPU names no level.
    """
    from llvmlite import binding

    triple = binding.get_process_triple()
    found = binding.get_host_cpu_features()
    cpu, features = binding.get_host_cpu_name(), found.flatten()
    vector_bytes, registers = vectors(triple, found)
    if chosen := os.environ.get(_CHOICE):
        cpu, features = chosen, _chosen(chosen)
        names = dict.fromkeys(features.replace("+", "").split(","), True)
        vector_bytes, registers = vectors(triple, names)
    if sys.platform == "win32":
        # Objects are linked in memory only, and in one format on all platforms but
        # Apple's.
        triple += "-elf"
    l1, l2 = _caches()
    return Facts(
        vector_bytes,
        registers,
        l1,
        l2,
        cpu,
        features,
        triple,
    )


def _chosen(name: str) -> str:
    """The features of a level of processors."""
    if name not in _CHOICES:
        raise ValueError(
            f"{_CHOICE}: no such level of processors: {name!r}; "
            f"take one of {', '.join(_CHOICES)}, or leave it out"
        )
    return _CHOICES[name]


def fuses() -> bool:
    """Returns whether a product and a sum can be one operation, rounded once."""
    found = facts()
    x86 = found.triple.startswith(("x86_64", "i686", "amd64"))
    return not x86 or "+fma" in found.features.split(",")


def converts_halves() -> bool:
    """Returns whether there are instructions between float16 and float32."""
    found = facts()
    x86 = found.triple.startswith(("x86_64", "i686", "amd64"))
    return not x86 or "+f16c" in found.features.split(",")


def vectors(triple: str, features: Mapping[str, bool]) -> tuple[int, int]:
    """Returns the bytes of a vector register, and how many there are.

    Args:
      triple: LLVM's name of the platform.
      features: whether the processor has each.

    Example:
      >>> vectors("x86_64-unknown-linux-gnu", {"avx": True, "avx512f": False})
      (32, 16)
      >>> vectors("arm64-apple-darwin", {})
      (16, 32)
    """
    if not triple.startswith(("x86_64", "i686", "amd64")):
        return 16, 32
    if features.get("avx512f"):
        return 64, 32
    return (32 if features.get("avx") else 16), 16


def _caches() -> tuple[int, int]:
    """Bytes of a core's data cache and of its second cache."""
    sizes: dict[int, int] = {}
    if sys.platform == "darwin":
        sizes = {
            1: _sysctl("hw.perflevel0.l1dcachesize") or _sysctl("hw.l1dcachesize"),
            2: _sysctl("hw.perflevel0.l2cachesize") or _sysctl("hw.l2cachesize"),
        }
    elif sys.platform == "linux":
        for number in range(8):
            folder = _CACHES / f"index{number}"
            try:
                kind = (folder / "type").read_text("ascii").strip()
                level = int((folder / "level").read_text("ascii"))
                size = (folder / "size").read_text("ascii").strip()
            except (OSError, ValueError):
                continue
            if kind in ("Data", "Unified") and size.endswith("K"):
                sizes.setdefault(level, int(size[:-1]) << 10)
    return sizes.get(1) or _LEVEL_1, sizes.get(2) or _LEVEL_2


def _sysctl(name: str) -> int:
    """One of macOS's numbers; 0 where it has none of that name."""
    value = ctypes.c_int64(0)
    size = ctypes.c_size_t(8)
    failed = ctypes.CDLL(None).sysctlbyname(
        name.encode(), ctypes.byref(value), ctypes.byref(size), None, 0
    )
    return 0 if failed else value.value


class Waiting(NamedTuple):
    """How native threads wait, in IR, and the functions that it calls.

    The text defines `@pause()`, `@relax()` (let another thread have the processor),
    `@now()` (a clock's ticks), `@sleep(ptr word, i32 seen)` (until woken; at once where
    the word no longer is what was seen) and `@rouse(ptr word)` (wakes all sleepers).
    They find the functions of the system behind the global `@system`, a table of
    addresses that whoever links the text fills.

    Attributes:
      text: the IR.
      addresses: what `@system` holds.
      ticks: the clock's ticks in a second.
    """

    text: str
    addresses: tuple[int, ...]
    ticks: int


def waiting(triple: str | None = None) -> Waiting:
    """Returns how threads wait on this platform.

    Args:
      triple: write IR for another processor of this operating system instead.
    """
    if sys.platform == "win32":
        kind, functions, ticks = _WINDOWS, _windows_functions(), _windows_ticks()
    elif sys.platform == "darwin":
        kind, functions, ticks = _DARWIN, _darwin_functions(), 10**9
    elif sys.platform == "linux" and platform.machine().lower() in _FUTEX:
        kind, functions, ticks = _LINUX, _libc("syscall"), 10**9
        kind = kind.replace("FUTEX", str(_FUTEX[platform.machine().lower()]))
    else:
        kind, functions, ticks = _POSIX, _libc("nanosleep"), 10**9
    if kind is not _WINDOWS:
        clock = "clock_gettime_nsec_np" if kind is _DARWIN else "clock_gettime"
        functions = (*functions, *_libc("sched_yield", clock))
    allocation = _libc("malloc", "free")
    text = _SHARED + kind + _pause(triple or facts().triple)
    if kind is not _WINDOWS:
        text += _NANOSECONDS if kind is _DARWIN else _timespec()
    return Waiting(text, (*allocation, *functions), ticks)


_FUTEX: Final = {
    "x86_64": 202,
    "aarch64": 98,
    "riscv64": 98,
    "loongarch64": 98,
    "ppc64le": 221,
}
"""The number of Linux's futex call; processors that are not listed here, or whose
words begin with their high bytes, sleep by the clock instead."""


def _timespec() -> str:
    return _TIMESPEC.replace("CLOCK", str(getattr(time, "CLOCK_MONOTONIC", 1)))


def _pause(triple: str) -> str:
    """What a spinning processor does to leave its core's other thread some room."""
    if triple.startswith(("x86_64", "i686", "amd64")):
        name, arguments = "llvm.x86.sse2.pause", ("", "")
    elif triple.startswith(("aarch64", "arm64")):
        name, arguments = "llvm.aarch64.isb", ("i32", "i32 15")
    else:
        return "define internal void @pause() alwaysinline {\n  ret void\n}\n"
    return (
        f"declare void @{name}({arguments[0]})\n"
        "define internal void @pause() alwaysinline {\n"
        f"  call void @{name}({arguments[1]})\n  ret void\n}}\n"
    )


_SHARED: Final = """
@system = internal global [8 x ptr] zeroinitializer
define void @fill_system(ptr %addresses, i64 %count) {
  %bytes = shl i64 %count, 3
  call void @llvm.memcpy.p0.p0.i64(ptr @system, ptr %addresses, i64 %bytes, i1 false)
  ret void
}
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
define internal ptr @system_function(i64 %number) alwaysinline {
  %place = getelementptr ptr, ptr @system, i64 %number
  %address = load ptr, ptr %place
  ret ptr %address
}
define internal ptr @allocate(i64 %bytes) {
  %malloc = call ptr @system_function(i64 0)
  %memory = call ptr %malloc(i64 %bytes)
  ret ptr %memory
}
define internal void @release(ptr %memory) {
  %free = call ptr @system_function(i64 1)
  call void %free(ptr %memory)
  ret void
}
"""

# 128 and 129: FUTEX_WAIT and FUTEX_WAKE, private to the process.
_LINUX: Final = """
define internal void @sleep(ptr %word, i32 %seen) {
  %syscall = call ptr @system_function(i64 2)
  %r = call i64 (i64, ...) %syscall(
      i64 FUTEX, ptr %word, i64 128, i32 %seen, ptr null, ptr null, i64 0)
  ret void
}
define internal void @rouse(ptr %word) {
  %syscall = call ptr @system_function(i64 2)
  %r = call i64 (i64, ...) %syscall(
      i64 FUTEX, ptr %word, i64 129, i64 2147483647, ptr null, ptr null, i64 0)
  ret void
}
"""

# 1 is UL_COMPARE_AND_WAIT, 256 ULF_WAKE_ALL: what libc++ waits by.
_DARWIN: Final = """
define internal void @sleep(ptr %word, i32 %seen) {
  %wait = call ptr @system_function(i64 2)
  %wide = zext i32 %seen to i64
  %r = call i32 %wait(i32 1, ptr %word, i64 %wide, i32 0)
  ret void
}
define internal void @rouse(ptr %word) {
  %wake = call ptr @system_function(i64 3)
  %r = call i32 %wake(i32 257, ptr %word, i64 0)
  ret void
}
"""

_WINDOWS: Final = """
define internal void @sleep(ptr %word, i32 %seen) {
  %wait = call ptr @system_function(i64 2)
  %other = alloca i32
  store i32 %seen, ptr %other
  %r = call i32 %wait(ptr %word, ptr %other, i64 4, i32 -1)
  ret void
}
define internal void @rouse(ptr %word) {
  %wake = call ptr @system_function(i64 3)
  call void %wake(ptr %word)
  ret void
}
define internal void @relax() {
  %yield = call ptr @system_function(i64 4)
  %r = call i32 %yield()
  ret void
}
define internal i64 @now() {
  %clock = call ptr @system_function(i64 5)
  %ticks = alloca i64
  %r = call i32 %clock(ptr %ticks)
  %value = load i64, ptr %ticks
  ret i64 %value
}
"""

# Nothing to wait on that all systems have: a fifth of a millisecond at a time.
_POSIX: Final = """
define internal void @sleep(ptr %word, i32 %seen) {
  %nanosleep = call ptr @system_function(i64 2)
  %time = alloca [2 x i64]
  store i64 0, ptr %time
  %part = getelementptr i64, ptr %time, i64 1
  store i64 200000, ptr %part
  %r = call i32 %nanosleep(ptr %time, ptr null)
  ret void
}
define internal void @rouse(ptr %word) {
  ret void
}
"""

_TIMESPEC: Final = """
define internal void @relax() {
  %yield = call ptr @system_function(i64 3)
  %r = call i32 %yield()
  ret void
}
define internal i64 @now() {
  %clock = call ptr @system_function(i64 4)
  %time = alloca [2 x i64]
  %r = call i32 %clock(i32 CLOCK, ptr %time)
  %seconds = load i64, ptr %time
  %place = getelementptr i64, ptr %time, i64 1
  %nanoseconds = load i64, ptr %place
  %whole = mul i64 %seconds, 1000000000
  %sum = add i64 %whole, %nanoseconds
  ret i64 %sum
}
"""

_NANOSECONDS: Final = """
define internal void @relax() {
  %yield = call ptr @system_function(i64 4)
  %r = call i32 %yield()
  ret void
}
define internal i64 @now() {
  %clock = call ptr @system_function(i64 5)
  %time = call i64 %clock(i32 8)
  ret i64 %time
}
"""


def _address(function: Any) -> int:
    """Where a function of a loaded library lies."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    if address is None:
        raise OSError(f"native threads: {function!r} has no address")
    return address


def _library() -> ctypes.CDLL:
    """C's library, as the interpreter has it."""
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)


def _libc(*names: str) -> tuple[int, ...]:
    library = _library()
    return tuple(_address(getattr(library, name)) for name in names)


def _darwin_functions() -> tuple[int, ...]:
    return _libc("__ulock_wait", "__ulock_wake")


def _windows_functions() -> tuple[int, ...]:
    waiting = ctypes.CDLL("api-ms-win-core-synch-l1-2-0")
    kernel = ctypes.CDLL("kernel32")
    return (
        _address(waiting.WaitOnAddress),
        _address(waiting.WakeByAddressAll),
        _address(kernel.SwitchToThread),
        _address(kernel.QueryPerformanceCounter),
    )


def _windows_ticks() -> int:
    ticks = ctypes.c_int64(0)
    ctypes.CDLL("kernel32").QueryPerformanceFrequency(ctypes.byref(ticks))
    return ticks.value


def runtime_functions() -> dict[str, int]:
    """Returns C's functions that LLVM may call where a kernel's text does not.

    Copies and fills of unknown length, and the remainder of a division.
    """
    names = ("memcpy", "memmove", "memset", "fmod", "fmodf")
    return dict(zip(names, _libc(*names), strict=True))


def refusal() -> str | None:
    """Returns why native code cannot be made here; None where it can."""
    if struct.calcsize("P") != 8:
        return "addresses of 64 bits are needed, these have 32"
    try:
        importlib.import_module("llvmlite.binding")
    except (ImportError, OSError) as error:
        return f"LLVM cannot be loaded ({error}); run: python -m pip install llvmlite"
    return None
