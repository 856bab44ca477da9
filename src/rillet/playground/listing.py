"""The network on a page as a program for rillet and TensorFlow; its weights as a file.

In: an `Address`. Out: the text of a program that draws the same points, builds the same
network with the same first weights, trains it as long with the same changes on the way,
and prints its losses. `session` sends it to the page.
"""

from __future__ import annotations

import inspect
import pprint
import tempfile
from pathlib import Path
from typing import Any

from rillet.playground.address import Address, Change, place, written
from rillet.playground.networks import BIAS, BOUND, OPTIMIZERS, last_activation
from rillet.playground.own_data import Own
from rillet.playground.points import FEATURES, SETS
from rillet.playground.settings import Settings

_HEAD = '''"""A network from rillet's playground.

It runs with rillet, and with TensorFlow where rillet is not installed. The weights that
the page saves fit its model: `model.load_weights("playground.weights.h5")`.
The page that shows it: #{address}
"""

import numpy as np

try:
    import rillet as tf
except ImportError:
    import tensorflow as tf

'''
_WEIGHTS = """
rng = np.random.default_rng({start})
weights = []
for before, after in zip({sizes}, {later}):
    weights.append(rng.uniform(-{bound}, {bound}, (before, after)))
    weights.append(np.full(after, {bias}))
model.set_weights(weights)
"""
_LOSS = """

def half_squared_error(y_true, y_pred):
    return 0.5 * tf.reduce_mean(tf.square(y_pred - y_true), axis=-1)

"""
_END = """
trained = model.predict(x[:count], verbose=0)
tested = model.predict(x[count:], verbose=0)
"""


def program(address: Address) -> str:
    """The program.

    Args:
        address: the network, how long it trained, and what was changed on the way.

    Returns:
        Python.

    Example:
        >>> print(program(Address(Settings(), 5)).splitlines()[0])
        \"""A network from rillet's playground.
    """
    settings = address.settings
    brief = written(address)
    # The points of one's own stand in the program itself.
    shown = brief if len(brief) < 2000 else "(too long to be written here)"
    parts = [
        _HEAD.format(address=shown),
        _points(settings),
        _network(settings),
        _training(address),
        _losses(settings),
    ]
    return "".join(parts)


def _points(settings: Settings) -> str:
    own = settings.own
    lines = []
    if settings.data == "own" and own is not None:
        lines += [_own_points(own), f"rng = np.random.default_rng({settings.seed})"]
    else:
        chosen = SETS[settings.data]
        source = inspect.getsource(chosen.make)
        source = source.replace(
            "rng: np.random.Generator, count: int, noise: float", "rng, count, noise"
        )
        source = source.replace(", classes: int", ", classes")
        source = source.replace(" -> tuple[Array, Array]", "")
        extra = f", {settings.classes}" if chosen.several else ""
        lines += [
            f"\n{source}\n",
            f"rng = np.random.default_rng({settings.seed})",
            f"points, labels = {chosen.make.__name__}(rng, {chosen.count},"
            f" {settings.noise / 100}{extra})",
        ]
        if not chosen.several and not chosen.regression:
            lines.append("labels = (labels > 0).astype(int)")
    lines += [
        "order = rng.permutation(len(points))",
        "points, labels = points[order], labels[order]",
        "x1, x2 = points[:, 0], points[:, 1]",
        f"inputs = [{', '.join(FEATURES[name] for name in settings.features)}]",
        'x = np.stack(inputs, axis=1).astype("float32")',
    ]
    if settings.softmax:
        lines.append("y = labels")
    elif settings.regression:
        lines.append('y = labels[:, None].astype("float32")')
    else:
        lines.append('y = (labels[:, None] * 2 - 1).astype("float32")')
    lines.append(
        f"count = min(max(round(len(x) * {settings.share} / 100), 1), len(x) - 1)"
    )
    return "\n".join(lines) + "\n"


