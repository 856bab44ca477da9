"""The compiler's caches, its errors, and code for other processors."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import native_kernels as kernels
import numpy as np
import pytest

from rillet.backends.native import host, jit, pool, pool_ir
from rillet.backends.native.calls import Kernel
from rillet.backends.native.disk_cache import DiskCache
from rillet.backends.native.jit import Code, Jit


def plain(facts: host.Facts, cpu: str, features: str, triple: str) -> host.Facts:
    return facts._replace(
        vector_bytes=16, registers=16, cpu=cpu, features=features, triple=triple
    )


def add(code: Code, n: int = 37) -> np.ndarray:
    """What the kernel makes of 0, 1, 2, ... and 0, 10, 20, ..."""
    arrays = [np.arange(n, dtype=np.float32) for _ in range(3)]
    arrays[1] *= 10
    words = (ctypes.c_int64 * 3)(*[array.ctypes.data for array in arrays])
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)(code.address)
    call(ctypes.addressof(words), 0, n, 0, 0, 0)
    return arrays[2]


EXPECTED = np.arange(37) * 11.0


def test_the_same_text_is_compiled_once(tmp_path: Path) -> None:
    jit = Jit(DiskCache(tmp_path / "cache"))
    first, second = jit.compile([kernels.ADD, kernels.ADD])
    assert first is second
    assert jit.compile([Kernel("other name", kernels.ADD.text)]) == [first]
    assert jit.compiled == 1
    np.testing.assert_array_equal(add(first), EXPECTED)


def test_another_process_reads_it_from_disk(tmp_path: Path) -> None:
    for compiled in (2, 0):
        jit = Jit(DiskCache(tmp_path / "cache"))
        code, _ = jit.compile([kernels.ADD, kernels.FOLD])
        assert jit.compiled == compiled
        np.testing.assert_array_equal(add(code), EXPECTED)


def test_a_spoiled_file_is_compiled_again(tmp_path: Path) -> None:
    Jit(DiskCache(tmp_path / "cache")).compile([kernels.ADD])
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(path.read_bytes()[:-7])
    jit = Jit(DiskCache(tmp_path / "cache"))
    np.testing.assert_array_equal(add(jit.compile([kernels.ADD])[0]), EXPECTED)
    assert jit.compiled == 1


def test_another_processor_has_another_key(tmp_path: Path) -> None:
    facts = host.facts()
    for cpu in (facts.cpu, "x86-64" if "x86" in facts.triple else "generic"):
        jit = Jit(DiskCache(tmp_path / "cache"), facts._replace(cpu=cpu))
        jit.compile([kernels.ADD])
        assert jit.compiled == 1
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_code_without_the_newer_vectors_runs() -> None:
    facts = host.facts()
    cpu = "x86-64" if "x86" in facts.triple else "generic"
    jit = Jit(DiskCache(None), plain(facts, cpu, "", facts.triple))
    assert "zmm" not in jit.assembly(kernels.ADD)
    assert "ymm" not in jit.assembly(kernels.ADD)
    np.testing.assert_array_equal(add(jit.compile([kernels.ADD])[0]), EXPECTED)


@pytest.mark.parametrize(
    ("triple", "cpu", "features", "magic"),
    [
        ("aarch64-unknown-linux-gnu", "generic", "+neon", b"\x7fELF"),
        ("arm64-apple-darwin", "apple-m1", "", b"\xcf\xfa\xed\xfe"),
        ("x86_64-unknown-linux-gnu", "x86-64", "-avx", b"\x7fELF"),
        ("x86_64-pc-windows-msvc-elf", "x86-64", "", b"\x7fELF"),
        ("riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+d", b"\x7fELF"),
    ],
)
def test_other_processors(triple: str, cpu: str, features: str, magic: bytes) -> None:
    jit = Jit(DiskCache(None), plain(host.facts(), cpu, features, triple))
    pool = Kernel("pool", pool_ir.text(host.waiting(triple).text))
    for kernel in (kernels.ADD, kernels.CHECK, pool):
        assert jit.object(kernel)[:4] == magic


@pytest.mark.parametrize("kind", ["_WINDOWS", "_DARWIN", "_POSIX"])
def test_other_systems(kind: str) -> None:
    text = host._SHARED + getattr(host, kind) + host._pause(host.facts().triple)
    if kind != "_WINDOWS":
        text += host._NANOSECONDS if kind == "_DARWIN" else host._timespec()
    jit = Jit(DiskCache(None))
    assert jit.object(Kernel("pool", pool_ir.text(text)))


def test_wide_vectors_are_used_where_there_are_any() -> None:
    register = {64: "zmm", 32: "ymm", 16: ""}[host.facts().vector_bytes]
    assert register in Jit(DiskCache(None)).assembly(kernels.ADD)


def test_a_vectorised_text_is_left_as_it_is() -> None:
    text = "; vectorised\n" + kernels.ADD.text
    jit = Jit(DiskCache(None))
    assembly = jit.assembly(Kernel("add", text))
    assert "zmm" not in assembly and "ymm" not in assembly
    np.testing.assert_array_equal(add(jit.compile([Kernel("add", text)])[0]), EXPECTED)


def test_functions_of_c() -> None:
    text = kernels.kernel(
        "copy",
        "ptr from, ptr to, i64 bytes",
        """
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  %x = load double, ptr %from
  %r = frem double %x, 3.0
  store double %r, ptr %to
