"""Mistakes with compile, fit, evaluate, predict, losses, metrics and optimizers."""

from .mistake import KERAS_PRELUDE, rows

COMPILE = r"^\w[\w.]*: You must compile your model before training/testing"
LENGTHS = r"^\w[\w.]*: Data cardinality is ambiguous"
GONE_WRONG = "TensorFlow takes it and fails later, or never"
STUMBLES = "TensorFlow stumbles over an attribute"

ROWS = rows(
    (
        ("fit without compile", "small().fit(x, y, verbose=0)", COMPILE),
        ("evaluate without compile", "small().evaluate(x, y, verbose=0)", COMPILE),
        ("train_on_batch without compile", "small().train_on_batch(x, y)", COMPILE),
        (
            "compile without a loss",
            "model = small()\nmodel.compile('sgd')\nmodel.fit(x, y, verbose=0)",
            r"No loss found.*compile",
        ),
        (
            "compile misspelt",
            "small().compile(optimiser='sgd', loss='mse')",
            r"optimiser.*optimizer",
        ),
        (
            "unknown loss",
            "ready(loss='categorical_crossentropi').fit(x, y, verbose=0)",
            r"^losses\.\w+: .*\nDid you mean 'categorical_crossentropy'\?",
        ),
        (
            "unknown loss by get",
            "keras.losses.get('mean_square_error')",
            r"^losses\.\w+: .*\nDid you mean 'mean_squared_error'\?",
        ),
        (
            "unknown optimizer",
            "ready(optimizer='adem')",
            r"^optimizers\.\w+: Unknown optimizer: 'adem'.*\nDid you mean 'adam'\?",
        ),
        ("optimizer by number", "ready(optimizer=0.01)", r"^optimizers\.get: .*0\.01"),
        (
            "unknown metric",
            "ready(metrics=['acuracy']).fit(x, y, verbose=0)",
            r"^metrics\.\w+: .*'acuracy'.*\nDid you mean '(\w+_)?accuracy'\?",
            "ValueError",
            "TensorFlow takes the word for a function and fails when it is called",
        ),
        (
            "x and y of two lengths",
            "model = ready()\nmodel.fit(x, y[:5], verbose=0)",
            LENGTHS + r"(.|\n)*x sizes: 8(.|\n)*y sizes: 5",
        ),
        (
            "validation data of two lengths",
            "model = ready()\nmodel.fit(x, y, validation_data=(x, y[:3]), verbose=0)",
            LENGTHS + r"(.|\n)*8(.|\n)*3",
        ),
        (
            "weights of another length",
            "model = ready()\nmodel.fit(x, y, sample_weight=np.ones([5]), verbose=0)",
            LENGTHS + r"(.|\n)*8(.|\n)*5",
        ),
        (
            "fit another number of features",
            "model = ready()\nmodel.fit(np.ones([8, 7], 'float32'), y, verbose=0)",
            r"expected axis -1 .*4.*7\)",
        ),
        (
            "predict another number of features",
            "model = ready()\nmodel.predict(np.ones([8, 7], 'float32'), verbose=0)",
            r"expected axis -1 .*4.*7\)",
        ),
        (
            "evaluate another number of features",
            "model = ready()\nmodel.evaluate(np.ones([8, 7], 'float32'), y, verbose=0)",
            r"expected axis -1 .*4.*7\)",
        ),
        (
            "predict one sample",
            "model = ready()\nmodel.predict(np.ones([4], 'float32'), verbose=0)",
            r"ndim|axis -1",
        ),
        (
            "predict a list of numbers",
            "model = ready()\nmodel.predict([1.0, 2.0, 3.0, 4.0], verbose=0)",
            r"ndim|axis -1|inputs?",
        ),
        (
            "fit without labels",
            "model = ready()\nmodel.fit(x, verbose=0)",
            r"^\w[\w.]*: .*y",
        ),
        (
            "fit on a word",
            "model = ready()\nmodel.fit('x', y, verbose=0)",
            r"^\w[\w.]*: .*str",
        ),
        (
            "fit on nothing",
            "model = ready()\nmodel.fit(x[:0], y[:0], verbose=0)",
            r"^\w[\w.]*: Expected input data to be non-empty",
        ),
        (
            "labels out of range in fit",
            "model = ready()\nmodel.fit(x, y + 1, verbose=0)",
            r"label value of 3 .*\[0, 3\)",
        ),
        (
            "one-hot labels for a sparse loss",
            "model = ready()\nmodel.fit(x, np.eye(3)[y], verbose=0)",
            r"^\w[\w.]*: .*For one-hot labels use categorical_crossentropy",
            "ValueError",
            "as TensorFlow too where it runs the loss eagerly",
        ),
        (
            "class numbers for a one-hot loss",
            "model = ready(loss='categorical_crossentropy')\n"
            "model.fit(x, y, verbose=0)",
            r"incompatible(.|\n)*sparse_categorical_crossentropy",
        ),
        (
            "binary loss for three classes",
            "model = ready(loss='binary_crossentropy')\nmodel.fit(x, y, verbose=0)",
            r"same shape",
        ),
        (
            "targets of another width",
            "model = ready(loss='mse')\nmodel.fit(x, np.ones([8, 2]), verbose=0)",
            r"^\w[\w.]*: .*\(8, 2\).*\(8, 3\)\. .*units",
        ),
        (
            "words as labels",
            "model = ready()\nmodel.fit(x, np.array(['a'] * 8), verbose=0)",
            r"string",
        ),
        (
            "epochs as a word",
            "model = ready()\nmodel.fit(x, y, epochs='5', verbose=0)",
            r"^\w[\w.]*: .*epochs.*'5'",
        ),
        (
            "epochs as a half",
            "model = ready()\nmodel.fit(x, y, epochs=2.5, verbose=0)",
            r"^\w[\w.]*: .*epochs.*2\.5",
        ),
        (
            "batch size 0",
            "model = ready()\nmodel.fit(x, y, batch_size=0, verbose=0)",
            r"^\w[\w.]*: Expected batch_size to be positive.*0",
        ),
        (
            "batch size below 0",
            "model = ready()\nmodel.fit(x, y, batch_size=-4, verbose=0)",
            r"^\w[\w.]*: Expected batch_size to be positive.*-4",
        ),
        (
            "batch size as a word",
            "model = ready()\nmodel.fit(x, y, batch_size='32', verbose=0)",
            r"^\w[\w.]*: .*batch_size.*'32'",
        ),
        (
            "validation split beyond 1",
            "model = ready()\nmodel.fit(x, y, validation_split=1.5, verbose=0)",
            r"^\w[\w.]*: .*validation_split.*1\.5",
            "ValueError",
            GONE_WRONG,
        ),
        (
            "validation split below 0",
            "model = ready()\nmodel.fit(x, y, validation_split=-0.5, verbose=0)",
            r"^\w[\w.]*: .*validation_split.*-0\.5",
        ),
        (
            "validation data of four parts",
            "model = ready()\nmodel.fit(x, y, validation_data=(x, y, y, y), verbose=0)",
            r"^\w[\w.]*: .*\(x, y\)",
        ),
        (
            "a class without a weight",
            "model = ready()\n"
            "model.fit(x, y, class_weight={0: 1.0, 1: 2.0}, verbose=0)",
            r"^\w[\w.]*: .*class.*2",
        ),
        (
            "class weights as a list",
            "model = ready()\nmodel.fit(x, y, class_weight=[1.0, 2.0, 3.0], verbose=0)",
            r"^\w[\w.]*: .*class_weight.*dict",
            "ValueError",
            STUMBLES,
        ),
        (
            "a word among callbacks",
            "model = ready()\nmodel.fit(x, y, callbacks=['early'], verbose=0)",
            r"^\w[\w.]*: .*(c|C)allback.*'early'",
            "TypeError",
            STUMBLES,
        ),
        ("epoch for epochs", "ready().fit(x, y, epoch=3)", r"argument.* 'epoch'"),
        ("a method misspelt", "small().trian()", r"no attribute 'trian'"),
        (
            "history as a dict",
            "h = ready().fit(x, y, verbose=0)\nh['loss']",
            r"'History' object is not subscriptable",
        ),
        (
            "learning rate as a word",
            "w = tf.Variable(1.0)\n"
            "keras.optimizers.SGD(learning_rate='0.1').apply_gradients("
            "[(tf.constant(1.0), w)])",
            r"^\w[\w.]*: .*learning_rate.*'0\.1'",
        ),
        (
            "momentum beyond 1",
            "keras.optimizers.SGD(momentum=2.0)",
            r"^SGD: `momentum` must be between \[0, 1\]: got 2\.0",
        ),
        (
            "an optimizer's argument misspelt",
            "keras.optimizers.Adam(learning_rat=0.1)",
            r"^Adam: .*learning_rat=0\.1\.\nDid you mean learning_rate\?",
        ),
        (
            "gradients and variables in the wrong order",
            "w = tf.Variable(1.0)\n"
            "keras.optimizers.SGD().apply_gradients([(w, tf.constant(1.0))])",
            r"^apply_gradients: .*Pass zip\(gradients, variables\)",
            "TypeError",
            STUMBLES,
        ),
        (
            "gradients without variables",
            "w = tf.Variable(1.0)\n"
            "keras.optimizers.SGD().apply_gradients([tf.constant(1.0)], [w])",
            r"^apply_gradients: .*Pass zip\(gradients, variables\)",
        ),
        (
            "a gradient of another shape",
            "w, b = tf.Variable(1.0), tf.Variable([1.0, 2.0])\n"
            "opt = keras.optimizers.SGD()\n"
            "opt.apply_gradients([(tf.constant(1.0), w), (tf.constant([1.0] * 3), b)])",
            r"^apply_gradients: .*shape \(2,\).*shape \(3,\)",
        ),
        (
            "minimize a tensor",
            "w = tf.Variable(1.0)\nkeras.optimizers.SGD().minimize(w * w, [w])",
            r"^SGD\.minimize: `tape` is required.*a function that computes the loss",
        ),
        (
            "the loss left the tape through NumPy",
            "w = tf.Variable(2.0)\n"
            "with tf.GradientTape() as tape:\n"
            "    y = tf.constant(np.square(w.numpy()))\n"
            "g = tape.gradient(y, [w])\n"
            "keras.optimizers.SGD(0.1).apply_gradients(zip(g, [w]))",
            r"^apply_gradients: .*No gradients provided for any variable(.|\n)*numpy",
        ),
        (
            "the loss left the tape through integers",
            "w = tf.Variable(2.0)\n"
            "with tf.GradientTape() as tape:\n"
            "    y = tf.cast(tf.cast(w, tf.int32) * 2, tf.float32)\n"
            "g = tape.gradient(y, [w])\n"
            "keras.optimizers.SGD(0.1).apply_gradients(zip(g, [w]))",
            r"^apply_gradients: .*No gradients provided for any variable(.|\n)*int32",
        ),
        (
            "the loss computed outside the tape",
            "w = tf.Variable(2.0)\ny = w * w\n"
            "with tf.GradientTape() as tape:\n    z = y + 1.0\n"
            "g = tape.gradient(z, [w])\n"
            "keras.optimizers.SGD(0.1).apply_gradients(zip(g, [w]))",
            r"^apply_gradients: .*No gradients provided for any variable",
        ),
        (
            "loss of two shapes",
            "keras.losses.MeanSquaredError()(np.ones([2, 3]), np.ones([2, 4]))",
            r"shapes do not broadcast.*\[2, 4\] and \[2, 3\]",
        ),
        (
            "a reduction that is none",
            "keras.losses.MeanSquaredError(reduction='average')",
            r"^\w[\w.]*: Invalid Reduction Key: average.*sum_over_batch_size",
        ),
        (
            "loss of one argument",
            "keras.losses.mean_squared_error(np.ones([2, 3]))",
            r"missing 1 required",
        ),
        (
            "metric of two shapes",
            "keras.metrics.Accuracy().update_state([1, 2], [1, 2, 3])",
            r"^\w[\w.]*: Shapes \([23],\) and \([23],\) are incompatible",
        ),
        (
            "one-hot of too few classes",
            "keras.utils.to_categorical([0, 5], num_classes=3)",
            r"5.*3",
        ),
    ),
    KERAS_PRELUDE,
)
