"""All rows: those that real TensorFlow is asked about; those of impossible sizes."""

from . import layers, names, preparing, shapes, sizes, training, values

CHECKED = [
    *values.ROWS,
    *shapes.ROWS,
    *names.ROWS,
    *layers.ROWS,
    *training.ROWS,
    *preparing.ROWS,
]
SIZES = sizes.ROWS
