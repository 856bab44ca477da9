"""`tf.signal`: signals in frames, windows, frequencies."""

from rillet.ops.cosine_transforms import dct as dct
from rillet.ops.cosine_transforms import idct as idct
from rillet.ops.fourier import fft as fft
from rillet.ops.fourier import fft2d as fft2d
from rillet.ops.fourier import fft3d as fft3d
from rillet.ops.fourier import fftshift as fftshift
from rillet.ops.fourier import ifft as ifft
from rillet.ops.fourier import ifft2d as ifft2d
from rillet.ops.fourier import ifft3d as ifft3d
from rillet.ops.fourier import ifftshift as ifftshift
from rillet.ops.fourier import irfft as irfft
from rillet.ops.fourier import irfft2d as irfft2d
from rillet.ops.fourier import irfft3d as irfft3d
from rillet.ops.fourier import rfft as rfft
from rillet.ops.fourier import rfft2d as rfft2d
from rillet.ops.fourier import rfft3d as rfft3d
from rillet.ops.framing import frame as frame
from rillet.ops.framing import overlap_and_add as overlap_and_add
from rillet.ops.mel import linear_to_mel_weight_matrix as linear_to_mel_weight_matrix
from rillet.ops.mel import (
    mfccs_from_log_mel_spectrograms as mfccs_from_log_mel_spectrograms,
)
from rillet.ops.signal_windows import hamming_window as hamming_window
from rillet.ops.signal_windows import hann_window as hann_window
from rillet.ops.signal_windows import (
    kaiser_bessel_derived_window as kaiser_bessel_derived_window,
)
from rillet.ops.signal_windows import kaiser_window as kaiser_window
from rillet.ops.signal_windows import vorbis_window as vorbis_window
from rillet.ops.spectrograms import inverse_mdct as inverse_mdct
from rillet.ops.spectrograms import inverse_stft as inverse_stft
from rillet.ops.spectrograms import inverse_stft_window_fn as inverse_stft_window_fn
from rillet.ops.spectrograms import mdct as mdct
from rillet.ops.spectrograms import stft as stft
