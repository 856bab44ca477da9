"""From LLVM IR to addresses: what was compiled before comes from memory or from disk.

In flow kernels; out flow `Code`, whose address is good as long as the object lives.
Callers are the schedule of a program and the pool, for its own code.

A compilation takes milliseconds, so each kernel is cached by itself, under a hash of
its text, the processor and the versions of LLVM and rillet; several are compiled by
several threads.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import os
import re
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from rillet.backends.native import disk_cache, host
from rillet.backends.native.calls import Kernel
from rillet.core import threads
from rillet.version import RILLET_VERSION

_PIPELINE: Final = "1"  # changes whenever the passes below do
_KEPT: Final = 512
_VECTORISED: Final = "; vectorised"
_DEFINITION: Final = re.compile(r"^(define\b[^{]*?)\s*\{[ \t]*$", re.M)


class Code:
    """A compiled kernel.

    Attributes:
      name: the kernel's readable name.
      address: of its first instruction; good while this object lives.
      size: bytes of its object file.
    """

    __slots__ = ("__weakref__", "_library", "address", "name", "size")

    def __init__(self, name: str, library: Any, symbol: str, size: int) -> None:
        self.name = name
        self.address: int = library[symbol]
        self.size = size
        self._library = library

    def __repr__(self) -> str:
        return f"<Code {self.name} at {self.address:#x}>"


class Library:
    """A compiled text with several functions: the pool's own code."""

    def __init__(self, library: Any, symbols: Sequence[str]) -> None:
        self.addresses: dict[str, int] = {name: library[name] for name in symbols}
        self._library = library


