"""Run a notebook's cells one after another, with rillet standing for TensorFlow.

The path of an ``.ipynb`` file flows in; what flows out is what its cells print, a word
about each cell that failed, the exit status and, where asked for, a copy of the
notebook with the new outputs in it. Called by ``rillet run``.
"""

from __future__ import annotations
import __future__ as future

import ast
import asyncio
import builtins
import inspect
import linecache
import os
import sys
import traceback
from collections.abc import Coroutine
from types import CodeType, ModuleType
from typing import Any

from . import cells, display, ipython, run
from .cells import Cell
from .magics import Magics

_FUTURE = 0
for _name in future.all_feature_names:
    _FUTURE |= getattr(future, _name).compiler_flag


class Session:
    """The namespace that cells share, and what they showed.

    Args:
        path: the notebook's path, for the names of cells in tracebacks.
    """

    def __init__(self, path: str) -> None:
        self.name = os.path.basename(path)
        self.display = display.Display()
        self.main = ModuleType("__main__")
        self.namespace = self.main.__dict__
        self.magics = Magics(self.namespace, self.display, self._run)
        self.namespace.update(
            {
                "__builtins__": builtins,
                "In": [""],
                "Out": {},
                "display": ipython.show,
                "get_ipython": ipython.get_ipython,
                cells.HOOK: self.magics,
            }
        )
        self._flags = 0
        self._cell = ""
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def run_cell(self, cell: Cell) -> None:
        """Run one cell; what it raises passes through."""
        self._cell = f"{self.name}[cell {cell.number}]"
        self._count = cell.number
        self.namespace["In"].append(cell.source)
        if cell.magic is None:
            self._run(cell.source)
        else:
            self.magics.cell(*cell.magic, cell.body)

    def show_figures(self) -> None:
        """Show the figures that a cell left open."""
        figures = sys.modules.get("rillet.programs.figures")
        if figures is not None:
            figures.show()

    def _run(self, source: str) -> None:
        text = cells.plain(source)
        # Where inspect and tracebacks look for the source of a file that is none.
        lines = text.splitlines(keepends=True)
        linecache.cache[self._cell] = (len(text), None, lines, self._cell)
        tree = ast.parse(text, self._cell)
        last = None
        shows = not text.rstrip().endswith(";")
        if shows and tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        if tree.body:
            self._evaluate(self._compile(tree, "exec"))
        if last is not None:
            self._keep(self._evaluate(self._compile(last, "eval")))

    def _compile(self, tree: ast.Module | ast.Expression, mode: str) -> CodeType:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self._flags
        code: CodeType = compile(tree, self._cell, mode, flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURE
        return code

    def _evaluate(self, code: CodeType) -> Any:
        if not code.co_flags & inspect.CO_COROUTINE:
            return eval(code, self.namespace)
        return self._wait(eval(code, self.namespace))

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(coroutine)

    def _keep(self, value: Any) -> None:
        """Show a cell's last value, and keep it as IPython does."""
        if value is None:
            return
        self.namespace["_"] = self.namespace["Out"][self._count] = value
        self.display.show(value, count=self._count)

    def close(self) -> None:
        """Close the loop that cells with ``await`` used."""
        if self._loop is not None:
            self._loop.close()
            asyncio.set_event_loop(None)


def run_notebook(path: str, output: str | None = None, keep_going: bool = False) -> int:
    """Run a notebook.

    Args:
        path: the notebook. As in Jupyter, its folder is the working folder.
        output: where to write a copy with the outputs, or None.
        keep_going: run on after a cell that failed.

    Returns:
        0 where every cell ran, else 1; 130 after Ctrl-C.

    Raises:
        cells.NotebookError: the notebook cannot be read, or the copy not written.
        SystemExit: a cell's own; it ends the run.
    """
    notebook = cells.read(path)
    place = os.path.abspath(output) if output else None
    if place:
        cells.check_place(place)
    _prepare(path)
    session = Session(path)
    sys.modules["__main__"] = session.main
    ipython.install()
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell.update(outputs=[], execution_count=None)
    todo = cells.code_cells(notebook)
    failed: list[int] = []
    try:
        for cell in todo:
            error = _run_one(session, cell, notebook["cells"][cell.index])
            if error is None:
                continue
            failed.append(cell.number)
            if isinstance(error, KeyboardInterrupt):
                return 130
            if not keep_going:
                return 1
    finally:
        session.close()
        if place:
            cells.write(notebook, place)
    if failed:
        numbers = ", ".join(map(str, failed))
        ran = f"{len(todo) - len(failed)} of {len(todo)} cells ran"
        print(f"{session.name}: {ran}; failed: {numbers}", file=sys.stderr)
    return int(bool(failed))


def _run_one(
    session: Session, cell: Cell, record: dict[str, Any]
) -> BaseException | None:
    """Run a cell, enter its outputs in the notebook, and return what it raised.

    Raises:
        SystemExit: the cell's own.
    """
    failure: BaseException | None = None
    with display.entered(session.display):
        try:
            session.run_cell(cell)
        except Exception as error:
            failure = error
        except KeyboardInterrupt as error:
            failure = error
        finally:
            session.show_figures()
            outputs = session.display.take()
            record.update(outputs=outputs, execution_count=cell.number)
    if failure is not None:
        text = _report(session, cell, failure)
        outputs.append(
            {
                "output_type": "error",
                "ename": type(failure).__name__,
                "evalue": str(failure),
                "traceback": text.splitlines(),
            }
        )
    return failure


def _report(session: Session, cell: Cell, error: BaseException) -> str:
    """Name the cell and the line that failed, and print the traceback.

    Returns:
        The traceback as text.
    """
    prefix = f"{session.name}[cell "
    trace = error.__traceback__
    while trace and not trace.tb_frame.f_code.co_filename.startswith(prefix):
        trace = trace.tb_next
    error.__traceback__ = run.trimmed(trace)
    where = f"cell {cell.number}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if f.filename == f"{prefix}{cell.number}]"]
    if isinstance(error, SyntaxError) and (error.filename or "").startswith(prefix):
        lines.append(error.lineno)
    if lines:
        where += f", line {lines[-1]}"
    text = "".join(traceback.format_exception(error))
    sys.stdout.flush()
    print(f"{session.name}: {where} failed:\n{text}", end="", file=sys.stderr)
    return text


def _prepare(path: str) -> None:
    """Set up what Jupyter sets up: the working folder, the path, where plots go."""
    folder = os.path.dirname(os.path.abspath(path))
    os.environ["MPLBACKEND"] = "module://rillet.programs.figures"
    sys.argv[:] = [os.path.abspath(path)]
    os.chdir(folder)
    run.enter(folder)
    run.prepare_imports()
