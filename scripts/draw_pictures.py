"""Draws the pictures of `docs/pictures.md` into `docs/pictures`.

Run it after a change in `rillet.explain`: python scripts/draw_pictures.py

The page's own examples are run, in their order; where the page shows a picture, the
last one that an example made or named is saved. So page and pictures cannot part.
"""

from __future__ import annotations

import ast
import doctest
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rillet.explain.picture import Drawing, Plot

PAGE = Path(__file__).parents[1] / "docs" / "pictures.md"
_IMAGE = re.compile(r"^!\[.*\]\(pictures/(.*)\)$")


def shown(page: str) -> Iterator[tuple[str, list[str]]]:
    """The pictures of a page, and the examples since the picture before.

    Args:
        page: Markdown with examples.

    Returns:
        Pairs of a file's name and the sources of examples, in the page's order.
    """
    parsed = doctest.DocTestParser().get_examples(page)
    examples = [(example.lineno, example.source) for example in parsed]
    at = 0
    for number, line in enumerate(page.splitlines()):
        found = _IMAGE.match(line)
        if found:
            before = [source for place, source in examples if at <= place < number]
            yield found[1], before
            at = number


def run(source: str, names: dict[str, Any]) -> Any:
    """Run an example; the value of its expression, or the one that it named."""
    (statement,) = ast.parse(source).body
    if isinstance(statement, ast.Expr):
        with redirect_stdout(io.StringIO()):
            return eval(source, names)
    exec(source, names)
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        return names[target.id] if isinstance(target, ast.Name) else None
    return None


def main() -> None:
    """Draw all pictures."""
    folder = PAGE.with_suffix("")
    folder.mkdir(exist_ok=True)
    names: dict[str, Any] = {}
    picture: Any = None
    for file, sources in shown(PAGE.read_text("utf-8")):
        for source in sources:
            found = run(source, names)
            if isinstance(found, (Drawing, Plot)):
                picture = found
        picture.save(folder / file)


if __name__ == "__main__":
    main()
