"""The command ``rillet``: its subcommands and their arguments.

Words of a command line flow in; an exit status flows out. The script that an
installation lays down calls ``main``, and so does ``python -m rillet``. Each
subcommand's own file is imported when the command is called.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from .version import RILLET_VERSION, VERSION

_RUN = """usage: rillet run [-o OUT.ipynb] [--keep-going] NOTEBOOK.ipynb
       rillet run PROGRAM [ARGUMENT ...]
       rillet run -m MODULE [ARGUMENT ...]

Run a program or a notebook written for TensorFlow: `tensorflow`, `keras` and `tf_keras`
stand for rillet. What follows PROGRAM or MODULE belongs to the program.

options for notebooks (before or after the notebook):
  -o, --output OUT.ipynb  write a copy with the outputs of this run
  -k, --keep-going        run on after a cell that failed
"""

#: What shells show of a program that wrote into a closed pipe.
_PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Args:
        arguments: the words after ``rillet``; those of this process by default.

    Returns:
        The exit status: 0 where all went well, 1 where the work failed, 2 where the
        words cannot be understood.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="rillet",
        description="Deep learning with TensorFlow 2's interface.",
        epilog="`rillet COMMAND --help` tells more about a command.",
    )
    version = f"rillet {RILLET_VERSION} (TensorFlow {VERSION})"
    parser.add_argument("--version", action="version", version=version)
    lines = "\n".join(f"  {name:10} {command[1]}" for name, command in COMMANDS.items())
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=lines)
    parser.formatter_class = argparse.RawTextHelpFormatter
    # Only the first word is the parser's: the rest belongs to the command.
    options = parser.parse_args(words[:1])
    command: Callable[[list[str]], int] = COMMANDS[options.command][0]
    try:
        status = command(words[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read, such as `head`, has enough. Python flushes once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status


def demo(words: list[str]) -> int:
    """Train the first network and draw what it learned."""
    from .demo import main as train

    return train(words)


def run(words: list[str]) -> int:
    """Run a program or a notebook."""
    options: dict[str, str] = {}
    rest = list(words)
    program = ""
    while rest and not (program and not program.endswith(".ipynb")):
        word = rest.pop(0)
        if word in ("-h", "--help"):
            print(_RUN, end="")
            return 0
        if word in ("-k", "--keep-going"):
            options["keep_going"] = word
        elif word in ("-o", "--output", "-m") and not rest:
            _refuse(f"{word} needs a value")
        elif word in ("-o", "--output"):
            options["output"] = rest.pop(0)
        elif word == "-m" and not program:
            return _run_program(options, module=rest.pop(0), arguments=rest)
        elif word.startswith("--output="):
            options["output"] = word.partition("=")[2]
        elif word.startswith("-") and word != "-":
            _refuse(f"unknown option {word}")
        elif program:
            _refuse(f"a notebook takes no arguments: {word}")
        else:
            program = word
    if not program:
        _refuse("give a program, a notebook or -m MODULE")
    if program.endswith(".ipynb"):
        return _run_notebook(program, options)
    return _run_program(options, path=program, arguments=rest)


def _run_program(
    options: dict[str, str],
    arguments: list[str],
    path: str = "",
    module: str = "",
) -> int:
    from .programs import run

    if options:
        _refuse(f"{next(iter(options))}: only a notebook takes that option")
    try:
        if module:
            return run.run_module(module, arguments)
        return run.run_path(path, arguments)
    except run.ProgramError as error:
        print(error, file=sys.stderr)
        return 2


def _run_notebook(path: str, options: dict[str, str]) -> int:
    from .programs import cells, notebook

    keep_going = "keep_going" in options
    try:
        return notebook.run_notebook(path, options.get("output"), keep_going)
    except cells.NotebookError as error:
        print(error, file=sys.stderr)
        return 2


def _refuse(why: str) -> NoReturn:
    print(f"rillet run: {why}\n\n{_RUN}", end="", file=sys.stderr)
    raise SystemExit(2)


def check(words: list[str]) -> int:
    """List what programs need and rillet lacks."""
    from .programs import check

    parser = argparse.ArgumentParser(
        prog="rillet check",
        description="List, without running them, every name of TensorFlow that "
        "programs use and rillet lacks, with the nearest that it has.",
        epilog="The exit status is 1 where something is missing, 2 where a file "
        "cannot be read.",
    )
    parser.add_argument("programs", nargs="+", help="programs, notebooks or folders")
    return check.main(parser.parse_args(words).programs)


def info(words: list[str]) -> int:
    """Tell about this machine and this installation."""
    from .programs import info

    argparse.ArgumentParser(
        prog="rillet info", description="Tell about this machine and installation."
    ).parse_args(words)
    return info.main()


def show(words: list[str]) -> int:
    """Tell what a SavedModel holds."""
    from .programs import show

    parser = argparse.ArgumentParser(
        prog="rillet show",
        description="Tell what a SavedModel's folder holds, without running any of "
        "it: signatures, variables, and ops that rillet lacks.",
    )
    parser.add_argument("folder", help="the model's folder")
    parser.add_argument(
        "-a", "--all", action="store_true", help="list all variables and ops"
    )
    options = parser.parse_args(words)
    return show.main(options.folder, options.all)


def playground(words: list[str]) -> int:
    """Serve the pages that show a network learn."""
    from .playground import launch

    return launch.main(words)


COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "demo": (demo, "train the first network on MNIST and draw what it learned"),
    "run": (run, "run a program or a notebook written for TensorFlow"),
    "check": (check, "list what a program needs and rillet lacks"),
    "show": (show, "tell what a SavedModel's folder holds"),
    "playground": (playground, "serve pages that show a network learn"),
    "info": (info, "tell about this machine and installation"),
}


if __name__ == "__main__":
    sys.exit(main())
