"""Mistakes of those who build models and feed them: axes, datasets, losses, files."""

from .mistake import KERAS_PRELUDE, PRELUDE, rows

_PICTURES = "pictures = np.ones([8, 28, 28], 'float32')\n"
_DATA = "data = tf.data.Dataset.from_tensor_slices((x, y))\n"
_PARENT = "import tempfile, os\nfolder = tempfile.mkdtemp()\n"
_RAGGED = "r = tf.ragged.constant([[[1., 2.]], [[3., 4.], [5., 6.]]], ragged_rank=1)\n"
_SEQUENCE = "LSTM takes sequences, .*return_sequences=True"

_AXES = (
    (
        "a recurrent layer after the last state",
        "keras.Sequential([layers.LSTM(4, input_shape=(5, 3)), layers.LSTM(2)])",
        _SEQUENCE,
    ),
    (
        "the same, found when called",
        "sequences = np.ones([2, 5, 3], 'float32')\n"
        "keras.Sequential([layers.LSTM(4), layers.LSTM(2)])(sequences)",
        _SEQUENCE,
    ),
    (
        "the same among placeholders",
        "h = layers.LSTM(4)(keras.Input((5, 3)))\nlayers.GRU(2)(h)",
        "GRU takes sequences",
    ),
    ("a table into a recurrent layer", "layers.LSTM(2)(x)", r"x\[\.\.\., tf\.newaxis"),
    (
        "pictures without channels",
        _PICTURES + "layers.Conv2D(4, 3)(pictures)",
        r"\(batch, height, width, channels\).*x\[\.\.\., tf\.newaxis\]",
    ),
    (
        "pictures without channels, announced",
        "keras.Sequential([layers.Conv2D(2, 3, input_shape=(28, 28))])",
        "Pictures of one channel need that axis",
    ),
    (
        "convolution after Dense",
        "keras.Sequential([layers.Dense(4, input_shape=(5,)), layers.Conv1D(2, 2)])",
        r"Conv1D takes \(batch, steps, channels\)",
    ),
    (
        "one picture into a model",
        "m = keras.Sequential([layers.Conv2D(2, 3, input_shape=(28, 28, 3))])\n"
        "m(np.ones([28, 28, 3], 'float32'))",
        r"give a single example as x\[tf\.newaxis\]",
    ),
    (
        "coloured pictures into a grey model",
        "m = keras.Sequential([layers.Conv2D(2, 3, input_shape=(28, 28, 1))])\n"
        "m(np.ones([2, 28, 28, 3], 'float32'))",
        "expected axis -1 of input shape to have value 1",
    ),
    (
        "a window larger than the picture",
        "keras.Sequential([layers.Conv2D(2, 5, input_shape=(4, 4, 1))])",
        "a smaller kernel_size",
    ),
    (
        "a pool larger than the picture",
        "keras.Sequential([layers.MaxPooling2D(4, input_shape=(3, 3, 1))])",
        "a smaller pool_size",
    ),
    (
        "a pool larger than a placeholder",
        "layers.AveragePooling1D(4)(keras.Input((3, 1)))",
        "Negative dimension size",
    ),
    (
        "rows of several lengths into Dense",
        "r = tf.ragged.constant([[1.0, 2.0], [3.0]])\nlayers.Dense(2)(r)",
        r"x\.to_tensor\(\)",
    ),
    (
        "rows of several lengths into a convolution",
        _RAGGED + "layers.Conv1D(2, 2)(r)",
        r"x\.to_tensor\(\)",
    ),
    (
        "an array among a model's inputs",
        "keras.Model(x, y)",
        r"got an array of shape \(8, 4\)",
    ),
    (
        "a loop over a placeholder",
        "given = keras.Input((4,))\nfor row in given:\n    pass",
        "It stands for a whole batch",
    ),
)

