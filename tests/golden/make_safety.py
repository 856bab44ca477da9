"""Makes safety.json: what the real TensorFlow does with `safety_rows` in a function.

Run it from the repository with TensorFlow 2.21 in its own environment:

    PYTHONPATH=tests python tests/golden/make_safety.py

A row gives values, or the class of an error; or "crash" where TensorFlow's process
ends, which is why the rows run in a second one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from golden.safety_rows import ROWS


def listed(value):
    """An array as JSON holds it, with its type and shape."""
    array = np.asarray(value)
    flat = [str(v) for v in array.reshape(-1).tolist()]
    return [array.dtype.name, list(array.shape), " ".join(flat)]


def answer(tf, row):
    """What TensorFlow gives for a row."""
    call, *values = row
    names = {"tf": tf, "np": np}
    function = tf.function(eval(f"lambda a, b: {call}", names), autograph=False)
    try:
        return listed(function(*[tf.constant(eval(v, names)) for v in values]).numpy())
    except Exception as error:
        return type(error).__name__


def work(first):
    """Answers rows from one on, a line each."""
    import tensorflow as tf

    for row in ROWS[first:]:
        print("\n@" + json.dumps(answer(tf, row)), flush=True)


def main():
    found = []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    while len(found) < len(ROWS):
        command = [sys.executable, __file__, str(len(found))]
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment)
        lines = done.stdout.decode().splitlines()
        found += [json.loads(line[1:]) for line in lines if line.startswith("@")]
        if len(found) < len(ROWS):
            print("crash:", ROWS[len(found)])
            found.append("crash")
    path = Path(__file__).with_name("safety.json")
    texts = [json.dumps(x) for x in found]
    path.write_text("[\n" + ",\n".join(texts) + "\n]\n", encoding="utf-8")
    print(f"{path.name}: {len(found)} rows, {found.count('crash')} crashes")


if len(sys.argv) > 1:
    work(int(sys.argv[1]))
else:
    main()
