"""What helps where inputs lack an axis: advice for the layers of beginners' mistakes.

In: the layer's class by name, the shape that came and the rank that was wanted. Out: a
sentence for the end of the error. `input_spec` calls it.
"""

from __future__ import annotations

from typing import Final

from rillet.keras.call_context import calls

Dims = tuple[int | None, ...]

#: Layers that run over time.
_OVER_TIME: Final = ("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional")
#: Words in the names of layers that work on axes of space.
_IN_SPACE: Final = ("Conv", "Pooling", "Padding", "Cropping", "UpSampling", "Locally")
#: The axes that such layers take, by their number.
_AXES: Final = {
    3: ("steps, channels", "Sequences", "sequence"),
    4: ("height, width, channels", "Pictures", "picture"),
    5: ("depth, height, width, channels", "Volumes", "volume"),
}

_SINGLES: Final = (
    " The dataset gives single examples: put them into batches with dataset.batch(32)."
)
_EXAMPLE: Final = (
    " A layer takes a batch, one row for each example: give a single example as"
    " x[tf.newaxis]."
)


def missing_axis(kind: str, dims: Dims, wanted: int) -> str:
    """What helps where a layer wants another rank.

    Args:
        kind: the layer's class.
        dims: the input's shape.
        wanted: the rank, or the least one.

    Returns:
        A sentence after a blank, or nothing.
    """
    if calls.singles:
        return _SINGLES
    if kind in _OVER_TIME and wanted == 3 and len(dims) == 2:
        return (
            f" {kind} takes sequences, of shape (batch, steps, features). After a"
            " recurrent layer, that one needs return_sequences=True. Where each step is"
            " one number, give x[..., tf.newaxis]."
        )
    if len(dims) != wanted - 1:
        return ""
    if wanted in _AXES and any(word in kind for word in _IN_SPACE):
        axes, many, one = _AXES[wanted]
        return (
            f" {kind} takes (batch, {axes}). {many} of one channel need that axis:"
            f" x[..., tf.newaxis]; a single {one} that of the batch: x[tf.newaxis]."
        )
    if calls.free_batch and len(dims) == 1:
        return (
            " Where each example is one number, give x of shape"
            f" {(dims[0], 1)}: np.array(x)[:, np.newaxis]. Give a single example as"
            " x[tf.newaxis]."
        )
    return _EXAMPLE


def another_size(dims: Dims, wanted: Dims) -> str:
    """What helps where a model wants another shape.

    Args:
        dims: the input's shape.
        wanted: the shape asked for.

    Returns:
        A sentence after a blank, or nothing.
    """
    if calls.singles:
        return _SINGLES
    inner = zip(dims, wanted[1:], strict=False)
    if len(dims) == len(wanted) - 1 and all(b in (a, None) for a, b in inner):
        return _EXAMPLE
    return ""