_FEEDING = (
    (
        "a dataset of single examples",
        _DATA + "model = ready()\nmodel.fit(data, verbose=0)",
        r"dataset\.batch\(32\)(?!.*newaxis)",
    ),
    (
        "a dataset of single pictures",
        _PICTURES
        + "data = tf.data.Dataset.from_tensor_slices((pictures, np.zeros(8)))\n"
        "flat = layers.Flatten(input_shape=(28, 28))\n"
        "m = keras.Sequential([flat, layers.Dense(3)])\n"
        "m.compile('sgd', 'mse')\nm.fit(data, verbose=0)",
        r"dataset\.batch\(32\)(?!.*newaxis)",
    ),
    (
        "a dataset and labels",
        _DATA + "model = ready()\nmodel.fit(data.batch(2), y, verbose=0)",
        "`y` argument is not supported",
    ),
    (
        "a dataset without labels",
        "data = tf.data.Dataset.from_tensor_slices(x).batch(2)\n"
        "model = ready()\nmodel.fit(data, verbose=0)",
        "Target data is missing",
    ),
    (
        "a dataset without end",
        _DATA + "model = ready()\nmodel.fit(data.batch(2).repeat(), verbose=0)",
        "steps_per_epoch",
    ),
    (
        "a list of rows of several lengths",
        "model = ready()\nmodel.fit([[1, 2], [3]], [0, 1], verbose=0)",
        "Pad them",
    ),
    (
        "predict nothing",
        "ready().predict()",
        r"^Model\.predict\(\) missing 1 required",
    ),
    (
        "labels for each place of a picture",
        "m = keras.Sequential([layers.Conv2D(2, 3, input_shape=(8, 8, 1))])\n"
        "m.add(layers.Dense(3, activation='softmax'))\n"
        "m.compile('sgd', 'sparse_categorical_crossentropy')\n"
        "m.fit(np.ones([4, 8, 8, 1], 'float32'), np.zeros(4), verbose=0)",
        r"put Flatten\(\) or a global pool",
        "ValueError",
        "One mistake is one class, whether or not it runs in a graph.",
    ),
    (
        "a loss without return",
        "model = ready(loss=lambda y, p: None)\nmodel.fit(x, y, verbose=0)",
        "it returned None",
    ),
    (
        "a loss of one argument",
        "model = ready(loss=lambda y: y)\nmodel.fit(x, y, verbose=0)",
        "takes 1 positional argument but 2 were given",
    ),
    (
        "precision of classes by number",
        "model = ready(metrics=[keras.metrics.Precision()])\n"
        "model.fit(x, y, verbose=0)",
        "Give one-hot targets",
    ),
    (
        "a train_step without return",
        "class M(keras.Model):\n    def train_step(self, data):\n        pass\n"
        "m = M()\nm.compile()\nm.fit(x, y, verbose=0)",
        r"Model\.train_step: .* it returned None",
    ),
    (
        "an optimizer's name for a loss",
        "ready(loss='adam').fit(x, y, verbose=0)",
        "'adam' is an optimizer, no loss",
    ),
    (
        "a loss's name for an optimizer",
        "ready(optimizer='mse')",
        "'mse' is a loss function, no optimizer",
    ),
)

_FILES = (
    (
        "weights of no file",
        "small().load_weights('no_such.weights.h5')",
        "there is no such file",
    ),
    ("weights of no checkpoint", "small().load_weights('no_such')", "no such file"),
    ("a model of no file", "keras.models.load_model('no_such.keras')", "No file or"),
    (
        "weights of more layers",
        _PARENT + "path = os.path.join(folder, 't.h5')\nsmall().save_weights(path)\n"
        "m = keras.Sequential([layers.Dense(5)])\nm.build((None, 4))\n"
        "m.load_weights(path)",
        "Model expected 1 layers, found 2 saved layers",
    ),
    (
        "weights of another shape",
        _PARENT + "path = os.path.join(folder, 't.h5')\nsmall().save_weights(path)\n"
        "m = keras.Sequential([layers.Dense(5), layers.Dense(4)])\n"
        "m.build((None, 4))\nm.load_weights(path)",
        r"Weight expects shape \(5, 4\), received saved weight with shape \(5, 3\)",
    ),
    (
        "weights before there are any, from a file",
        _PARENT + "path = os.path.join(folder, 't.h5')\nsmall().save_weights(path)\n"
        "m = keras.Sequential([layers.Dense(5)])\nm.load_weights(path)",
        "has not created its variables yet",
    ),
    (
        "a class of one's own in a file",
        _PARENT + "path = os.path.join(folder, 't.h5')\n"
        "class Own(layers.Dense):\n    pass\n"
        "m = keras.Sequential([Own(2)])\nm.build((None, 2))\nm.save(path)\n"
        "keras.models.load_model(path)",
        r"load with custom_objects=\{'Own': \.\.\.\}",
    ),
    (
        "a function of one's own in a file",
        _PARENT + "path = os.path.join(folder, 't.h5')\n"
        "def own(v):\n    return v * 2\n"
        "m = keras.Sequential([layers.Dense(2, activation=own)])\n"
        "m.build((None, 2))\nm.save(path)\nkeras.models.load_model(path)",
        r"Unknown activation function: 'own'.*custom_objects=\{'own': \.\.\.\}",
    ),
)

ROWS = rows(_AXES + _FEEDING + _FILES, PRELUDE + KERAS_PRELUDE)
