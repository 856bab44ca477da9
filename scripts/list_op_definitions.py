"""Write `src/rillet/saved_model/definitions.txt`: arguments and attributes of ops.

    TENSORFLOW_PYTHON scripts/list_op_definitions.py NAMES > definitions.txt

Run by a Python that has TensorFlow. NAMES is a file of ops' names, one a line, as
``--names`` prints them where rillet is installed. A row holds facts of one op, told by
TensorFlow's registry:

    [!]NAME|inputs|outputs|attributes|module of rillet.ops

An argument is ``name:T``, ``name:9`` (a type's number), ``name:N*T`` or ``name:*T``;
an attribute ``name:kind`` or ``name:kind=default``; ``!`` marks ops with state.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

#: Ops that graphs hold, and neither a record nor a reader stands for.
FURTHER = """ArgMax LinSpace MergeV2Checkpoints Placeholder Real RestoreV2 SaveV2 Shape
ShardedFilename StringJoin""".split()


def names() -> list[str]:
    """All ops that rillet has a record of, each with its module."""
    import importlib
    import pkgutil

    import rillet.ops
    from rillet.ops.registry import TABLE, Op
    from rillet.saved_model.reader_table import all_readers

    known = dict.fromkeys([*FURTHER, *all_readers()], "")
    start = "rillet.ops."
    homes = [found.name for found in pkgutil.walk_packages(rillet.ops.__path__, start)]
    for home in sorted(homes):
        module = importlib.import_module(home)
        for value in vars(module).values():
            name = getattr(value, "name", None)
            if isinstance(value, Op) and not known.get(str(name)):
                known[str(name)] = home.removeprefix(start)
    # Records that no module's attribute holds are made in a table there.
    for name in sorted({*TABLE} - {name for name, module in known.items() if module}):
        known[name] = _home(name)
    return [
        f"{name} {module}"
        for name, module in sorted(known.items())
        if not name.startswith("Rillet")
    ]


def _home(name: str) -> str:
    """The module of rillet.ops whose source names an op."""
    folder = Path(__file__).resolve().parents[1] / "src" / "rillet" / "ops"
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if f'"{name}"' in text and "define(" in text:
            return ".".join(path.relative_to(folder).with_suffix("").parts)
    return ""


def _argument(arg: Any) -> str:
    kind = arg.type_attr or str(arg.type)
    if arg.number_attr:
        kind = f"{arg.number_attr}*{kind}"
    elif arg.type_list_attr:
        kind = f"*{arg.type_list_attr}"
    return f"{arg.name}:{kind}"


def _default(value: Any) -> str:
    which = value.WhichOneof("value")
    if which == "s":
        return quote(value.s)
    if which == "list":
        given = value.list
        parts = [*given.i, *given.type, *[repr(x) for x in given.f]]
        parts += [int(x) for x in given.b] + [quote(x) for x in given.s]
        return ",".join(map(str, parts))
    if which == "shape":
        return "?"
    found = getattr(value, which)
    return str(int(found)) if isinstance(found, bool) else repr(found)


def row(op: Any, module: str) -> str:
    """One op's line."""
    attrs = []
    for attr in op.attr:
        text = f"{attr.name}:{attr.type}"
        if attr.HasField("default_value"):
            text += f"={_default(attr.default_value)}"
        attrs.append(text)
    return "|".join(
        (
            ("!" if op.is_stateful else "") + op.name,
            " ".join(map(_argument, op.input_arg)),
            " ".join(map(_argument, op.output_arg)),
            " ".join(attrs),
            module,
        )
    )


def main() -> None:
    """Print the names, or the definitions."""
    if sys.argv[1:] == ["--names"]:
        print("\n".join(names()))
        return
    from tensorflow.python.framework import op_def_registry

    with open(sys.argv[1], encoding="utf-8") as file:
        asked = [line.rstrip("\n").split(" ") for line in file]
    for name, module in asked:
        op = op_def_registry.get(name)
        if op is not None:
            print(row(op, module))


if __name__ == "__main__":
    main()
