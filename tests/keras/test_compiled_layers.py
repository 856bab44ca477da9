"""Every layer gives in a graph what it gives eagerly: values, gradients, updates.

The rows are those that `test_layers_golden`, `test_layers_spatial` and
`test_layers_augmentation` compare with tf.keras; graphs leave the batch's size open.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.ops import philox, seeds

FOLDER = Path(__file__).parent.parent / "golden" / "keras"


def _load(name: str) -> Any:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


RUNS = _load("layer_runs")
SPATIAL = _load("spatial_rows")
IMAGES = _load("image_rows")


def _spatial(name: str, row: Any) -> Any:
    kind, arguments, shape = row
    arguments = dict(arguments)
    if arguments.get("data_format") == "NC":
        arguments["data_format"] = "channels_first"
    return RUNS.Row(
        lambda k: getattr(k, kind)(**arguments), SPATIAL.numbers(name, *shape)
    )


ROWS: dict[str, Any] = {}
for _family in ("normalization", "merging", "recurrent"):
    for _name, _row in _load(f"{_family}_rows").ROWS.items():
        ROWS[f"{_family}/{_name}"] = _row
for _family, _rows in SPATIAL.FAMILIES.items():
    for _name, _row in _rows.items():
        ROWS[f"{_family}/{_name}"] = _spatial(_name, _row)

for _name, (_kind, _arguments, _shape) in IMAGES.ROWS.items():
    _call = {} if _kind in ("Resizing", "CenterCrop") else {"training": True}
    if len(_shape) == 4:
        ROWS[f"pictures/{_name}"] = RUNS.Row(
            lambda k, c=_kind, a=_arguments: getattr(k, c)(**a),
            IMAGES.images(_name, _shape),
            _call,
        )

#: Rows whose first axis a graph must know: kept states are of the batch's size, and
#: time comes first.
OF_ONE_SIZE = frozenset(
    {"recurrent/lstm stateful", "recurrent/gru stateful", "recurrent/lstm time major"}
)


class Draws:
    """In place of random streams: the same ones each time, in the order of draws."""

    def __init__(self) -> None:
        self.count = 0

    def reserve(self, blocks: int) -> Any:
        self.count += 1
        return philox.from_seeds(self.count, 1)


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> Draws:
    made = Draws()
    monkeypatch.setattr(
        seeds.Instance, "reserve", lambda self, blocks: made.reserve(blocks)
    )
    return made


def _flat(value: Any) -> list[Any]:
    return [x for x in tf.nest.flatten(value) if x is not None]


def _made(row: Any) -> tuple[Any, Any, Any]:
    """A layer with fixed weights, called as often as the row says."""
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(7)
    layer = row.make(tf.keras.layers)
    inputs = tf.nest.map_structure(tf.constant, row.inputs)
    call = {k: RUNS.tensors(tf, v) for k, v in row.call.items()}
    layer(inputs, **call)
    for at, variable in enumerate(layer.weights):
        variable.assign(RUNS.weight(variable.name, variable.shape, at))
    tf.keras.utils.set_random_seed(7)
    for _ in range(row.warm):
        layer(inputs, **call)
    return layer, inputs, call


def _run(layer: Any, inputs: Any, call: Any, rays: Any) -> Any:
    """Outputs and gradients, of inputs and weights."""
    sources = [
        x
        for x in tf.nest.flatten(inputs)
        if hasattr(x, "dtype") and x.dtype.is_floating
    ]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = _flat(layer(inputs, **call))
        loss = tf.add_n(list(layer.losses) or [0.0])
        for y, ray in zip(outputs, rays, strict=True):
            if y.dtype.is_floating:
                loss += tf.reduce_sum(y * ray)
    slopes = tape.gradient(loss, [*sources, *layer.trainable_weights])
    dense = [None if g is None else tf.convert_to_tensor(g) for g in slopes]
    return outputs, [g for g in dense if g is not None]


def _spec(value: Any, free: bool) -> Any:
    if not isinstance(value, tf.Tensor):
        return value
    dims = value.shape.as_list()
    if free and dims:
        dims[0] = None
    return tf.TensorSpec(dims, value.dtype)


@pytest.mark.parametrize("jit", [False, None], ids=["reference", "native"])
@pytest.mark.parametrize("name", ROWS)
def test_graph_gives_what_eager_gives(
    name: str, jit: bool | None, draws: Draws
) -> None:
    row = ROWS[name]
    layer, inputs, call = _made(row)
    rays = [
        tf.constant(RUNS.weight("", y.shape, at + 3))
        for at, y in enumerate(_flat(layer(inputs, **call)))
    ]
    layer, inputs, call = _made(row)
    draws.count = 0
    wanted = [*_run(layer, inputs, call, rays), layer.get_weights()]
    layer, inputs, call = _made(row)
    step = tf.function(lambda data: _run(layer, *data), jit_compile=jit)
    given = (inputs, call, rays)
    free = name not in OF_ONE_SIZE
    concrete = step.get_concrete_function(
        tf.nest.map_structure(lambda x: _spec(x, free), given)
    )
    draws.count = 0
    found = [*concrete(given), layer.get_weights()]
    for ours, theirs in zip(found, wanted, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            a, b = np.asarray(a), np.asarray(b)
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            # The same kernels; sums over an open size may run in another order.
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)
    assert step.experimental_get_tracing_count() == 1
