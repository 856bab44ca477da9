"""Mistakes with layers, models that are not built, and weights."""

from .mistake import KERAS_PRELUDE, rows

NO_LAYER = r"^Sequential\.add: The added layer must be an instance of class Layer.*"
GONE_WRONG = "TensorFlow takes it and fails later, or never"

ROWS = rows(
    (
        (
            "Dense on a vector",
            "layers.Dense(3, activation='sigmoid')(np.array([180, 90]))",
            r"^Dense: Input 0 of layer .* expected min_ndim=2, found ndim=1\. Full"
            r" shape received: \(2,\)\. .*batch.*x\[tf\.newaxis\]",
        ),
        (
            "Dense on a list of numbers",
            "layers.Dense(3)([180.0, 90.0])",
            r"expects 1 input\(s\), but it received 2.*tf\.constant",
        ),
        (
            "Dense on a scalar",
            "layers.Dense(3)(tf.constant(1.0))",
            r"^Dense: .*min_ndim=2, found ndim=0",
        ),
        (
            "Dense of 0",
            "layers.Dense(0)",
            r"^Dense: .*units=0",
            "ValueError",
            GONE_WRONG,
        ),
        ("Dense of -1", "layers.Dense(-1)", r"^Dense: .*positive integer: units=-1"),
        ("Dense of none", "layers.Dense(None)", r"^Dense: .*units.*None"),
        ("Dense of nothing", "layers.Dense()", r"missing 1 required .*: 'units'"),
        (
            "argument misspelt",
            "layers.Dense(3, activaton='relu')",
            r"^Dense: Keyword argument not understood: 'activaton'\.\n"
            r"Did you mean activation\?",
        ),
        (
            "unknown activation",
            "layers.Dense(3, activation='rleu')",
            r"^activations\.\w+: Unknown activation.*'rleu'.*\nDid you mean 'relu'\?",
        ),
        (
            "unknown activation of a layer",
            "layers.Activation('sigmod')",
            r"^activations\.\w+: .*'sigmod'.*\nDid you mean 'sigmoid'\?",
        ),
        (
            "activation by number",
            "layers.Dense(3, activation=3)",
            r"^activations\.get: .*3 of type int\. Give a name such as 'relu'",
        ),
        (
            "unknown initializer",
            "layers.Dense(3, kernel_initializer='zeroes')",
            r"^initializers\.\w+: Unknown initializer: 'zeroes'.*\n"
            r"Did you mean 'zeros'\?",
        ),
        (
            "unknown regularizer",
            "layers.Dense(3, kernel_regularizer='l3')",
            r"^regularizers\.\w+: Unknown regularizer: 'l3'",
            "ValueError",
            "TensorFlow takes the word for a function and fails when it is called",
        ),
        (
            "unknown constraint",
            "layers.Dense(3, kernel_constraint='maxnorm2')",
            r"^constraints\.\w+: Unknown constraint: 'maxnorm2'.*\n"
            r"Did you mean 'max_?norm'",
        ),
        ("Dropout of 2", "layers.Dropout(2)", r"^Dropout: .*between 0 and 1: rate=2"),
        ("Dropout below 0", "layers.Dropout(-0.1)", r"^Dropout: .*between 0 and 1"),
        (
            "Dropout of a word",
            "layers.Dropout('half')",
            r"^Dropout: .*between 0 and 1: rate='half'",
            "ValueError",
            GONE_WRONG,
        ),
        (
            "Flatten of an unknown format",
            "layers.Flatten(data_format='first')",
            r"^Flatten: .*\"channels_first\", \"channels_last\": .*'first'",
        ),
        (
            "Reshape to another count",
            "layers.Reshape([3, 3])(x)",
            r"Reshape: total size of new array must be unchanged: input_shape = \[4\],"
            r" output_shape = \[3, 3\]",
            "ValueError",
            "as where a model is built of symbols, in TensorFlow too",
        ),
        (
            "another number of features",
            "model = small()\nmodel(np.ones([2, 7], 'float32'))",
            r"Dense: Input 0 of layer .*expected axis -1 .*4.*\(2, 7\)",
        ),
        (
            "layer called on none",
            "layers.Dense(3)(None)",
            r"^Dense: .*'None'.*NoneType",
        ),
        ("layer called on a word", "layers.Dense(3)('text')", r"^Dense: .*'text'.*str"),
        (
            "layer called on words",
            "layers.Dense(3)(tf.constant([['a', 'b']]))",
            r"cast: strings and numbers do not convert: from string to float32",
        ),
        (
            "layer called on nothing",
            "layers.Dense(3)()",
            r"first argument to `Layer\.call`",
        ),
        (
            "integers in a layer",
            "layers.Dense(3, dtype='int32')(x)",
            r"^Dense: .*int32",
        ),
        (
            "a layer's type misspelt",
            "layers.Dense(3, dtype='float23')",
            r"^as_dtype: .*'float23'.*Did you mean float32\?",
        ),
        (
            "layer without its parentheses",
            "keras.Sequential([layers.Dense])",
            NO_LAYER + r"Dense.*type",
        ),
        (
            "function among layers",
            "keras.Sequential([layers.Dense(2), tf.nn.relu])",
            NO_LAYER + r"relu",
        ),
        ("none among layers", "keras.Sequential([layers.Dense(2), None])", NO_LAYER),
        ("list among layers", "keras.Sequential([[layers.Dense(2)]])", NO_LAYER),
        (
            "two layers of one name",
            "d = layers.Dense(2, name='a')\n"
            "keras.Sequential([d, layers.Dense(3, name='a')])",
            r"^Sequential\.add: .*unique names.*\"a\"",
        ),
        ("pop from nothing", "keras.Sequential().pop()", r"There are no layers"),
        (
            "summary before there are shapes",
            "model = keras.Sequential([layers.Dense(2)])\nmodel.summary()",
            r"^\w[\w.]*: .*not yet been built",
        ),
        (
            "weights before there are any",
            "model = keras.Sequential([layers.Dense(2)])\nmodel.weights",
            r"^\w[\w.]*: .*not yet been created",
        ),
        (
            "layer of no such name",
            "small().get_layer('dense_99')",
            r"^\w[\w.]*: No such layer: dense_99.*Existing layers are",
        ),
        (
            "layer of no such place",
            "small().get_layer(index=7)",
            r"^\w[\w.]*: .*index 7.* 2 layers",
        ),
        (
            "set weights of another shape",
            "d = layers.Dense(2)\nd.build((None, 4))\n"
            "d.set_weights([np.ones([4, 3]), np.ones([2])])",
            r"^\w[\w.]*: .*\(4, 2\).*\(4, 3\)",
        ),
        (
            "set the second weight of another shape",
            "d = layers.Dense(2)\nd.build((None, 4))\n"
            "d.set_weights([np.ones([4, 2]), np.ones([3])])",
            r"^\w[\w.]*: .*\(2,\).*\(3,\)",
        ),
        (
            "set too few weights",
            "d = layers.Dense(2)\nd.build((None, 4))\nd.set_weights([np.ones([4, 2])])",
            r"^\w[\w.]*: .*length 1, .*expecting 2 weights",
        ),
        (
            "set weights before there are any",
            "layers.Dense(2).set_weights([np.ones([4, 2]), np.ones([2])])",
            r"^\w[\w.]*: .*length 2, .*expecting 0 weights.*build",
        ),
        (
            "set a model's weights in part",
            "model = small()\nmodel.set_weights([np.ones([4, 5]), np.ones([5])])",
            r"^\w[\w.]*: .*length 2, .*expecting 4 weights",
        ),
        (
            "no super().__init__()",
            "class M(keras.Model):\n    def __init__(self):\n"
            "        self.d = layers.Dense(2)\nM()",
            r"super\(\)\.__init__\(\)",
        ),
        (
            "a model without call",
            "class M(keras.Model):\n    pass\nM()(x)",
            r"call",
        ),
        (
            "a weight that was never made",
            "class L(layers.Layer):\n"
            "    def call(self, x):\n        return x @ self.w\nL()(x)",
            r"has no attribute 'w'",
        ),
        (
            "if of a layer's outputs",
            "a = layers.Dense(3)(x)\n1 if a >= 0.5 else 0",
            r"^bool\(tensor\): .*\(8, 3\)\. Reduce it with tf\.reduce_any",
        ),
        (
            "pictures into Dense",
            "m = keras.Sequential([layers.Dense(10, input_shape=(784,))])\n"
            "m(np.ones([2, 28, 28], 'float32'))",
            r"784.*\(2, 28, 28\)",
        ),
        (
            "one picture instead of a batch",
            "flat = layers.Flatten(input_shape=(28, 28))\n"
            "m = keras.Sequential([flat, layers.Dense(10)])\n"
            "m(np.ones([28, 28], 'float32'))",
            r"\(28, 28\)",
        ),
    ),
    KERAS_PRELUDE,
)