class Jit:
    """A compiler for one processor, with its memory and its folder."""

    def __init__(
        self, cache: disk_cache.DiskCache, facts: host.Facts | None = None
    ) -> None:
        """Prepares LLVM.

        Args:
          cache: where objects are kept from one process to the next.
          facts: the processor, this one unless another is named; code for another can
            be made, not run.
        """
        from llvmlite import binding

        self._llvm = binding
        if facts is None:
            binding.initialize_native_target()
            binding.initialize_native_asmprinter()
        else:
            binding.initialize_all_targets()
            binding.initialize_all_asmprinters()
        self._facts = facts or host.facts()
        self._cache = cache
        self._lock = threading.RLock()
        self._engine: Any = None
        self._libraries = 0
        self._known: weakref.WeakValueDictionary[str, Code] = (
            weakref.WeakValueDictionary()
        )
        self._recent: OrderedDict[str, Code] = OrderedDict()
        self._target = self._target_lines()
        self._salt = "\n".join(
            (
                _PIPELINE,
                RILLET_VERSION,
                ".".join(map(str, binding.llvm_version_info)),
                self._facts.cpu,
                self._facts.features,
                self._target,
            )
        ).encode()
        self._imports = host.runtime_functions()
        self.compiled = 0

    def compile(self, kernels: Sequence[Kernel]) -> list[Code]:
        """Makes kernels callable.

        Args:
          kernels: the texts; the same text may stand there more than once.

        Returns:
          The code of each.

        Raises:
          RuntimeError: LLVM refuses a text, which is a fault of whoever wrote it.
        """
        keys = [self._key(kernel.text) for kernel in kernels]
        with self._lock:
            made = {
                key: code for key in keys if (code := self._known.get(key)) is not None
            }
            wanted = {
                key: kernel
                for key, kernel in zip(keys, kernels, strict=True)
                if key not in made
            }
            if wanted:
                objects = self._objects(wanted)
                for key, kernel in wanted.items():
                    library = self._link(kernel.name, objects[key], ("kernel",))
                    size = len(objects[key])
                    made[key] = Code(kernel.name, library, "kernel", size)
                    self._known[key] = made[key]
            for key, code in made.items():
                self._recent[key] = code
                self._recent.move_to_end(key)
            while len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
            return [made[key] for key in keys]

    def library(self, name: str, text: str, symbols: Sequence[str]) -> Library:
        """Makes the functions of a text callable.

        Args:
          name: for error messages.
          text: LLVM IR.
          symbols: its functions that are wanted.
        """
        with self._lock:
            key = self._key(text)
            found = self._objects({key: Kernel(name, text)})[key]
            return Library(self._link(name, found, symbols), symbols)

    def assembly(self, kernel: Kernel) -> str:
        """Returns what the processor will run, for people to read."""
        with self._lock:
            machine = self._machine()
            return machine.emit_assembly(self._optimised(kernel, machine))

    def hold(self) -> None:
        """Waits until LLVM is at rest, and keeps it there: before a fork.

        A child must not find a lock taken by a thread that it does not have: neither
        this compiler's nor llvmlite's, which guards what is collected in any thread.
        """
        self._lock.acquire()
        if (lock := _llvm_lock()) is not None:
            lock.__enter__()

    def let_go(self) -> None:
        """Ends what `hold` began."""
        if (lock := _llvm_lock()) is not None:
            lock.__exit__(None, None, None)
        self._lock.release()

    def keep(self) -> None:
        """Leaves all code in memory, for as long as the process has left."""
        if self._engine is not None:
            self._engine.detach()

    def _key(self, text: str) -> str:
        digest = hashlib.sha256(self._salt)
        digest.update(text.encode())
        return digest.hexdigest()

    def _objects(self, wanted: dict[str, Kernel]) -> dict[str, bytes]:
        """The object files of kernels: read where they are kept, else compiled."""
        found: dict[str, bytes] = {}
        missing: list[tuple[str, Kernel]] = []
        for key, kernel in wanted.items():
            data = self._cache.get(key)
            if data is None:
                missing.append((key, kernel))
            else:
                found[key] = data
        made = [b""] * len(missing)

        def compile_one(number: int) -> None:
            made[number] = self._object(missing[number][1])

        threads.parallel(compile_one, len(missing))
        for (key, _), data in zip(missing, made, strict=True):
            self._cache.put(key, data)
            found[key] = data
        self.compiled += len(missing)
        return found

    def object(self, kernel: Kernel) -> bytes:
        """Returns a kernel's object file, compiled now.

        Raises:
          RuntimeError: LLVM refuses the text.
        """
        with self._lock:
            return self._object(kernel)

    def _object(self, kernel: Kernel) -> bytes:
        """Compiles a kernel, perhaps beside others."""
        machine = self._machine()
        return _emit(machine, self._optimised(kernel, machine))

    def _optimised(self, kernel: Kernel, machine: Any) -> Any:
        """Parses a kernel's text and runs LLVM's passes over it."""
        llvm = self._llvm
        module = None
        try:
            text = self._target + self._with_attributes(kernel.text)
            module = llvm.parse_assembly(text, llvm.create_context())
            module.verify()
        except RuntimeError as error:
            raise RuntimeError(
                f"native kernel {kernel.name}: LLVM refuses its text: {error}\n"
                f"{kernel.text}"
            ) from error
        vectorised = kernel.text.startswith(_VECTORISED)
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_unrolling = False
        options.loop_vectorization = not vectorised
        options.slp_vectorization = not vectorised
        builder = llvm.create_pass_builder(machine, options)
        if vectorised:
            for function in module.functions:
                if not function.is_declaration:
                    self._light(builder, function)
        else:
            _run(builder.getModulePassManager(), module, builder)
        return module

    def _light(self, builder: Any, function: Any) -> None:
        """Cleans a function up whose loops are written as they shall run."""
        passes = self._llvm.create_new_function_pass_manager()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        passes.add_new_gvn_pass()
        passes.add_simplify_cfg_pass()
        passes.run(function, builder)

    def _with_attributes(self, text: str) -> str:
        """The text with what its functions share."""
        attributes = ["nounwind", '"no-stack-arg-probe"']
        if self._facts.vector_bytes == 64:
            attributes.append('"prefer-vector-width"="512"')
        return _DEFINITION.sub(rf"\1 {' '.join(attributes)} {{", text)

    def _link(self, name: str, data: bytes, symbols: Sequence[str]) -> Any:
        """Puts an object file into memory."""
        if self._engine is None:
            self._engine = self._llvm.create_lljit_compiler(
                self._machine(), use_jit_link=True, suppress_errors=True
            )
        builder = self._llvm.JITLibraryBuilder().add_object_img(data)
        for function, address in self._imports.items():
            builder.import_symbol(function, address)
        for symbol in symbols:
            builder.export_symbol(symbol)
        self._libraries += 1
        try:
            return builder.link(self._engine, f"rillet{self._libraries}")
        except RuntimeError as error:
            raise RuntimeError(
                f"native kernel {name}: LLVM cannot link it: {error}; functions "
                f"besides {', '.join(self._imports)} come in as arguments"
            ) from error

    def _machine(self) -> Any:
        """What LLVM compiles for."""
        target = self._llvm.Target.from_triple(self._facts.triple)
        return target.create_target_machine(
            cpu=self._facts.cpu,
            features=self._facts.features,
            opt=2,
            reloc="pic",
            codemodel="small",
        )

    def _target_lines(self) -> str:
        machine = self._machine()
        return (
            f'target datalayout = "{machine.target_data}"\n'
            f'target triple = "{machine.triple}"\n'
        )