""",
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n",
    )
    (code,) = Jit(DiskCache(None)).compile([text])
    source, target = np.arange(7, 507, dtype=np.float64), np.zeros(500)
    words = (ctypes.c_int64 * 3)(source.ctypes.data, target.ctypes.data, 4000)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)(code.address)
    call(ctypes.addressof(words), 0, 1, 0, 0, 0)
    assert target[0] == 1.0
    np.testing.assert_array_equal(target[1:], source[1:])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("fadd float", "fadd double", "'%x' defined with type"), ("ret void", "", "")],
)
def test_a_text_that_llvm_refuses(old: str, new: str, message: str) -> None:
    kernel = Kernel("wrong", kernels.ADD.text.replace(old, new))
    with pytest.raises(RuntimeError, match="native kernel wrong: LLVM refuses") as info:
        Jit(DiskCache(None)).compile([kernel])
    assert message in str(info.value)


def test_a_function_that_nobody_has(capfd: pytest.CaptureFixture[str]) -> None:
    body = "  %x = call double @unheard_of(double 1.0)\n"
    text = kernels.kernel("lost", "ptr a", body, "declare double @unheard_of(double)\n")
    jit = Jit(DiskCache(None))
    with pytest.raises(RuntimeError, match="kernel lost: LLVM cannot link it"):
        jit.compile([text])
    assert capfd.readouterr() == ("", "")
    np.testing.assert_array_equal(add(jit.compile([kernels.ADD])[0]), EXPECTED)


def test_code_goes_when_nobody_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rillet.backends.native.jit._KEPT", 2)
    jit = Jit(DiskCache(None))
    for number in range(6):
        text = kernels.FOLD.text.replace("add i64 %scaled", f"add i64 {number}")
        jit.compile([Kernel(f"fold{number}", text)])
    assert len(jit._known) == 2


def test_threads_compile_at_once(tmp_path: Path) -> None:
    jit = Jit(DiskCache(tmp_path / "cache"))
    texts = [
        Kernel(f"k{n}", kernels.ADD.text.replace("fadd float %x", f"fadd float {n}.0"))
        for n in range(1, 9)
    ]
    with ThreadPoolExecutor(8) as threads:
        codes = list(
            threads.map(lambda n: jit.compile(texts[n:] + texts[:n]), range(8))
        )
    assert jit.compiled == 8
    for turn, found in enumerate(codes):
        for place, code in enumerate(found):
            number = (place + turn) % 8 + 1
            np.testing.assert_array_equal(add(code), np.arange(37) * 10.0 + number)


@pytest.mark.parametrize(
    ("module", "name", "take"),
    [(jit, "Jit", jit.default), (pool, "Driver", pool.driver)],
)
def test_threads_that_come_first_at_once_share_one(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, take: Callable[[], Any]
) -> None:
    """Code of a second one would be collected while runners hold its addresses."""
    jit.default()  # of which the driver is made, with hooks of its own
    both = threading.Barrier(2)
    usual, hooks = getattr(module, name), []

    def slow(*arguments: Any) -> Any:
        both.wait(10)
        return usual(*arguments)

    monkeypatch.setattr(module, name, slow)
    monkeypatch.setattr(module, "_shared", {})
    monkeypatch.setattr(jit.atexit, "register", hooks.append)
    monkeypatch.setattr(jit.os, "register_at_fork", lambda **all: hooks.append(all))
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: take(), range(2))
    assert first is second is take()
    assert len(hooks) == (2 if module is jit else 0)
