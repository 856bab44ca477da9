"""Maps that run natively on many rows: the very bits of element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.core import context
from rillet.core.nest import flatten
from rillet.data import native_maps
from rillet.data.native_maps import NativeMap
from rillet.data.plan import PLAIN
from rillet.functions import load_compiler

_N = 101
_ODD = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-42, -1e-45, 3.4e38, 1.0, -1.5], np.float32
)


def _floats(kind: Any) -> Any:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(_N, 3, 4)).astype(kind) * 50
    flat = values.reshape(-1)
    flat[: len(_ODD)] = _ODD
    flat[400 : 400 + len(_ODD)] = _ODD[::-1]
    return values


def _integers(kind: Any) -> Any:
    info = np.iinfo(kind)
    rng = np.random.default_rng(8)
    values = rng.integers(info.min, info.max, (_N, 3, 4), kind, endpoint=True)
    values.reshape(-1)[:2] = info.min, info.max
    return values


_LABELS = np.arange(_N)
_F, _D = _floats(np.float32), _floats(np.float64)
_B = _integers(np.uint8)

#: Name, arrays, function, whether native code must take part.
_MAPS: list[tuple[str, Any, Callable[..., Any], bool]] = [
    ("scale", (_B, _LABELS), lambda a, b: (tf.cast(a, "float32") / 255.0, b), True),
    ("double", _B, lambda a: tf.cast(a, tf.float64) / 7.0, True),
    ("centre", _B, lambda a: tf.cast(a, tf.float32) / 127.5 - 1.0, True),
    ("normal", _F, lambda a: (a - 3.25) / 1.7, True),
    ("channels", _F, lambda a: (a - [1.0, 2.0, 3.0, 4.0]) / [3.0, 5.0, 7.0, 9.0], True),
    ("add axis", (_B, _LABELS), lambda a, b: (a[..., None] / 255, b + 1), True),
    ("reversed", _F, lambda a: a[:, ::-1] / 3, False),
    ("row", _F, lambda a: a[0] / 3, False),
    ("expand", _F, lambda a: tf.expand_dims(a, -1) * 2.0, True),
    ("flat", _F, lambda a: tf.reshape(a, [-1]) / 3.0, True),
    ("dict", {"x": _F, "y": _LABELS}, lambda e: {"y": e["y"], "z": e["x"] * 0.1}, True),
    ("several", (_F, _D), lambda a, b: (a / 3, b / 3, a * a, abs(b), -a), True),
    ("weights", (_F, _LABELS), lambda a, b: a * tf.cast(b, tf.float32), True),
    ("row of it", _F, lambda a: a - tf.constant([[1.0], [2.0], [3.0]]), True),
    ("chosen", _F, lambda a: tf.where(a > 0.0, a, a * 0.3), True),
    ("zeros", _F, lambda a: tf.where(a >= 0, 1.0, 0.0), True),
    ("compared", _D, lambda a: (a < 1.0, tf.not_equal(a, a), ~(a > 2.0)), True),
    ("logic", _F, lambda a: tf.cast((a > 0) & (a < 9), tf.float32), True),
    ("root", _F, lambda a: tf.sqrt(a), True),
    ("square", _D, lambda a: tf.square(a), True),
    ("to double", _F, lambda a: tf.cast(a, tf.float64) / 3, True),
    ("to single", _D, lambda a: tf.cast(a, tf.float32) / 3, True),
    ("labels alone", (_F, _LABELS), lambda a, b: (a, b * b - 7), True),
    # these have no place in native code: NumPy's way stays
    ("sum of products", _F, lambda a: a * 2.0 - 1.0, False),
    ("hidden sum", _F, lambda a: tf.reshape(a * 2.0, [-1]) + 1.0, False),
    ("to whole", _F, lambda a: tf.cast(a, tf.int32), False),
    ("function", _F, lambda a: tf.exp(a) / 2.0, False),
    ("half", _F, lambda a: tf.cast(a, tf.float16) / 3, False),
    ("nothing", (_F, _LABELS), lambda a, b: (b, a), False),
    ("constant", _F, lambda a: (a / 3, 1.0), False),
    *[
        (
            np.dtype(kind).name,
            _integers(kind),
            lambda a: (a + a, a * a - a, -a if a.dtype.name[0] == "i" else a, a > 3),
            True,
        )
        for kind in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16,
                     np.uint32, np.uint64)
    ],
    *[
        (
            f"{np.dtype(kind).name} as floats",
            _integers(kind),
            lambda a: (tf.cast(a, tf.float32) / 3, tf.cast(a, tf.float64) / 3),
            True,
        )
        for kind in (np.int32, np.int64, np.uint32, np.uint64)
    ],
]  # fmt: skip

_STAGES: dict[str, Callable[[Any], Any]] = {
    "batch": lambda d: d,
    "shuffle": lambda d: d.shuffle(40, seed=3),
    "all shuffled": lambda d: d.shuffle(_N, seed=3),
    "repeat": lambda d: d.repeat(2),
    "part": lambda d: d.skip(5).take(80),
    "shard": lambda d: d.shard(2, 1),
    "enumerate": lambda d: d.enumerate(),
    "cache": lambda d: d.cache(),
    "mapped again": lambda d: d.map(lambda a, b: (a / 3.0, b)),
    "zip": lambda d: tf.data.Dataset.zip((d, d.skip(1))),
    "prefetch": lambda d: d.prefetch(3),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether native code took part, for each time that it was asked."""
    load_compiler()
    found: list[bool] = []
    plain = NativeMap.__call__

    def watched(self: NativeMap, part: Any, held: list[Any]) -> Any:
        made = plain(self, part, held)
        found.append(made is not None)
        return made

    monkeypatch.setattr(NativeMap, "__call__", watched)
    monkeypatch.setattr(native_maps, "_ENOUGH", 0)
    return found


