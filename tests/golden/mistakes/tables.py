"""All rows: those that real TensorFlow is asked about; those of impossible sizes."""

from . import layers, models, names, preparing, shapes, sizes, training, values

CHECKED = [
    *values.ROWS,
    *shapes.ROWS,
    *names.ROWS,
    *layers.ROWS,
    *training.ROWS,
    *preparing.ROWS,
    *models.ROWS,
]
SIZES = sizes.ROWS
