"""`rillet run program`: as Python runs it, with rillet standing for TensorFlow."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest


def test_program_sees_what_python_shows(rillet, program, tmp_path):
    path = program(
        "import sys\n"
        "print(__name__, __file__, __spec__, __package__)\n"
        "print(sys.argv)\n"
        "print(sys.path[0])\n"
        "print(sys.modules['__main__'].__dict__ is globals())\n",
        "inside/shown.py",
    )
    out = rillet("run", path, "--flag", "-o", "x y").out.splitlines()
    assert out[0] == f"__main__ {path} None None"
    assert out[1] == str([path, "--flag", "-o", "x y"])
    assert os.path.realpath(out[2]) == os.path.realpath(tmp_path / "inside")
    assert out[3] == "True"


def test_tensorflow_means_rillet(rillet, program):
    path = program(
        "import tensorflow as tf, rillet\n"
        "import tensorflow.compat.v2 as tf2\n"
        "print(tf is rillet, tf2 is tf, tf.__version__)\n"
        "print(float(tf.constant(2.0) + 3.0))\n"
        "from importlib import metadata\n"
        "print(metadata.version('tensorflow'), metadata.version('keras'))\n"
    )
    assert rillet("run", path).out.split("\n")[:3] == [
        "True True 2.15.0",
        "5.0",
        "2.15.0 2.15.0",
    ]


def test_module_by_name(rillet, program):
    program("", "pack/__init__.py")
    source = "import sys\nprint(__package__, __spec__.name, sys.argv[1:])"
    program(source, "pack/one.py")
    program("from . import one\nprint('main', __name__)", "pack/__main__.py")
    assert rillet("run", "-m", "pack.one", "a").out == "pack pack.one ['a']\n"
    assert rillet("run", "-m", "pack").out.splitlines()[-1] == "main __main__"


def test_folder_and_zip_file(rillet, program, tmp_path):
    program("import helper\nprint(helper.word, __name__)", "app/__main__.py")
    program("word = 'helped'", "app/helper.py")
    assert rillet("run", "app").out == "helped __main__\n"
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as file:
        file.write(tmp_path / "app/__main__.py", "__main__.py")
        file.write(tmp_path / "app/helper.py", "helper.py")
    assert rillet("run", "app.zip").out == "helped __main__\n"


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("import sys; sys.exit(7)", 7),
        ("raise SystemExit", 0),
        ("raise SystemExit('words')", 1),
        ("raise KeyError('x')", 1),
        ("raise KeyboardInterrupt", 130),
        ("x = (", 1),
    ],
)
def test_status_is_the_programs(rillet, program, source, status):
    rillet("run", program(source), status=status)


def test_traceback_begins_in_the_program(rillet, program):
    path = program("def f():\n    return 1 / 0\n\n\nf()\n")
    err = rillet("run", path, status=1).err
    assert err.splitlines()[:3] == [
        "Traceback (most recent call last):",
        f'  File "{path}", line 5, in <module>',
        "    f()",
    ]
    assert "rillet" not in err.replace(path, "")
    assert err.endswith("ZeroDivisionError: division by zero\n")


def test_syntax_error_shows_only_the_program(rillet, program):
    path = program("x = 1\ny = (\n")
    err = rillet("run", path, status=1).err
    assert err.startswith(f'  File "{path}", line 2\n')
    assert "SyntaxError: '(' was never closed" in err


def test_programs_own_excepthook_is_called(rillet, program):
    path = program(
        "import sys\n"
        "sys.excepthook = lambda kind, error, trace: print('hook', error)\n"
        "raise ValueError('v')\n"
    )
    assert rillet("run", path, status=1).out == "hook v\n"


def test_missing_program_is_refused(rillet):
    done = rillet("run", "nowhere.py", status=2)
    assert done.err == "run: no such file: nowhere.py; give the path of a program.\n"
    done = rillet("run", "-m", "nowhere_at_all", status=2)
    assert "no module nowhere_at_all" in done.err


def test_spawned_processes_and_subprocesses_have_it_too(rillet, program):
    path = program(
        "import multiprocessing, subprocess, sys\n"
        "import tensorflow as tf\n"
        "def work(x):\n"
        "    import tensorflow\n"
        "    return x, tensorflow.__name__\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    with context.Pool(1) as pool:\n"
        "        print(pool.map(work, [1]))\n"
        "    code = 'import keras; print(keras.__name__)'\n"
        "    print(subprocess.run([sys.executable, '-c', code], text=True,\n"
        "                         capture_output=True).stdout)\n"
    )
    out = rillet("run", path).out.splitlines()
    assert out[0] == "[(1, 'rillet')]"
    assert out[1] == "rillet.keras"


def test_colab_gets_a_clear_word(rillet, program):
    path = program("from google.colab import drive\n")
    err = rillet("run", path, status=1).err
    assert "ModuleNotFoundError: No module named 'google" in err
    assert "only inside Google's Colab" in err
    guarded = program(
        "try:\n    import google.colab\nexcept ImportError:\n    print(0)"
    )
    assert rillet("run", guarded).out == "0\n"


def test_source_encoding_is_honoured(rillet, tmp_path: Path):
    path = tmp_path / "latin.py"
    path.write_bytes("# -*- coding: latin-1 -*-\nprint(ascii('é'))\n".encode("latin-1"))
    assert rillet("run", str(path)).out == "'\\xe9'\n"


def test_compiled_program(rillet, program, tmp_path: Path):
    import py_compile

    compiled = tmp_path / "compiled.pyc"
    py_compile.compile(program("print('from bytes', __name__)"), cfile=str(compiled))
    assert rillet("run", str(compiled)).out == "from bytes __main__\n"


def test_options_of_notebooks_are_refused(rillet, program):
    done = rillet("run", "-k", program("print(1)"), status=2)
    assert "only a notebook takes that option" in done.err


def test_threads_and_exit_handlers_finish(rillet, program):
    path = program(
        "import atexit, threading, time\n"
        "atexit.register(print, 'exit')\n"
        "def late():\n    time.sleep(0.05)\n    print('thread')\n"
        "threading.Thread(target=late).start()\n"
        "raise ValueError\n"
    )
    assert rillet("run", path, status=1).out == "thread\nexit\n"


def test_python_itself_agrees(rillet, program):
    """Everything but the traceback's frames is as under plain Python."""
    import subprocess

    path = program(
        "import sys\n"
        "print(__name__, __doc__, __annotations__, sys.argv, sys.path[0])\n"
        "x: int = 1\n"
        "print(sorted(k for k in globals() if not k.startswith('__loader')))\n"
        "raise RuntimeError('end') from KeyError('start')\n"
    )
    plain = subprocess.run([sys.executable, path, "a"], capture_output=True, text=True)
    ours = rillet("run", path, "a", status=1)
    assert ours.out == plain.stdout
    assert ours.err == plain.stderr
