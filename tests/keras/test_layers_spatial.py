"""Convolutions, pools and their kin give tf.keras's numbers, gradients and shapes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"
layers = tf.keras.layers


def load() -> Any:
    where = FOLDER / "spatial_rows.py"
    spec = importlib.util.spec_from_file_location("spatial_rows", where)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SPATIAL = load()
ROWS = {
    (family, name): row
    for family, rows in SPATIAL.FAMILIES.items()
    for name, row in rows.items()
}
GOLDEN: dict[tuple[str, str], list[Any]] = {}
for _family in SPATIAL.FAMILIES:
    with np.load(FOLDER / f"spatial_{_family}.npz") as _file:
        for _key in _file:
            _name = _key.rpartition("/")[0]
            GOLDEN.setdefault((_family, _name), []).append(_file[_key])
IDS = [name for _, name in ROWS]


def made(row: Any, **more: Any) -> Any:
    kind, arguments, _ = row
    arguments = dict(arguments)
    if arguments.get("data_format") == "NC":
        arguments["data_format"] = "channels_first"
    return getattr(layers, kind)(**arguments, **more)


def test_every_row_has_an_answer() -> None:
    assert set(ROWS) == set(GOLDEN)


@pytest.mark.parametrize("key", ROWS, ids=IDS)
def test_outputs_and_gradients(key: Any) -> None:
    name = key[1]
    x = SPATIAL.numbers(name, *ROWS[key][2])
    found = SPATIAL.answers(tf, name, made(ROWS[key]), x)
    for value, wanted in zip(found, GOLDEN[key], strict=True):
        assert value.dtype == wanted.dtype and value.shape == wanted.shape
        # Sums of up to some hundred float32 products in another order.
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("key", ROWS, ids=IDS)
def test_shape_is_told_without_data(key: Any) -> None:
    shape = ROWS[key][2]
    wanted = GOLDEN[key][0].shape
    layer = made(ROWS[key])
    assert tuple(layer.compute_output_shape(shape)) == wanted
    freed = layer.compute_output_shape((None, *shape[1:]))
    assert tuple(freed) == (None, *wanted[1:])
    first = ROWS[key][1].get("data_format") in ("NC", "channels_first")
    space = slice(2, None) if first else slice(-len(shape) + 1, -1)
    if len(shape) == layer.rank + 2 and len(wanted) == len(shape):
        dims = list(shape)
        dims[space] = [None] * len(dims[space])
        blurred = tuple(layer.compute_output_shape(dims))
        assert all(d in (None, w) for d, w in zip(blurred, wanted, strict=True))


@pytest.mark.parametrize("key", ROWS, ids=IDS)
def test_configuration_makes_an_equal_layer(key: Any) -> None:
    layer = made(ROWS[key], name="here")
    x = SPATIAL.numbers(key[1], *ROWS[key][2])
    y = layer(x)
    twin = layers.deserialize(layers.serialize(layer))
    assert type(twin) is type(layer) and twin.get_config() == layer.get_config()
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())
    assert [w.name for w in twin.weights] == [
        w.name.removeprefix("here/") for w in layer.weights
    ]
    np.testing.assert_array_equal(twin(x).numpy(), y.numpy())


@pytest.mark.parametrize("key", ROWS, ids=IDS)
def test_half_precision(key: Any) -> None:
    layer = made(ROWS[key], dtype="mixed_bfloat16")
    x = SPATIAL.numbers(key[1], *ROWS[key][2])
    # Interpolation gives float32, as in tf.keras.
    smooth = getattr(layer, "interpolation", "nearest") != "nearest"
    assert layer(x).dtype == (tf.float32 if smooth else tf.bfloat16)
    assert all(w.dtype == tf.float32 for w in layer.weights)


#: What is done, the error's class, a part of its text.
REFUSED = {
    "filters, groups": (
        lambda: layers.Conv2D(3, 3, groups=2),
        ValueError,
        "evenly divisible by the number of groups.*groups=2, filters=3",
    ),
    "channels, groups": (
        lambda: layers.Conv2D(4, 3, groups=2)(tf.zeros([1, 5, 5, 3])),
        ValueError,
        "number of input channels must be evenly divisible.*has 3 channels",
    ),
    "no filters": (
        lambda: layers.Conv2D(0, 3),
        ValueError,
        "`filters`. Expected a strictly positive value.*filters=0",
    ),
    "filters, text": (lambda: layers.Conv2D("a", 3), TypeError, "filters='a'"),
    "kernel of 0": (
        lambda: layers.Conv2D(2, 0),
        ValueError,
        "Conv2D: The `kernel_size` argument must be a tuple of 2 integers.*size=0",
    ),
    "kernel of 3 numbers": (
        lambda: layers.Conv2D(2, (3, 3, 3)),
        ValueError,
        r"`kernel_size` argument must be a tuple of 2 integers.*\(3, 3, 3\)",
    ),
    "stride of 0": (
        lambda: layers.Conv1D(2, 3, strides=0),
        ValueError,
        "Conv1D: The `strides` argument must be an integer, each 1 or more",
    ),
    "strides and dilation": (
        lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2),
        ValueError,
        "`strides > 1` not supported in conjunction with `dilation_rate > 1`",
    ),
    "causal": (
        lambda: layers.Conv2D(2, 3, padding="causal"),
        ValueError,
        "Causal padding is only supported for `Conv1D`",
    ),
    "padding": (
        lambda: layers.Conv2D(2, 3, padding="full"),
        ValueError,
        '`padding` argument must be one of "valid", "same".*\'full\'',
    ),
    "layout": (
        lambda: layers.Conv2D(2, 3, data_format="NHWC"),
        ValueError,
        'must be one of "channels_first", "channels_last".*NHWC',
    ),
    "image without batch": (
        lambda: layers.Conv2D(2, 3)(tf.zeros([5, 6, 4])),
        ValueError,
        "expected min_ndim=4, found ndim=3",
    ),
    "other channels": (
        lambda: [
            layer(tf.zeros([1, 5, 5, n]))
            for layer in [layers.Conv2D(2, 3)]
            for n in (3, 4)
        ],
        ValueError,
        "expected axis -1 of input shape to have value 3",
    ),
    "unknown channels": (
        lambda: layers.Conv2D(2, 3).build((None, 4, 4, None)),
        ValueError,
        "The channel dimension of the inputs should be defined",
    ),
    "small image": (
        lambda: layers.Conv2D(2, 9)(tf.zeros([2, 5, 6, 4])),
        ValueError,
        "One of the dimensions in the output is <= 0 due to downsampling",
    ),
    "integers": (
        lambda: layers.Conv2D(2, 3)(tf.zeros([1, 5, 6, 4], tf.int32)),
        tf.errors.InvalidArgumentError,
        "int32",
    ),
    "output padding": (
        lambda: layers.Conv2DTranspose(2, 3, output_padding=1),
        ValueError,
        "Strides must be greater than output padding",
    ),
    "transposed, rank": (
        lambda: layers.Conv2DTranspose(2, 3)(tf.zeros([1, 2, 3, 4, 5])),
        ValueError,
        "Inputs should have rank 4",
    ),
    "depthwise, rank": (
        lambda: layers.DepthwiseConv2D(2)(tf.zeros([1, 2, 3, 4, 5])),
        ValueError,
        "Inputs to `DepthwiseConv` should have rank 4",
    ),
    "multiplier": (
        lambda: layers.SeparableConv2D(2, 2, depth_multiplier=0),
        ValueError,
        "`depth_multiplier` must be a positive integer",
    ),
    "pool of 0": (
        lambda: layers.MaxPooling2D(0),
        ValueError,
        "MaxPooling2D: The `pool_size` argument must be a tuple of 2 integers",
    ),
    "pool, text": (lambda: layers.MaxPool2D("a"), ValueError, "pool_size='a'"),
    "pool, causal": (
        lambda: layers.AveragePooling1D(2, padding="causal"),
        ValueError,
        "Causal padding is only supported for `Conv1D`",
    ),
    "pool, rank": (
        lambda: layers.MaxPooling2D()(tf.zeros([2, 3])),
        ValueError,
        "expected ndim=4, found ndim=2",
    ),
    "mean of integers": (
        lambda: layers.AveragePooling2D()(tf.zeros([1, 4, 4, 1], tf.int32)),
        tf.errors.InvalidArgumentError,
        "int32",
    ),
    "global, layout": (
        lambda: layers.GlobalAveragePooling1D("last"),
        ValueError,
        'must be one of "channels_first", "channels_last"',
    ),
    "zeros, 3 for 2 axes": (
        lambda: layers.ZeroPadding2D((1, 2, 3)),
        ValueError,
        r"`padding` should be one number, or have 2 elements.*\(1, 2, 3\)",
    ),
    "zeros, 3 for a pair": (
        lambda: layers.ZeroPadding1D((1, 2, 3)),
        ValueError,
        "`padding` argument must be a tuple of 2 integers",
    ),
    "zeros, negative": (
        lambda: layers.ZeroPadding2D(-1),
        ValueError,
        "each 0 or more.*padding=-1",
    ),
    "crop, pair of one": (
        lambda: layers.Cropping2D(((0, 0), (1,))),
        ValueError,
        "`entry 2 of cropping` argument must be a tuple of 2 integers",
    ),
    "crop, nothing left": (
        lambda: layers.Cropping2D(4)(tf.zeros([2, 5, 6, 4])),
        ValueError,
        "the input shape must be greater than what `cropping` takes away",
    ),
    "local, same": (
        lambda: layers.LocallyConnected2D(2, 3, padding="same"),
        ValueError,
        'only "valid" is supported if implementation is 1',
    ),
    "local, implementation": (
        lambda: layers.LocallyConnected1D(2, 3, implementation=4),
        ValueError,
        "Unrecognized implementation mode.*implementation=4",
    ),
    "local, unknown size": (
        lambda: layers.LocallyConnected2D(2, 3).build((None, None, 4, 3)),
        ValueError,
        "should be fully-defined",
    ),
    "local, small": (
        lambda: layers.LocallyConnected1D(2, 9)(tf.zeros([1, 4, 2])),
        ValueError,
        "One of the dimensions in the output is <= 0",
    ),
    "up, 0": (
        lambda: layers.UpSampling2D(0),
        ValueError,
        "`size` argument must be a tuple of 2 integers, each 1 or more",
    ),
    "up, interpolation": (
        lambda: layers.UpSampling2D(2, interpolation="linear"),
        NotImplementedError,
        "Value not recognized for `interpolation`.*Supported values are bilinear",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    run, kind, text = REFUSED[name]
    with pytest.raises(kind, match=f"(?s){text}"):
        run()


def test_masked_steps_do_not_count_in_means() -> None:
    x = np.arange(24.0, dtype="float32").reshape(2, 4, 3)
    mask = np.array([[True, False, True, False]] * 2)
    layer = layers.GlobalAveragePooling1D()
    np.testing.assert_array_equal(
        layer(x, mask=tf.constant(mask)).numpy(), x[:, [0, 2]].mean(1)
    )
    masked = layers.Masking()(np.where(mask[..., None], x + 1, 0).astype("float32"))
    found = layer(masked)
    np.testing.assert_array_equal(found.numpy(), x[:, [0, 2]].mean(1) + 1)
    assert getattr(found, "_keras_mask", None) is None
    first = layers.GlobalAveragePooling1D("channels_first", keepdims=True)
    wanted = x[:, :, [0, 2]].mean(2, keepdims=True)
    steps = tf.constant(np.array([[True, False, True]] * 2))
    np.testing.assert_array_equal(first(x, mask=steps).numpy(), wanted)


def test_a_mask_ends_at_layers_that_do_not_know_of_it() -> None:
    masked = layers.Masking()(tf.ones([2, 4, 3]))
    for layer in (layers.Conv1D(2, 2), layers.MaxPooling1D(2)):
        assert getattr(layer(masked), "_keras_mask", None) is None


def test_other_names_are_the_same_classes() -> None:
    for other, own in {
        "Convolution1D": "Conv1D",
        "Convolution3DTranspose": "Conv3DTranspose",
        "SeparableConvolution2D": "SeparableConv2D",
        "MaxPool3D": "MaxPooling3D",
        "AvgPool1D": "AveragePooling1D",
        "GlobalMaxPool2D": "GlobalMaxPooling2D",
        "GlobalAvgPool1D": "GlobalAveragePooling1D",
    }.items():
        assert getattr(layers, other) is getattr(layers, own)
        assert layers.deserialize(
            {
                "class_name": other,
                "config": {"filters": 1, "kernel_size": 2} if "Conv" in other else {},
            }
        )


def test_subclasses_may_change_the_kernel() -> None:
    class Centred(layers.Conv2D):
        def convolution_op(self, inputs: Any, kernel: Any) -> Any:
            mean = tf.reduce_mean(kernel, [0, 1, 2], keepdims=True)
            return super().convolution_op(inputs, kernel - mean)

    layer = Centred(3, 2, bias_initializer="ones")
    # A kernel whose mean is 0 sees nothing in an even image.
    found = layer(tf.ones([1, 4, 4, 2])).numpy()
    np.testing.assert_allclose(found, np.ones((1, 3, 3, 3)), atol=1e-6)
    line = layers.Conv1D(2, 2)
    x = tf.constant(SPATIAL.numbers("line", 1, 5, 3))
    alone = line(x)
    np.testing.assert_array_equal(line.convolution_op(x, line.kernel), alone)