def _joined(dataset: Any, most: int) -> list[Any]:
    """All rows, asked for as Keras does, several batches at a time."""
    iterator = iter(dataset)
    parts = []
    while True:
        try:
            found = iterator.pull_joined(most)
        except StopIteration:
            break
        assert found is not None
        parts.append([x.numpy() for x in flatten(found[0])])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _alone(dataset: Any) -> list[Any]:
    """All rows, of batches that come one by one."""
    parts = [flatten(e) for e in dataset.as_numpy_iterator()]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _same(got: list[Any], wanted: list[Any]) -> None:
    assert [g.dtype for g in got] == [w.dtype for w in wanted]
    assert [g.shape for g in got] == [w.shape for w in wanted]
    assert [g.tobytes() for g in got] == [w.tobytes() for w in wanted]


@pytest.mark.parametrize(("name", "arrays", "function", "native"), _MAPS)
def test_maps_have_the_bits_of_single_elements(
    name: str, arrays: Any, function: Any, native: bool, calls: list[bool]
) -> None:
    """Many rows at once natively, against the function's graph on each element."""
    source = tf.data.Dataset.from_tensor_slices(arrays)
    mapped = source.map(function)
    call = mapped._plan._function.start(PLAIN)
    elements = [call(e) for e in source._plan.elements(PLAIN)]
    wanted = [np.stack([np.asarray(x) for x in c]) for c in zip(*elements, strict=True)]
    _same(_joined(mapped.batch(10), 4), wanted)
    assert any(calls) is native


@pytest.mark.parametrize("name", _STAGES)
def test_stages_around_a_map(name: str, calls: list[bool]) -> None:
    """Stages before and after it: rows as batches give them one by one."""

    def scaled(a: Any, b: Any) -> Any:
        return tf.cast(a, tf.float32) / 255.0, b

    def pipeline(after: bool) -> Any:
        dataset = tf.data.Dataset.from_tensor_slices((_B, _LABELS))
        if after:
            return _STAGES[name](dataset.map(scaled)).batch(8)
        if name in ("enumerate", "mapped again", "zip"):
            return dataset.map(scaled).batch(8)
        return _STAGES[name](dataset).map(scaled).batch(8)

    for after in (True, False):
        calls.clear()
        got = _joined(pipeline(after), 5)
        assert any(calls) is (name != "cache" or not after)
        calls.clear()
        _same(got, _alone(pipeline(after)))
        assert not calls


def test_captured_tensors_and_views(calls: list[bool]) -> None:
    """What a function captured goes in; arrays that are not in rows go NumPy's way."""
    mean, spread = tf.fill([3, 4], 2.5), tf.constant(1.75)
    dataset = tf.data.Dataset.from_tensor_slices(_D.astype(np.float32))
    mapped = dataset.map(lambda a: (a - mean) / spread).batch(10)
    _same(_joined(mapped, 10), _alone(mapped))
    assert any(calls)


def test_single_batches_and_small_ones_stay_in_numpy(
    monkeypatch: pytest.MonkeyPatch, calls: list[bool]
) -> None:
    """Loops never ask; without the compiler, or with little to do, nobody answers."""
    dataset = tf.data.Dataset.from_tensor_slices(_B).map(lambda a: a / 255).batch(10)
    list(dataset)
    list(dataset.as_numpy_iterator())
    list(dataset.unbatch())
    assert not calls
    monkeypatch.setattr(native_maps, "_ENOUGH", 1 << 18)
    _joined(dataset, 10)
    assert calls and not any(calls)
    monkeypatch.setattr(native_maps, "_ENOUGH", 0)
    monkeypatch.delitem(context._services, "native.steps")
    calls.clear()
    _joined(dataset, 10)
    assert calls and not any(calls)


def test_training_is_the_same_with_and_without(
    monkeypatch: pytest.MonkeyPatch, calls: list[bool]
) -> None:
    """`fit` on a mapped pipeline ends at the same weights either way."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 255, (400, 20), np.uint8)
    y = rng.integers(0, 3, 400)

    def trained() -> list[Any]:
        tf.keras.utils.set_random_seed(3)
        model = tf.keras.Sequential(
            [tf.keras.layers.Dense(8, "relu"), tf.keras.layers.Dense(3)]
        )
        loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss)
        dataset = tf.data.Dataset.from_tensor_slices((x, y))
        dataset = dataset.map(lambda a, b: (tf.cast(a, tf.float32) / 255, b))
        model.fit(dataset.shuffle(400, seed=1).batch(16), epochs=3, verbose=0)
        return model.get_weights()

    with_it = trained()
    assert any(calls)
    monkeypatch.setattr(NativeMap, "__call__", lambda self, part, held: None)
    _same(with_it, trained())
