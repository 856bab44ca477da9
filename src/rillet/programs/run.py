"""Run a program that was written for TensorFlow, as Python itself would.

A path or a module's name and its arguments flow in; what flows out is the program's own
output and its exit status. Called by ``rillet run``.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from . import alias, ipython

_IMPORT_SYSTEM = ("<frozen importlib._bootstrap>", "<frozen runpy>")


class ProgramError(Exception):
    """The program cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class Program:
    """A program's code, and what its ``__main__`` module shall hold."""

    code: CodeType
    argv0: str
    package: str | None = None
    spec: ModuleSpec | None = None


def prepare_imports() -> None:
    """Let this process, and the processes it starts, take rillet for TensorFlow."""
    alias.install_as_tensorflow()
    if not any(isinstance(finder, ipython.OnlyThere) for finder in sys.meta_path):
        sys.meta_path.append(ipython.OnlyThere())
    folder = str(alias.STAND_INS)
    if folder not in sys.path:
        sys.path.append(folder)
    inherited = os.environ.get("PYTHONPATH", "")
    if folder not in inherited.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [inherited, folder]))


def run_path(path: str, arguments: Sequence[str] = ()) -> int:
    """Run a file, or a folder or zip file with ``__main__.py`` in it.

    Args:
        path: where the program is.
        arguments: what it finds in ``sys.argv[1:]``.

    Returns:
        0, or 1 where an exception ended the program.

    Raises:
        ProgramError: there is no such program.
        SystemExit: the program's own.
    """
    if not os.path.exists(path):
        raise ProgramError(f"run: no such file: {path}; give the path of a program.")
    is_package = os.path.isdir(path) or zipfile.is_zipfile(path)
    enter(path if is_package else os.path.dirname(os.path.realpath(path)))
    try:
        program = load_module("__main__", path) if is_package else load_file(path)
    except SyntaxError as error:
        report(error)
        return 1
    return execute(program, arguments)


def run_module(name: str, arguments: Sequence[str] = ()) -> int:
    """Run a module by name, as ``python -m`` does.

    Returns:
        0, or 1 where an exception ended the program.

    Raises:
        ProgramError: there is no such module, or no code in it.
        SystemExit: the program's own.
    """
    enter(os.getcwd())
    prepare_imports()
    try:
        program = load_module(name, None)
    except SyntaxError as error:
        report(error)
        return 1
    return execute(program, arguments)


def enter(folder: str) -> None:
    """Put the program's folder where the path holds that of the command itself."""
    if sys.flags.safe_path:
        sys.path.insert(0, folder)
    else:
        sys.path[0] = folder


def load_file(path: str) -> Program:
    """Compile a source or bytecode file.

    Raises:
        ProgramError: the file cannot be read.
        SyntaxError: as Python words it.
    """
    try:
        if path.endswith(".pyc"):
            code = _bytecode(path)
        else:
            code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    except OSError as error:
        raise ProgramError(f"run: cannot read {path}: {error.strerror}.") from error
    return Program(code, argv0=path)


def _bytecode(path: str) -> CodeType:
    loader = importlib.machinery.SourcelessFileLoader("__main__", path)
    try:
        code = loader.get_code("__main__")
    except ImportError as error:
        raise ProgramError(f"run: {error}; compile it with this Python.") from error
    if code is None:
        raise ProgramError(f"run: {path} holds no code.")
    return code


def load_module(name: str, folder: str | None) -> Program:
    """Find a module, or a package's ``__main__``, and compile it.

    Args:
        name: a dotted module name.
        folder: the folder or zip file it must lie in, or None for ``sys.path``.

    Raises:
        ProgramError: there is none, or it has no code.
    """
    where = folder or "the path"
    try:
        if folder:
            spec = importlib.machinery.PathFinder.find_spec(name, [folder])
        else:
            spec = importlib.util.find_spec(name)
            if spec and spec.submodule_search_locations is not None:
                name = f"{name}.__main__"
                spec = importlib.util.find_spec(name)
    except ImportError as error:
        raise ProgramError(f"run: cannot find module {name}: {error}.") from error
    loader = spec.loader if spec else None
    code = loader.get_code(name) if loader and hasattr(loader, "get_code") else None
    if spec is None or code is None:
        raise ProgramError(f"run: no module {name} with code in it on {where}.")
    return Program(
        code,
        argv0=folder or spec.origin or name,
        package=spec.parent or "",
        spec=spec,
    )


def execute(program: Program, arguments: Sequence[str]) -> int:
    """Run a program as ``__main__``; print its traceback if it fails.

    Returns:
        0, or 1 where an exception ended the program, 130 where Ctrl-C did.

    Raises:
        SystemExit: the program's own.
    """
    prepare_imports()
    main = ModuleType("__main__")
    file = program.code.co_filename
    main.__dict__.update(
        __annotations__={},
        __builtins__=builtins,
        __cached__=None,
        __file__=file,
        __loader__=program.spec.loader
        if program.spec
        else SourceFileLoader("__main__", file),
        __package__=program.package,
        __spec__=program.spec,
    )
    sys.modules["__main__"] = main
    sys.argv[:] = [program.argv0, *arguments]
    try:
        exec(program.code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        report(error)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def report(error: BaseException) -> None:
    """Print an exception's traceback through ``sys.excepthook``, without our frames."""
    error.__traceback__ = trimmed(error.__traceback__)
    sys.excepthook(type(error), error, error.__traceback__)


def trimmed(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback less the runner's frames on top and the finder's below."""
    kept = []
    while trace is not None:
        kept.append(trace)
        trace = trace.tb_next
    while kept and _is_ours(kept[0]):
        kept.pop(0)
    while kept and (_is_finder(kept[-1]) or _is_importing(kept[-1])):
        kept.pop()
    if not kept:
        return None
    for above, below in zip(kept, [*kept[1:], None], strict=True):
        above.tb_next = below
    return kept[0]


def _file(trace: TracebackType) -> str:
    return trace.tb_frame.f_code.co_filename


def _is_ours(trace: TracebackType) -> bool:
    return _file(trace) == __file__


def _is_finder(trace: TracebackType) -> bool:
    return _file(trace) == alias.__file__


def _is_importing(trace: TracebackType) -> bool:
    return _file(trace) in _IMPORT_SYSTEM
