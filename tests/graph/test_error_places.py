"""Errors inside functions name the program's file and line, and little else.

The mistakes stand in `golden/mistakes/in_functions.py`, TensorFlow's classes in
`mistakes.json` beside it.
"""

import inspect
import json
import traceback
from pathlib import Path

import pytest
from golden.mistakes import in_functions

import rillet as tf

HOME = Path(in_functions.__file__)
RAISED = json.loads(HOME.with_name("mistakes.json").read_text("utf-8"))["in_functions"]
OURS = str(Path(tf.__file__).parent)
#: Where rillet raises another class than TensorFlow, and why.
OTHERS = {"map_with_python_inside": ZeroDivisionError}  # errors of Python's stay


def failed(name):
    with pytest.raises(Exception) as caught:
        in_functions.PROGRAMS[name](tf)
    return caught.value


def line_of(name):
    lines, first = inspect.getsourcelines(in_functions.PROGRAMS[name])
    return first + next(i for i, s in enumerate(lines) if s.endswith("# here\n"))


def test_each_was_shown_to_tensorflow():
    assert RAISED.keys() == in_functions.PROGRAMS.keys()


@pytest.mark.parametrize("name", list(in_functions.PROGRAMS))
def test_error_names_the_line(name):
    error = failed(name)
    bases = [base.__name__ for base in type(error).__mro__]
    assert name in OTHERS or RAISED[name] in bases
    assert isinstance(error, OTHERS.get(name, Exception))
    text = "".join(traceback.format_exception(error))
    assert f'{HOME}", line {line_of(name)}' in text
    assert "ag__" not in text


@pytest.mark.parametrize(
    "name", ["shapes_in_a_branch", "gather_out_of_range", "layer_under_fit"]
)
def test_inner_frames_are_left_out(name):
    def ours(error):
        frames = traceback.extract_tb(error.__traceback__)
        return [f.filename.startswith(OURS) for f in frames]

    short = ours(failed(name))
    assert sum(short) == short[-1] == 1
    tf.debugging.disable_traceback_filtering()
    try:
        assert sum(ours(failed(name))) > 4
    finally:
        tf.debugging.enable_traceback_filtering()


def test_what_python_says_is_explained():
    data = tf.data.Dataset.from_tensor_slices(([1.0], [2.0]))
    with pytest.raises(TypeError) as caught:
        data.map(lambda x: x)
    assert "2 parts" in caught.value.__notes__[0]
    assert "lambda x, y:" in caught.value.__notes__[0]
    with pytest.raises(TypeError) as caught:
        data.map(lambda x, y: open(x))
    assert "tf.io.read_file" in caught.value.__notes__[0]
    with pytest.raises(TypeError) as caught:
        tf.function(lambda x: open(x))(tf.constant("a"))
    assert "tf.py_function" in caught.value.__notes__[0]