def _llvm_lock() -> Any:
    """The lock around all of llvmlite's calls; None where it is hidden."""
    from llvmlite.binding import ffi

    return getattr(ffi.lib, "_lock", None)


def _unlocked(name: str) -> Any:
    """A function of LLVM without llvmlite's lock around it; None where it is hidden.

    Threads may compile at once if each has a context of its own; the lock would let
    only one of them.
    """
    from llvmlite.binding import ffi

    return getattr(getattr(ffi.lib, name), "_cfn", None)


def _run(passes: Any, module: Any, builder: Any) -> None:
    run = _unlocked("LLVMPY_RunNewModulePassManager")
    if run is None:
        passes.run(module, builder)
    else:
        run(passes, module, builder)


def _emit(machine: Any, module: Any) -> bytes:
    """The object file of a module."""
    emit = _unlocked("LLVMPY_TargetMachineEmitToMemory")
    if emit is None:
        return machine.emit_object(module)
    from llvmlite.binding import ffi

    with ffi.OutputString() as message:
        buffer = emit(machine, module, 1, message)
        if not buffer:
            raise RuntimeError(str(message))
    start = ffi.lib.LLVMPY_GetBufferStart(buffer)
    try:
        return ctypes.string_at(start, ffi.lib.LLVMPY_GetBufferSize(buffer))
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


_shared: Final[dict[str, Jit]] = {}


def default() -> Jit:
    """Returns the compiler that the process shares.

    Raises:
      ImportError: llvmlite is missing.
    """
    if (known := _shared.get("jit")) is not None:
        return known
    jit = Jit(disk_cache.DiskCache(disk_cache.default_folder()))
    # Of threads that come first at once, all take the same: LLVM is locked by it.
    known = _shared.setdefault("jit", jit)
    if known is not jit:
        return known
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=jit.hold,
            after_in_parent=jit.let_go,
            after_in_child=jit.let_go,
        )
    # A thread that the interpreter leaves behind may still be in this code.
    atexit.register(jit.keep)
    return jit


def compile(kernels: Sequence[Kernel]) -> list[Code]:
    """Makes kernels callable, by the compiler that the process shares.

    Args:
      kernels: the texts; the same text may stand there more than once. A text whose
        first line is `; vectorised` is compiled in a third of the time, without
        LLVM's own vectorisers and loop passes.

    Returns:
      The code of each: keep the objects as long as their addresses are used.

    Raises:
      RuntimeError: LLVM refuses a text, which is a fault of whoever wrote it.

    Example:
      >>> nothing = (
      ...     "define void @kernel(ptr %args, i64 %lo, i64 %hi, i64 %block, "
      ...     "i64 %step, ptr %scratch) {\\n  ret void\\n}\\n"
      ... )
      >>> compile([Kernel("nothing", nothing)])[0].name
      'nothing'
    """
    return default().compile(kernels)
