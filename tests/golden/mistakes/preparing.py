"""Mistakes with layers that learn words and numbers before training."""

from .mistake import KERAS_PRELUDE, PRELUDE, rows

_TABLE = r"Table not initialized: the layer has no vocabulary yet\. Call adapt"
_SIZE = r"the vocabulary size must be known before calling the layer: .*Call adapt"
_WORDS = "words = tf.constant([['a'], ['b']])\n"

_PREPARING = (
    ("texts without words", "layers.TextVectorization()(['a b'])", _TABLE),
    ("words without words", "layers.StringLookup()(['a'])", _TABLE),
    ("numbers without words", "layers.IntegerLookup()([1])", _TABLE),
    ("back to no words", "layers.StringLookup(invert=True)([1])", _TABLE),
    (
        "no words, and no place for others",
        "layers.StringLookup(num_oov_indices=0)(['a'])",
        _TABLE,
    ),
    (
        "counts of no words, padded",
        "how = {'output_mode': 'count', 'pad_to_max_tokens': True}\n"
        "layers.TextVectorization(5, **how)(['a'])",
        _TABLE,
    ),
    (
        "counts of no words",
        "layers.TextVectorization(output_mode='tf_idf')(['a b'])",
        "TextVectorization: .*" + _SIZE,
    ),
    (
        "one-hot rows of no words",
        "layers.StringLookup(output_mode='one_hot')(['a'])",
        _SIZE,
    ),
    (
        "rows of no numbers",
        "layers.IntegerLookup(max_tokens=4, output_mode='multi_hot')([1])",
        _SIZE,
    ),
    (
        "a placeholder's rows of no words",
        "given = keras.Input([1], dtype='string')\n"
        "layers.StringLookup(output_mode='multi_hot')(given)",
        _SIZE,
    ),
    (
        "no words in a function",
        "f = tf.function(layers.StringLookup())\nf(tf.constant(['a']))",
        _TABLE,
    ),
    (
        "no words in a pipeline",
        _WORDS + "data = tf.data.Dataset.from_tensor_slices(words)\n"
        "list(data.map(layers.StringLookup()))",
        _TABLE,
    ),
    (
        "no words in predict",
        "m = keras.Sequential([layers.InputLayer([1], dtype='string')])\n"
        "m.add(layers.TextVectorization())\n"
        "m.predict(np.array([['a b']]), verbose=0)",
        _TABLE,
    ),
    (
        "an empty vocabulary",
        "layers.StringLookup(vocabulary=[])",
        "Cannot set an empty vocabulary",
    ),
    (
        "an empty vocabulary later",
        "layers.TextVectorization().set_vocabulary([])",
        "Cannot set an empty vocabulary",
    ),
    (
        "adapt to nothing",
        "data = tf.data.Dataset.range(0).batch(2)\nlayers.IntegerLookup().adapt(data)",
        "Expected input data to be non-empty",
    ),
)

ROWS = rows(_PREPARING, PRELUDE + KERAS_PRELUDE)
