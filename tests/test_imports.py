"""Imports point down: the storeys of ARCHITECTURE.md, read from the source itself."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rillet.exports import NAMESPACES

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = SOURCE / "rillet"

# From the ground up, each with the folders and files that stand on it. The numbers in
# ARCHITECTURE.md are the places in this list.
BELOW = (
    "core version",
    "ops",
    "autodiff",
    "graph",
    "backends",
    "functions",
    "module checkpoint",
    "data events",
    "distribute",
    "keras",
    "saved_model export",
)
# Public namespaces (math.py, nn.py, linalg.py ...) and then the package itself only
# re-export what stands below. Programs for people use them as anybody does.
PUBLIC = len(BELOW)
TOP = PUBLIC + 1
PROGRAMS = TOP + 1
STOREYS = {name: place for place, names in enumerate(BELOW) for name in names.split()}
STOREYS |= dict.fromkeys(
    "serving playground explain demo programs cli __main__".split(), PROGRAMS
)

HEAVY = frozenset({"h5py", "matplotlib", "PIL", "llvmlite", "IPython", "google"})

# NumPy's own matrix products run on a BLAS whose idle threads spin beside ours.
PRODUCTS = frozenset(
    """convolve correlate corrcoef cov dot einsum inner matmul matrix_power matvec
    multi_dot tensordot vdot vecdot vecmat""".split()
)
# On tensors `@` is rillet's own product; only there do the operands have to be tensors.
MAY_MULTIPLY = frozenset({"keras", "demo"})


def files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in files()}


def is_package(name: str) -> bool:
    return MODULES[name].name == "__init__.py"


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def type_checking_only(root: ast.Module) -> set[ast.AST]:
    """Imports that only the type checker carries out."""
    return {
        inner
        for node in ast.walk(root)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def imported(name: str, node: ast.AST) -> Iterator[str]:
    """Yield the modules of rillet that one import statement in a module reaches."""
    if isinstance(node, ast.Import):
        for item in node.names:
            if item.name.partition(".")[0] == "rillet":
                yield item.name
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            here = name.split(".")
            up = node.level - is_package(name)
            here = here[: len(here) - up]
            base = ".".join([*here, *filter(None, [base])])
        if base.partition(".")[0] != "rillet":
            return
        for item in node.names:
            full = f"{base}.{item.name}"
            yield full if full in MODULES else base


class Facts(NamedTuple):
    """What the tests ask of a module; kept, since parsing takes most of their time."""

    arrows: list[tuple[str, int]]
    packages: list[tuple[str, int, bool]]
    products: list[str]


@functools.cache
def facts(name: str) -> Facts:
    root = tree(MODULES[name])
    parts = name.split(".")
    may_multiply = len(parts) > 1 and parts[1] in MAY_MULTIPLY
    return Facts(
        list(arrows(name, root)),
        list(third_party(root)),
        numpy_products(MODULES[name], may_multiply, root),
    )


def arrows(name: str, root: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each module that a module imports, and the line."""
    skipped = type_checking_only(root)
    for node in ast.walk(root):
        if node not in skipped:
            for target in imported(name, node):
                yield target, getattr(node, "lineno", 0)


def storey(name: str) -> int:
    parts = name.split(".")
    if len(parts) == 1:
        return TOP
    return STOREYS.get(parts[1], PUBLIC)


def test_every_folder_has_its_storey() -> None:
    folders = {p.parent.relative_to(PACKAGE).parts[0] for p in PACKAGE.glob("*/*.py")}
    unknown = folders - set(STOREYS) - set(NAMESPACES)
    assert not unknown, f"give these folders a storey in {__file__}: {sorted(unknown)}"


def upward(name: str) -> list[str]:
    """Return the arrows of a module that point up, in words."""
    wrong = []
    for target, line in facts(name).arrows:
        if target not in MODULES:
            wrong.append(f"{name}:{line} imports {target}, which is no module")
        elif storey(target) > storey(name):
            wrong.append(
                f"{name}:{line} (storey {storey(name)}) imports {target} "
                f"(storey {storey(target)})"
            )
    return wrong


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_down(name: str) -> None:
    if name == "rillet":
        return  # it may hand out names of the programs, when they are asked for
    assert not upward(name)


def test_no_circles() -> None:
    """Modules import one another in no circle, function-local imports included."""
    # A package's __init__ re-exports what lies in it: files of the package don't count
    # as importing it when they import one another.
    graph = {
        name: sorted({to for to, _ in facts(name).arrows if to in MODULES})
        for name in MODULES
        if name != "rillet"
    }
    assert not circles(graph)


