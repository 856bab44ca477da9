"""Build the site of the documentation: the pages of `docs` and the reference.

    python scripts/build_site.py site

Needs the extra `site`. The reference is made from the docstrings: a page a namespace of
what `import rillet as tf` offers, where each thing stands once, under the first of its
names. Warnings are errors.
"""

from __future__ import annotations

import argparse
import inspect
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parents[1]
#: Namespaces whose things stand there, wherever else they stand, too.
_HOME = ("keras", "data", "math", "nn", "linalg", "strings", "random")


class Place(NamedTuple):
    """A namespace and what stands on its page.

    Attributes:
        path: as `keras.layers`; empty for the top.
        classes: names.
        functions: names.
        values: names and what they are.
        others: names of what stands on another page, and where.
    """

    path: str
    classes: list[str]
    functions: list[str]
    values: list[tuple[str, Any]]
    others: list[tuple[str, str]]


def namespaces() -> dict[str, ModuleType]:
    """Return the public namespaces by their paths, the top first."""
    import rillet

    found: dict[str, ModuleType] = {"": rillet}
    waiting = [("", rillet)]
    while waiting:
        path, module = waiting.pop(0)
        for name in sorted(dir(module)):
            inner = f"{path}.{name}".lstrip(".")
            if name.startswith("_") or path.startswith("compat"):
                continue
            value = getattr(module, name)
            if isinstance(value, ModuleType) and value.__name__.startswith("rillet"):
                if value not in found.values():
                    found[inner] = value
                    waiting.append((inner, value))
    return found


def places() -> list[Place]:
    """Return the pages of the reference."""
    spaces = namespaces()
    order = sorted(spaces, key=lambda p: (p.split(".")[0] not in _HOME, p.count(".")))
    seen: dict[int, str] = {}
    pages: dict[str, Place] = {}
    for path in order:
        page = pages[path] = Place(path, [], [], [], [])
        module = spaces[path]
        for name in sorted(dir(module)):
            value = getattr(module, name)
            if name.startswith("_") or isinstance(value, ModuleType):
                continue
            full = f"{path}.{name}".lstrip(".")
            is_class = inspect.isclass(value)
            wraps = hasattr(value, "__wrapped__")
            if not (is_class or wraps or inspect.isroutine(value)):
                page.values.append((name, value))
            elif id(value) in seen:
                page.others.append((name, seen[id(value)]))
            else:
                seen[id(value)] = full
                (page.classes if is_class else page.functions).append(name)
    return [pages[path] for path in spaces]


def text(page: Place, module: ModuleType) -> str:
    """Return a page of the reference, as reStructuredText."""
    title = f"tf.{page.path}" if page.path else "tf"
    lines = [title, "=" * len(title), ""]
    if page.path and module.__doc__:
        lines += [inspect.cleandoc(module.__doc__).partition("\n\n")[0], ""]
    prefix = ".".join(["rillet", page.path]).rstrip(".")
    for heading, directive, names in (
        ("Classes", "autoclass", page.classes),
        ("Functions", "autofunction", page.functions),
    ):
        if names:
            lines += [heading, "-" * len(heading), ""]
        for name in names:
            lines.append(f".. {directive}:: {prefix}.{name}")
            lines += ["   :members:", ""] if directive == "autoclass" else [""]
    if page.values:
        lines += ["Values", "------", ""]
        for name, value in page.values:
            lines.append(f"- ``{name}``: ``{_shown(value)}``")
        lines.append("")
    if page.others:
        lines += ["Also here", "---------", ""]
        for name, home in page.others:
            lines.append(f"- ``{name}`` is :py:obj:`tf.{home} <rillet.{home}>`")
        lines.append("")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else type(value).__name__


def write_reference(folder: Path) -> None:
    """Write a page for each namespace, and their index."""
    folder.mkdir()
    spaces = namespaces()
    names = []
    for page in places():
        name = page.path or "tf"
        names.append(name)
        (folder / f"{name}.rst").write_text(text(page, spaces[page.path]), "utf-8")
    toc = "\n".join(f"   {name}" for name in names)
    (folder / "index.rst").write_text(
        f"Reference\n=========\n\n.. toctree::\n   :maxdepth: 1\n\n{toc}\n", "utf-8"
    )


def build(target: Path) -> int:
    """Build the site into a folder; return 0 if there was no warning."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        shutil.copytree(ROOT / "docs", source)
        write_reference(source / "reference")
        arguments = ["-W", "--keep-going", "-q", "-b", "html", "-d", folder + "/trees"]
        return build_main([*arguments, str(source), str(target)])


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Build the documentation's site.")
    parser.add_argument("target", type=Path, help="the folder to write")
    return build(parser.parse_args().target)


if __name__ == "__main__":
    sys.exit(main())
