"""`rillet run notebook`: its cells run, what they show is kept, failures are named."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest


@pytest.fixture
def outputs(rillet, notebook, tmp_path):
    """Return a function that runs cells and gives each cell's outputs."""

    def run(*sources, status=0, options=()):
        done = rillet(
            "run", notebook(*sources), "-o", "out.ipynb", *options, status=status
        )
        whole = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))
        run.done, run.whole = done, whole
        return [c["outputs"] for c in whole["cells"] if c["cell_type"] == "code"]

    return run


def text(output):
    """Return an output's plain text."""
    return output["text"] if "text" in output else output["data"]["text/plain"]


def test_cells_share_a_namespace_and_show_their_last_value(outputs):
    shown = outputs("x = 20", "x + 1", "x + 1;", "None", "_", "if x: 3\nx", "'s'")
    assert [[text(o) for o in cell] for cell in shown] == [
        [],
        ["21"],
        [],
        [],
        ["21"],
        ["20"],
        ["'s'"],
    ]
    assert outputs.done.out == "21\n21\n20\n's'\n"
    assert shown[1][0]["output_type"] == "execute_result"
    assert shown[1][0]["execution_count"] == 2


def test_copy_keeps_everything_else(outputs):
    outputs("1")
    assert outputs.whole["metadata"] == {"kept": True}
    assert outputs.whole["cells"][0]["source"] == ["# Title"]
    assert outputs.whole["cells"][1]["execution_count"] == 1
    assert (outputs.whole["nbformat"], outputs.whole["nbformat_minor"]) == (4, 5)


def test_tensorflow_is_rillet_and_colabs_magics_pass(outputs):
    shown = outputs(
        "%tensorflow_version 2.x\n!pip install -q tensorflow\n% matplotlib inline\n"
        "%pip install x\n!pip install -q tensorflow\n"
        "import tensorflow as tf\ntf.__version__"
    )
    assert text(shown[0][0]) == "'2.15.0'"
    assert outputs.done.err.splitlines() == [
        "rillet run: skipped %tensorflow_version 2.x",
        "rillet run: skipped !pip install -q tensorflow",
        "rillet run: skipped %pip install x",
    ]


def test_main_module_is_the_notebook(outputs, tmp_path):
    shown = outputs(
        "import sys, os, pickle, inspect\nclass A:\n    y = 1\n"
        "(__name__, sys.argv, os.getcwd() == sys.path[0])",
        "pickle.loads(pickle.dumps(A())).y",
        "def g():\n    return 5\n\ninspect.getsource(g)",
    )
    assert text(shown[0][0]).startswith("('__main__', ['")
    assert text(shown[0][0]).endswith("True)")
    assert text(shown[1][0]) == "1"
    assert "return 5" in text(shown[2][0])


def test_streams_are_kept_apart_and_settled(outputs):
    shown = outputs(
        "import sys\nprint('a')\nprint('b')\nprint('e', file=sys.stderr)\n"
        "print('1/2', end='\\r')\nprint('2/2')"
    )
    assert [(o["name"], o["text"]) for o in shown[0]] == [
        ("stdout", "a\nb\n"),
        ("stderr", "e\n"),
        ("stdout", "2/2\n"),
    ]
    assert outputs.done.err == "e\n"


def test_a_failing_cell_is_named(outputs, tmp_path):
    shown = outputs("x = 1", "def f():\n    return x / 0\nf()", "print(3)", status=1)
    err = outputs.done.err.splitlines()
    assert err[:3] == [
        "book.ipynb: cell 2, line 2 failed:",
        "Traceback (most recent call last):",
        '  File "book.ipynb[cell 2]", line 3, in <module>',
    ]
    assert err[-1] == "ZeroDivisionError: division by zero"
    assert "programs" not in outputs.done.err
    error = shown[1][0]
    assert (error["output_type"], error["ename"]) == ("error", "ZeroDivisionError")
    assert error["evalue"] == "division by zero"
    assert shown[2] == []
    assert outputs.whole["cells"][3]["execution_count"] is None


def test_syntax_error_names_its_line(outputs):
    outputs("x = 1\ny = (", status=1)
    assert outputs.done.err.startswith("book.ipynb: cell 1, line 2 failed:\n  File")


def test_keep_going_runs_on_and_tells_at_the_end(outputs):
    shown = outputs("1 / 0", "print(2)", "[][1]", status=1, options=["--keep-going"])
    assert text(shown[1][0]) == "2\n"
    last = outputs.done.err.splitlines()[-1]
    assert last == "book.ipynb: 1 of 3 cells ran; failed: 1, 3"


def test_exit_ends_the_run(outputs):
    shown = outputs("print(1)\nimport sys\nsys.exit(5)", "print(2)", status=5)
    assert text(shown[0][0]) == "1\n"
    assert shown[1] == []


def test_await_at_the_top(outputs):
    shown = outputs(
        "import asyncio\nqueue = asyncio.Queue()\nawait queue.put(4)",
        "await queue.get()",
        "async def f():\n    yield 3\n[i async for i in f()]",
    )
    assert text(shown[1][0]) == "4"
    assert text(shown[2][0]) == "[3]"


def test_future_statements_last(outputs):
    shown = outputs("from __future__ import annotations", "def f(x: nosuch): ...\n1")
    assert text(shown[1][0]) == "1"


