"""`tf.keras.preprocessing.text`: texts into lists of numbers."""

from rillet.keras.words import Tokenizer as Tokenizer
from rillet.keras.words import hashing_trick as hashing_trick
from rillet.keras.words import one_hot as one_hot
from rillet.keras.words import text_to_word_sequence as text_to_word_sequence
from rillet.keras.words import tokenizer_from_json as tokenizer_from_json
