"""`tf.lookup`: tables that map keys to values."""

from rillet.lookup import experimental as experimental
from rillet.ops.lookup.initializers import (
    KeyValueTensorInitializer as KeyValueTensorInitializer,
)
from rillet.ops.lookup.initializers import TextFileIndex as TextFileIndex
from rillet.ops.lookup.initializers import TextFileInitializer as TextFileInitializer
from rillet.ops.lookup.tables import StaticHashTable as StaticHashTable
from rillet.ops.lookup.tables import StaticVocabularyTable as StaticVocabularyTable
