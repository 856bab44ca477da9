"""Rows of `ops.fourier` and its kin, and of `ops.wav`."""

import struct

import numpy as np

from cases import Case, floats


def pair(tf, x, y):
    """Complex numbers from their parts, so that gradients are of real numbers."""
    return tf.complex(x, y)


def wav_file():
    """A file of 16 bits and two channels, with a chunk that nobody needs."""
    samples = np.array([[0, 100], [-32768, 32767], [5, -7]], "<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 2, 8000, 32000, 4, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form
    chunks += b"LIST" + struct.pack("<I", 4) + b"INFO"
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    out = np.empty((), object)
    out[()] = b"RIFF" + struct.pack("<I", len(chunks)) + chunks
    return out


def transform(name, length=None):
    """A call of one transform; of complex numbers, it makes them of their parts."""

    def call(tf, x, *rest):
        whole = pair(tf, x, *rest) if rest else x
        function = getattr(tf.signal, name)
        return function(whole) if length is None else function(whole, length)

    return call


def complex_rows():
    """A row for each transform of complex numbers."""
    for tail in ("", "2d", "3d"):
        for name in (f"fft{tail}", f"ifft{tail}"):
            inputs = (floats(2, 3, 4, 5), floats(2, 3, 4, 5, seed=1))
            call = transform(name)
            yield Case(name.upper(), call, inputs, rtol=1e-4, atol=1e-5)


REAL = (("", None), ("even", (4, 6, 8)), ("odd", (5, 5, 7)), ("cut", (2, 3, 3)))
#: TensorFlow differentiates inverse transforms only where nothing is cut off.
INVERSE = (("", None), ("even", (3, 4, 8)), ("odd", (3, 4, 9)), ("more", (5, 6, 13)))


def real_rows():
    """Rows for each transform of real numbers: as it is, cut, and filled."""
    for rank, tail in ((1, ""), (2, "2d"), (3, "3d")):
        for label, sizes in REAL:
            name = f"rfft{tail}"
            call = transform(name, sizes and list(sizes[-rank:]))
            inputs = (floats(2, 3, 4, 5),)
            # Where it cuts, TensorFlow's gradient fails: `ops/test_signal.py` has ours.
            grad = () if label == "cut" else None
            yield Case(name.upper(), call, inputs, label, grad, rtol=1e-4, atol=1e-5)
        for label, sizes in INVERSE:
            name = f"irfft{tail}"
            call = transform(name, sizes and list(sizes[-rank:]))
            inputs = (floats(2, 3, 4, 5), floats(2, 3, 4, 5, seed=1))
            yield Case(name.upper(), call, inputs, label, rtol=1e-4, atol=1e-5)


def further(name, call, *inputs, **more):
    """A row of a function made of ops."""
    settings = {"rtol": 1e-4, "atol": 1e-4, "order": 1, **more}
    op = settings.pop("op", "RFFT")
    return Case(op, call, inputs, name=name, **settings)


CASES = (
    *complex_rows(),
    *real_rows(),
    further("stft", lambda tf, x: tf.signal.stft(x, 16, 5), floats(2, 50)),
    further(
        "stft_pad",
        lambda tf, x: tf.signal.stft(
            x, 12, 5, 20, tf.signal.hamming_window, pad_end=True
        ),
        floats(50),
    ),
    further(
        "inverse_stft",
        lambda tf, x, y: tf.signal.inverse_stft(
            pair(tf, x, y), 15, 4, window_fn=tf.signal.inverse_stft_window_fn(4)
        ),
        floats(2, 6, 9),
        floats(2, 6, 9, seed=1),
        op="IRFFT",
    ),
    further(
        "inverse_stft_short",
        lambda tf, x, y: tf.signal.inverse_stft(pair(tf, x, y), 10, 4, 8, None),
        floats(6, 5),
        floats(6, 5, seed=1),
        op="IRFFT",
    ),
    *(
        further(
            f"dct{kind}{norm or ''}{n or ''}",
            lambda tf, x, kind=kind, norm=norm, n=n: tf.signal.dct(
                x, type=kind, n=n, norm=norm
            ),
            floats(2, 6),
            op="IRFFT" if kind == 3 else "RFFT",
        )
        for kind, norm, n in (
            (1, None, None),
            (2, None, None),
            (2, "ortho", None),
            (2, None, 4),
            (2, None, 9),
            (3, None, None),
            (3, "ortho", None),
            (4, None, None),
            (4, "ortho", 7),
        )
    ),
    *(
        further(
            f"idct{kind}{norm or ''}",
            lambda tf, x, kind=kind, norm=norm: tf.signal.idct(x, kind, norm=norm),
            floats(2, 6),
            op="IRFFT" if kind == 2 else "RFFT",
        )
        for kind, norm in ((1, None), (2, "ortho"), (3, None), (4, "ortho"))
    ),
    further("mdct", lambda tf, x: tf.signal.mdct(x, 16), floats(2, 60)),
    further(
        "mdct_kaiser",
        lambda tf, x: tf.signal.mdct(
            x, 16, tf.signal.kaiser_bessel_derived_window, True, "ortho"
        ),
        floats(60),
    ),
    further("mdct_plain", lambda tf, x: tf.signal.mdct(x, 8, None), floats(2, 24)),
    further("inverse_mdct", lambda tf, x: tf.signal.inverse_mdct(x), floats(5, 8)),
    further(
        "inverse_mdct_ortho",
        lambda tf, x: tf.signal.inverse_mdct(x, None, norm="ortho"),
        floats(2, 5, 8),
    ),
    further(
        "mfcc",
        lambda tf, x: tf.signal.mfccs_from_log_mel_spectrograms(x),
        floats(3, 10),
    ),
    further(
        "frame",
        lambda tf, x: tf.signal.frame(x, 4, 3, pad_end=True, pad_value=2.5, axis=1),
        floats(2, 11, 2),
        op="GatherV2",
    ),
    further(
        "overlap_and_add",
        lambda tf, x: tf.signal.overlap_and_add(x, 3),
        floats(2, 4, 7),
        op="AddV2",
    ),
    further(
        "mel",
        lambda tf, x: tf.matmul(
            x, tf.signal.linear_to_mel_weight_matrix(8, 33, 16000, 80.0, 7600.0)
        ),
        floats(2, 33),
        op="Maximum",
        order=0,
    ),
    further(
        "windows",
        lambda tf, x: [
            x * tf.signal.hann_window(7),
            x * tf.signal.hamming_window(7, periodic=False),
            x * tf.signal.vorbis_window(7),
            x * tf.signal.kaiser_window(7, 5.0),
            tf.signal.kaiser_bessel_derived_window(8),
            tf.signal.hann_window(8, dtype=tf.float64),
            tf.signal.hann_window(1),
            tf.signal.kaiser_window(1),
        ],
        floats(7),
        op="Cos",
        order=0,
    ),
    further(
        "shifts",
        lambda tf, x: [
            tf.signal.fftshift(x),
            tf.signal.ifftshift(x, [1]),
            tf.signal.fftshift(x, -1),
        ],
        floats(3, 4, 5),
        op="Roll",
    ),
    Case("DecodeWav", lambda tf, x: tf.audio.decode_wav(x), (wav_file(),), order=0),
    Case(
        "DecodeWav",
        lambda tf, x: tf.audio.decode_wav(x, desired_channels=1, desired_samples=5),
        (wav_file(),),
        name="sized",
        order=0,
    ),
    Case(
        "EncodeWav",
        lambda tf, x: tf.audio.encode_wav(x, 44100),
        (floats(9, 2, low=-1.3, high=1.3),),
        grad=(),
        order=0,
    ),
)
