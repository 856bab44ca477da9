"""``IPython.display`` for notebooks on machines without IPython, and a clear word
about modules that exist only inside Google's Colab.

Nothing flows in; modules that notebooks import flow out. ``notebook`` installs the
first, ``run`` and ``notebook`` the second.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from . import display
from .cells import HOOK


class Rich:
    """A piece of content in one form: what ``HTML``, ``Image`` and their kin make.

    Args:
        data: the content, or the path of a file with it.
        url: where the content lies; it is linked, not fetched.
        filename: the path of a file with the content.
    """

    mime = "text/plain"

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: str | None = None,
        **options: Any,
    ) -> None:
        self.url = url
        self.options = options
        if filename is not None:
            data = self._read(filename)
        elif isinstance(data, str) and self._is_path(data):
            data = self._read(data)
        self.data = data

    def _is_path(self, data: str) -> bool:
        return self.mime.startswith("image/") and not data.lstrip().startswith("<")

    def _read(self, path: str) -> Any:
        content = Path(path).read_bytes()
        if path.lower().endswith((".jpg", ".jpeg")):
            self.mime = "image/jpeg"
        is_binary = self.mime in ("image/png", "image/jpeg")
        return content if is_binary else content.decode("utf-8")

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if self.url is not None:
            return {"text/html": f'<img src="{self.url}"/>'}
        return {self.mime: self.data}


_FORMS = {
    "HTML": "text/html",
    "Markdown": "text/markdown",
    "Latex": "text/latex",
    "Math": "text/latex",
    "SVG": "image/svg+xml",
    "Image": "image/png",
    "JSON": "application/json",
    "Javascript": "application/javascript",
    "Pretty": "text/plain",
    "Code": "text/plain",
}


def show(*objects: Any, **options: Any) -> None:
    """Show objects among the running cell's outputs, as IPython's ``display`` does."""
    if options.get("clear"):
        clear_output(wait=True)
    display.current().show(*objects)


def clear_output(wait: bool = False) -> None:
    """Drop the running cell's outputs, now or when the next one comes."""
    display.current().clear(wait)


def get_ipython() -> Any:
    """Return the shell to a cell that asks, and None to anyone else.

    Libraries take an answer for IPython itself and reach into its inside.
    """
    return sys._getframe(1).f_globals.get(HOOK)


def install() -> None:
    """Make ``IPython.display`` show things in the notebook that rillet runs."""
    if importlib.util.find_spec("IPython") is not None:
        rich = importlib.import_module("IPython.display")
    else:
        package, rich = ModuleType("IPython"), ModuleType("IPython.display")
        package.__dict__.update(display=rich, __path__=[], version_info=(8, 0, 0))
        for name, mime in _FORMS.items():
            rich.__dict__[name] = type(name, (Rich,), {"mime": mime})
        rich.__dict__["set_matplotlib_formats"] = lambda *formats, **options: None
        sys.modules["IPython"], sys.modules["IPython.display"] = package, rich
    rich.__dict__.update(display=show, clear_output=clear_output)
    sys.modules["IPython"].__dict__["get_ipython"] = get_ipython


class OnlyThere(MetaPathFinder):
    """Says where modules live that no package index has."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> None:
        """Refuse ``google.colab`` with a word about it.

        Raises:
            ModuleNotFoundError: for that module, or for the absent folder it lies in.
        """
        if fullname in ("google", "google.colab"):
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: google.colab exists only inside "
                "Google's Colab; take the import out, or guard it with "
                "`except ImportError`.",
                name=fullname,
            )
