"""`tf.keras.preprocessing.sequence`: lists of numbers of different lengths."""

from rillet.keras.arrays import pad_sequences as pad_sequences
from rillet.keras.windows import TimeseriesGenerator as TimeseriesGenerator
from rillet.keras.windows import make_sampling_table as make_sampling_table
from rillet.keras.windows import skipgrams as skipgrams