def _own_points(own: Own) -> str:
    def text(values: Any) -> str:
        return pprint.pformat(values, compact=True, width=88)

    names = "".join(f"# class {i}: {name!r}\n" for i, name in enumerate(own.classes))
    return (
        f"{names}points = np.array(\n{text(own.xy.tolist())}\n)\n"
        f"labels = np.array(\n{text(own.labels.tolist())}\n)"
    )


def _network(settings: Settings) -> str:
    regularizer = ""
    if settings.penalty == "l1" and settings.penalty_rate:
        regularizer = f"tf.keras.regularizers.L1({settings.penalty_rate!r})"
    elif settings.penalty == "l2" and settings.penalty_rate:
        regularizer = f"tf.keras.regularizers.L2({settings.penalty_rate / 2!r})"
    more = f", kernel_regularizer={regularizer}" if regularizer else ""
    layers = [
        f'tf.keras.layers.Dense({units}, activation="{settings.activation}"{more}),'
        for units in settings.hidden
    ]
    last = last_activation(settings)
    layers.append(
        f'tf.keras.layers.Dense({settings.outputs}, activation="{last}"{more}),'
    )
    body = "\n".join(f"        {line}" for line in layers)
    sizes = [len(settings.features), *settings.layers]
    name, arguments = OPTIMIZERS[settings.optimizer]
    words = "".join(f", {key}={value!r}" for key, value in arguments.items())
    loss = '"sparse_categorical_crossentropy"' if settings.softmax else ""
    function = "" if settings.softmax else _LOSS
    return (
        f"{function}\nmodel = tf.keras.Sequential(\n    [\n"
        f"        tf.keras.Input(({len(settings.features)},)),\n{body}\n    ]\n)"
        + _WEIGHTS.format(
            start=settings.start,
            sizes=sizes[:-1],
            later=sizes[1:],
            bound=BOUND,
            bias=BIAS,
        )
        + f"model.compile(\n    optimizer=tf.keras.optimizers.{name}"
        f"({settings.rate!r}{words}),\n    loss={loss or 'half_squared_error'},\n)\n"
    )


def _training(address: Address) -> str:
    lines = [
        "",
        "",
        "def train(epochs, batch_size):",
        "    model.fit(",
        "        x[:count],",
        "        y[:count],",
        "        batch_size=batch_size,",
        "        epochs=epochs,",
        "        shuffle=False,",
        "        verbose=0,",
        "    )",
        "",
        "",
    ]
    batch, at = address.settings.batch, 0
    for change in address.changes:
        if change.epoch > at:
            lines.append(f"train({change.epoch - at}, batch_size={batch})")
            at = change.epoch
        if change.what == "batch":
            batch = int(change.value)
        elif change.what == "rate":
            lines.append(f"model.optimizer.learning_rate = {change.value!r}")
        else:
            lines += _parameter(change, address.settings)
    if address.epoch > at:
        lines.append(f"train({address.epoch - at}, batch_size={batch})")
    return "\n".join(lines) + "\n"


def _parameter(change: Change, settings: Settings) -> list[str]:
    layer, source, target = place(change.what, settings)
    at = layer * 2 + (source is None)
    where = f"{target}" if source is None else f"{source}, {target}"
    return [
        "weights = model.get_weights()",
        f"weights[{at}][{where}] = {change.value!r}",
        "model.set_weights(weights)",
    ]


def _losses(settings: Settings) -> str:
    if settings.softmax:
        lines = [
            "right = np.take_along_axis(trained, y[:count, None], axis=1)",
            "right_tested = np.take_along_axis(tested, y[count:, None], axis=1)",
            'print("training loss:", -np.log(np.maximum(right, 1e-7)).mean())',
            'print("test loss:", -np.log(np.maximum(right_tested, 1e-7)).mean())',
        ]
    else:
        lines = [
            'print("training loss:", 0.5 * np.mean((trained - y[:count]) ** 2))',
            'print("test loss:", 0.5 * np.mean((tested - y[count:]) ** 2))',
        ]
    return _END + "\n".join(lines) + "\n"


def weights_file(model: Any) -> bytes:
    """The weights as an HDF5 file, which `model.load_weights` reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "playground.weights.h5"
        model.save_weights(str(path))
        return path.read_bytes()