def test_figures_are_pictures(outputs):
    shown = outputs(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "plt.figure()\nplt.plot([1])\nplt.show()\nplt.figure()\nprint('after')",
        "figure, axes = plt.subplots(1, 2)\nplt.close()\nfigure",
        "plt.get_fignums(), plt.get_backend()",
    )
    assert [list(cell[-1]["data"]) for cell in shown[:3]] == [
        ["text/plain", "image/png"]
    ] * 3
    assert len(shown[1]) == 3  # the one shown, the text, the one left open
    png = base64.b64decode(shown[0][0]["data"]["image/png"])
    assert png.startswith(b"\x89PNG")
    assert text(shown[0][0]) == "<Figure size 640x480 with 1 Axes>"
    assert text(shown[3][0]).startswith("([], ")


def test_rich_objects_keep_their_forms(outputs):
    shown = outputs(
        "class R:\n"
        "    def __repr__(self): return 'R!'\n"
        "    def _repr_html_(self): return '<b>R</b>'\n"
        "    def _repr_png_(self): return b'png'\n"
        "display(R(), 2)\nR()",
        "class M:\n"
        "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/latex': '$x$'}, {'a': 1}\n"
        "M()",
        "R",
    )
    first, number, last = shown[0]
    assert first["data"] == {
        "text/plain": "R!",
        "text/html": "<b>R</b>",
        "image/png": base64.b64encode(b"png").decode(),
    }
    assert text(number) == "2"
    assert last["output_type"] == "execute_result"
    assert shown[1][0]["data"]["text/latex"] == "$x$"
    assert shown[1][0]["metadata"] == {"a": 1}
    assert list(shown[2][0]["data"]) == ["text/plain"]


def test_ipython_display_stands_in(outputs):
    shown = outputs(
        "from IPython.display import HTML, Markdown, clear_output, display\n"
        "print('gone')\nclear_output()\ndisplay(HTML('<i>h</i>'))\nMarkdown('# m')",
        "from IPython import get_ipython\nget_ipython().run_line_magic('pwd', '')\n"
        "print('waits')\nclear_output(wait=True)\nprint('comes')",
    )
    assert [o["data"].get("text/html") for o in shown[0]] == ["<i>h</i>", None]
    assert shown[0][1]["data"]["text/markdown"] == "# m"
    assert [text(o) for o in shown[1]] == ["comes\n"]


def test_time_and_timeit(outputs):
    shown = outputs(
        "%%time\nx = sum(range(10))\nx",
        "%time y = 3",
        "y",
        "%timeit -n 5 -r 2 sum([1])",
        "%%timeit -n 2 -r 3\nz = 1\nz + 1",
    )
    assert text(shown[0][0]) == "45"
    assert "Wall time: " in text(shown[0][1])
    assert "CPU times: " in text(shown[1][0])
    assert text(shown[2][0]) == "3"
    assert "(mean ± std. dev. of 2 runs, 5 loops each)" in text(shown[3][0])
    assert "(mean ± std. dev. of 3 runs, 2 loops each)" in text(shown[4][0])


def test_other_magics(outputs, tmp_path: Path):
    shown = outputs(
        "%%html\n<b>x</b>",
        "%%capture kept\nprint('hidden')\n7",
        "kept.stdout",
        "%%writefile note.txt\none\ntwo",
        "%%writefile -a note.txt\n\nthree",
        "%env WORD=said\nimport os; os.environ['WORD']",
        "name = 'sub'\nos.mkdir(name)\n%cd {name}\nos.path.basename(os.getcwd())",
        "%%bash\nexit 3",
        "lines = !ls\nlines",
        "?len",
        "%load_ext tensorboard",
    )
    assert shown[0][0]["data"]["text/html"] == "<b>x</b>"
    assert shown[1] == []
    assert text(shown[2][0]) == "'hidden\\n'"
    assert (tmp_path / "note.txt").read_text() == "one\ntwo\nthree"
    assert text(shown[5][-1]) == "'said'"
    assert text(shown[6][-1]) == "'sub'"
    assert text(shown[8][0]) == "[]"
    assert "Return the number of items" in text(shown[9][0])
    assert outputs.done.err.splitlines() == [
        "rillet run: skipped cell %%bash",
        "rillet run: skipped !ls",
        "rillet run: skipped %load_ext tensorboard",
    ]


def test_options_stand_before_or_after(rillet, notebook, tmp_path):
    book = notebook("1")
    rillet("run", "-k", "--output", "a.ipynb", book)
    rillet("run", book, "--output=b.ipynb", "--keep-going")
    assert (tmp_path / "a.ipynb").exists() and (tmp_path / "b.ipynb").exists()
    done = rillet("run", book, "word", status=2)
    assert "a notebook takes no arguments: word" in done.err


def test_notebook_that_is_none(rillet, tmp_path):
    (tmp_path / "bad.ipynb").write_text("x", encoding="utf-8")
    done = rillet("run", "bad.ipynb", status=2)
    assert done.err.startswith("run: bad.ipynb is no notebook: ")


@pytest.mark.parametrize("place", ["none/out.ipynb", "."])
def test_a_copy_that_cannot_be_written_is_refused_before_the_run(
    rillet, notebook, tmp_path, place
):
    path = notebook("open('ran', 'w').close()")
    done = rillet("run", path, "-o", place, status=2)
    assert "run: cannot write" in done.err and done.out == ""
    assert [p.name for p in tmp_path.iterdir()] == ["book.ipynb"]
