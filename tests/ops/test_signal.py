"""`tf.signal` and `tf.audio`: inverses, graphs of unknown sizes, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf


def _signal(*shape: int) -> Any:
    return tf.constant(np.random.default_rng(0).normal(size=shape), tf.float64)


def test_stft_comes_back() -> None:
    x = _signal(2, 200)
    spectrum = tf.signal.stft(x, 32, 8)
    back = tf.signal.inverse_stft(
        spectrum, 32, 8, window_fn=tf.signal.inverse_stft_window_fn(8)
    )
    inner = slice(32, 160)
    np.testing.assert_allclose(back.numpy()[:, inner], x.numpy()[:, inner], atol=1e-12)


@pytest.mark.parametrize("norm", [None, "ortho"])
def test_mdct_comes_back(norm: str | None) -> None:
    x = _signal(160)
    back = tf.signal.inverse_mdct(tf.signal.mdct(x, 16, norm=norm), norm=norm)
    inner = slice(8, 152)
    np.testing.assert_allclose(back.numpy()[inner], x.numpy()[inner], atol=1e-12)


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_orthogonal_cosine_transforms_come_back(kind: int) -> None:
    x = _signal(3, 9)
    back = tf.signal.idct(tf.signal.dct(x, kind, norm="ortho"), kind, norm="ortho")
    np.testing.assert_allclose(back.numpy(), x.numpy(), atol=1e-12)


@pytest.mark.parametrize("length", [[3, 3], [7, 4], [4, 9]])
def test_gradients_where_sizes_change(length: list[int]) -> None:
    """Against central differences, which are exact for a linear function."""
    x = _signal(5, 6)
    along = _signal(5, 6) * 0.5 + 1.0

    def loss(v: Any) -> Any:
        y = tf.signal.rfft2d(v, length)
        w = tf.cast(tf.range(tf.size(y)), tf.float64)
        w = tf.reshape(tf.cos(w), y.shape)
        return tf.reduce_sum(w * tf.math.real(y) + w * w * tf.math.imag(y))

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    slope = tf.reduce_sum(tape.gradient(value, x) * along)
    want = (loss(x + along) - loss(x - along)) / 2
    np.testing.assert_allclose(float(slope), float(want), rtol=1e-10)


@pytest.mark.parametrize("compiled", [None, False])
def test_sizes_that_only_the_run_knows(compiled: bool | None) -> None:
    spec = [tf.TensorSpec([None, None], tf.float32)]

    @tf.function(input_signature=spec, jit_compile=compiled)
    def features(x: Any) -> Any:
        spectrum = tf.abs(tf.signal.stft(x, 16, 8))
        mel = tf.signal.linear_to_mel_weight_matrix(5, 9, 16000, 80.0, 7600.0)
        power = tf.tensordot(spectrum, mel, 1)
        found = tf.signal.mfccs_from_log_mel_spectrograms(tf.math.log(power + 1e-6))
        back = tf.signal.overlap_and_add(tf.signal.frame(x, 6, 4), 4)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.abs(tf.signal.rfft(x)))
        return found, back, tf.signal.fftshift(x), tape.gradient(loss, x)

    def eager(x: Any) -> Any:
        return features.python_function(x)

    for shape in ((2, 40), (1, 61)):
        x = tf.cast(_signal(*shape), tf.float32)
        for have, want in zip(features(x), eager(x), strict=True):
            np.testing.assert_allclose(have.numpy(), want.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tf.signal.dct([1.0], 1), ValueError, "more than one element"),
        (lambda: tf.signal.dct([1.0, 2.0], 5), ValueError, "are supported"),
        (lambda: tf.signal.dct([1.0], axis=0), NotImplementedError, "axis must be -1"),
        (lambda: tf.signal.dct([1.0, 2.0], norm="x"), ValueError, "normalization"),
        (lambda: tf.signal.idct([1.0, 2.0], n=2), ValueError, "must be None"),
        (lambda: tf.signal.mdct(tf.zeros([9]), 6), ValueError, "multiple of 4"),
        (lambda: tf.signal.frame(1.0, 2, 2), ValueError, "rank >= 1"),
        (lambda: tf.signal.overlap_and_add([1.0], 2), ValueError, "rank >= 2"),
        (
            lambda: tf.signal.linear_to_mel_weight_matrix(upper_edge_hertz=9000.0),
            ValueError,
            "Nyquist",
        ),
        (
            lambda: tf.signal.linear_to_mel_weight_matrix(lower_edge_hertz=9000.0),
            ValueError,
            "must lie below",
        ),
        (
            lambda: tf.signal.hann_window(4, dtype=tf.int32),
            ValueError,
            "floating point",
        ),
        (
            lambda: tf.signal.fft3d(tf.zeros([2, 2], tf.complex64)),
            tf.errors.InvalidArgumentError,
            "rank of at least 3",
        ),
        (
            lambda: tf.signal.rfft([1.0], [1, 2]),
            tf.errors.InvalidArgumentError,
            "must have shape",
        ),
        (
            lambda: tf.audio.decode_wav(b"RIFFxxxxWAVE"),
            tf.errors.InvalidArgumentError,
            "No data chunk",
        ),
        (
            lambda: tf.audio.decode_wav(b"nothing"),
            tf.errors.InvalidArgumentError,
            "Header mismatch",
        ),
        (
            lambda: tf.audio.encode_wav([1.0], 8000),
            tf.errors.InvalidArgumentError,
            "2-dimensional",
        ),
    ],
)
def test_refused(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
