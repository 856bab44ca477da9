"""How Sphinx makes the site; `scripts/build_site.py` runs it."""

import re
from typing import Any

project = "rillet"
author = "The rillet authors"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
html_theme = "furo"
html_title = "rillet"
autodoc_typehints = "signature"
myst_heading_anchors = 3
# A type named `shape` or `name` in a signature may be many attributes: no link, then.
suppress_warnings = ["ref.python"]

_CODE = re.compile(r"(`+)([^`]+)\1")


def _as_restructured_text(
    app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Turn a docstring's Markdown code and its bars into what docutils reads."""
    text, made, end = "\n".join(lines), [], 0
    for found in _CODE.finditer(text):
        made.append(text[end : found.start()].replace("|", "\\|"))
        joined = text[found.end() : found.end() + 1].isalnum()  # as in `tensor`s
        made.append("``" + " ".join(found.group(2).split()) + "``" + "\\ " * joined)
        end = found.end()
    made.append(text[end:].replace("|", "\\|"))
    lines[:] = "".join(made).split("\n")


def setup(app: Any) -> None:
    """Connect what this file does to Sphinx."""
    app.connect("autodoc-process-docstring", _as_restructured_text, priority=400)
