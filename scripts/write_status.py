"""Write `docs/status.md`: which public names of TensorFlow rillet has, and which not.

    python scripts/write_status.py            # writes it
    python scripts/write_status.py --check    # fails where the page is out of date

The names are those of `scripts/list_tensorflow_names.py`.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "status.md"
sys.path.insert(0, str(ROOT / "src"))

from rillet.programs import names, tensorflow_names  # noqa: E402

#: Namespaces without which TensorFlow 2 and Keras are whole to most programs.
_ASIDE = frozenset(
    """compat distribute dtensor estimator feature_column graph_util lite mlir profiler
    quantization queue raw_ops tpu types xla""".split()
)
_INTRO = """\
# What is here, and what is not

This page is made by `scripts/write_status.py`: it compares the public names of
TensorFlow 2.21 and tf.keras 2.15 with rillet's. Of the data sets only MNIST comes with
the package; the others are fetched from their public addresses when they are first
loaded.

`rillet check program.py` tells what of this a program needs.
"""


def _shown(path: str) -> str:
    return f"`tf.{path}`" if path else "`tf`"


def _is_aside(path: str) -> bool:
    return bool(_ASIDE.intersection(path.split("."))) or "experimental" in path


def compared() -> tuple[list[str], dict[str, list[str]], list[str]]:
    """Return the namespaces that are whole, those that lack names, and the absent."""
    whole: list[str] = []
    partly: dict[str, list[str]] = {}
    absent: list[str] = []
    for space in tensorflow_names.spaces():
        if _is_aside(space) or space == "keras.Sequential":  # a keras.Model
            continue
        try:
            found = names.walk(space)
        except LookupError:
            absent.append(space)
            continue
        lacks = [
            name
            for name in sorted(tensorflow_names.members(space))
            if not hasattr(found, name)
            and not _is_aside(name)
            and not tensorflow_names.members(f"{space}.{name}".lstrip("."))
        ]
        if lacks:
            partly[space] = lacks
        else:
            whole.append(space)
    return whole, partly, absent


def page() -> str:
    """Return the text of the page."""
    whole, partly, absent = compared()
    tops = [a for a in absent if a.rpartition(".")[0] not in absent]
    lines = [_INTRO, "## Not here", ""]
    lines += _wrapped("Namespaces: " + ", ".join(map(_shown, tops)) + ".")
    aside = [x for x in tensorflow_names.spaces() if _is_aside(x) and not _there(x)]
    outer = [x for x in aside if x.rpartition(".")[0] not in aside]
    lines += ["", *_wrapped("Left aside: " + ", ".join(map(_shown, outer)) + ".")]
    lines += ["", "## Whole", "", *_wrapped(", ".join(map(_shown, whole)) + ".")]
    lines += ["", "## In part: what is missing", ""]
    for space, lacks in partly.items():
        text = f"- {_shown(space)}: " + ", ".join(f"`{name}`" for name in lacks) + "."
        lines += _wrapped(text, "  ")
    lines += [
        "",
        "Left out of this page: `tf.compat.v1`, whose graphs and sessions are not"
        " planned,",
        "and what is experimental.",
    ]
    return "\n".join(lines) + "\n"


def _there(path: str) -> bool:
    try:
        names.walk(path)
    except LookupError:
        return False
    return True


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width=90,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") == text:
            return 0
        print(f"{PAGE} is out of date: run python scripts/write_status.py")
        return 1
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