def circles(graph: dict[str, list[str]]) -> list[str]:
    """Return the first circle that a depth-first walk finds, in words."""
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, above: list[str]) -> None:
        if name in above:
            found.append(" -> ".join([*above[above.index(name) :], name]))
        elif name not in done and not found:
            for target in graph.get(name, ()):
                visit(target, [*above, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def test_circles_are_seen() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b -> c -> b"]
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def third_party(root: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Yield each top-level package that a file imports, the line, whether lazily."""
    skipped = type_checking_only(root)
    top = set(root.body)
    for node in ast.walk(root):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            for item in node.names:
                yield item.name.partition(".")[0], node.lineno, node not in top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0], node.lineno, node not in top


@pytest.mark.parametrize("name", sorted(MODULES))
def test_only_the_native_backend_imports_llvmlite(name: str) -> None:
    if name.startswith("rillet.backends.native"):
        return
    packages = {package for package, _, _ in facts(name).packages}
    assert "llvmlite" not in packages


# matplotlib loads this file itself, when a notebook draws.
LOADED_BY_ITS_NEED = frozenset({"rillet.programs.figures"})


@pytest.mark.parametrize("name", sorted(MODULES))
def test_heavy_packages_are_imported_where_they_are_needed(name: str) -> None:
    if name in LOADED_BY_ITS_NEED or name.startswith("rillet.backends.native"):
        return
    found = [
        f"{package} in line {line}"
        for package, line, lazily in facts(name).packages
        if package in HEAVY and not lazily
    ]
    assert not found, f"{name} imports at its top: {found}"


# What `import rillet` must leave alone, so that it stays fast.
NOT_YET = HEAVY | {
    "asyncio",
    "h5py",
    "multiprocessing",
    "opt_einsum",
    "rillet.keras",
    "rillet.programs",
    "tempfile",
    "urllib.request",
}


def test_importing_rillet_is_light() -> None:
    """A tensor is made without Keras, the compiler or anything else heavy."""
    program = (
        "import sys\nbefore = set(sys.modules)\nimport rillet\n"
        "rillet.constant([1.0]) + 1.0\nprint(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    # NumPy itself brings some of these.
    numpys = "import sys, numpy, ml_dtypes; print(*sys.modules)"
    free = subprocess.run(
        [sys.executable, "-c", numpys], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split()) - set(free.stdout.split())
    assert not loaded & NOT_YET


def keras_reaches_down(name: str) -> bool:
    return name.split(".")[1:2] == ["keras"]


@pytest.mark.parametrize("name", sorted(filter(keras_reaches_down, MODULES)))
def test_keras_leaves_graphs_and_backends_alone(name: str) -> None:
    below = ("rillet.graph", "rillet.backends")
    found = [target for target, _ in facts(name).arrows]
    assert not [target for target in found if target.startswith(below)]


def numpy_products(
    path: Path, may_multiply: bool, root: ast.Module | None = None
) -> list[str]:
    """Return where a file lets NumPy multiply matrices, in words."""
    root = root or tree(path)
    aliases = {"numpy"}
    found = []
    for node in ast.walk(root):
        if isinstance(node, ast.Import):
            aliases |= {
                item.asname or item.name
                for item in node.names
                if item.name.partition(".")[0] == "numpy"
            }
        elif isinstance(node, ast.ImportFrom):
            of_numpy = (node.module or "").partition(".")[0] == "numpy"
            taken = {item.name for item in node.names} & PRODUCTS if of_numpy else ()
            found += [f"{path.name}:{node.lineno}: {word} of numpy" for word in taken]
    for node in ast.walk(root):
        if isinstance(node, ast.BinOp | ast.AugAssign):
            if isinstance(node.op, ast.MatMult) and not may_multiply:
                found.append(f"{path.name}:{node.lineno}: @")
        elif isinstance(node, ast.Attribute) and node.attr in PRODUCTS:
            base = ast.unparse(node.value)
            is_method = node.attr == "dot" and not isinstance(node.value, ast.Name)
            if base.split(".")[0] in aliases or is_method:
                found.append(f"{path.name}:{node.lineno}: {base}.{node.attr}")
    return found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_numpy_multiplies_no_matrices(name: str) -> None:
    assert not facts(name).products


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.dot(a, b)",
        "import numpy\nnumpy.linalg.multi_dot([a, b])",
        "from numpy import einsum",
        "a @ b",
        "a @= b",
        "x.T.dot(y)",
    ],
)
def test_products_are_seen(tmp_path: Path, source: str) -> None:
    path = tmp_path / "case.py"
    path.write_text(source, encoding="utf-8")
    assert numpy_products(path, may_multiply=False)


def test_tensors_may_multiply(tmp_path: Path) -> None:
    path = tmp_path / "case.py"
    path.write_text("import numpy as np\ny = x @ w + np.zeros(3)", encoding="utf-8")
    assert not numpy_products(path, may_multiply=True)
